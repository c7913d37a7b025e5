//! Guilds.

use diesel::prelude::*;
use mocha_schema::{
    Guild, GuildChange, GuildId, UnixTime,
    schema::{guild_states, guilds},
};

use super::{Outcome, State, voice};
use crate::event::{GuildAvailable, GuildRemoved, GuildSeen};

pub(super) fn seen(conn: &mut SqliteConnection, state: &mut State, event: &GuildSeen) -> QueryResult<Outcome> {
    let GuildSeen { afk_channel_id, at, guild_id, icon, member_count, name } = event;
    state.parents.guild(conn, *guild_id, *at)?;
    let known: Guild = guilds::table.find(guild_id).select(Guild::as_select()).get_result(conn)?;
    if *at < known.updated_at && known.name.is_some() {
        return Ok(Outcome::Duplicate);
    }
    note(conn, *guild_id)?;
    let stale = guild_states::table
        .find(guild_id)
        .filter(guild_states::afk_channel_id.is_not(afk_channel_id).or(guild_states::gone_at.is_not_null()));
    let noted = diesel::update(stale)
        .set((guild_states::afk_channel_id.eq(afk_channel_id), guild_states::gone_at.eq(None::<UnixTime>)))
        .execute(conn)?;
    // The event was checked: the count fits.
    let member_count = member_count.and_then(|count| i32::try_from(count).ok()).or(known.member_count);
    let (name, icon) = (Some(name.as_str()), icon.as_deref());
    if (known.name.as_deref(), known.icon.as_deref(), known.member_count) == (name, icon, member_count) {
        return Ok(Outcome::of(noted > 0));
    }
    diesel::update(guilds::table.find(guild_id))
        .set(GuildChange {
            name: Some(name),
            icon: Some(icon),
            member_count: Some(member_count),
            updated_at: Some((*at).max(known.updated_at).into()),
        })
        .execute(conn)?;
    Ok(Outcome::Written)
}

/// The bot came back, if it was gone.
pub(super) fn available(conn: &mut SqliteConnection, event: GuildAvailable) -> QueryResult<Outcome> {
    let GuildAvailable { at, guild_id } = event;
    let gone = guild_states::table.find(guild_id).filter(guild_states::gone_at.le(UnixTime::from(at)));
    let back = diesel::update(gone).set(guild_states::gone_at.eq(None::<UnixTime>)).execute(conn)?;
    Ok(Outcome::of(back > 0))
}

pub(super) fn gone(conn: &mut SqliteConnection, state: &mut State, event: &GuildRemoved) -> QueryResult<Outcome> {
    let GuildRemoved { at, guild_id } = *event;
    state.parents.guild(conn, guild_id, at)?;
    if is_older(conn, guild_id, at)? {
        return Ok(Outcome::Duplicate);
    }
    note(conn, guild_id)?;
    let noted = diesel::update(guild_states::table.find(guild_id).filter(guild_states::gone_at.is_null()))
        .set(guild_states::gone_at.eq(UnixTime::from(at)))
        .execute(conn)?;
    let rows = state.tracker.guild_gone(guild_id, at.timestamp_millis());
    voice::write(conn, &rows)?;
    Ok(Outcome::of(noted > 0 || !rows.is_empty()))
}

/// Sees to it that the guild has its row of states.
fn note(conn: &mut SqliteConnection, id: GuildId) -> QueryResult<()> {
    diesel::insert_or_ignore_into(guild_states::table).values(guild_states::guild_id.eq(id)).execute(conn).map(drop)
}

/// Whether the guild changed after this time: then it came back since.
fn is_older(conn: &mut SqliteConnection, id: GuildId, at: chrono::DateTime<chrono::Utc>) -> QueryResult<bool> {
    let updated_at: chrono::DateTime<chrono::Utc> =
        guilds::table.find(id).select(guilds::updated_at).get_result(conn)?;
    Ok(at.timestamp() < updated_at.timestamp())
}
