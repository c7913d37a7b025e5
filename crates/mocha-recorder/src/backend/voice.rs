//! The operations on `voice_intervals`, `voice_events` and `unheard_guilds`.

use mocha_schema::{GuildId, NewVoiceEvent, UserId, VoiceInterval};

use crate::{Error, Person};

/// Looks up and changes intervals, and adds to the voice log.
pub trait VoiceTable {
    /// Returns the person's interval that started last.
    ///
    /// # Errors
    ///
    /// Why it cannot be read.
    fn last_interval(&mut self, person: Person) -> Result<Option<VoiceInterval>, Error>;

    /// Returns all intervals without an end, in any order.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    fn open_intervals(&mut self) -> Result<Vec<VoiceInterval>, Error>;

    /// Adds an interval. The guild, the user and the channel have rows.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn insert_interval(&mut self, interval: &VoiceInterval) -> Result<(), Error>;

    /// Sets `ended_at_ms` and `seen_at_ms` of the person's interval that started then, if it has no end.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn end_interval(&mut self, person: Person, started_at_ms: i64, ended_at_ms: i64) -> Result<(), Error>;

    /// Deletes the person's interval that started then, if it has no end.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn delete_open_interval(&mut self, person: Person, started_at_ms: i64) -> Result<(), Error>;

    /// Raises `seen_at_ms` of these users' intervals without an end in the guild, where it is lower.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn stamp_intervals(&mut self, guild_id: GuildId, user_ids: &[UserId], seen_at_ms: i64) -> Result<(), Error>;

    /// Adds an entry to the voice log.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn insert_voice_event(&mut self, event: &NewVoiceEvent<'_>) -> Result<(), Error>;

    /// Returns the guilds in which voice was not heard completely, in any order.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    fn unheard_guilds(&mut self) -> Result<Vec<GuildId>, Error>;

    /// Notes that voice in the guild was not heard completely.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn insert_unheard_guild(&mut self, guild_id: GuildId) -> Result<(), Error>;

    /// Notes that voice in the guild is heard again, after a snapshot.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn delete_unheard_guild(&mut self, guild_id: GuildId) -> Result<(), Error>;
}
