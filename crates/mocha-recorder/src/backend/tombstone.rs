//! The operations on `tombstones` and `tombstone_keys`.

use mocha_schema::GuildId;

use crate::{
    Error,
    tombstones::{Hash, Tombstones},
};

/// Looks up who was erased or opted out.
pub trait TombstoneTable {
    /// Returns all tombstones and keys.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    fn tombstones(&mut self) -> Result<Tombstones, Error>;

    /// Notes that an erased user is back: sets `returned` of the tombstones with these hashes for the guild, and of those
    /// for all guilds.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn return_user(&mut self, hashes: &[Hash], guild_id: GuildId) -> Result<(), Error>;
}
