//! Messages.

use std::collections::HashSet;

use diesel::{prelude::*, sqlite::SqliteConnection};
use mocha_recorder::backend::{MessageTable, is_answer};
use mocha_schema::{GuildId, MessageId, NewMessageEvent, UserId, schema::message_events};

use super::{Executed as _, SqliteTables, bulk, update::update};
use crate::Error;

/// From this many messages on, a flush writes them in bulk. Setting the triggers aside takes as long as about a hundred
/// messages, and makes every connection read the schema again.
const BULK: usize = 500;

/// Messages that were added, until the flush.
#[derive(Debug, Default)]
pub(super) struct HeldMessages {
    ids: HashSet<MessageId>,
    /// Additions and changes of messages in `rows`, in their order.
    later: Vec<Later>,
    rows: Vec<NewMessageEvent>,
}

#[derive(Debug)]
enum Later {
    Added(NewMessageEvent),
    Embedded(GuildId, MessageId),
}

impl MessageTable for SqliteTables<'_> {
    /// Holds the message back and returns `true`. The flush counts the messages that changed nothing.
    fn insert_message(&mut self, message: &NewMessageEvent) -> Result<bool, Error> {
        let HeldMessages { ids, later, rows } = &mut self.messages;
        if ids.insert(message.id) {
            rows.push(*message);
        } else {
            later.push(Later::Added(*message));
        }
        Ok(true)
    }

    fn message_author(&mut self, guild_id: GuildId, id: MessageId) -> Result<Option<UserId>, Error> {
        let held = self.messages.rows.iter().find(|row| row.id == id && row.guild_id == guild_id);
        let found = match held {
            Some(row) => Some((row.user_id, row.message_type)),
            None => message_events::table
                .filter(message_events::id.eq(id))
                .filter(message_events::guild_id.eq(guild_id))
                .select((message_events::user_id, message_events::message_type))
                .get_result(self.conn)
                .optional()
                .executed()?,
        };
        Ok(found.and_then(|(user_id, kind)| (!is_answer(kind)).then_some(user_id)))
    }

    fn embed_message(&mut self, guild_id: GuildId, id: MessageId) -> Result<bool, Error> {
        if !self.messages.ids.contains(&id) {
            return embed(self.conn, guild_id, id);
        }
        self.messages.later.push(Later::Embedded(guild_id, id));
        Ok(true)
    }
}

impl HeldMessages {
    /// Writes the messages. Returns how many of the additions and changes changed nothing.
    pub(super) fn flush(&mut self, conn: &mut SqliteConnection) -> Result<u64, Error> {
        let Self { ids: _, later, rows } = std::mem::take(self);
        let inserted = if rows.len() < BULK { None } else { bulk::insert(conn, &rows)? };
        let mut unchanged = 0;
        for message in &rows {
            let is_new = if let Some(inserted) = &inserted {
                inserted.has(message.id)
            } else {
                // Diesel does not cache an ON CONFLICT statement, and SQLite keeps a journal of it. OR IGNORE has neither cost.
                let insert = diesel::insert_or_ignore_into(message_events::table).values(message);
                insert.execute(conn).executed()? > 0
            };
            unchanged += u64::from(!is_new && !learn(conn, message)?);
        }
        for later in later {
            let changes = match later {
                Later::Added(message) => learn(conn, &message)?,
                Later::Embedded(guild_id, id) => embed(conn, guild_id, id)?,
            };
            unchanged += u64::from(!changes);
        }
        Ok(unchanged)
    }
}

/// Adds the content to a message that is known without it, from an import or from a bot without the intent.
fn learn(conn: &mut SqliteConnection, message: &NewMessageEvent) -> Result<bool, Error> {
    if message.character_count.is_none() {
        return Ok(false);
    }
    let unknown = message_events::id
        .eq(message.id)
        .and(message_events::guild_id.eq(message.guild_id))
        .and(message_events::character_count.is_null());
    let known = message_events::table.filter(unknown).select(message_events::guild_id);
    if known.get_result::<GuildId>(conn).optional().executed()?.is_none() {
        return Ok(false);
    }
    let content = (
        message_events::has_attachment.eq(message.has_attachment),
        message_events::has_embed.eq(message.has_embed),
        message_events::character_count.eq(message.character_count),
        message_events::word_count.eq(message.word_count),
    );
    let learned = update("message_events", unknown, content).execute(conn).executed()?;
    Ok(learned > 0)
}

/// Notes that a message has embeds. A trigger updates the roll-ups.
fn embed(conn: &mut SqliteConnection, guild_id: GuildId, id: MessageId) -> Result<bool, Error> {
    let plain =
        message_events::id.eq(id).and(message_events::guild_id.eq(guild_id)).and(message_events::has_embed.eq(false));
    let embedded = update("message_events", plain, message_events::has_embed.eq(true)).execute(conn).executed()?;
    Ok(embedded > 0)
}
