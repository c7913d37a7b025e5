//! Two ways to copy a database that others write to at the same time.

use std::{
    collections::BTreeMap,
    fs,
    ops::ControlFlow,
    thread,
    time::{Duration, Instant},
};

use super::{
    check,
    folder::Partial,
    watch::{BackupPhase, Watch},
};
use crate::{
    Error,
    error::io_error,
    link::{Access, Link, Location},
    sqlite::{Connection, Copying, SqliteError},
};

/// Chooses how a backup is made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum BackupMethod {
    /// SQLite's `VACUUM INTO`: rewrites every table without free pages, as fast as the disk allows.
    /// A store in memory is copied page by page instead.
    ///
    /// It holds the write lock for some milliseconds at the start, so that the row counts match the
    /// copy. It fails as busy if another write transaction is open for longer than the busy
    /// timeout.
    #[default]
    Compact,
    /// SQLite's backup API: copies pages as they are, including free ones, with a pause after each
    /// group, for a disk that the recorder needs too. No other connection waits for it. Deleted data that is not
    /// overwritten yet is copied too. If users were erased with
    /// [`skip_vacuum`](crate::privacy::Erasure::skip_vacuum), call
    /// [`vacuum_erased`](crate::Store::vacuum_erased) first.
    Paced {
        /// How many pages of 4 KiB are copied at a time; not 0.
        pages: u32,
        /// How long it rests in between.
        pause: Duration,
    },
}

/// Fills the file with a checked copy of the database at one moment, and returns the counts of its
/// rows.
pub(super) fn fill(
    partial: &Partial<'_>,
    link: &Link,
    method: BackupMethod,
    watch: &mut Watch<'_>,
) -> Result<BTreeMap<String, u64>, Error> {
    let source = match (method, &link.location) {
        (BackupMethod::Compact, Location::File(_)) => compact(partial, link, watch)?,
        (method, _) => {
            let mut pace = Pace::full(BackupPhase::Copying);
            if let BackupMethod::Paced { pages, pause } = method {
                pace = Pace { pages, pause, ..pace };
            }
            let source = begin(link)?;
            into_partial(partial, &source, pace, watch)?;
            source
        }
    };
    partial.sync()?;
    check::copy(&open(&Location::File(partial.path().to_owned()), Access::Read)?, &source, bytes(partial)?, watch)
}

/// Fills the file by `VACUUM INTO`, and returns a connection with a transaction of the same moment.
///
/// A vacuum begins its own transaction. The write lock is held until both transactions have begun,
/// so that no commit comes between them.
fn compact(partial: &Partial<'_>, link: &Link, watch: &mut Watch<'_>) -> Result<Connection, Error> {
    let vacuum = connect(link, Access::Read)?;
    // The caller's closure may take long, so it is not called while the lock is held.
    watch.begin(BackupPhase::Copying, total_bytes(&vacuum)?)?;
    let gate = open(&link.location, Access::Write)?;
    retry_while_busy(link.settings.busy_timeout, || gate.execute("BEGIN IMMEDIATE"))
        .map_err(|error| error.into_error("cannot take the write lock for a moment"))?;
    let mut gate = Some(gate);
    let source = begin(link)?;
    let path = partial.path().to_str().unwrap_or_default().replace('\'', "''");
    let mut go_on = || {
        if vacuum.is_in_transaction() {
            gate = None;
        }
        if gate.is_some() {
            return ControlFlow::Continue(());
        }
        watch.done(bytes(partial).unwrap_or(0));
        watch.tick()
    };
    // It is synced as a whole afterwards.
    vacuum
        .execute("PRAGMA synchronous = OFF")
        .and_then(|()| vacuum.interruptible(&mut go_on, |conn| conn.execute(&format!("VACUUM INTO '{path}'"))))
        .map_err(|error| error.into_error(format!("cannot copy {}", link.location)))?;
    Ok(source)
}

