//! The model of `guilds`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{GuildId, UnixTime, schema::guilds};

/// The row of a guild.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = guilds)]
pub struct Guild {
    /// The guild.
    pub id: GuildId,
    /// Its name; `None` while unknown.
    pub name: Option<String>,
    /// The hash of its icon.
    pub icon: Option<String>,
    /// How many members it has.
    pub member_count: Option<i32>,
    /// When Mocha first saw it.
    pub created_at: DateTime<Utc>,
    /// When the guild last changed.
    pub updated_at: DateTime<Utc>,
}

/// A guild to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = guilds, treat_none_as_default_value = false)]
pub struct NewGuild<'a> {
    /// The guild.
    pub id: GuildId,
    /// Its name; `None` while unknown.
    pub name: Option<&'a str>,
    /// The hash of its icon.
    pub icon: Option<&'a str>,
    /// How many members it has.
    pub member_count: Option<i32>,
    /// When Mocha first saw it.
    pub created_at: UnixTime,
    /// When the guild last changed.
    pub updated_at: UnixTime,
}

/// A change of a guild: `None` leaves a column as it is, `Some(None)` makes it NULL.
#[derive(AsChangeset, Clone, Copy, Debug, Default, Eq, PartialEq)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = guilds)]
pub struct GuildChange<'a> {
    /// Its name; `None` while unknown.
    pub name: Option<Option<&'a str>>,
    /// The hash of its icon.
    pub icon: Option<Option<&'a str>>,
    /// How many members it has.
    pub member_count: Option<Option<i32>>,
    /// When the guild last changed.
    pub updated_at: Option<UnixTime>,
}
