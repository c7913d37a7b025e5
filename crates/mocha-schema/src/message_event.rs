//! The model of `message_events`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{ChannelId, GuildId, UnixTime, UserId, schema::message_events};

/// The message types that people wrote: 0 a message, 19 a reply, 20 a slash command and 23 a context-menu command.
/// The answer to a command is recorded as a message of the person who used it. Leaderboards count these types; the others
/// (joins, pins, boosts and the like) are stored with theirs.
pub const COUNTED_MESSAGE_TYPES: [i32; 4] = [0, 19, 20, 23];

/// The row of a message; never its text.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = message_events)]
pub struct MessageEvent {
    /// The message's id. A text, for older files hold generated ids too.
    pub id: String,
    /// The guild.
    pub guild_id: GuildId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The author.
    pub user_id: UserId,
    /// Discord's message type.
    pub message_type: Option<i32>,
    /// Whether it has attachments; `None` if unknown.
    pub has_attachment: Option<bool>,
    /// Whether it has embeds; `None` if unknown.
    pub has_embed: Option<bool>,
    /// How many characters it has; `None` if unknown.
    pub character_count: Option<i32>,
    /// How many words it has; `None` if unknown.
    pub word_count: Option<i32>,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
}

/// A message; never its text to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = message_events, treat_none_as_default_value = false)]
pub struct NewMessageEvent<'a> {
    /// The message's id. A text, for older files hold generated ids too.
    pub id: &'a str,
    /// The guild.
    pub guild_id: GuildId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The author.
    pub user_id: UserId,
    /// Discord's message type.
    pub message_type: Option<i32>,
    /// Whether it has attachments; `None` if unknown.
    pub has_attachment: Option<bool>,
    /// Whether it has embeds; `None` if unknown.
    pub has_embed: Option<bool>,
    /// How many characters it has; `None` if unknown.
    pub character_count: Option<i32>,
    /// How many words it has; `None` if unknown.
    pub word_count: Option<i32>,
    /// When it was sent.
    pub created_at: UnixTime,
}

/// A change of a message: `None` leaves a column as it is, `Some(None)` makes it NULL.
#[derive(AsChangeset, Clone, Copy, Debug, Default, Eq, PartialEq)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = message_events)]
pub struct MessageEventChange {
    /// The channel or thread.
    pub channel_id: Option<ChannelId>,
    /// Discord's message type.
    pub message_type: Option<Option<i32>>,
    /// Whether it has attachments; `None` if unknown.
    pub has_attachment: Option<Option<bool>>,
    /// Whether it has embeds; `None` if unknown.
    pub has_embed: Option<Option<bool>>,
    /// How many characters it has; `None` if unknown.
    pub character_count: Option<Option<i32>>,
    /// How many words it has; `None` if unknown.
    pub word_count: Option<Option<i32>>,
}
