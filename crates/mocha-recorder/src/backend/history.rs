//! The operations on `channel_histories`.

use mocha_schema::{ChannelHistory, GuildId};

use crate::Error;

/// Looks up and adds spans of channels' histories.
pub trait HistoryTable {
    /// Returns the spans of all channels of the guild.
    ///
    /// # Errors
    ///
    /// Returns an error if the read fails.
    fn histories(&mut self, guild_id: GuildId) -> Result<Vec<ChannelHistory>, Error>;

    /// Adds a span. It replaces the spans of the channel that it includes.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn put_history(&mut self, span: &ChannelHistory) -> Result<(), Error>;
}
