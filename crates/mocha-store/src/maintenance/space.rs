//! Pages that hold nothing: giving them back.

use std::{cell::Cell, ops::ControlFlow, time::Duration};

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::BigInt,
    sqlite::SqliteConnection,
};

use super::{checkpoint::checkpoint, connect};
use crate::{
    Error, Operation, Store,
    retention::{Batch, Pace},
    sqlite::Connection,
    store::{Access, Location},
};

/// How many pages of the file hold nothing, and how many the file became smaller by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Freed {
    /// Pages that the file became smaller by; 4 KiB each.
    pub freed_pages: u64,
    /// Pages that still hold nothing. New rows use them first.
    pub left_pages: u64,
}

impl Store {
    /// Makes the file smaller by the pages that hold nothing, as after many rows were deleted.
    ///
    /// It goes in batches of some 10 milliseconds, each a transaction of its own that makes others who write wait for
    /// as long, and may be ended at any time, by `progress` too. The file itself becomes smaller at the next
    /// checkpoint. What is left is not moved together: that is what [`vacuum`](Self::vacuum) does.
    ///
    /// It does nothing to a file that was adopted from the TypeScript original, which does not know where its pages
    /// are referred to from, until that had its first [`vacuum`](Self::vacuum): then `freed_pages` is 0.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy), [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull) and others of
    /// SQLite's; pages that were given back until then stay so.
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

    /// Writes the whole file anew, without pages that hold nothing and with all rows in their order.
    ///
    /// It holds the write lock for as long as that takes, some seconds for each gigabyte: the recorder's events wait
    /// in their queue, and who writes over another connection gets [`ErrorKind::Busy`](crate::ErrorKind::Busy) after
    /// the busy timeout. Who reads does not wait. `go_on` is asked now and then, and can stop it; how far it has come SQLite does
    /// not say. The last part, copying the pages back, cannot be stopped. It needs room for two copies of the file: one on the disk of
    /// temporary files, one in the write-ahead log. A crash leaves the file as it was. A file adopted from the
    /// TypeScript original can make use of [`free_pages`](Self::free_pages) from then on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy), [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull),
    /// [`ErrorKind::Stopped`](crate::ErrorKind::Stopped) if `go_on` said so, and others of SQLite's; the file is as it was.
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
            let failed = |error| Error::classify(format!("cannot vacuum {}", link.location), error);
            let before = Pages::load(&mut conn).map_err(failed)?;
            vacuum(&link.location, link.settings.busy_timeout, &mut || on_progress(()))?;
            let after = Pages::load(&mut conn).map_err(failed)?;
            if let Err(error) = checkpoint(link, &mut conn) {
                tracing::debug!(error = %error, "the write-ahead log of a vacuum stays for now");
            }
            Ok(Freed { freed_pages: before.all.saturating_sub(after.all), left_pages: after.free })
        })
    }
}

/// Over a connection of its own, for Diesel's cannot be stopped.
pub(crate) fn vacuum(
    location: &Location,
    busy_timeout: Duration,
    go_on: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<(), Error> {
    let uri = location.uri(Access::Write)?;
    let done = Connection::open(&uri).and_then(|conn| {
        conn.execute(&format!("PRAGMA busy_timeout = {}", busy_timeout.as_millis()))?;
        conn.execute("PRAGMA temp_store = FILE")?;
        // A file that has no map of its pages gets one.
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
        // By `execute` it would give back a single page.
        conn.batch_execute(&format!("PRAGMA incremental_vacuum({pages})"))?;
        let after = Pages::load(conn)?;
        let done = before.all.saturating_sub(after.all);
        freed.set(Freed { freed_pages: freed.get().freed_pages + done, left_pages: after.free });
        Ok(Batch { done, last: after.free == 0 || done == 0 })
    };
    // What is counted in a transaction that fails is told to nobody.
    let mut pace = Pace::new("giving pages back");
    // Whether it was broken off is seen by what is left.
    let _: ControlFlow<()> = pace.batches(conn, step, |_| progress(freed.get()))?;
    Ok(freed.get())
}

/// How many pages the file has.
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

    /// Whether so much is free that it is worth giving back: a little is soon used again.
    pub(super) fn are_many_free(self) -> bool {
        self.free > self.all / 4
    }
}
