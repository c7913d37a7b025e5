//! Reactions.

use mocha_schema::{Emoji, NewReaction};

use super::{Outcome, State, parent};
use crate::{
    Error,
    backend::Tables,
    event::{ReactionAdded, ReactionRemoved, ReactionsCleared},
};

pub(super) fn added(tables: &mut impl Tables, state: &mut State, event: &ReactionAdded) -> Result<Outcome, Error> {
    let ReactionAdded { at, author_id, channel_id, ref emoji, guild_id, message_id, user_id } = *event;
    state.parents.guild(tables, guild_id, at)?;
    state.parents.user(tables, user_id, at)?;
    state.parents.channel(tables, channel_id, guild_id, parent::TEXT, at)?;
    let author_id = match author_id {
        Some(author_id) => Some(author_id),
        // An erasure that is running may not have reached the message yet.
        None => tables
            .message_author(guild_id, message_id)?
            .filter(|author_id| !state.tombstones.withholds(*author_id, Some(guild_id), at.timestamp_millis())),
    };
    let (column, created_at) = (emoji.column(), at.into());
    let reaction = NewReaction {
        guild_id,
        message_id,
        user_id,
        emoji: &column,
        emoji_name: emoji.name(),
        channel_id,
        author_id,
        created_at,
    };
    Ok(Outcome::of(tables.insert_reaction(&reaction)?))
}

pub(super) fn removed(tables: &mut impl Tables, event: &ReactionRemoved) -> Result<Outcome, Error> {
    let ReactionRemoved { at: _, ref emoji, guild_id, message_id, user_id } = *event;
    Ok(Outcome::of(tables.delete_reaction(guild_id, message_id, user_id, &emoji.column())?))
}

pub(super) fn cleared(tables: &mut impl Tables, event: &ReactionsCleared) -> Result<Outcome, Error> {
    let ReactionsCleared { at: _, ref emoji, guild_id, message_id } = *event;
    let emoji = emoji.as_ref().map(Emoji::column);
    Ok(Outcome::of(tables.delete_reactions(guild_id, message_id, emoji.as_deref())?))
}
