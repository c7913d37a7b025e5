//! The model of `reactions`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{ChannelId, GuildId, MessageId, UnixTime, UserId, schema::reactions};

/// The row of a reaction.
#[derive(Clone, Debug, Eq, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = reactions)]
pub struct Reaction {
    /// The guild.
    pub guild_id: GuildId,
    /// The message.
    pub message_id: MessageId,
    /// The user who reacted.
    pub user_id: UserId,
    /// The id of a custom emoji, or the text of another one. See [`Emoji::from_columns`](crate::Emoji::from_columns).
    pub emoji: String,
    /// The name of a custom emoji, if it is known.
    pub emoji_name: Option<String>,
    /// The channel or thread of the message.
    pub channel_id: ChannelId,
    /// The author of the message, if known.
    pub author_id: Option<UserId>,
    /// When the bot received the reaction.
    pub created_at: DateTime<Utc>,
}

/// A reaction to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = reactions, treat_none_as_default_value = false)]
pub struct NewReaction<'a> {
    /// The guild.
    pub guild_id: GuildId,
    /// The message.
    pub message_id: MessageId,
    /// The user who reacted.
    pub user_id: UserId,
    /// The id of a custom emoji, or the text of another one.
    pub emoji: &'a str,
    /// The name of a custom emoji, if it is known.
    pub emoji_name: Option<&'a str>,
    /// The channel or thread of the message.
    pub channel_id: ChannelId,
    /// The author of the message, if known.
    pub author_id: Option<UserId>,
    /// When the bot received the reaction.
    pub created_at: UnixTime,
}
