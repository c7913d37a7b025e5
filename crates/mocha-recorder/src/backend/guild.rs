//! The operations on `guilds` and `guild_states`.

use mocha_schema::{Guild, GuildChange, GuildId, GuildState, NewGuild};

use crate::Error;

/// Looks up and changes guilds.
pub trait GuildTable {
    /// Returns the guild's row.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn guild(&mut self, id: GuildId) -> Result<Option<Guild>, Error>;

    /// Adds a guild.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_guild(&mut self, guild: &NewGuild<'_>) -> Result<(), Error>;

    /// Changes the guild's row.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn update_guild(&mut self, id: GuildId, change: &GuildChange<'_>) -> Result<(), Error>;

    /// Returns the guild's row in `guild_states`.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn guild_state(&mut self, id: GuildId) -> Result<Option<GuildState>, Error>;

    /// Writes the guild's row in `guild_states`. The guild has a row.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn put_guild_state(&mut self, state: &GuildState) -> Result<(), Error>;
}
