//! The builder of a store.

use std::{path::Path, sync::Arc, time::Duration};

use mocha_recorder::SteadyClock;

use super::Store;
use crate::{
    CheckDepth, Clock, Durability, Error, ErrorKind, Maintenance, TimeSource,
    link::{Location, Settings},
};

/// Configures and opens a store. Made by [`Store::builder`].
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `open`"]
pub struct StoreBuilder {
    settings: Settings,
}

impl StoreBuilder {
    /// Sets the maximum number of events in one transaction. Default: 4,096.
    pub fn batch_len(mut self, events: usize) -> Self {
        self.settings.recorder.batch_len = events;
        self
    }

    /// Sets the bridge limit: the longest gap, such as a restart, across which a voice session
    /// continues. A member who is in voice before and after such a gap is assumed to have stayed.
    /// After a longer gap a new session begins. Default: 5 minutes.
    pub fn bridge_limit(mut self, limit: Duration) -> Self {
        self.settings.recorder.bridge_limit = limit;
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
        self.settings.recorder.clock = clock;
        self
    }

    /// Sets what a power loss may cost. Default: [`Durability::Normal`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.settings.durability = durability;
        self
    }

    /// Sets the longest time that an event waits for others before it is committed. Default: 250
    /// milliseconds.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.settings.recorder.flush_interval = interval;
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
        self.settings.recorder.queue_len = events;
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
        self.settings.recorder.time = Arc::new(SteadyClock::new(source));
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

    fn build(mut self, location: Location) -> Result<Store, Error> {
        let Settings { busy_timeout, readers, .. } = self.settings;
        for (name, holds) in [
            // SQLite takes the milliseconds as a 32-bit number.
            ("busy_timeout", i32::try_from(busy_timeout.as_millis()).is_ok()),
            ("readers", readers > 0),
        ] {
            if !holds {
                return Err(Error::new(ErrorKind::InvalidSetting { name }, format!("`{name}` is out of range")));
            }
        }
        self.settings.recorder.check()?;
        // A shutdown waits for a lock as long as any other transaction.
        self.settings.recorder.shutdown_timeout = busy_timeout;
        self.settings.maintenance.check()?;
        Store::new(location, self.settings)
    }
}
