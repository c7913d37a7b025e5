//! The server, its connections, and the closures that run on them.

use std::{fmt, sync::Arc, time::Duration};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    r2d2::{self, ConnectionManager, CustomizeConnection, Pool, PooledConnection},
    sql_query,
    sql_types::{Bool, Text},
};
use mocha_recorder::{Error, Recorder, RecorderSlot, SteadyClock};

use crate::{
    PgStoreBuilder,
    backend::{PgBackend, lock_generation},
    error::{classify, of_closure, of_migration},
    link::{Link, Settings},
};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// How long a closure waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Holds connections to one PostgreSQL database. Clones are cheap and share the same store.
///
/// ```
/// use mocha_postgres::PgStore;
///
/// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
/// # let url = database.url();
/// let store = PgStore::connect(url)?;
/// let recorder = store.recorder()?;
/// // .. recorder.record(event) for each event ..
/// recorder.shutdown()?;
/// # Ok::<(), mocha_recorder::Error>(())
/// ```
#[derive(Clone)]
pub struct PgStore {
    inner: Arc<Inner>,
}

struct Inner {
    link: Link,
    pool: Pool<ConnectionManager<PgConnection>>,
    recorder: RecorderSlot,
}

impl fmt::Debug for PgStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgStore").field("place", &self.inner.link.to_string()).finish_non_exhaustive()
    }
}

