//! The users whom messages address.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, MessageId, UserId};

use super::Event;

/// Reports whom a message in a guild addresses: the author of the message that it replies to, and the users whom it mentions.
///
/// Discord lists the author of the answered message among the mentions too. That is a reply only, and not a mention. Users who
/// address themselves are not recorded. The message itself is a [`MessageSent`](super::MessageSent).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MessageAddressed {
    /// When the message was sent.
    pub at: DateTime<Utc>,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The guild.
    pub guild_id: GuildId,
    /// The users whom it mentions, in any order. Mentions of roles and of everyone are not mentions of users.
    pub mentions: Vec<UserId>,
    /// The message.
    pub message_id: MessageId,
    /// The message that it answers. `None` if it is not a reply, or if that message was deleted.
    pub reply: Option<RepliedTo>,
    /// The author.
    pub user_id: UserId,
}

/// The message that a reply answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RepliedTo {
    /// The message.
    pub message_id: MessageId,
    /// Its author.
    pub user_id: UserId,
}

impl MessageAddressed {
    /// Returns each user whom it addresses once, with the message that it answers, if it answers one of the user.
    pub(crate) fn addressees(&self) -> Vec<(UserId, Option<MessageId>)> {
        let replied = self.reply.map(|reply| (reply.user_id, Some(reply.message_id)));
        let mut all: Vec<(UserId, Option<MessageId>)> =
            replied.into_iter().chain(self.mentions.iter().map(|user_id| (*user_id, None))).collect();
        let mut seen = vec![self.user_id];
        all.retain(|(user_id, _)| {
            let is_new = !seen.contains(user_id);
            seen.push(*user_id);
            is_new
        });
        all
    }

    /// Returns the event without these addressees.
    pub(crate) fn without(&self, is_hidden: impl Fn(UserId) -> bool) -> Self {
        let mut event = self.clone();
        event.mentions.retain(|user_id| !is_hidden(*user_id));
        event.reply = event.reply.filter(|reply| !is_hidden(reply.user_id));
        event
    }
}

impl From<MessageAddressed> for Event {
    fn from(event: MessageAddressed) -> Self {
        Self::MessageAddressed(event)
    }
}
