//! The model of `message_events`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{ChannelId, GuildId, MessageId, UnixTime, UserId, schema::message_events};

/// The message types that statistics count: 0 (message), 19 (reply), 20 (slash command) and 23 (context-menu command).
///
/// The answer to a command is recorded as a message of the user who used it. Messages of other types, such as joins, pins
/// and boosts, are stored with their type and are not counted.
pub const COUNTED_MESSAGE_TYPES: [i32; 4] = [0, 19, 20, 23];

/// The row of a message. The text is not stored.
#[derive(Clone, Debug, Eq, Identifiable, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = message_events)]
pub struct MessageEvent {
    /// The message's id. It is a text because older files hold generated ids too.
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

/// A message to insert. The text is not stored.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = message_events, treat_none_as_default_value = false)]
pub struct NewMessageEvent {
    /// The message's id.
    pub id: MessageId,
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
