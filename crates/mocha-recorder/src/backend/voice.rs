//! The operations on `voice_intervals`, `voice_events` and `unheard_guilds`.

use mocha_schema::{GuildId, NewVoiceEvent, UserId, VoiceInterval};

use crate::{Error, Person};

/// Looks up and changes intervals, and adds to the voice log.
pub trait VoiceTable {
    /// Returns the member's interval that started last.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn last_interval(&mut self, person: Person) -> Result<Option<VoiceInterval>, Error>;

    /// Returns all intervals without an end, in any order.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn open_intervals(&mut self) -> Result<Vec<VoiceInterval>, Error>;

    /// Adds an interval. The guild, the user and the channel have rows.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_interval(&mut self, interval: &VoiceInterval) -> Result<(), Error>;

    /// Sets `ended_at_ms` and `seen_at_ms` of the member's interval that started at this time, if it has no end.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn end_interval(&mut self, person: Person, started_at_ms: i64, ended_at_ms: i64) -> Result<(), Error>;

    /// Deletes the member's interval that started at this time, if it has no end.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn delete_open_interval(&mut self, person: Person, started_at_ms: i64) -> Result<(), Error>;

    /// Raises `seen_at_ms` of these users' open intervals in the guild, where it is lower.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn stamp_intervals(&mut self, guild_id: GuildId, user_ids: &[UserId], seen_at_ms: i64) -> Result<(), Error>;

    /// Adds an entry to the voice log.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_voice_event(&mut self, event: &NewVoiceEvent<'_>) -> Result<(), Error>;

    /// Returns the guilds in which voice was not heard completely, in any order.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn unheard_guilds(&mut self) -> Result<Vec<GuildId>, Error>;

    /// Adds the guild to those in which voice was not heard completely.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn insert_unheard_guild(&mut self, guild_id: GuildId) -> Result<(), Error>;

    /// Removes the guild from these, after a snapshot.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn delete_unheard_guild(&mut self, guild_id: GuildId) -> Result<(), Error>;
}
