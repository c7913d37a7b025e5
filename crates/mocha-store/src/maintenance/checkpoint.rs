//! Writing the write-ahead log back to the file.

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Integer,
    sqlite::SqliteConnection,
};

use crate::{
    Error, Store,
    error::classify,
    link::{Access, Link, Location},
    sqlite::{Connection, SqliteError},
};

/// Reports the result of [`Store::checkpoint`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// Whether the log is empty now. If not, another connection reads it or writes; try again
    /// later.
    pub complete: bool,
    /// Pages that are still in the log and not in the file.
    pub left_pages: u64,
}

impl Store {
    /// Writes the write-ahead log back to the file and empties it, if no other connection uses it.
    ///
    /// It never waits for others, and others wait only while the log is emptied. It copies the log
    /// to the file while others read and write, and empties it only if nobody uses it at that
    /// moment. The log cannot shrink while a reader stays in one transaction. SQLite does the first
    /// part after commits and then reuses the log, of which it keeps 64 MiB. Call this if the log
    /// has become large, or before you copy the file by other means. A store in memory has no log.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull), [`ErrorKind::Io`](crate::ErrorKind::Io) and others of
    /// SQLite's; the log stays.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let store = Store::open(folder.path().join("stats.db"))?;
    /// assert!(store.checkpoint()?.complete);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "wal_checkpoint")]
    pub fn checkpoint(&self) -> Result<Checkpoint, Error> {
        checkpoint(self.link(), &mut self.link().connect_writer()?)
    }
}

pub(super) fn checkpoint(link: &Link, conn: &mut SqliteConnection) -> Result<Checkpoint, Error> {
    run(conn).map_err(|error| classify(format!("cannot write the write-ahead log back to {}", link.location), error))
}

fn run(conn: &mut SqliteConnection) -> QueryResult<Checkpoint> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Integer)]
        busy: i32,
        #[diesel(sql_type = Integer)]
        log: i32,
        #[diesel(sql_type = Integer)]
        checkpointed: i32,
    }
    // Emptying holds the write lock while it waits for readers.
    conn.batch_execute("PRAGMA busy_timeout = 0")?;
    // The long part, during which others can write.
    let row: Row = sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result(conn)?;
    let row: Row =
        if row.log == row.checkpointed { sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(conn)? } else { row };
    let left_pages = u64::try_from(row.log.saturating_sub(row.checkpointed)).unwrap_or(0);
    // In memory both are -1.
    Ok(Checkpoint { complete: row.busy == 0 && row.log <= 0, left_pages })
}

/// How long writers may wait for each reader while a large log is emptied.
const WAIT: Duration = Duration::from_millis(50);

/// Empties a log that is larger than its limit, even while others write without a pause or readers
/// overlap. An ordinary checkpoint would never find the log unused then. It tries for the given
/// time. A longer read transaction keeps the log as it is. Returns whether the log was too large.
pub(crate) fn bound_log(link: &Link, patience: Duration) -> Result<bool, Error> {
    if wal_bytes(link) <= link.settings.maintenance.wal_limit_bytes {
        return Ok(false);
    }
    let uri = link.location.uri(Access::Write)?;
    let empty = || {
        let conn = Connection::open(&uri)?;
        // The long part, during which others can write.
        conn.execute("PRAGMA wal_checkpoint(PASSIVE)")?;
        conn.wait_closely(WAIT);
        let deadline = Instant::now() + patience;
        loop {
            let begun = Instant::now();
            let is_busy = conn.number("PRAGMA wal_checkpoint(TRUNCATE)")? > 0;
            if !is_busy || Instant::now() >= deadline {
                return Ok(());
            }
            // Others can write meanwhile.
            thread::sleep(begun.elapsed() * 3);
        }
    };
    let failed = |error: SqliteError| error.into_error(format!("cannot empty the log of {}", link.location));
    empty().map(|()| true).map_err(failed)
}

/// Returns the size of the write-ahead log in bytes; 0 if there is none.
fn wal_bytes(link: &Link) -> u64 {
    let Location::File(path) = &link.location else { return 0 };
    // SQLite puts it beside the file that a link leads to.
    let mut wal = path.canonicalize().unwrap_or_else(|_| path.clone()).into_os_string();
    wal.push("-wal");
    std::fs::metadata(PathBuf::from(wal)).map_or(0, |metadata| metadata.len())
}
