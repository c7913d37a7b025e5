//! Maintenance: statistics, indexes, free pages and the write-ahead log, by hand and by a schedule.

mod analyze;
mod checkpoint;
mod schedule;
mod space;
mod stats;

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use diesel::{connection::SimpleConnection, sqlite::SqliteConnection};

pub use self::{analyze::Step, checkpoint::Checkpoint, space::Freed, stats::MaintenanceStats};
pub(crate) use self::{checkpoint::bound_log, schedule::Schedule, space::vacuum};
use crate::{Error, ErrorKind, Keeper, RetentionPolicy, error::classify, link::Link};

/// Configures the work that the store does on a thread of its own while it is open.
///
/// By default it does the cheap tasks:
///
/// * [`Store::optimize`](crate::Store::optimize), a minute after opening and then every hour;
/// * every minute, if the write-ahead log is larger than 64 MiB: it writes the log back to the file
///   and empties it. The log grows while a reader stays open, or while several readers overlap.
///   Emptying waits up to about 50 milliseconds for each reader, and writers wait as long.
///
/// With a [`RetentionPolicy`] it also runs
/// [`Store::apply_retention`](crate::Store::apply_retention) every hour, and then
/// [`Store::free_pages`](crate::Store::free_pages) if more than a quarter of the file is free. With a
/// [`keeper`](Self::keeper) too, such as an archive's, events are kept elsewhere before they are
/// deleted.
///
/// Failures are logged, counted in [`Store::maintenance_stats`](crate::Store::maintenance_stats),
/// and tried again the next time. When the last handle of the store is dropped, the thread ends
/// after its current batch. The drop waits for it.
///
/// # Examples
///
/// ```
/// use mocha_store::{Keep, Maintenance, RetentionPolicy, Store};
///
/// let retention = RetentionPolicy::default().messages(Keep::Days(90));
/// let maintenance = Maintenance::default().retention(retention);
/// let store = Store::builder().maintenance(maintenance).open_in_memory()?;
/// assert_eq!(store.maintenance_stats().failures, 0);
/// # Ok::<(), mocha_store::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is given to a `StoreBuilder`"]
pub struct Maintenance {
    interval: Duration,
    keeper: Option<SharedKeeper>,
    off: bool,
    retention: Option<RetentionPolicy>,
    wal_limit_bytes: u64,
}

impl Default for Maintenance {
    fn default() -> Self {
        Self { interval: Duration::from_hours(1), keeper: None, off: false, retention: None, wal_limit_bytes: 64 << 20 }
    }
}

impl Maintenance {
    /// Turns maintenance off: the store starts no thread. Use this in programs that do all of it
    /// themselves.
    pub fn off() -> Self {
        Self { off: true, ..Self::default() }
    }

    /// Sets the pause between two runs of optimizing and deleting. The log is checked as often, but
    /// at least every minute. Default: 1 hour.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets what keeps events elsewhere before they are deleted, as in
    /// [`Store::apply_retention_keeping`](crate::Store::apply_retention_keeping). Without a
    /// [`retention`](Self::retention) it is not called. Default: nothing, events are only deleted.
    ///
    /// Stores that are opened with clones of these settings share the keeper, one at a time.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use diesel::SqliteConnection;
    /// use mocha_store::{Batches, Expired, Keep, Keeper, Maintenance, RetentionPolicy};
    ///
    /// struct Nowhere;
    ///
    /// impl Keeper<SqliteConnection> for Nowhere {
    ///     fn keep(
    ///         &mut self,
    ///         _conn: &mut SqliteConnection,
    ///         _expired: &Expired<'_>,
    ///         _batches: &mut Batches<'_, SqliteConnection>,
    ///     ) -> Result<ControlFlow<()>, Box<dyn std::error::Error + Send + Sync>> {
    ///         Err("there is no room for old events".into())
    ///     }
    /// }
    ///
    /// // Nothing is deleted while the keeper fails.
    /// let retention = RetentionPolicy::default().messages(Keep::Days(90));
    /// let maintenance = Maintenance::default().retention(retention).keeper(Nowhere);
    /// # drop(maintenance);
    /// ```
    pub fn keeper(mut self, keeper: impl Keeper<SqliteConnection> + Send + 'static) -> Self {
        self.keeper = Some(SharedKeeper(Arc::new(Mutex::new(keeper))));
        self
    }

    /// Sets what to delete because of its age. Default: nothing.
    pub fn retention(mut self, retention: RetentionPolicy) -> Self {
        self.retention = Some(retention);
        self
    }

    /// Sets how large the write-ahead log may become before it is written back to the file and
    /// emptied. Default: 64 MiB.
    pub fn wal_limit_bytes(mut self, bytes: u64) -> Self {
        self.wal_limit_bytes = bytes;
        self
    }

    /// Refuses settings that are out of range.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.interval.is_zero() {
            let kind = ErrorKind::InvalidSetting { name: "interval" };
            return Err(Error::new(kind, "the `interval` of maintenance is zero"));
        }
        self.retention.map_or(Ok(()), |retention| retention.check())
    }
}

/// The keeper of a schedule.
#[derive(Clone)]
struct SharedKeeper(Arc<Mutex<dyn Keeper<SqliteConnection> + Send>>);

impl fmt::Debug for SharedKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedKeeper").finish_non_exhaustive()
    }
}

/// A connection for long work on the whole file.
fn connect(link: &Link) -> Result<SqliteConnection, Error> {
    let mut conn = link.connect_writer()?;
    // The copy of a file, or of an index that is sorted, may be larger than the memory.
    conn.batch_execute("PRAGMA temp_store = FILE")
        .map_err(|error| classify("cannot set up a connection for maintenance", error))?;
    Ok(conn)
}
