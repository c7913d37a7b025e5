//! The operations on `channel_histories`.

use mocha_schema::{ChannelHistory, GuildId};

use crate::Error;

/// Looks up and adds spans of channels' histories.
pub trait HistoryTable {
    /// Returns the spans of all channels of the guild.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    fn histories(&mut self, guild_id: GuildId) -> Result<Vec<ChannelHistory>, Error>;

    /// Adds a span. It replaces the spans of the channel that it includes.
    ///
    /// # Errors
    ///
    /// Why it cannot be written.
    fn put_history(&mut self, span: &ChannelHistory) -> Result<(), Error>;
}
