//! How a store is opened.

use std::{path::Path, sync::Arc, time::Duration};

use super::{Location, Store};
use crate::{
    CheckDepth, Error, ErrorKind, Maintenance,
    time::{SteadyClock, TimeSource},
};

/// What a power cut, or a crash of the whole system, may take. A crash of the program, even by SIGKILL, takes nothing that was
/// committed, either way, and neither damages the file: transactions are whole or not there, with their sums.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Durability {
    /// `synchronous = NORMAL`: a power cut may undo the last commits, back to the last checkpoint at most, those that
    /// [`flush`](crate::Recorder::flush) confirmed among them; the latest ones first, never one in the middle. A checkpoint comes
    /// after some 16 MB of changes, at a shutdown, and by [`Store::checkpoint`].
    #[default]
    Normal,
    /// `synchronous = FULL`: each commit waits for the disk, and a power cut undoes none that was confirmed, if the disk keeps what it
    /// says it has. It costs a wait for the disk each flush interval.
    Full,
}

/// What moves the recorder's time, which proves that people in voice are still there.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Clock {
    /// The system's clock: for a bot.
    #[default]
    System,
    /// The events' own times and nothing else: for replays, imports and tests.
    ///
    /// Each event proves that all was heard until then: silence is no gap. But a message, whose time is Discord's and not
    /// that of its arrival, moves the time by a day at most. An event that is older than what the file knew at the start is history, told again;
    /// and so is a change of somebody's voice that is a day older than the last one: what was told first stands.
    Events,
}

/// How a store is opened; made by [`Store::builder`].
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
    /// At most how many events are committed in one transaction. Default: 4,096.
    pub fn batch_len(mut self, events: usize) -> Self {
        self.settings.batch_len = events;
        self
    }

    /// The longest gap without news, as of a restart, over which somebody who is in voice before and after it is
    /// assumed to have stayed; after a longer one a new session begins. Default: 5 minutes.
    pub fn bridge_limit(mut self, limit: Duration) -> Self {
        self.settings.bridge_limit = limit;
        self
    }

    /// How long a connection waits for a lock that another one holds. Default: 5 seconds.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.settings.busy_timeout = timeout;
        self
    }

    /// Looks for damage in pages and rows when the file is opened, and refuses a damaged one as [`ErrorKind::Corrupt`] before
    /// anything is written to it. Default: it does not, and damage shows when it is read.
    ///
    /// It reads the whole file: some 60 milliseconds for 40 MB at [`CheckDepth::Quick`]; at [`CheckDepth::Full`] ten times
    /// that, for indexes are held against their tables. Rows without parents and wrong roll-ups are no damage of that kind, and can
    /// be mended in a file that is open: [`Store::check`] finds them.
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

    /// What moves the recorder's time. Default: [`Clock::System`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// What a power cut may take. Default: [`Durability::Normal`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.settings.durability = durability;
        self
    }

    /// At most how long an event waits for others before it is committed. Default: 250 milliseconds.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.settings.flush_interval = interval;
        self
    }

    /// What the store does by itself for as long as it is open. Default: the cheap things, see [`Maintenance`].
    pub fn maintenance(mut self, maintenance: Maintenance) -> Self {
        self.settings.maintenance = maintenance;
        self
    }

    /// How many events may wait to be committed before further ones are refused. Events that are recorded by one call are
    /// taken together, beyond this if need be. Default: 65,536.
    pub fn queue_len(mut self, events: usize) -> Self {
        self.settings.queue_len = events;
        self
    }

    /// How many connections read at the same time. Default: 4.
    pub fn readers(mut self, connections: u32) -> Self {
        self.settings.readers = connections;
        self
    }

    /// Sets where the time comes from, for tests. Default: the system's clocks.
    ///
    /// The recorder, adapters and retention all ask it.
    pub fn time_source(mut self, source: Arc<dyn TimeSource>) -> Self {
        self.settings.time = Arc::new(SteadyClock::new(source));
        self
    }

    /// Opens the file, or makes it. See [`Store::open`].
    ///
    /// # Errors
    ///
    /// As [`Store::open`], and [`ErrorKind::InvalidSetting`] for a setting that is zero where it must not be.
    pub fn open(self, path: impl AsRef<Path>) -> Result<Store, Error> {
        self.build(Location::file(path.as_ref())?)
    }

    /// Opens a store in memory that nobody else sees, and that is gone with the last handle to it.
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
