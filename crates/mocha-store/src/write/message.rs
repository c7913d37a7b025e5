//! Messages.

use diesel::prelude::*;
use mocha_schema::{NewMessageEvent, schema::message_events};

use super::{Outcome, State, parent};
use crate::event::{MessageEmbedded, MessageSent};

pub(super) fn sent(conn: &mut SqliteConnection, state: &mut State, event: &MessageSent) -> QueryResult<Outcome> {
    let MessageSent { at, channel_id, content, guild_id, kind, message_id, user_id } = *event;
    state.parents.guild(conn, guild_id, at)?;
    state.parents.user(conn, user_id, at)?;
    state.parents.channel(conn, channel_id, guild_id, parent::TEXT, at)?;
    // The event was checked: the counts fit.
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    // OR IGNORE rather than ON CONFLICT: Diesel caches the former, and the latter journals each statement.
    let inserted = diesel::insert_or_ignore_into(message_events::table)
        .values(NewMessageEvent {
            id: &message_id.to_string(),
            guild_id,
            channel_id,
            user_id,
            message_type: Some(kind.into()),
            has_attachment: content.map(|content| content.has_attachment),
            has_embed: content.map(|content| content.has_embed),
            character_count: content.map(|content| count(content.characters)),
            word_count: content.map(|content| count(content.words)),
            created_at: at.into(),
        })
        .execute(conn)?;
    Ok(Outcome::of(inserted > 0))
}

/// Unknown stays unknown, and a trigger adds to the sums what changes.
pub(super) fn embedded(conn: &mut SqliteConnection, event: &MessageEmbedded) -> QueryResult<Outcome> {
    let MessageEmbedded { guild_id, message_id, at: _ } = *event;
    let plain = message_events::table
        .find(message_id.to_string())
        .filter(message_events::guild_id.eq(guild_id))
        .filter(message_events::has_embed.eq(false));
    let embedded = diesel::update(plain).set(message_events::has_embed.eq(true)).execute(conn)?;
    Ok(Outcome::of(embedded > 0))
}
