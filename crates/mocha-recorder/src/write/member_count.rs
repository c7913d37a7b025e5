//! How many members a guild has.

use chrono::{DateTime, Utc};
use mocha_schema::{GuildChange, GuildId};

use super::{State, parent};
use crate::{Error, backend::Tables};

/// Returns whether the guild's member count is from this second or later.
pub(super) fn is_counted(tables: &mut impl Tables, guild_id: GuildId, at: DateTime<Utc>) -> Result<bool, Error> {
    let guild = tables.guild(guild_id)?;
    Ok(guild.is_some_and(|guild| at.timestamp() <= guild.updated_at.timestamp()))
}

/// Changes the guild's member count, if it is known, and returns the new one.
pub(super) fn change(
    tables: &mut impl Tables,
    state: &mut State,
    guild_id: GuildId,
    change: i32,
    at: DateTime<Utc>,
) -> Result<Option<i32>, Error> {
    state.parents.guild(tables, guild_id, at)?;
    let guild = parent::found(tables.guild(guild_id)?)?;
    let Some(known) = guild.member_count else { return Ok(None) };
    if at < guild.updated_at {
        // The guild was counted after this event.
        return Ok(Some(known));
    }
    let count = known.saturating_add(change).max(0);
    let change = GuildChange { member_count: Some(Some(count)), updated_at: Some(at.into()), ..GuildChange::default() };
    tables.update_guild(guild_id, &change)?;
    Ok(Some(count))
}
