//! The model of `ended_boosts`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{GuildId, UnixTime, UserId, schema::ended_boosts};

/// The row of a boost that ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = ended_boosts)]
pub struct EndedBoost {
    /// The guild.
    pub guild_id: GuildId,
    /// The user.
    pub user_id: UserId,
    /// When the boost began, according to Discord.
    pub started_at: DateTime<Utc>,
    /// When Mocha noticed that the boost ended.
    pub ended_at: DateTime<Utc>,
}

/// A boost that ended, to insert.
#[derive(AsChangeset, Clone, Copy, Debug, Insertable)]
#[diesel(
    check_for_backend(diesel::sqlite::Sqlite),
    primary_key(guild_id, user_id, started_at),
    table_name = ended_boosts,
    treat_none_as_default_value = false
)]
pub struct NewEndedBoost {
    /// The guild.
    pub guild_id: GuildId,
    /// The user.
    pub user_id: UserId,
    /// When the boost began, according to Discord.
    pub started_at: UnixTime,
    /// When Mocha noticed that the boost ended.
    pub ended_at: UnixTime,
}
