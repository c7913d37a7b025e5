//! The operations on `tombstones` and `tombstone_keys`.

use mocha_schema::GuildId;

use crate::{
    Error,
    tombstones::{Hash, Tombstones},
};

/// Looks up erased and opted-out users.
pub trait TombstoneTable {
    /// Returns all tombstones and keys.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn tombstones(&mut self) -> Result<Tombstones, Error>;

    /// Sets `returned` of the tombstones with these hashes for the guild, and of those for all guilds, because an erased user is
    /// active again.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn return_user(&mut self, hashes: &[Hash], guild_id: GuildId) -> Result<(), Error>;
}
