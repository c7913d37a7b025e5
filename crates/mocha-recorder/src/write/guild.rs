//! Guilds.

use mocha_schema::{GuildChange, GuildId, GuildState};

use super::{Outcome, State, parent, role, voice};
use crate::{
    Error,
    backend::Tables,
    event::{GuildAvailable, GuildRemoved, GuildSeen},
};

pub(super) fn seen(tables: &mut impl Tables, state: &mut State, event: &GuildSeen) -> Result<Outcome, Error> {
    let GuildSeen { afk_channel_id, at, guild_id, icon, member_count, name } = event;
    state.parents.guild(tables, *guild_id, *at)?;
    let known = parent::found(tables.guild(*guild_id)?)?;
    if *at < known.updated_at && known.name.is_some() {
        return Ok(Outcome::Duplicate);
    }
    let known_state = tables.guild_state(*guild_id)?;
    let new_state = GuildState { guild_id: *guild_id, afk_channel_id: *afk_channel_id, gone_at: None };
    let noted = new_state != known_state.clone().unwrap_or(blank(*guild_id));
    if known_state.as_ref() != Some(&new_state) {
        tables.put_guild_state(&new_state)?;
    }
    // The event was checked, so the count fits.
    let member_count = member_count.and_then(|count| i32::try_from(count).ok()).or(known.member_count);
    let (name, icon) = (Some(name.as_str()), icon.as_deref());
    if (known.name.as_deref(), known.icon.as_deref(), known.member_count) == (name, icon, member_count) {
        return Ok(Outcome::of(noted));
    }
    let change = GuildChange {
        name: Some(name),
        icon: Some(icon),
        member_count: Some(member_count),
        updated_at: Some((*at).max(known.updated_at).into()),
    };
    tables.update_guild(*guild_id, &change)?;
    Ok(Outcome::Written)
}

/// Notes that the bot is in the guild again, if it had been removed.
pub(super) fn available(tables: &mut impl Tables, event: GuildAvailable) -> Result<Outcome, Error> {
    let GuildAvailable { at, guild_id } = event;
    let Some(known) = tables.guild_state(guild_id)? else { return Ok(Outcome::Duplicate) };
    let back = known.gone_at.is_some_and(|gone_at| gone_at.timestamp() <= at.timestamp());
    if back {
        tables.put_guild_state(&GuildState { gone_at: None, ..known })?;
    }
    Ok(Outcome::of(back))
}

pub(super) fn gone(tables: &mut impl Tables, state: &mut State, event: &GuildRemoved) -> Result<Outcome, Error> {
    let GuildRemoved { at, guild_id } = *event;
    state.parents.guild(tables, guild_id, at)?;
    let guild = parent::found(tables.guild(guild_id)?)?;
    if at.timestamp() < guild.updated_at.timestamp() {
        // The guild changed after this event, so the bot has come back since.
        return Ok(Outcome::Duplicate);
    }
    let known = tables.guild_state(guild_id)?.unwrap_or(blank(guild_id));
    let noted = known.gone_at.is_none();
    if noted {
        tables.put_guild_state(&GuildState { gone_at: Some(at), ..known })?;
    }
    role::guild_gone(tables, state, guild_id)?;
    let rows = state.tracker.guild_gone(guild_id, at.timestamp_millis());
    voice::write(tables, &rows)?;
    Ok(Outcome::of(noted || !rows.is_empty()))
}

/// Returns the state of a guild that has no row in `guild_states`.
const fn blank(guild_id: GuildId) -> GuildState {
    GuildState { guild_id, afk_channel_id: None, gone_at: None }
}
