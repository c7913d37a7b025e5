//! Messages.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, MessageId, UserId};

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// A message that was sent in a guild; never its text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MessageSent {
    /// When it was sent.
    pub at: DateTime<Utc>,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// What its content measures; `None` if the bot may not see it: unknown is not zero.
    pub content: Option<MessageContent>,
    /// The guild.
    pub guild_id: GuildId,
    /// Discord's message type: 0 a message, 19 a reply, 20 and 23 commands; the others are the system's.
    pub kind: u8,
    /// The message.
    pub message_id: MessageId,
    /// The author; of a command's answer (20 and 23) the person who used the command.
    pub user_id: UserId,
}

/// A message that has embeds now: Discord adds those of links some time after the message was sent.
///
/// `has_embed` becomes true and counts in the sums, once. A message whose content is unknown stays unknown. Nothing else of a
/// message changes when it is edited: its characters, words and attachments are those it was sent with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MessageEmbedded {
    /// When it was received.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// The message.
    pub message_id: MessageId,
}

impl From<MessageEmbedded> for Event {
    fn from(event: MessageEmbedded) -> Self {
        Self::MessageEmbedded(event)
    }
}

/// What a message's content measures.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MessageContent {
    /// Unicode scalar values.
    pub characters: u32,
    /// Whether something is attached.
    pub has_attachment: bool,
    /// Whether something is embedded.
    pub has_embed: bool,
    /// Pieces between white space.
    pub words: u32,
}

impl MessageSent {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let Some(content) = self.content else { return Ok(()) };
        valid::count(Field("characters"), content.characters)?;
        valid::count(Field("words"), content.words).map(drop)
    }
}

impl From<MessageSent> for Event {
    fn from(event: MessageSent) -> Self {
        Self::MessageSent(event)
    }
}
