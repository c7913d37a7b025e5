//! The model of `members`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{GuildId, UnixTime, UserId, schema::members};

/// Returns the key of a member's row: `guild_id:user_id`.
#[must_use]
pub fn member_id(guild_id: GuildId, user_id: UserId) -> String {
    format!("{guild_id}:{user_id}")
}

/// The row of a current member of a guild.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = members)]
pub struct Member {
    /// `guild_id:user_id`; see [`member_id`].
    pub id: String,
    /// The guild.
    pub guild_id: GuildId,
    /// The user.
    pub user_id: UserId,
    /// The nickname in this guild.
    pub nickname: Option<String>,
    /// When the membership began.
    pub joined_at: Option<DateTime<Utc>>,
    /// Since when the member boosts the guild.
    pub premium_since: Option<DateTime<Utc>>,
    /// When Mocha first saw the member.
    pub created_at: DateTime<Utc>,
    /// When the member last changed.
    pub updated_at: DateTime<Utc>,
}

/// A current member of a guild to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = members, treat_none_as_default_value = false)]
pub struct NewMember<'a> {
    /// `guild_id:user_id`; see [`member_id`].
    pub id: &'a str,
    /// The guild.
    pub guild_id: GuildId,
    /// The user.
    pub user_id: UserId,
    /// The nickname in this guild.
    pub nickname: Option<&'a str>,
    /// When the membership began.
    pub joined_at: Option<UnixTime>,
    /// Since when the member boosts the guild.
    pub premium_since: Option<UnixTime>,
    /// When Mocha first saw the member.
    pub created_at: UnixTime,
    /// When the member last changed.
    pub updated_at: UnixTime,
}

/// A change of a member: `None` leaves a column as it is, `Some(None)` makes it NULL.
#[derive(AsChangeset, Clone, Copy, Debug, Default, Eq, PartialEq)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = members)]
pub struct MemberChange<'a> {
    /// The nickname in this guild.
    pub nickname: Option<Option<&'a str>>,
    /// When the membership began.
    pub joined_at: Option<Option<UnixTime>>,
    /// Since when the member boosts the guild.
    pub premium_since: Option<Option<UnixTime>>,
    /// When the member last changed.
    pub updated_at: Option<UnixTime>,
}
