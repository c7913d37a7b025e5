//! Messages.

use mocha_schema::NewMessageEvent;

use super::{Outcome, State, parent};
use crate::{
    Error,
    backend::Tables,
    event::{MessageEmbedded, MessageSent},
};

pub(super) fn sent(tables: &mut impl Tables, state: &mut State, event: &MessageSent) -> Result<Outcome, Error> {
    let MessageSent { at, channel_id, content, guild_id, kind, message_id, user_id } = *event;
    state.parents.guild(tables, guild_id, at)?;
    state.parents.user(tables, user_id, at)?;
    state.parents.channel(tables, channel_id, guild_id, parent::TEXT, at)?;
    // The event was checked, so the counts fit.
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let is_new = tables.insert_message(&NewMessageEvent {
        id: message_id,
        guild_id,
        channel_id,
        user_id,
        message_type: Some(kind.into()),
        has_attachment: content.map(|content| content.has_attachment),
        has_embed: content.map(|content| content.has_embed),
        character_count: content.map(|content| count(content.characters)),
        word_count: content.map(|content| count(content.words)),
        created_at: at.into(),
    })?;
    Ok(Outcome::of(is_new))
}

/// Sets `has_embed`. If it is unknown, it stays unknown.
pub(super) fn embedded(tables: &mut impl Tables, event: &MessageEmbedded) -> Result<Outcome, Error> {
    let MessageEmbedded { guild_id, message_id, at: _ } = *event;
    Ok(Outcome::of(tables.embed_message(guild_id, message_id)?))
}
