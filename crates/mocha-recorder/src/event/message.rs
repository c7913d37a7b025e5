//! Messages.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, MessageId, UserId};

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// Reports a message that was sent in a guild. It never contains the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MessageSent {
    /// When it was sent.
    pub at: DateTime<Utc>,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The measurements of its content; `None` if the bot may not see it. Unknown content does not
    /// count as zero.
    pub content: Option<MessageContent>,
    /// The guild.
    pub guild_id: GuildId,
    /// Discord's message type: 0 a message, 19 a reply, 20 and 23 commands; the others are system
    /// messages.
    pub kind: u8,
    /// The message.
    pub message_id: MessageId,
    /// The author. For the answer to a command (20 and 23), the user who used the command.
    pub user_id: UserId,
}

/// Reports that a message has embeds now. Discord adds embeds of links some time after the message
/// was sent.
///
/// `has_embed` becomes true, and the roll-ups count it once. A message with unknown content stays
/// unknown. Mocha ignores other edits: characters, words and attachments are those of the message
/// as it was sent.
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

/// Holds the measurements of a message's content.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MessageContent {
    /// Its length in Unicode scalar values.
    pub characters: u32,
    /// Whether it has an attachment.
    pub has_attachment: bool,
    /// Whether it has an embed.
    pub has_embed: bool,
    /// The number of words, separated by white space.
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