/// Retries while another connection holds the lock, until the timeout.
///
/// SQLite's own busy handler looks ten times a second. A recorder at full speed releases its lock
/// for much shorter times.
pub(super) fn retry_while_busy<T>(
    timeout: Duration,
    try_once: impl Fn() -> Result<T, SqliteError>,
) -> Result<T, SqliteError> {
    let deadline = Instant::now() + timeout;
    loop {
        match try_once() {
            Err(error) if error.is_busy() && Instant::now() < deadline => thread::sleep(Duration::from_micros(50)),
            result => return result,
        }
    }
}

/// How many pages are copied at a time, and how the progress is reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) pages: u32,
    pub(super) pause: Duration,
    pub(super) phase: BackupPhase,
}

impl Pace {
    /// Copies as fast as possible, and calls the callback now and then.
    pub(super) fn full(phase: BackupPhase) -> Self {
        Self { pages: 256, pause: Duration::ZERO, phase }
    }
}

/// Fills the file page by page.
pub(super) fn into_partial(
    partial: &Partial<'_>,
    source: &Connection,
    pace: Pace,
    watch: &mut Watch<'_>,
) -> Result<(), Error> {
    let to = open(&Location::File(partial.path().to_owned()), Access::Write)?;
    // An incomplete copy is deleted, and a complete one is synced afterwards.
    for pragma in ["PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF"] {
        to.execute(pragma).map_err(|error| error.into_error("cannot set up the copy"))?;
    }
    pages_from(source, &to, pace, watch)?;
    // The copied pages demand a write-ahead log, but a backup is a single file.
    to.execute("PRAGMA journal_mode = DELETE").map_err(|error| error.into_error("cannot finish the copy"))
}

/// Copies all pages over those of another database, in a transaction.
pub(super) fn pages_from(source: &Connection, to: &Connection, pace: Pace, watch: &mut Watch<'_>) -> Result<(), Error> {
    let failed = "cannot copy the pages";
    let page_bytes = source.number("PRAGMA page_size").map_err(|error| error.into_error(failed))?;
    let total = source.number("PRAGMA page_count").map_err(|error| error.into_error(failed))?;
    watch.begin(pace.phase, total.saturating_mul(page_bytes))?;
    let mut copying = Copying::begin(source, to).map_err(|error| error.into_error(failed))?;
    while !copying.step(pace.pages).map_err(|error| error.into_error(failed))? {
        watch.done(copying.pages().saturating_mul(page_bytes));
        watch.go_on()?;
        thread::sleep(pace.pause);
    }
    Ok(())
}

/// Opens a connection and begins a read transaction.
fn begin(link: &Link) -> Result<Connection, Error> {
    let conn = connect(link, Access::Read)?;
    conn.execute("BEGIN; SELECT count(*) FROM sqlite_schema")
        .map_err(|error| error.into_error(format!("cannot read {}", link.location)))?;
    Ok(conn)
}

fn connect(link: &Link, access: Access) -> Result<Connection, Error> {
    let conn = open(&link.location, access)?;
    conn.execute(&format!("PRAGMA busy_timeout = {}", link.settings.busy_timeout.as_millis()))
        .map_err(|error| error.into_error(format!("cannot set up a connection to {}", link.location)))?;
    Ok(conn)
}

pub(super) fn open(location: &Location, access: Access) -> Result<Connection, Error> {
    Connection::open(&location.uri(access)?).map_err(|error| error.into_error(format!("cannot open {location}")))
}

/// Returns the size of the pages in use, in bytes.
fn total_bytes(conn: &Connection) -> Result<u64, Error> {
    let pages = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, \
                 pragma_page_size";
    conn.number(pages).map_err(|error| error.into_error("cannot read the size"))
}

/// Returns the size of the file, in bytes.
pub(super) fn bytes(partial: &Partial<'_>) -> Result<u64, Error> {
    let metadata = fs::metadata(partial.path());
    metadata.map(|metadata| metadata.len()).map_err(|error| io_error(partial.path(), "cannot be read", error))
}
