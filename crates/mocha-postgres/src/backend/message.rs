//! Messages.

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use diesel::{
    PgConnection, QueryResult,
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Bool, Integer, Nullable},
};
use mocha_recorder::{
    Error,
    backend::{MessageTable, is_answer},
};
use mocha_schema::{GuildId, MessageId, NewMessageEvent, Snowflake, UserId, schema::message_events};

use super::{Executed as _, PgTables};

/// Messages that were added, until the flush.
#[derive(Debug, Default)]
pub(super) struct HeldMessages {
    /// Messages that have embeds since they were added.
    embedded: BTreeSet<(GuildId, MessageId)>,
    places: HashMap<(GuildId, MessageId), usize>,
    rows: Vec<NewMessageEvent>,
}

impl MessageTable for PgTables<'_> {
    /// Holds the message back, and returns whether it was new. The flush counts the messages that
    /// were in the table.
    fn insert_message(&mut self, message: &NewMessageEvent) -> Result<bool, Error> {
        let HeldMessages { places, rows, .. } = &mut self.messages;
        let Entry::Vacant(place) = places.entry((message.guild_id, message.id)) else { return Ok(false) };
        place.insert(rows.len());
        rows.push(*message);
        Ok(true)
    }

    fn message_author(&mut self, guild_id: GuildId, id: MessageId) -> Result<Option<UserId>, Error> {
        let HeldMessages { places, rows, .. } = &self.messages;
        let held = places.get(&(guild_id, id)).and_then(|place| rows.get(*place));
        let found = match held {
            Some(row) => Some((row.user_id, row.message_type)),
            None => message_events::table
                .filter(message_events::guild_id.eq(guild_id))
                .filter(message_events::id.eq(id))
                .select((message_events::user_id, message_events::message_type))
                .get_result(self.conn)
                .optional()
                .executed()?,
        };
        Ok(found.and_then(|(user_id, kind)| (!is_answer(kind)).then_some(user_id)))
    }

    /// Notes that a message has embeds. Triggers update the roll-ups.
    fn embed_message(&mut self, guild_id: GuildId, id: MessageId) -> Result<bool, Error> {
        let HeldMessages { embedded, places, rows } = &mut self.messages;
        if let Some(held) = places.get(&(guild_id, id)).and_then(|place| rows.get_mut(*place)) {
            let is_plain = held.has_embed == Some(false);
            if is_plain {
                held.has_embed = Some(true);
                // If the table has the message, the held row is not written.
                embedded.insert((guild_id, id));
            }
            return Ok(is_plain);
        }
        let plain = message_events::table
            .filter(message_events::guild_id.eq(guild_id))
            .filter(message_events::id.eq(id))
            .filter(message_events::has_embed.eq(false));
        let changed = diesel::update(plain).set(message_events::has_embed.eq(true)).execute(self.conn).executed()?;
        Ok(changed > 0)
    }
}

impl HeldMessages {
    /// Writes the messages. Returns how many were in the table before.
    pub(super) fn flush(&mut self, conn: &mut PgConnection, is_distributed: bool) -> QueryResult<u64> {
        let Self { embedded, places: _, mut rows } = std::mem::take(self);
        if rows.is_empty() {
            return Ok(0);
        }
        // Sorted here, because they mostly are already, and the server would sort all columns.
        rows.sort_unstable_by_key(|row| (row.guild_id, row.id));
        // Without the RETURNING, Citus also counts rows that were there before.
        let returning = if is_distributed { " RETURNING 1" } else { "" };
        let written = sql_query(format!(
            "INSERT INTO message_events (id, guild_id, channel_id, user_id, message_type, has_attachment, has_embed,
                 character_count, word_count, created_at)
             SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING{returning}"
        ))
        .bind::<Array<Snowflake>, _>(column(&rows, |row| row.id))
        .bind::<Array<Snowflake>, _>(column(&rows, |row| row.guild_id))
        .bind::<Array<Snowflake>, _>(column(&rows, |row| row.channel_id))
        .bind::<Array<Snowflake>, _>(column(&rows, |row| row.user_id))
        .bind::<Array<Nullable<Integer>>, _>(column(&rows, |row| row.message_type))
        .bind::<Array<Nullable<Bool>>, _>(column(&rows, |row| row.has_attachment))
        .bind::<Array<Nullable<Bool>>, _>(column(&rows, |row| row.has_embed))
        .bind::<Array<Nullable<Integer>>, _>(column(&rows, |row| row.character_count))
        .bind::<Array<Nullable<Integer>>, _>(column(&rows, |row| row.word_count))
        .bind::<Array<BigInt>, _>(column(&rows, |row| {
            chrono::DateTime::<chrono::Utc>::from(row.created_at).timestamp()
        }))
        .execute(conn)?;
        let known = rows.len().saturating_sub(written);
        if known == 0 {
            return Ok(0);
        }
        let embedded: Vec<(GuildId, MessageId)> = embedded.into_iter().collect();
        // Citus locks the table for an update of several guilds.
        for embedded in embedded.chunk_by(|(one, _), (other, _)| !is_distributed || one == other) {
            let (guilds, ids): (Vec<GuildId>, Vec<MessageId>) = embedded.iter().copied().unzip();
            sql_query(
                "UPDATE message_events SET has_embed = true FROM unnest($1, $2) AS held (guild_id, id)
                 WHERE message_events.guild_id = held.guild_id AND message_events.id = held.id AND NOT has_embed
                     AND message_events.guild_id = ANY ($3)",
            )
            .bind::<Array<Snowflake>, _>(&guilds)
            .bind::<Array<Snowflake>, _>(ids)
            .bind::<Array<Snowflake>, _>(&guilds)
            .execute(conn)?;
        }
        Ok(u64::try_from(known).unwrap_or(u64::MAX))
    }
}

fn column<T>(rows: &[NewMessageEvent], value: impl Fn(&NewMessageEvent) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}
