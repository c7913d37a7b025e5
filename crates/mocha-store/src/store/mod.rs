//! The file, its connections, and the closures that run on them.

mod adopt;
mod adopt_voice;
mod builder;
mod connection;
mod convert;
mod identify;

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use diesel::{
    Connection,
    r2d2::{ConnectionManager, CustomizeConnection, Pool},
    sqlite::SqliteConnection,
};

pub(crate) use self::{
    adopt_voice::fill_intervals,
    builder::Settings,
    connection::{Access, Link, Location, configure},
};
pub use self::{
    builder::{Clock, Durability, StoreBuilder},
    convert::{Converted, ConvertedTable},
};
use crate::{
    Error, ErrorKind, Recorder, integrity,
    maintenance::Schedule,
    recorder::{Ended, Handle},
};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// One SQLite file and the connections to it. Cheap to clone; all clones are the same store.
///
/// ```
/// use mocha_store::Store;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("data/stats.db");
/// let store = Store::open(&path)?;
/// let recorder = store.recorder()?;
/// // .. recorder.record(event) for each event ..
/// recorder.shutdown()?;
/// assert!(path.is_file());
/// assert!(store.check().run()?.is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

/// The recorder that was started last.
#[derive(Default)]
struct LastRecorder {
    ended: Option<Arc<Ended>>,
    handle: Weak<Handle>,
}

