//! The model of `message_addressees`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::{ChannelId, GuildId, MessageId, UnixTime, UserId, schema::message_addressees};

/// The row of a user whom a message addresses, by a reply or by a mention.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Queryable, Selectable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = message_addressees)]
pub struct MessageAddressee {
    /// The guild.
    pub guild_id: GuildId,
    /// The message.
    pub message_id: MessageId,
    /// The user whom it addresses.
    pub addressee_id: UserId,
    /// The author.
    pub user_id: UserId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The message of the addressee that it answers. `None` if it only mentions the addressee.
    pub replied_message_id: Option<MessageId>,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
}

/// A user whom a message addresses, to insert.
#[derive(Clone, Copy, Debug, Insertable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = message_addressees, treat_none_as_default_value = false)]
pub struct NewMessageAddressee {
    /// The guild.
    pub guild_id: GuildId,
    /// The message.
    pub message_id: MessageId,
    /// The user whom it addresses.
    pub addressee_id: UserId,
    /// The author.
    pub user_id: UserId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The message of the addressee that it answers. `None` if it only mentions the addressee.
    pub replied_message_id: Option<MessageId>,
    /// When it was sent.
    pub created_at: UnixTime,
}
