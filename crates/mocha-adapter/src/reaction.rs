//! Reactions to messages.

use mocha_recorder::event::{ReactionAdded, ReactionRemoved, ReactionsCleared};
use mocha_schema::{ChannelId, Emoji, GuildId, MessageId, UserId};

use crate::{Member, ResourceType, Translation, translation::text};

/// A reaction to a message in a guild.
#[derive(Clone, Debug)]
pub struct Reaction<'a> {
    /// The author of the message, if Discord sent it.
    pub author_id: Option<UserId>,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The emoji.
    pub emoji: Emoji,
    /// The guild.
    pub guild_id: GuildId,
    /// The member who reacted, if Discord sent it.
    pub member: Option<Member<'a>>,
    /// The message.
    pub message_id: MessageId,
    /// The user who reacted.
    pub user_id: UserId,
}

impl Translation {
    /// Adds a reaction, the user who reacted, and the user's membership.
    pub fn reaction_added(&mut self, reaction: &Reaction<'_>) {
        if !self.wants(ResourceType::REACTION) {
            return;
        }
        let Reaction { author_id, channel_id, emoji, guild_id, member, message_id, user_id } = reaction;
        if let Some(Member { membership, user }) = member {
            self.user(user);
            self.membership(*guild_id, user.user_id, *membership);
        }
        self.push(ReactionAdded {
            at: self.at(),
            author_id: *author_id,
            channel_id: *channel_id,
            emoji: readable(emoji),
            guild_id: *guild_id,
            message_id: *message_id,
            user_id: *user_id,
        });
    }

    /// Adds that a user's reaction was taken back.
    pub fn reaction_removed(&mut self, guild_id: GuildId, message_id: MessageId, user_id: UserId, emoji: &Emoji) {
        if self.wants(ResourceType::REACTION) {
            self.push(ReactionRemoved { at: self.at(), emoji: readable(emoji), guild_id, message_id, user_id });
        }
    }

    /// Adds that all reactions to a message were removed, or all with one emoji.
    pub fn reactions_cleared(&mut self, guild_id: GuildId, message_id: MessageId, emoji: Option<&Emoji>) {
        if self.wants(ResourceType::REACTION) {
            self.push(ReactionsCleared { at: self.at(), emoji: emoji.map(readable), guild_id, message_id });
        }
    }
}

/// Removes from the name of a custom emoji what the recorder would refuse. Any other emoji is the same in each event about it.
fn readable(emoji: &Emoji) -> Emoji {
    match emoji {
        Emoji::Custom { id, name } => {
            let name = name.as_deref().map(|name| {
                let mut name = text(name);
                name.truncate(name.floor_char_boundary(Emoji::MAX_BYTES));
                name
            });
            Emoji::Custom { id: *id, name: name.filter(|name| !name.is_empty()) }
        }
        Emoji::Unicode(text) => Emoji::Unicode(text.clone()),
    }
}