struct Inner {
    /// Stops before anything else goes. `None` if maintenance is off.
    schedule: Option<Schedule>,
    link: Link,
    readers: Pool<ConnectionManager<SqliteConnection>>,
    recorder: Mutex<LastRecorder>,
    /// `None` while a closure has it: one that panics takes the connection, and its transaction, along.
    writer: Mutex<Option<SqliteConnection>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("location", &self.inner.link.location).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the file with the defaults of [`StoreBuilder`], or makes it and the folders above it.
    ///
    /// A relative path is resolved once, when the file is opened. The program may change its working directory afterwards.
    ///
    /// A new file can be read and written by its owner only, where the system knows such a thing. A file of an older Mocha
    /// is brought up to date. A file of the TypeScript original is adopted: every row stays, rows whose guild,
    /// channel or user is missing get one, and what Mocha has beyond the original is added; all in one transaction.
    /// Two processes may do this at once.
    ///
    /// The file may have tables of your own too, best made by Diesel migrations of your own: Mocha notes its migrations in
    /// `mocha_migrations` and leaves Diesel's `__diesel_schema_migrations` to yours, so those may have any versions.
    /// They may run before the first opening or after it. If they run before, none of your tables, indexes, triggers and views may have
    /// the name of one of Mocha's, and pages that become free go back to the system by [`vacuum`](Self::vacuum) only.
    ///
    /// What a process that was killed had committed is in its write-ahead log, and is read with the first opening; half a
    /// transaction, a half migrated or half adopted file are as before it. Never delete or replace the file while it is open: the
    /// store finds out before each transaction and refuses it as [`ErrorKind::Replaced`]. Do not cut it short either: SQLite
    /// has it mapped into memory, and the system ends a program that reads beyond the end of such a file.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::NotMocha`]: the file is something else, as it has tables, but neither Mocha's nor those of Diesel migrations, or
    ///   one of its names is Mocha's; it was not touched.
    /// * [`ErrorKind::SchemaTooNew`]: a newer Mocha wrote it; it was not touched.
    /// * [`ErrorKind::SqliteTooOld`]: the SQLite linked has a bug that damages files.
    /// * [`ErrorKind::Corrupt`]: the list of its tables cannot be read; it was not touched. [Restore](Self::restore) a backup, or
    ///   [salvage](Self::salvage) it. Damage elsewhere shows when it is read: see [`check`](Self::check), and
    ///   [`check_on_open`](StoreBuilder::check_on_open) to have such a file refused too.
    /// * [`ErrorKind::Busy`]: a file that has to be made, brought up to date or adopted is locked for longer than the busy timeout.
    /// * [`ErrorKind::ReadOnly`]: the file or its folder cannot be written to, for SQLite has files of its own beside it.
    /// * [`ErrorKind::DiskFull`], [`ErrorKind::Io`]. A file that was to be brought up to date is as it was.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::builder().open(path)
    }

    /// Settings other than the defaults.
    pub fn builder() -> StoreBuilder {
        StoreBuilder::default()
    }

    fn new(location: Location, settings: Settings) -> Result<Self, Error> {
        location.create()?;
        let link = Link::new(location, settings)?;
        identify::check_untouched(&link)?;
        if let Some(depth) = link.settings.check_on_open {
            integrity::refuse_damaged(&link, depth)?;
        }
        let writer = identify::bring_up_to_date(&link)?;
        let settings = Arc::clone(&link.settings);
        let readers = Pool::builder()
            .max_size(settings.readers)
            // To open them all takes time, even for who does not want to wait for locks.
            .connection_timeout(settings.busy_timeout.max(Duration::from_secs(1)))
            // A connection that is opened anew has forgotten its prepared statements.
            .idle_timeout(None)
            .max_lifetime(None)
            .test_on_check_out(false)
            .connection_customizer(Box::new(Reader(settings)))
            .build(ConnectionManager::new(link.location.uri(Access::Read)?))
            .map_err(|error| Error::classify(format!("cannot open {} for reading", link.location), error))?;
        let schedule = Schedule::start(&link)?;
        let inner = Inner { schedule, link, readers, recorder: Mutex::default(), writer: Mutex::new(Some(writer)) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What further connections are opened with.
    pub(crate) fn link(&self) -> &Link {
        &self.inner.link
    }

    /// The store's own maintenance, if it is on.
    pub(crate) fn schedule(&self) -> Option<&Schedule> {
        self.inner.schedule.as_ref()
    }

    /// Runs a closure on a read-only connection, in one transaction: all it reads is of one moment.
    ///
    /// It blocks while all connections are in use, and while the closure runs; in an async program see `read_async`
    /// of the feature `tokio`. While the transaction is open the write-ahead log cannot start over, so it grows by all that is
    /// written meanwhile, and is cut again afterwards: to 64 MiB by the next commits, and to nothing by
    /// [`checkpoint`](Self::checkpoint), which the store does by itself to one that is larger. So return soon.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`] if no connection becomes free within the busy timeout; [`ErrorKind::Replaced`] if the file was deleted
    /// or replaced; the closure's own error as `source()`, of a kind of SQLite's if it comes from there, as
    /// [`ErrorKind::Corrupt`], and else [`ErrorKind::User`].
    ///
    /// # Examples
    ///
    /// ```
    /// use diesel::prelude::*;
    /// use mocha_schema::schema::{guilds, message_events};
    /// use mocha_store::Store;
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// let (guilds, messages) = store.read(|conn| {
    ///     let guilds: i64 = guilds::table.count().get_result(conn)?;
    ///     let messages: i64 = message_events::table.count().get_result(conn)?;
    ///     Ok::<_, diesel::result::Error>((guilds, messages))
    /// })?;
    /// assert_eq!((guilds, messages), (0, 0));
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    pub fn read<T, E>(&self, f: impl FnOnce(&mut SqliteConnection) -> Result<T, E>) -> Result<T, Error>
    where
        E: Into<BoxedError>,
    {
        self.inner.link.check_place()?;
        let mut conn = self
            .inner
            .readers
            .get()
            .map_err(|error| Error::with_source(ErrorKind::Busy, "no connection for reading became free", error))?;
        let mut cause = None;
        let result = conn.transaction(|conn| {
            f(conn).map_err(|error| {
                cause = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        result.map_err(|error| failed("reading failed", error, cause))
    }

    /// Runs a closure in one transaction that may write, committed if it returns `Ok` and undone if not.
    ///
    /// One at a time; the recorder's commits wait for it, so return soon, and neither write through the store nor flush the
    /// recorder within: that waits for itself. After a panic in the closure the transaction is undone and the store goes on.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), with [`ErrorKind::Busy`] if the lock is not had within the busy timeout, and
    /// [`ErrorKind::DiskFull`] if there is no room. Nothing of the transaction is in the file then, what was committed before is,
    /// and the store goes on: the next call works once it can.
    ///
    /// # Examples
    ///
    /// ```
    /// use diesel::{connection::SimpleConnection, prelude::*, sql_query};
    /// use mocha_store::{ErrorKind, Store};
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// store.write(|conn| conn.batch_execute("CREATE TABLE jokes (id INTEGER PRIMARY KEY, joke TEXT NOT NULL)"))?;
    /// let told = store.write(|conn| {
    ///     let told = sql_query("INSERT INTO jokes (joke) VALUES ('Knock, knock.')").execute(conn)?;
    ///     Ok::<usize, diesel::result::Error>(told)
    /// })?;
    /// assert_eq!(told, 1);
    /// // Of what fails nothing stays.
    /// let failed = store.write(|conn| {
    ///     conn.batch_execute("DELETE FROM jokes")?;
    ///     Err::<(), Box<dyn std::error::Error + Send + Sync>>("nobody laughed".into())
    /// });
    /// assert_eq!(failed.unwrap_err().kind(), &ErrorKind::User);
    /// assert_eq!(store.write(|conn| sql_query("DELETE FROM jokes").execute(conn))?, 1);
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    pub fn write<T, E>(&self, f: impl FnOnce(&mut SqliteConnection) -> Result<T, E>) -> Result<T, Error>
    where
        E: Into<BoxedError>,
    {
        self.inner.link.check_place()?;
        let mut writer = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut conn = match writer.take() {
            Some(conn) => conn,
            None => self.inner.link.connect_writer()?,
        };
        let mut cause = None;
        let result = conn.immediate_transaction(|conn| {
            f(conn).map_err(|error| {
                cause = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        // What a transaction leaves behind that could not be undone is not to be trusted.
        if matches!(result, Ok(_) | Err(diesel::result::Error::RollbackTransaction)) {
            *writer = Some(conn);
        }
        result.map_err(|error| failed("writing failed", error, cause))
    }

    /// The recorder of this store: the one thread that writes what happens. It starts at the first call; later calls
    /// give further handles to it, until it is shut down; then the next one starts when that one has ended.
    ///
    /// Several processes may record into one file, if each hears of other guilds, as shards do.
    ///
    /// # Errors
    ///
    /// As [`Store::open`], for it opens a connection of its own, and [`ErrorKind::Replaced`] if the file was deleted or replaced
    /// since.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::DateTime;
    /// use mocha_store::{Store, event::MemberLeft};
    ///
    /// let store = Store::builder().open_in_memory()?;
    /// let recorder = store.recorder()?;
    /// let at = DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?;
    /// recorder.record(MemberLeft { at, guild_id: 10.try_into()?, user_id: 40.try_into()? })?;
    /// // The same one, which counts both.
    /// let again = store.recorder()?;
    /// again.flush()?;
    /// assert_eq!(again.stats().written, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recorder(&self) -> Result<Recorder, Error> {
        let mut last = self.inner.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = last.handle.upgrade().filter(|handle| !handle.is_closed()) {
            return Ok(Recorder::new(handle));
        }
        let handle = Handle::start(self.inner.link.clone(), last.ended.clone())?;
        *last = LastRecorder { ended: Some(handle.ended()), handle: Arc::downgrade(&handle) };
        Ok(Recorder::new(handle))
    }
}

#[cfg(feature = "tokio")]
impl Store {
    /// [`read`](Self::read) for async programs: the closure runs on tokio's threads for blocking work.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Panics
    ///
    /// If the closure panics, and outside a tokio runtime.
    pub async fn read_async<T, E>(
        &self,
        f: impl FnOnce(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        E: Into<BoxedError>,
    {
        let store = self.clone();
        match tokio::task::spawn_blocking(move || store.read(f)).await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(Error::with_source(ErrorKind::Closed, "the runtime was shut down", error)),
            },
        }
    }
}

/// Sets up the connections of the pool.
#[derive(Debug)]
struct Reader(Arc<Settings>);

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Reader {
    fn on_acquire(&self, conn: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        configure(conn, Access::Read, &self.0).map_err(diesel::r2d2::Error::QueryError)
    }
}

/// Why a transaction around an author's closure failed: for the closure's reason, even if undoing it failed then too, as when the
/// disk is full.
fn failed<E: Into<BoxedError>>(context: &str, error: diesel::result::Error, cause: Option<E>) -> Error {
    match cause {
        Some(cause) => Error::of_closure(context, cause),
        None => Error::classify(context, error),
    }
}
