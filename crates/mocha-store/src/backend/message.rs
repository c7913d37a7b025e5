//! Messages.

use diesel::prelude::*;
use mocha_recorder::backend::MessageTable;
use mocha_schema::{GuildId, MessageId, NewMessageEvent, schema::message_events};

use super::{Executed as _, SqliteTables, update::update};
use crate::Error;

impl MessageTable for SqliteTables<'_> {
    fn insert_message(&mut self, message: &NewMessageEvent) -> Result<bool, Error> {
        // Diesel does not cache ON CONFLICT statements, and SQLite keeps a journal of each. OR IGNORE has neither cost.
        let inserted =
            diesel::insert_or_ignore_into(message_events::table).values(message).execute(self.0).executed()?;
        if inserted > 0 || message.character_count.is_none() {
            return Ok(inserted > 0);
        }
        // The message may be known without its content, from an import or from a bot without the intent.
        let unknown = message_events::id
            .eq(message.id)
            .and(message_events::guild_id.eq(message.guild_id))
            .and(message_events::character_count.is_null());
        let known = message_events::table.filter(unknown).select(message_events::guild_id);
        if known.get_result::<GuildId>(self.0).optional().executed()?.is_none() {
            return Ok(false);
        }
        let content = (
            message_events::has_attachment.eq(message.has_attachment),
            message_events::has_embed.eq(message.has_embed),
            message_events::character_count.eq(message.character_count),
            message_events::word_count.eq(message.word_count),
        );
        let learned = update("message_events", unknown, content).execute(self.0).executed()?;
        Ok(learned > 0)
    }

    /// A trigger updates the roll-ups.
    fn embed_message(&mut self, guild_id: GuildId, id: MessageId) -> Result<bool, Error> {
        let plain = message_events::id
            .eq(id)
            .and(message_events::guild_id.eq(guild_id))
            .and(message_events::has_embed.eq(false));
        let embedded =
            update("message_events", plain, message_events::has_embed.eq(true)).execute(self.0).executed()?;
        Ok(embedded > 0)
    }
}