impl PgStore {
    /// Connects with the defaults of [`PgStoreBuilder`], and creates or migrates the tables.
    ///
    /// `url` is what libpq takes: `postgres://user:password@host:port/database?sslmode=verify-full`. What it leaves out
    /// comes from libpq's variables, such as `PGPASSWORD` and `PGSSLROOTCERT`, and from its password file. TLS is libpq's,
    /// so set `sslmode`: the default also connects without TLS.
    ///
    /// The user needs the right to create tables in the schema. The database may have tables of your own, also in the same
    /// schema if their names differ from Mocha's.
    ///
    /// # Errors
    ///
    /// * [`Unavailable`](mocha_recorder::ErrorKind::Unavailable): the server cannot be reached, or starts or stops.
    /// * [`AccessDenied`](mocha_recorder::ErrorKind::AccessDenied): the server refuses the user or the password, has no
    ///   such database, or the user may not create tables.
    /// * [`ServerTooOld`](mocha_recorder::ErrorKind::ServerTooOld): the server is older than PostgreSQL 15.
    /// * [`NotMocha`](mocha_recorder::ErrorKind::NotMocha): a table with the name of one of Mocha's is not Mocha's. Give
    ///   Mocha a [schema](PgStoreBuilder::schema) of its own.
    /// * [`SchemaTooNew`](mocha_recorder::ErrorKind::SchemaTooNew): a newer Mocha migrated the database.
    /// * [`ReadOnly`](mocha_recorder::ErrorKind::ReadOnly): the tables have to be migrated, and the server is a standby. If
    ///   they are up to date, a standby can be read.
    ///
    /// The database is unchanged in all cases.
    pub fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Self::builder().connect(url)
    }

    /// Returns a builder for other settings than the defaults.
    pub fn builder() -> PgStoreBuilder {
        PgStoreBuilder::default()
    }

    pub(crate) fn new(link: Link) -> Result<Self, Error> {
        let mut conn = link.connect()?;
        create_schema(&mut conn, &link.settings)
            .map_err(|error| classify(format!("cannot create a schema in {link}"), error))?;
        mocha_schema::migrate_postgres(&mut conn).map_err(|error| {
            let context = format!("cannot bring the tables in {link} up to date: {error}");
            of_migration(context, error)
        })?;
        let pool = Pool::builder()
            .max_size(link.settings.connections)
            .min_idle(Some(0))
            .connection_timeout(PATIENCE)
            // A connection that the server's restart ended is replaced.
            .test_on_check_out(true)
            .connection_customizer(Box::new(Configured(link.settings.clone())))
            .build_unchecked(ConnectionManager::new(link.url.as_str()));
        Ok(Self { inner: Arc::new(Inner { link, pool, recorder: RecorderSlot::default() }) })
    }

    /// The clock of the recorder.
    pub(crate) fn clock(&self) -> Arc<SteadyClock> {
        Arc::clone(&self.inner.link.settings.recorder.time)
    }

    pub(crate) fn connection(&self) -> Result<PooledConnection<ConnectionManager<PgConnection>>, Error> {
        // The pool's error has the text of the last failure to connect, if that is why there is no connection.
        self.inner.pool.get().map_err(|error| {
            let message = error.to_string();
            let context = format!("no connection to {} became free", self.inner.link);
            if message.contains("connection to server") {
                return classify(context, diesel::ConnectionError::BadConnection(message));
            }
            Error::with_source(mocha_recorder::ErrorKind::Busy, context, error)
        })
    }

    /// Runs a closure in one read-only transaction, so it sees one consistent state.
    ///
    /// It blocks while all connections are in use, and while the closure runs; in an async program use `read_async`
    /// (feature `tokio`).
    ///
    /// # Errors
    ///
    /// [`Busy`](mocha_recorder::ErrorKind::Busy) if no connection becomes free within 5 seconds, and
    /// [`Unavailable`](mocha_recorder::ErrorKind::Unavailable) if the server cannot be reached. If the closure fails, its
    /// error is the `source()`: its kind is one of the server's if the error comes from there, and otherwise
    /// [`User`](mocha_recorder::ErrorKind::User).
    ///
    /// # Examples
    ///
    /// ```
    /// use diesel::prelude::*;
    /// use mocha_postgres::PgStore;
    /// use mocha_schema::schema::message_events;
    ///
    /// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
    /// let store = PgStore::connect(database.url())?;
    /// let messages: i64 = store.read(|conn| message_events::table.count().get_result(conn))?;
    /// assert_eq!(messages, 0);
    /// # Ok::<(), mocha_recorder::Error>(())
    /// ```
    pub fn read<T, E>(&self, f: impl FnOnce(&mut PgConnection) -> Result<T, E>) -> Result<T, Error>
    where
        E: Into<BoxedError>,
    {
        let mut conn = self.connection()?;
        let mut cause = None;
        let result = conn.build_transaction().read_only().repeatable_read().run(|conn| {
            f(conn).map_err(|error| {
                cause = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        result.map_err(|error| failed("reading failed", error, cause))
    }

    /// Runs a closure in one transaction that may write. It is committed if the closure returns `Ok`, and undone otherwise.
    ///
    /// Closures and recorders write at once. Triggers keep the roll-ups right.
    ///
    /// # Errors
    ///
    /// The errors of [`read`](Self::read), also [`ReadOnly`](mocha_recorder::ErrorKind::ReadOnly) on a standby and
    /// [`DiskFull`](mocha_recorder::ErrorKind::DiskFull). If the connection breaks during the COMMIT, the error is
    /// [`Unavailable`](mocha_recorder::ErrorKind::Unavailable), and the transaction may be committed or not.
    pub fn write<T, E>(&self, f: impl FnOnce(&mut PgConnection) -> Result<T, E>) -> Result<T, Error>
    where
        E: Into<BoxedError>,
    {
        let mut conn = self.connection()?;
        let mut cause = None;
        let result = conn.transaction(|conn| {
            f(conn).map_err(|error| {
                cause = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        result.map_err(|error| failed("writing failed", error, cause))
    }

    /// Runs a closure as [`write`](Self::write) does, while no recorder writes: recorders wait until it is committed.
    ///
    /// Use it to write many rows of events, users or channels. Recorders lock such rows in an order of their own, so a
    /// transaction that writes them at the same time may end in a deadlock. Keep it short, some tens of milliseconds.
    ///
    /// ```
    /// use diesel::{RunQueryDsl, sql_query};
    /// use mocha_postgres::PgStore;
    ///
    /// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
    /// let store = PgStore::connect(database.url())?;
    /// let left = store.write_alone(|conn| sql_query("DELETE FROM presence_events").execute(conn))?;
    /// assert_eq!(left, 0);
    /// # Ok::<(), mocha_recorder::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_alone<T, E>(&self, f: impl FnOnce(&mut PgConnection) -> Result<T, E>) -> Result<T, Error>
    where
        E: From<diesel::result::Error> + Into<BoxedError>,
    {
        self.write(|conn| {
            lock_generation(conn, true)?;
            f(conn)
        })
    }

    /// Distributes the tables over the servers of a Citus cluster, by guild. All rows of a guild are on one server, which
    /// answers every question about the guild. Tables that are distributed already do not change.
    ///
    /// Connect to the coordinator of the cluster. The extension must be in the database on each server, and the workers must be
    /// added to the coordinator. Existing rows are moved, and recorders wait until this is done. The statement timeout does not
    /// apply. To undo it, move the guilds into another database.
    ///
    /// # Errors
    ///
    /// [`NoCitus`](mocha_recorder::ErrorKind::NoCitus) if the database does not have the extension. Also an error if a guild
    /// counts awards, and the errors of [`write`](Self::write) that come from the server. The database is unchanged in each
    /// case.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_postgres::PgStore;
    /// use mocha_recorder::ErrorKind;
    ///
    /// # let Some(database) = mocha_test_postgres::Database::create_without_citus() else { return Ok(()) };
    /// let store = PgStore::connect(database.url())?;
    /// match store.distribute() {
    ///     Ok(()) => println!("each guild is on one of the workers"),
    ///     Err(error) => assert_eq!(*error.kind(), ErrorKind::NoCitus),
    /// }
    /// # Ok::<(), mocha_recorder::Error>(())
    /// ```
    pub fn distribute(&self) -> Result<(), Error> {
        let mut conn = self.connection()?;
        mocha_schema::distribute_postgres(&mut conn).map_err(|error| {
            let context = format!("cannot distribute the tables in {}", self.inner.link);
            of_migration(context, error)
        })
    }

    /// Returns a handle to the recorder of this store, the thread that writes events. The first call starts it. Later
    /// calls return further handles until it is shut down; the next call then starts a new one after the old one has ended.
    ///
    /// Any number of recorders, in any number of processes and on any number of machines, may record into one database.
    /// Each should receive events for a different set of guilds, as shards do: recorders of one guild wait for each other.
    ///
    /// # Errors
    ///
    /// The errors of [`connect`](Self::connect), because it opens a connection of its own.
    pub fn recorder(&self) -> Result<Recorder, Error> {
        let link = &self.inner.link;
        self.inner.recorder.get_or_start(PgBackend::new(link.clone()), &link.settings.recorder)
    }
}

#[cfg(feature = "tokio")]
impl PgStore {
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
        f: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        E: Into<BoxedError>,
    {
        let store = self.clone();
        blocking(move || store.read(f)).await
    }

    /// Runs [`write`](Self::write) on tokio's threads for blocking work.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Panics
    ///
    /// If the closure panics, and outside a tokio runtime.
    pub async fn write_async<T, E>(
        &self,
        f: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        E: Into<BoxedError>,
    {
        let store = self.clone();
        blocking(move || store.write(f)).await
    }
}

#[cfg(feature = "tokio")]
async fn blocking<T: Send + 'static>(f: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    match tokio::task::spawn_blocking(f).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => {
                Err(Error::with_source(mocha_recorder::ErrorKind::Closed, "the runtime is shutting down", error))
            }
        },
    }
}

/// Sets up each connection of the pool.
#[derive(Debug)]
struct Configured(Settings);

impl CustomizeConnection<PgConnection, r2d2::Error> for Configured {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), r2d2::Error> {
        self.0.configure(conn).map_err(r2d2::Error::QueryError)
    }
}

/// Creates the schema if the settings name one that is missing. A user without the right to create one may have been given
/// one.
fn create_schema(conn: &mut PgConnection, settings: &Settings) -> diesel::QueryResult<()> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
        #[diesel(sql_type = Text)]
        name: String,
    }
    let Some(schema) = &settings.schema else { return Ok(()) };
    let query = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS found, quote_ident($1) AS name";
    let Found { found, name } = sql_query(query).bind::<Text, _>(schema).get_result(conn)?;
    if found {
        return Ok(());
    }
    // Two processes may start at once.
    conn.transaction(|conn| {
        conn.batch_execute(&format!("SELECT pg_advisory_xact_lock({})", mocha_schema::APPLICATION_ID))?;
        conn.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {name}"))
    })
}

fn failed<E: Into<BoxedError>>(context: &str, error: diesel::result::Error, cause: Option<E>) -> Error {
    match cause {
        Some(cause) => of_closure(context, cause),
        None => classify(context, error),
    }
}
