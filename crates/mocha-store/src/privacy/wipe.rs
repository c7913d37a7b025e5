//! The bytes that deleted rows leave behind.

use diesel::{connection::SimpleConnection, prelude::*, sql_query, sql_types::Integer, sqlite::SqliteConnection};

use crate::{Error, ErrorKind, Store, store::Link};

impl Store {
    /// Writes the file anew without what was deleted from it, and empties the write-ahead log: for erasures that left that
    /// to later, or could not do it.
    ///
    /// Deleted rows stay in the file as free space, and parts of rows that moved to another page stay where they were; SQLite's
    /// `secure_delete` leaves those too. So this is a VACUUM. The file needs as much room again, thrice for a while: in the
    /// folder for temporary files and in the write-ahead log. Nobody else can write meanwhile, which takes a second for
    /// some 100 MB; the recorder's events wait. Reading goes on, but the log can be emptied only once nobody reads what was before:
    /// that is waited for as long as the busy timeout.
    ///
    /// What the disk itself keeps, such as copies that its file system or its controller made, is out of reach.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Busy`]: somebody else writes, or a transaction that reads stays open. Close it and try again.
    /// * [`ErrorKind::DiskFull`]: nothing changed.
    /// * [`ErrorKind::Replaced`]: the file was deleted or replaced since it was opened.
    /// * Those of SQLite.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("stats.db");
    /// let store = Store::open(&path)?;
    /// store.wipe_traces()?;
    /// assert_eq!(std::fs::metadata(folder.path().join("stats.db-wal"))?.len(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "vacuum")]
    pub fn wipe_traces(&self) -> Result<(), Error> {
        let link = self.link();
        wipe(&mut link.connect_writer()?, link)
    }
}

pub(super) fn wipe(conn: &mut SqliteConnection, link: &Link) -> Result<(), Error> {
    #[derive(QueryableByName)]
    struct Checkpoint {
        #[diesel(sql_type = Integer)]
        busy: i32,
    }
    let failed = |error| Error::classify(format!("cannot write {} anew", link.location), error);
    // As large as the file: not in memory, as what is temporary else.
    conn.batch_execute("PRAGMA temp_store = FILE").map_err(failed)?;
    conn.batch_execute("VACUUM").map_err(failed)?;
    let Checkpoint { busy } = sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(conn).map_err(failed)?;
    if busy == 0 {
        return Ok(());
    }
    let context =
        format!("the write-ahead log of {} cannot be emptied while somebody reads what was before", link.location);
    Err(Error::new(ErrorKind::Busy, context))
}
