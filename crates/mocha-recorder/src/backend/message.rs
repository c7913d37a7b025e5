//! The operations on `message_events`.

use mocha_schema::{GuildId, MessageId, NewMessageEvent};

use crate::Error;

/// Adds and changes messages.
pub trait MessageTable {
    /// Adds a message. Its guild, author and channel have rows. Returns whether it was not there.
    ///
    /// If it was there without its content, and the content is known now, tables should set it and return `true`. The
    /// SQLite file does. Known content stays as it is.
    ///
    /// Tables that hold rows back may return `true` although they do not know yet: [`flush`](super::Tables::flush)
    /// returns how many of these were there.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn insert_message(&mut self, message: &NewMessageEvent) -> Result<bool, Error>;

    /// Sets `has_embed` of a message of this guild that is known to have no embed. Returns whether there was one; a
    /// message whose content is unknown stays unknown.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn embed_message(&mut self, guild_id: GuildId, id: MessageId) -> Result<bool, Error>;
}
