//! The operations on `message_addressees`.

use mocha_schema::NewMessageAddressee;

use crate::Error;

/// Adds users whom messages address.
pub trait AddresseeTable {
    /// Adds a user whom a message addresses, unless the message has the user already. Returns whether the row was added. The
    /// guild, the channel and the author have rows.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_addressee(&mut self, addressee: &NewMessageAddressee) -> Result<bool, Error>;
}
