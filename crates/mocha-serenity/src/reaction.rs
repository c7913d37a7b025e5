//! Reactions to messages.

use mocha_adapter::{Reaction as RecordedReaction, Translation};
use mocha_schema::Emoji;
use serde::Deserialize;
use serenity::model::{
    channel::{Reaction, ReactionType},
    id::{GuildId, MessageId},
};

use crate::{convert, member};

/// Adds a reaction. Reactions in direct messages are not recorded.
pub(crate) fn push(reaction: &Reaction, out: &mut Translation) {
    let (Some(guild_id), Some(user_id)) = (reaction.guild_id, reaction.user_id) else { return };
    let Some(emoji) = emoji(&reaction.emoji) else { return };
    out.reaction_added(&RecordedReaction {
        author_id: reaction.message_author_id.map(convert::id),
        channel_id: convert::id(reaction.channel_id),
        emoji,
        guild_id: convert::id(guild_id),
        member: reaction.member.as_ref().map(member::member),
        message_id: convert::id(reaction.message_id),
        user_id: convert::id(user_id),
    });
}

/// Adds that a reaction was taken back.
pub(crate) fn push_removed(reaction: &Reaction, out: &mut Translation) {
    let (Some(guild_id), Some(user_id)) = (reaction.guild_id, reaction.user_id) else { return };
    if let Some(emoji) = emoji(&reaction.emoji) {
        out.reaction_removed(convert::id(guild_id), convert::id(reaction.message_id), convert::id(user_id), &emoji);
    }
}

/// Adds that all reactions to a message were removed, or all with one emoji.
pub(crate) fn push_cleared(
    guild_id: Option<GuildId>,
    message_id: MessageId,
    removed: Option<&ReactionType>,
    out: &mut Translation,
) {
    let Some(guild_id) = guild_id else { return };
    let removed = removed.map(emoji);
    // An emoji of a kind that serenity does not know is not all of them.
    if removed != Some(None) {
        out.reactions_cleared(convert::id(guild_id), convert::id(message_id), removed.flatten().as_ref());
    }
}

/// The removal of all reactions with one emoji. serenity reads it as a reaction, and a reaction has fields that Discord does not
/// document for this event.
#[derive(Debug, Deserialize)]
pub(crate) struct EmojiRemoved {
    pub(crate) emoji: ReactionType,
    pub(crate) guild_id: Option<GuildId>,
    pub(crate) message_id: MessageId,
}

fn emoji(emoji: &ReactionType) -> Option<Emoji> {
    match emoji {
        ReactionType::Custom { animated: _, id, name } => {
            Some(Emoji::Custom { id: convert::id(*id), name: name.clone() })
        }
        ReactionType::Unicode(text) => Some(Emoji::Unicode(text.clone())),
        // serenity may add kinds.
        _ => None,
    }
}
