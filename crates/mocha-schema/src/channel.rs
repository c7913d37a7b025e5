//! The model of `channels`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{ChannelId, GuildId, UnixTime, schema::channels};

/// The row of a channel or a thread.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = channels)]
pub struct Channel {
    /// The channel.
    pub id: ChannelId,
    /// The guild it is in.
    pub guild_id: GuildId,
    /// Its name; `None` while unknown.
    pub name: Option<String>,
    /// Discord's channel type (the column is `type`): 0 text, 2 voice, 4 category, 10 to 12 threads.
    pub kind: i32,
    /// The category that the channel is in, or the channel that the thread is in.
    pub parent_id: Option<ChannelId>,
    /// Its position in the list of channels.
    pub position: Option<i32>,
    /// When Mocha first saw it.
    pub created_at: DateTime<Utc>,
    /// When the channel last changed.
    pub updated_at: DateTime<Utc>,
}

/// A channel or a thread to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = channels, treat_none_as_default_value = false)]
pub struct NewChannel<'a> {
    /// The channel.
    pub id: ChannelId,
    /// The guild it is in.
    pub guild_id: GuildId,
    /// Its name; `None` while unknown.
    pub name: Option<&'a str>,
    /// Discord's channel type (the column is `type`): 0 text, 2 voice, 4 category, 10 to 12 threads.
    pub kind: i32,
    /// The category that the channel is in, or the channel that the thread is in.
    pub parent_id: Option<ChannelId>,
    /// Its position in the list of channels.
    pub position: Option<i32>,
    /// When Mocha first saw it.
    pub created_at: UnixTime,
    /// When the channel last changed.
    pub updated_at: UnixTime,
}

/// A change of a channel or a thread: `None` leaves a column as it is, `Some(None)` makes it NULL.
#[derive(AsChangeset, Clone, Copy, Debug, Default, Eq, PartialEq)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = channels)]
pub struct ChannelChange<'a> {
    /// Its name; `None` while unknown.
    pub name: Option<Option<&'a str>>,
    /// Discord's channel type (the column is `type`): 0 text, 2 voice, 4 category, 10 to 12 threads.
    pub kind: Option<i32>,
    /// The category that the channel is in, or the channel that the thread is in.
    pub parent_id: Option<Option<ChannelId>>,
    /// Its position in the list of channels.
    pub position: Option<Option<i32>>,
    /// When the channel last changed.
    pub updated_at: Option<UnixTime>,
}
