//! The counts of a recorder.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::Error;

/// Counts the recorder's events since it was started.
///
/// Every event it took is in exactly one of `written`, `duplicate`, `withheld`, `rejected`, `dropped` and `pending`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RecorderStats {
    /// How long the commits took, all together.
    pub commit_latency: Duration,
    /// How long the longest commit took.
    pub commit_latency_max: Duration,
    /// Transactions committed.
    pub commits: u64,
    /// Events that were taken but that this recorder did not write: those that still waited when a shutdown gave up, and
    /// those of a shard that another recorder had taken over.
    pub dropped: u64,
    /// Events that changed nothing, for example because they were delivered again.
    pub duplicate: u64,
    /// The last failure, if there was one. Temporary failures are tried again.
    pub last_error: Option<Arc<Error>>,
    /// Events taken that are not in the file yet.
    pub pending: u64,
    /// Events taken.
    pub queued: u64,
    /// Events that were not taken: the queue was full, the recorder was shut down, the file cannot hold a value of the event, or
    /// a future of `record_async` was dropped while it waited.
    pub refused: u64,
    /// Events that the database refused because of their content. The others of their transaction were written.
    pub rejected: u64,
    /// Events that were not written because their user was erased or opted out.
    pub withheld: u64,
    /// Events written.
    pub written: u64,
}

/// The numbers of events of a transaction by their outcome.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) dropped: u64,
    pub(super) duplicate: u64,
    pub(super) rejected: u64,
    pub(super) withheld: u64,
    pub(super) written: u64,
}

impl Tally {
    /// Moves events from `written` to `duplicate`, because the flush showed that they changed nothing.
    pub(super) const fn turn_out_duplicate(&mut self, events: u64) {
        let events = if events < self.written { events } else { self.written };
        self.written -= events;
        self.duplicate += events;
    }
}

/// The counters, shared by the handles and the writer.
#[derive(Debug, Default)]
pub(super) struct Counters {
    queued: AtomicU64,
    refused: AtomicU64,
    writer: Mutex<RecorderStats>,
}

impl Counters {
    /// Counts events that were taken.
    pub(super) fn queued(&self, events: usize) {
        self.queued.fetch_add(count(events), Ordering::Relaxed);
    }

    /// Counts events that were refused.
    pub(super) fn refused(&self, events: usize) {
        self.refused.fetch_add(count(events), Ordering::Relaxed);
    }

    pub(super) fn committed(&self, tally: Tally, latency: Duration) {
        let mut stats = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        stats.commit_latency += latency;
        stats.commit_latency_max = stats.commit_latency_max.max(latency);
        stats.commits += 1;
        stats.dropped += tally.dropped;
        stats.duplicate += tally.duplicate;
        stats.rejected += tally.rejected;
        stats.withheld += tally.withheld;
        stats.written += tally.written;
    }

    pub(super) fn dropped(&self, events: usize) {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).dropped += count(events);
    }

    pub(super) fn failed(&self, error: Arc<Error>) {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).last_error = Some(error);
    }

    pub(super) fn snapshot(&self) -> RecorderStats {
        let mut stats = self.writer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        stats.queued = self.queued.load(Ordering::Relaxed);
        stats.refused = self.refused.load(Ordering::Relaxed);
        let done = stats.written + stats.duplicate + stats.withheld + stats.rejected + stats.dropped;
        stats.pending = stats.queued.saturating_sub(done);
        stats
    }
}

fn count(events: usize) -> u64 {
    u64::try_from(events).unwrap_or(u64::MAX)
}
