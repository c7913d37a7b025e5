//! Table statistics for SQLite's query planner, and indexes.

use std::ops::ControlFlow;

use diesel::{
    QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text, sqlite::SqliteConnection,
};

use super::connect;
use crate::{Error, Operation, Store, error::classify, link::Link};

/// Reports the progress of work that goes table by table or index by index.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// How many tables or indexes are done.
    pub done: usize,
    /// How many there are.
    pub total: usize,
}

impl Step {
    /// Returns whether all of them are done.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.done == self.total
    }
}

impl Store {
    /// Updates SQLite's table statistics where they are off by ten times or more. It is cheap. Call
    /// it every few hours, as the store does by itself unless [`Maintenance`](crate::Maintenance)
    /// says otherwise.
    ///
    /// It reads at most about 2,000 rows of an index, so it holds the write lock for milliseconds.
    /// Open connections use the new statistics when they next read the schema.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) and others of SQLite's.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// store.optimize()?;
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    pub fn optimize(&self) -> Result<(), Error> {
        optimize(self.link(), &mut connect(self.link())?)
    }

    /// Rebuilds SQLite's statistics of every table completely. [`optimize`](Self::optimize) is
    /// nearly always enough.
    ///
    /// It reads every index, and holds the write lock while it reads the indexes of one table:
    /// seconds for millions of rows. The recorder waits meanwhile and loses nothing; readers do not
    /// wait. The callback can end it after each table.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy) and others of SQLite's; tables that are done stay so.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// assert!(store.analyze().run()?.is_last());
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    pub fn analyze<'a>(&self) -> Operation<'a, Step, Step> {
        let store = self.clone();
        Operation::new(move |on_progress| each(store.link(), "table", "ANALYZE main.", on_progress))
    }

    /// Rebuilds every index from its table, one by one. Use it to repair a damaged index.
    ///
    /// It holds the write lock while it rebuilds one index: seconds for millions of rows. The
    /// recorder waits meanwhile and loses nothing; readers do not wait. It needs room for the index
    /// in the write-ahead log and on the disk for temporary files. The callback can end it after
    /// each index.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy), [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull), and
    /// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) if a table is damaged too; indexes that are done stay so.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// assert!(store.reindex().run()?.is_last());
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    pub fn reindex<'a>(&self) -> Operation<'a, Step, Step> {
        let store = self.clone();
        Operation::new(move |on_progress| each(store.link(), "index", "REINDEX main.", on_progress))
    }
}

pub(super) fn optimize(link: &Link, conn: &mut SqliteConnection) -> Result<(), Error> {
    // Checks all tables (0x10000), because a new connection has used none yet. Reads some rows of each (0x10), and runs
    // ANALYZE where it is needed (0x02).
    conn.batch_execute("PRAGMA optimize = 0x10012")
        .map_err(|error| classify(format!("cannot optimize {}", link.location), error))
}

/// Runs a command for each table or index.
fn each(
    link: &Link,
    kind: &str,
    command: &str,
    progress: &mut dyn FnMut(Step) -> ControlFlow<()>,
) -> Result<Step, Error> {
    #[derive(QueryableByName)]
    struct Named {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let failed = |name: &str, error| {
        let context = format!("{command}{name} failed in {}", link.location);
        classify(context, error)
    };
    let mut conn = connect(link)?;
    let names: Vec<Named> = sql_query(
        "SELECT name FROM sqlite_schema WHERE type = ? AND (type = 'index' OR name NOT LIKE 'sqlite\\_%' ESCAPE '\\')",
    )
    .bind::<Text, _>(kind)
    .load(&mut conn)
    .map_err(|error| failed("", error))?;
    let mut step = Step { done: 0, total: names.len() };
    for Named { name } in names {
        let quoted = name.replace('"', "\"\"");
        conn.batch_execute(&format!("{command}\"{quoted}\"")).map_err(|error| failed(&name, error))?;
        step.done += 1;
        if progress(step).is_break() {
            break;
        }
    }
    Ok(step)
}
