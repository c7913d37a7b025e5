//! Returning free pages to the file system.

use std::{cell::Cell, ops::ControlFlow, time::Duration};

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::BigInt,
    sqlite::SqliteConnection,
};

use super::{checkpoint::checkpoint, connect};
use crate::{
    Error, Operation, Store,
    error::classify,
    link::{Access, Location},
    retention::{DeletedBatch, Pace, SqliteTables},
    sqlite::Connection,
};

/// Reports how many pages are free, and how many were removed from the file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Freed {
    /// Pages that were removed from the file; 4 KiB each.
    pub freed_pages: u64,
    /// Pages that are still free. New rows use them first.
    pub left_pages: u64,
}

impl Store {
    /// Shrinks the file by its free pages, for example after many rows were deleted.
    ///
    /// It works in batches of about 10 milliseconds, each in its own transaction, during which
    /// other writers wait. You can end it at any time. The file itself shrinks at the next
    /// checkpoint. It does not defragment the remaining pages. [`vacuum`](Self::vacuum) does.
    ///
    /// It does nothing to a file that was adopted from the TypeScript original until that file had
    /// its first [`vacuum`](Self::vacuum). Such a file has no map of its pages, so `freed_pages` is
    /// 0.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy), [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull) and others of
    /// SQLite's. Pages that were returned before stay returned.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let store = Store::open(folder.path().join("stats.db"))?;
    /// let freed = store.free_pages().run()?;
    /// assert_eq!(freed.left_pages, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "incremental_vacuum")]
    pub fn free_pages<'a>(&self) -> Operation<'a, Freed, Freed> {
        let store = self.clone();
        Operation::new(move |on_progress| free_pages(&mut connect(store.link())?, on_progress))
    }

    /// Rewrites the whole file without free pages and with all rows in order.
    ///
    /// It holds the write lock meanwhile, some seconds per gigabyte. The recorder's events wait in
    /// their queue, and other writers get [`ErrorKind::Busy`](crate::ErrorKind::Busy) after the
    /// busy timeout. Readers do not wait. The callback gets no progress because SQLite reports
    /// none. It can stop the operation until the last part, which copies the pages back. The
    /// operation needs room for two copies of the file: one on the disk for temporary files, one in
    /// the write-ahead log. A crash leaves the file unchanged. [`free_pages`](Self::free_pages)
    /// works for an adopted file from then on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy), [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull),
    /// [`ErrorKind::Stopped`](crate::ErrorKind::Stopped) if the callback said so, and other errors
    /// of SQLite. The file is unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let store = Store::open(folder.path().join("stats.db"))?;
    /// assert_eq!(store.vacuum().run()?.left_pages, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn vacuum<'a>(&self) -> Operation<'a, (), Freed> {
        let store = self.clone();
        Operation::new(move |on_progress| {
            let link = store.link();
            let mut conn = connect(link)?;
            let failed = |error| classify(format!("cannot vacuum {}", link.location), error);
            let before = Pages::load(&mut conn).map_err(failed)?;
            vacuum(&link.location, link.settings.busy_timeout, &mut || on_progress(()))?;
            let after = Pages::load(&mut conn).map_err(failed)?;
            if let Err(error) = checkpoint(link, &mut conn) {
                tracing::debug!(error = %error, "the write-ahead log could not be emptied after a vacuum");
            }
            Ok(Freed { freed_pages: before.all.saturating_sub(after.all), left_pages: after.free })
        })
    }
}

/// Vacuums the file over a separate connection, because a statement of Diesel's cannot be stopped.
pub(crate) fn vacuum(
    location: &Location,
    busy_timeout: Duration,
    go_on: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<(), Error> {
    let uri = location.uri(Access::Write)?;
    let done = Connection::open(&uri).and_then(|conn| {
        conn.execute(&format!("PRAGMA busy_timeout = {}", busy_timeout.as_millis()))?;
        conn.execute("PRAGMA temp_store = FILE")?;
        // Gives the file a map of its pages if it has none.
        conn.execute("PRAGMA auto_vacuum = INCREMENTAL")?;
        conn.interruptible(go_on, |conn| conn.execute("VACUUM"))
    });
    done.map_err(|error| error.into_error(format!("cannot vacuum {location}")))
}

pub(super) fn free_pages(
    conn: &mut SqliteConnection,
    mut progress: impl FnMut(Freed) -> ControlFlow<()>,
) -> Result<Freed, Error> {
    let freed = Cell::new(Freed::default());
    let step = |conn: &mut SqliteConnection, pages: i64| {
        let before = Pages::load(conn)?;
        // `execute` would return a single page.
        conn.batch_execute(&format!("PRAGMA incremental_vacuum({pages})"))?;
        let after = Pages::load(conn)?;
        let done = before.all.saturating_sub(after.all);
        freed.set(Freed { freed_pages: freed.get().freed_pages + done, left_pages: after.free });
        Ok(DeletedBatch { is_last: after.free == 0 || done == 0, rows: done })
    };
    // A failed transaction reports no progress.
    let mut pace = Pace::new("returning free pages");
    // The number of remaining pages shows whether it ended early.
    let _: ControlFlow<()> = pace.batches::<SqliteTables>(conn, step, |_| progress(freed.get()))?;
    Ok(freed.get())
}

/// Returns the number of pages of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pages {
    all: u64,
    free: u64,
}

impl Pages {
    pub(super) fn load(conn: &mut SqliteConnection) -> QueryResult<Self> {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            pages: i64,
        }
        let mut count = |pragma: &str| {
            let Count { pages } = sql_query(pragma).get_result(conn)?;
            Ok::<_, diesel::result::Error>(u64::try_from(pages).unwrap_or(0))
        };
        Ok(Self {
            all: count("SELECT page_count AS pages FROM pragma_page_count")?,
            free: count("SELECT freelist_count AS pages FROM pragma_freelist_count")?,
        })
    }

    /// Returns whether so many pages are free that returning them is worth it. New rows soon use a few.
    pub(super) fn are_many_free(self) -> bool {
        self.free > self.all / 4
    }
}
