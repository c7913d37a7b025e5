//! Messages.

use diesel::prelude::*;
use mocha_recorder::backend::MessageTable;
use mocha_schema::{GuildId, MessageId, NewMessageEvent, schema::message_events};

use super::{Executed as _, SqliteTables};
use crate::Error;

impl MessageTable for SqliteTables<'_> {
    fn insert_message(&mut self, message: &NewMessageEvent) -> Result<bool, Error> {
        // OR IGNORE rather than ON CONFLICT: Diesel caches the former, and the latter journals each statement.
        let inserted =
            diesel::insert_or_ignore_into(message_events::table).values(message).execute(self.0).executed()?;
        Ok(inserted > 0)
    }

    /// A trigger adds to the roll-ups what changes.
    fn embed_message(&mut self, guild_id: GuildId, id: MessageId) -> Result<bool, Error> {
        let plain = message_events::table
            .find(id)
            .filter(message_events::guild_id.eq(guild_id))
            .filter(message_events::has_embed.eq(false));
        let embedded = diesel::update(plain).set(message_events::has_embed.eq(true)).execute(self.0).executed()?;
        Ok(embedded > 0)
    }
}
