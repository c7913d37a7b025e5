//! Reactions to messages.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, Emoji, EmojiId, GuildId, MessageId, UserId};

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// Reports that a user reacted to a message in a guild.
///
/// A user's second reaction with the same emoji to the same message changes nothing, but an author who was unknown becomes
/// known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReactionAdded {
    /// When it was received. Discord does not say when a user reacted.
    pub at: DateTime<Utc>,
    /// The author of the message. If it is `None`, Mocha takes the author that it recorded for the message, if any.
    pub author_id: Option<UserId>,
    /// The channel or thread of the message.
    pub channel_id: ChannelId,
    /// The emoji.
    pub emoji: Emoji,
    /// The guild.
    pub guild_id: GuildId,
    /// The message.
    pub message_id: MessageId,
    /// The user who reacted.
    pub user_id: UserId,
}

/// Reports that a user's reaction was taken back. Mocha deletes it.
///
/// Mocha believes the order in which events are recorded. Within a gateway session, also a resumed one, Discord sends the removal
/// after the reaction. What Discord does not deliver stays unknown: a reaction that is taken back while a session is lost stays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReactionRemoved {
    /// When it was received.
    pub at: DateTime<Utc>,
    /// The emoji. The name of a custom one does not matter.
    pub emoji: Emoji,
    /// The guild.
    pub guild_id: GuildId,
    /// The message.
    pub message_id: MessageId,
    /// The user whose reaction it was.
    pub user_id: UserId,
}

/// Reports that a moderator removed all reactions to a message, or all with one emoji. Mocha deletes them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReactionsCleared {
    /// When it was received.
    pub at: DateTime<Utc>,
    /// The emoji; `None` for all.
    pub emoji: Option<Emoji>,
    /// The guild.
    pub guild_id: GuildId,
    /// The message.
    pub message_id: MessageId,
}

impl ReactionAdded {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        check(&self.emoji)
    }
}

impl ReactionRemoved {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        check(&self.emoji)
    }
}

impl ReactionsCleared {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        self.emoji.as_ref().map_or(Ok(()), check)
    }
}

fn check(emoji: &Emoji) -> Result<(), Invalid> {
    const FIELD: &str = "emoji";
    let invalid = |reason| Err(Invalid { field: FIELD, reason });
    let text = match emoji {
        Emoji::Custom { name, .. } => name.as_deref(),
        Emoji::Unicode(text) => Some(text.as_str()),
    };
    valid::optional_text(Field(FIELD), text)?;
    if text.is_some_and(str::is_empty) {
        return invalid("must not be empty");
    }
    if text.is_some_and(|text| text.len() > Emoji::MAX_BYTES) {
        return invalid("must not be longer than 256 bytes");
    }
    // The table has the ids of custom emoji in the same column, and answers have a colon between id and name.
    let is_id = |text: &str| text.split(':').next().is_some_and(|first| first.parse::<EmojiId>().is_ok());
    match emoji {
        Emoji::Unicode(text) if is_id(text) => invalid("must not begin with the id of a custom emoji"),
        _ => Ok(()),
    }
}

impl From<ReactionAdded> for Event {
    fn from(event: ReactionAdded) -> Self {
        Self::ReactionAdded(event)
    }
}

impl From<ReactionRemoved> for Event {
    fn from(event: ReactionRemoved) -> Self {
        Self::ReactionRemoved(event)
    }
}

impl From<ReactionsCleared> for Event {
    fn from(event: ReactionsCleared) -> Self {
        Self::ReactionsCleared(event)
    }
}
