//! The store: a file and the connections to it.

mod adopt;
mod adopt_rows;
mod adopt_value;
mod adopt_voice;
mod adopted;
mod builder;
mod convert;
mod identify;

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use diesel::{
    Connection,
    r2d2::{ConnectionManager, CustomizeConnection, Pool},
    sqlite::SqliteConnection,
};

use mocha_recorder::RecorderSlot;

pub(crate) use self::{adopt_rows::add_parents_now, adopt_voice::fill_intervals};
pub use self::{
    adopted::{Adopted, Oddity, OddityKind},
    builder::StoreBuilder,
    convert::{Converted, ConvertedTable},
};
use crate::{
    Error, ErrorKind, Recorder,
    backend::SqliteBackend,
    error::{classify, of_closure},
    integrity,
    link::{Access, Link, Location, Settings, configure, write},
    maintenance::Schedule,
};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// Holds one SQLite file and the connections to it. Clones are cheap and share the same store.
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

struct Inner {
    adopted: Option<Adopted>,
    /// Stops first when the store is dropped. `None` if maintenance is off.
    schedule: Option<Schedule>,
    link: Link,
    readers: Pool<ConnectionManager<SqliteConnection>>,
    recorder: RecorderSlot,
    /// `None` while a closure uses it. A closure that panics drops the connection and its transaction.
    writer: Mutex<Option<SqliteConnection>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("location", &self.inner.link.location).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the file with the defaults of [`StoreBuilder`]. If there is none, it creates the file
    /// and its folders.
    ///
    /// A relative path is resolved once, when the file is opened. The program may change its working directory afterwards.
    ///
    /// Only its owner can read and write a new file, on systems that support this. A file of an
    /// older Mocha is migrated. A file with the eight tables of the TypeScript original's
    /// documentation is adopted: every event stays, values in other forms are converted (see
    /// [`adopted`](Self::adopted)), missing guilds, channels and users are added, and Mocha's own
    /// tables are created and filled. All of it happens in one transaction. Two processes may do
    /// this at once. Files of the original's code have other columns; [`convert`](Self::convert)
    /// writes new files from them.
    ///
    /// The file may have tables of your own, which you best create by Diesel migrations. Mocha
    /// records its migrations in `mocha_migrations` and leaves Diesel's
    /// `__diesel_schema_migrations` to yours, so yours may have any versions. They may run before
    /// the first opening or after it. If they run before, none of your tables, indexes, triggers
    /// and views may share a name with Mocha's, and only [`vacuum`](Self::vacuum) returns free
    /// pages to the system.
    ///
    /// The first opening after a crash reads everything that was committed from the write-ahead
    /// log. Half a transaction, migration or adoption is undone. Never delete or replace the file
    /// while it is open: the store checks this before each transaction and refuses the file as
    /// [`ErrorKind::Replaced`]. Never truncate it either: SQLite maps it into memory, and the
    /// system kills a program that reads beyond its end.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::NotMocha`]: the file belongs to another program. Its tables are neither
    ///   Mocha's nor those of Diesel migrations, or one of them has a name of Mocha's. It was not
    ///   changed.
    /// * [`ErrorKind::SchemaTooNew`]: a newer Mocha wrote it. It was not changed.
    /// * [`ErrorKind::SqliteTooOld`]: the linked SQLite has a bug that damages files.
    /// * [`ErrorKind::Corrupt`]: the list of its tables cannot be read. It was not changed.
    ///   [Restore](Self::restore) a backup, or [salvage](Self::salvage) it. Other damage shows when
    ///   it is read: see [`check`](Self::check), and [`check_on_open`](StoreBuilder::check_on_open)
    ///   to refuse such a file too.
    /// * [`ErrorKind::Busy`]: a file that has to be created, migrated or adopted is locked for
    ///   longer than the busy timeout.
    /// * [`ErrorKind::ReadOnly`]: the file or its folder is not writable. SQLite needs files of its
    ///   own next to it.
    /// * [`ErrorKind::DiskFull`], [`ErrorKind::Io`]. A file that had to be migrated or adopted is
    ///   unchanged, and the program that wrote it can go on with it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::builder().open(path)
    }

    /// Returns a builder for other settings than the defaults.
    pub fn builder() -> StoreBuilder {
        StoreBuilder::default()
    }

    fn new(location: Location, settings: Settings) -> Result<Self, Error> {
        location.create()?;
        let link = Link::new(location, settings)?;
        Self::connect(&link).map_err(|error| {
            // SQLite reports only an I/O error if there is no room for the files that it needs beside the file.
            if *error.kind() == ErrorKind::Io && link.location.is_full() {
                let context = format!("the disk has no room for SQLite's files beside {}", link.location);
                return Error::with_source(ErrorKind::DiskFull, context, error);
            }
            error
        })
    }

    fn connect(link: &Link) -> Result<Self, Error> {
        identify::check_untouched(link)?;
        if let Some(depth) = link.settings.check_on_open {
            integrity::refuse_damaged(link, depth)?;
        }
        let (writer, adopted) = identify::bring_up_to_date(link)?;
        if let Some(adopted) = &adopted {
            adopted.log();
        }
        let settings = Arc::clone(&link.settings);
        let readers = Pool::builder()
            .max_size(settings.readers)
            // Opening all readers takes time, so a shorter busy timeout does not apply here.
            .connection_timeout(settings.busy_timeout.max(Duration::from_secs(1)))
            // A new connection has no prepared statements.
            .idle_timeout(None)
            .max_lifetime(None)
            .test_on_check_out(false)
            .connection_customizer(Box::new(Reader(settings)))
            .build(ConnectionManager::new(link.location.uri(Access::Read)?))
            .map_err(|error| classify(format!("cannot open {} for reading", link.location), error))?;
        let schedule = Schedule::start(link)?;
        let (link, writer) = (link.clone(), Mutex::new(Some(writer)));
        let inner = Inner { adopted, schedule, link, readers, recorder: RecorderSlot::default(), writer };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns what the adoption converted and set aside, if this opening adopted a file of the
    /// TypeScript original. Later openings return `None`; [`check`](Self::check) still counts the
    /// rows that Mocha cannot read.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("stats.db");
    /// let store = Store::open(&path)?;
    /// // A new file was not adopted.
    /// assert_eq!(store.adopted(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn adopted(&self) -> Option<&Adopted> {
        self.inner.adopted.as_ref()
    }

    /// Returns the settings for further connections.
    pub(crate) fn link(&self) -> &Link {
        &self.inner.link
    }

    /// Returns the store's own maintenance, if it is on.
    pub(crate) fn schedule(&self) -> Option<&Schedule> {
        self.inner.schedule.as_ref()
    }

    /// Runs a closure on a read-only connection in one transaction, so it sees one consistent
    /// state.
    ///
    /// It blocks while all connections are in use, and while the closure runs; in an async program
    /// use `read_async` (feature `tokio`). Keep the closure short: the write-ahead log grows while
    /// the transaction is open. Afterwards the next commits cut the log to 64 MiB.
    /// [`checkpoint`](Self::checkpoint) empties it, and the store does so by itself if it is
    /// larger.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Busy`] if no connection becomes free within the busy timeout.
    /// [`ErrorKind::Replaced`] if the file was deleted or replaced. If the closure fails, its error
    /// is the `source()`: its kind is one of SQLite's, such as [`ErrorKind::Corrupt`], if the error
    /// comes from SQLite, and otherwise [`ErrorKind::User`].
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
        let mut conn = self.inner.readers.get().map_err(|error| {
            Error::with_source(
                ErrorKind::Busy,
                "all read connections were in use for longer than the busy timeout",
                error,
            )
        })?;
        let mut cause = None;
        let result = conn.transaction(|conn| {
            f(conn).map_err(|error| {
                cause = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        result.map_err(|error| failed("reading failed", error, cause))
    }

    /// Runs a closure in one transaction that may write. It is committed if the closure returns
    /// `Ok`, and undone otherwise.
    ///
    /// Only one closure writes at a time, and the recorder's commits wait for it, so keep it short.
    /// Do not write through the store or flush the recorder inside it: that call would wait for
    /// itself. After a panic in the closure the transaction is undone, and the store keeps
    /// working.
    ///
    /// # Errors
    ///
    /// The errors of [`read`](Self::read), also [`ErrorKind::Busy`] if the lock is not free within
    /// the busy timeout, and [`ErrorKind::DiskFull`]. The file then has nothing of the transaction
    /// and everything that was committed before. The next call works as soon as the cause is gone.
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
    /// // A closure that fails changes nothing.
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
        let result = write(&mut conn, |conn| {
            f(conn).map_err(|error| {
                cause = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        // A connection whose rollback failed may still be in the transaction, so it is not used again.
        if matches!(result, Ok(_) | Err(diesel::result::Error::RollbackTransaction)) {
            *writer = Some(conn);
        }
        result.map_err(|error| failed("writing failed", error, cause))
    }

    /// Returns a handle to the recorder of this store, the thread that writes events. The first
    /// call starts it. Later calls return further handles until it is shut down; the next call then
    /// starts a new one after the old one has ended.
    ///
    /// Several processes may record into one file if each receives events for a different set of
    /// guilds, as shards do.
    ///
    /// # Errors
    ///
    /// The errors of [`Store::open`], because it opens a connection of its own, and
    /// [`ErrorKind::Replaced`] if the file was deleted or replaced.
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
    /// // Both handles belong to the same recorder and share its counts.
    /// let again = store.recorder()?;
    /// again.flush()?;
    /// assert_eq!(again.stats().written, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recorder(&self) -> Result<Recorder, Error> {
        let link = &self.inner.link;
        self.inner.recorder.get_or_start(SqliteBackend::new(link.clone()), &link.settings.recorder)
    }
}

#[cfg(feature = "tokio")]
impl Store {
    /// Runs [`read`](Self::read) on tokio's threads for blocking work.
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

/// Returns the error of a failed transaction around a closure. The closure's own error comes first: the rollback may fail too,
/// for example on a full disk.
fn failed<E: Into<BoxedError>>(context: &str, error: diesel::result::Error, cause: Option<E>) -> Error {
    match cause {
        Some(cause) => of_closure(context, cause),
        None => classify(context, error),
    }
}
