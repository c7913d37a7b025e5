//! The bytes that deleted rows leave behind.

use std::ops::ControlFlow;

use diesel::{prelude::*, sql_query, sql_types::Integer};

use crate::{Error, ErrorKind, Operation, Store, maintenance::vacuum, store::Link};

impl Store {
    /// Rewrites the file without what was deleted from it, and empties the write-ahead log: for erasures that left that
    /// to later, or could not do it.
    ///
    /// Deleted rows stay in the file as free space, and parts of rows that moved to another page stay where they were; SQLite's
    /// `secure_delete` leaves those too. So this is a VACUUM. The file needs as much room again, three times as much for a while: in the
    /// folder for temporary files and in the write-ahead log. Nobody else can write meanwhile, which takes a second for
    /// some 100 MB; the recorder's events wait. Reading goes on, but the log can be emptied only once nobody reads what was before:
    /// that is waited for as long as the busy timeout. `go_on` is asked now and then, and can stop it until the last part, copying the
    /// pages back; how far it has come SQLite does not say.
    ///
    /// What the disk itself keeps, such as copies that its file system or its controller made, is out of reach.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Busy`]: somebody else writes, or a transaction that reads stays open. Close it and try again.
    /// * [`ErrorKind::DiskFull`]: nothing changed.
    /// * [`ErrorKind::Replaced`]: the file was deleted or replaced since it was opened.
    /// * [`ErrorKind::Stopped`]: `go_on` said so; nothing changed.
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
    /// store.vacuum_erased().run()?;
    /// assert_eq!(std::fs::metadata(folder.path().join("stats.db-wal"))?.len(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "vacuum")]
    #[doc(alias = "wipe_traces")]
    pub fn vacuum_erased<'a>(&self) -> Operation<'a, (), ()> {
        let store = self.clone();
        Operation::new(move |on_progress| wipe(store.link(), &mut || on_progress(())))
    }
}

pub(super) fn wipe(link: &Link, go_on: &mut dyn FnMut() -> ControlFlow<()>) -> Result<(), Error> {
    #[derive(QueryableByName)]
    struct Checkpoint {
        #[diesel(sql_type = Integer)]
        busy: i32,
    }
    link.check_place()?;
    vacuum(&link.location, link.settings.busy_timeout, go_on)?;
    let Checkpoint { busy } = sql_query("PRAGMA wal_checkpoint(TRUNCATE)")
        .get_result(&mut link.connect_writer()?)
        .map_err(|error| Error::classify(format!("cannot empty the log of {}", link.location), error))?;
    if busy == 0 {
        return Ok(());
    }
    let context =
        format!("the write-ahead log of {} cannot be emptied while somebody reads what was before", link.location);
    Err(Error::new(ErrorKind::Busy, context))
}
