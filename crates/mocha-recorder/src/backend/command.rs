//! The operations on `command_uses`.

use mocha_schema::NewCommandUse;

use crate::Error;

/// Adds uses of commands.
pub trait CommandTable {
    /// Adds a use of a command, unless it is there. Returns whether it was added. The guild, the channel and the user have
    /// rows.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_command_use(&mut self, command: &NewCommandUse<'_>) -> Result<bool, Error>;
}
