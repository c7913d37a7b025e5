//! The histories of channels, and how far they were read.

use mocha_schema::{ChannelHistory, GuildId};

use super::{Recorder, session::Request};
use crate::Error;

impl Recorder {
    /// Returns the spans of the histories of a guild's channels that were [read](crate::event::HistoryRead) and recorded.
    ///
    /// Everything recorded before the call is in the file when it returns. Blocks; in an async program see
    /// `histories_async`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Closed`](crate::ErrorKind::Closed): the recorder was shut down.
    /// * The reason why the file cannot be written or read.
    pub fn histories(&self, guild_id: GuildId) -> Result<Vec<ChannelHistory>, Error> {
        self.ask(|reply| Request::Histories(guild_id, reply))
    }

    /// [`histories`](Self::histories) for async programs: waits without blocking a thread.
    ///
    /// # Errors
    ///
    /// As [`histories`](Self::histories).
    #[cfg(feature = "tokio")]
    pub async fn histories_async(&self, guild_id: GuildId) -> Result<Vec<ChannelHistory>, Error> {
        self.ask_async(|reply| Request::Histories(guild_id, reply)).await
    }
}
