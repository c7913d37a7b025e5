//! The operations on `message_events`.

use mocha_schema::{GuildId, MessageId, NewMessageEvent, UserId};

use crate::Error;

/// Returns whether a message of this type is an answer to a command. Its row has the user who used the command, and not the app,
/// which is its author.
#[must_use]
pub const fn is_answer(message_type: Option<i32>) -> bool {
    matches!(message_type, Some(20 | 23))
}

/// Adds and changes messages.
pub trait MessageTable {
    /// Adds a message. Its guild, author and channel have rows. Returns `true` if the message is new.
    ///
    /// If the row exists without its content, and the content is known now, tables should add it and return `true`, as the SQLite
    /// file does. Known content stays unchanged.
    ///
    /// Tables that hold rows back may return `true` before they know: [`flush`](super::Tables::flush) returns how many of these
    /// messages changed nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_message(&mut self, message: &NewMessageEvent) -> Result<bool, Error>;

    /// Returns the author of a message of this guild, also of one that is held back. `None` if there is no such message, or if it
    /// is an answer to a command (20 and 23), whose row has the user who used the command.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn message_author(&mut self, guild_id: GuildId, id: MessageId) -> Result<Option<UserId>, Error>;

    /// Sets `has_embed` of a message of this guild that is known to have no embed. Returns whether there was such a message. A
    /// message with unknown content stays unknown.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn embed_message(&mut self, guild_id: GuildId, id: MessageId) -> Result<bool, Error>;
}
