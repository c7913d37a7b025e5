//! The history of channels, as Discord's API returns it.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, MessageId};

use super::{Event, valid::Invalid};

/// Reports that a span of a channel's history was read: the events before this one have all messages of the span that Discord
/// still had.
///
/// A program that reads history gives it to the recorder after each page, so that a later run can continue there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HistoryRead {
    /// When it was read.
    pub at: DateTime<Utc>,
    /// The id above all messages of the span.
    pub before: MessageId,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The lowest id of the span. `None` for the channel's beginning.
    pub from: Option<MessageId>,
    /// The guild.
    pub guild_id: GuildId,
}

impl HistoryRead {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if self.from.is_some_and(|from| from > self.before) {
            return Err(Invalid { field: "from", reason: "must not be above `before`" });
        }
        Ok(())
    }
}

impl From<HistoryRead> for Event {
    fn from(event: HistoryRead) -> Self {
        Self::HistoryRead(event)
    }
}
