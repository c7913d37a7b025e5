//! The settings with which a store is opened.

use std::{path::Path, sync::Arc, time::Duration};

use super::{Location, Store};
use crate::{
    CheckDepth, Error, ErrorKind, Maintenance,
    time::{SteadyClock, TimeSource},
};

/// Chooses what a power loss or a crash of the operating system may cost. A crash of the program,
/// even by SIGKILL, never loses committed data. No setting damages the file: transactions and their
/// roll-ups are kept whole or not at all.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Durability {
    /// `synchronous = NORMAL`: a power loss may undo the last commits, back to the last checkpoint
    /// at most, including commits that [`flush`](crate::Recorder::flush) confirmed. The latest
    /// commits are lost first, never one in the middle. A checkpoint happens after about 16 MB of
    /// changes, at a shutdown, and by [`Store::checkpoint`].
    #[default]
    Normal,
    /// `synchronous = FULL`: each commit waits for the disk. A power loss undoes no confirmed
    /// commit, provided that the disk keeps what it reports as written. This costs one wait for the
    /// disk per flush interval.
    Full,
}

/// Chooses what advances the recorder's time, which confirms that members in voice are still
/// connected.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Clock {
    /// The system's clock. Bots use this.
    #[default]
    System,
    /// Only the times of the events. Use this for replays, imports and tests.
    ///
    /// Each event confirms everything before it, so silence is not a gap. A message moves the time
    /// by a day at most, because its time is when Discord received it. An event that is older than
    /// everything in the file at the start counts as delivered again. So does a change of a voice
    /// state that is a day older than the last one: the first delivery stands.
    Events,
}

/// Configures and opens a store. Made by [`Store::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `open`"]
pub struct StoreBuilder {
    settings: Settings,
}

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) batch_len: usize,
    pub(crate) bridge_limit: Duration,
    pub(crate) busy_timeout: Duration,
    pub(crate) check_on_open: Option<CheckDepth>,
    pub(crate) clock: Clock,
    pub(crate) durability: Durability,
    pub(crate) flush_interval: Duration,
    pub(crate) maintenance: Maintenance,
    pub(crate) queue_len: usize,
    pub(crate) readers: u32,
    pub(crate) time: Arc<SteadyClock>,
}

impl Default for StoreBuilder {
    fn default() -> Self {
        Self {
            settings: Settings {
                batch_len: 4096,
                bridge_limit: Duration::from_mins(5),
                busy_timeout: Duration::from_secs(5),
                check_on_open: None,
                clock: Clock::System,
                durability: Durability::Normal,
                flush_interval: Duration::from_millis(250),
                maintenance: Maintenance::default(),
                queue_len: 65_536,
                readers: 4,
                time: Arc::default(),
            },
        }
    }
}

impl StoreBuilder {
    /// Sets how many events one transaction commits at most. Default: 4,096.
    pub fn batch_len(mut self, events: usize) -> Self {
        self.settings.batch_len = events;
        self
    }

    /// Sets the bridge limit: the longest gap without news, such as a restart, after which a member
    /// who is in voice before and after it is assumed to have stayed. After a longer gap a new
    /// session begins. Default: 5 minutes.
    pub fn bridge_limit(mut self, limit: Duration) -> Self {
        self.settings.bridge_limit = limit;
        self
    }

    /// Sets how long a connection waits for a lock that another connection holds. Default: 5
    /// seconds.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.settings.busy_timeout = timeout;
        self
    }

    /// Checks pages and rows for damage when the file is opened. A damaged file is refused as
    /// [`ErrorKind::Corrupt`] before anything is written to it. Default: no check; damage shows
    /// when it is read.
    ///
    /// The check reads the whole file: about 60 milliseconds for 40 MB at [`CheckDepth::Quick`],
    /// and ten times as long at [`CheckDepth::Full`], which compares indexes with their tables. It
    /// does not look for orphaned rows and wrong roll-ups, which you can repair in an open file.
    /// [`Store::check`] finds them.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::{CheckDepth, Store};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("stats.db");
    /// # drop(Store::open(&path)?);
    /// let store = Store::builder().check_on_open(CheckDepth::Quick).open(&path)?;
    /// assert!(store.check().run()?.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check_on_open(mut self, depth: CheckDepth) -> Self {
        self.settings.check_on_open = Some(depth);
        self
    }

    /// Sets what advances the recorder's time. Default: [`Clock::System`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Sets what a power loss may cost. Default: [`Durability::Normal`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.settings.durability = durability;
        self
    }

    /// Sets how long an event waits for others before it is committed, at most. Default: 250
    /// milliseconds.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.settings.flush_interval = interval;
        self
    }

    /// Sets the maintenance that the store does while it is open. Default: the cheap tasks, see
    /// [`Maintenance`].
    pub fn maintenance(mut self, maintenance: Maintenance) -> Self {
        self.settings.maintenance = maintenance;
        self
    }

    /// Sets how many events may wait to be committed before the recorder refuses more. Events that
    /// one call records are accepted together, even if they exceed this. Default: 65,536.
    pub fn queue_len(mut self, events: usize) -> Self {
        self.settings.queue_len = events;
        self
    }

    /// Sets how many connections can read at the same time. Default: 4.
    pub fn readers(mut self, connections: u32) -> Self {
        self.settings.readers = connections;
        self
    }

    /// Sets where the time comes from, for tests. Default: the system's clocks.
    ///
    /// The recorder, adapters, retention and erasure all ask it.
    pub fn time_source(mut self, source: Arc<dyn TimeSource>) -> Self {
        self.settings.time = Arc::new(SteadyClock::new(source));
        self
    }

    /// Opens the file, or creates it. See [`Store::open`].
    ///
    /// # Errors
    ///
    /// As [`Store::open`], and [`ErrorKind::InvalidSetting`] for a setting that is zero where it must not be.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Store, Error> {
        self.build(Location::file(path.as_ref())?)
    }

    /// Opens a store in memory. No other program sees it, and it disappears with its last handle.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`] for a setting that is zero where it must not be.
    pub fn open_in_memory(self) -> Result<Store, Error> {
        self.build(Location::memory())
    }

    fn build(self, location: Location) -> Result<Store, Error> {
        let Settings { batch_len, busy_timeout, queue_len, readers, .. } = self.settings;
        for (name, holds) in [
            ("batch_len", batch_len > 0),
            // SQLite takes the milliseconds as 32 bits.
            ("busy_timeout", i32::try_from(busy_timeout.as_millis()).is_ok()),
            ("bridge_limit", i64::try_from(self.settings.bridge_limit.as_millis()).is_ok()),
            ("queue_len", queue_len > 0),
            ("readers", readers > 0),
        ] {
            if !holds {
                return Err(Error::new(ErrorKind::InvalidSetting { name }, format!("`{name}` is out of range")));
            }
        }
        self.settings.maintenance.check()?;
        Store::new(location, self.settings)
    }
}
