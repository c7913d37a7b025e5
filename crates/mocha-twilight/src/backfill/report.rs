//! The report of a backfill.

use std::fmt;

use chrono::{DateTime, Utc};
use mocha_schema::ChannelId;

/// Says what a backfill read, channel by channel.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct BackfillReport {
    /// The channels and threads, in the order in which they were read.
    pub channels: Vec<ChannelReport>,
    /// The time before which nothing was read, if it is the store's horizon. Retention has deleted all messages from before it,
    /// and the roll-ups may count them already. `None` if the range begins later, or if retention deleted nothing.
    pub horizon: Option<DateTime<Utc>>,
    /// Whether the closure ended the run. A later run continues.
    pub stopped: bool,
}

/// Says what was read of a channel or thread.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ChannelReport {
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// How many messages this run gave to the recorder. Messages that earlier runs read are left out. Messages that were
    /// recorded live are included.
    pub messages: u64,
    /// How the reading ended.
    pub outcome: BackfillOutcome,
    /// How many pages have a message of which a part does not fit into the file. The rest of these pages is recorded.
    pub refused_pages: u64,
}

/// How the reading of a channel ended.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum BackfillOutcome {
    /// All messages of the range are recorded, by this run and earlier ones. The range begins at the
    /// [horizon](BackfillReport::horizon) if that is later.
    Complete,
    /// The bot may not see the channel.
    Forbidden,
    /// The channel was deleted meanwhile.
    Gone,
    /// Discord returns no message, although somebody wrote in the channel. The bot probably lacks the permission to read the
    /// message history. A later run tries again.
    NoHistory,
    /// It is being read, or the closure ended the run before all was read. A later run continues.
    Unfinished,
}

impl BackfillReport {
    /// Returns how many messages were given to the recorder.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.channels.iter().map(|channel| channel.messages).sum()
    }

    /// Returns how many channels and threads ended like this.
    #[must_use]
    pub fn count(&self, outcome: BackfillOutcome) -> usize {
        self.channels.iter().filter(|channel| channel.outcome == outcome).count()
    }
}

impl fmt::Display for BackfillOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete",
            Self::Forbidden => "not visible to the bot",
            Self::Gone => "deleted",
            Self::NoHistory => "without a readable history",
            Self::Unfinished => "unfinished",
        })
    }
}

/// Writes the totals in one line.
impl fmt::Display for BackfillReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} messages from {} channels and threads", self.messages(), self.channels.len())?;
        for outcome in
            [BackfillOutcome::Forbidden, BackfillOutcome::Gone, BackfillOutcome::NoHistory, BackfillOutcome::Unfinished]
        {
            let count = self.count(outcome);
            if count > 0 {
                write!(f, ", {count} {outcome}")?;
            }
        }
        if let Some(horizon) = self.horizon {
            write!(f, ", nothing read from before {} as retention deletes it", horizon.date_naive())?;
        }
        if self.stopped {
            f.write_str(", stopped before the end")?;
        }
        Ok(())
    }
}
