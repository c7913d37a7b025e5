//! Removes the bytes that deleted rows leave behind.

use std::ops::ControlFlow;

use diesel::{prelude::*, sql_query, sql_types::Integer};

use crate::{Error, ErrorKind, Operation, Store, error::classify, link::Link, maintenance::vacuum};

impl Store {
    /// Rewrites the file without the bytes of deleted rows, and empties the write-ahead log. Use it
    /// after erasures that skipped this step or could not complete it.
    ///
    /// Deleted rows stay in the file as free space, and copies of rows that moved to another page
    /// stay in the old one. SQLite's `secure_delete` does not remove those copies, so this is a
    /// VACUUM. It needs room for another copy of the file, and for a while for three: in the folder
    /// for temporary files and in the write-ahead log.
    ///
    /// It holds the write lock for about a second for 100 MB, and the recorder's events wait.
    /// Readers do not wait. The log can be emptied only when no reader needs its contents, so it
    /// waits for readers up to the busy timeout. The callback is called now and then and can stop
    /// the operation until the last part, which copies the pages back. SQLite reports no progress.
    ///
    /// It cannot reach copies that the file system or the disk's controller made.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Busy`]: another connection writes, or a read transaction stays open. Close it
    ///   and try again.
    /// * [`ErrorKind::DiskFull`]: nothing changed.
    /// * [`ErrorKind::Replaced`]: the file was deleted or replaced since it was opened.
    /// * [`ErrorKind::Stopped`]: the callback stopped it. Nothing changed.
    /// * Others of SQLite.
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
        .map_err(|error| classify(format!("cannot empty the log of {}", link.location), error))?;
    if busy == 0 {
        return Ok(());
    }
    let context =
        format!("the write-ahead log of {} cannot be emptied while a read transaction is open", link.location);
    Err(Error::new(ErrorKind::Busy, context))
}
