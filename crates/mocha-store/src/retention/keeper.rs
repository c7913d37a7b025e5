//! Events that are kept elsewhere before they are deleted.

use std::ops::ControlFlow;

use diesel::{QueryResult, sqlite::SqliteConnection};
use mocha_schema::catalogue::Table;

use super::batch::{Batch, Pace};
use crate::Error;

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// Keeps events elsewhere, such as in an archive, and deletes from a store only those that it has.
/// [`Store::apply_retention_keeping`](crate::Store::apply_retention_keeping) calls it in place of
/// deleting events itself.
pub trait Keeper {
    /// Keeps the events and deletes them by [`Batches::run`]. Rows that it does not delete stay in
    /// the store, and the next run of the retention passes them again.
    ///
    /// It is called without a transaction. Between reading and deleting, others may have added or
    /// changed rows, so `Batches::run` has to delete rows only if they are as they were kept.
    /// Returns [`ControlFlow::Break`] if [`Batches::run`] did.
    ///
    /// # Errors
    ///
    /// Any error ends the run of the retention.
    fn keep(
        &mut self,
        conn: &mut SqliteConnection,
        expired: &Expired<'_>,
        batches: &mut Batches<'_>,
    ) -> Result<ControlFlow<()>, BoxedError>;
}

/// The events of one table and guild that are to be deleted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Expired<'a> {
    /// Events before this time are to be deleted, in the unit of the table's time. `None`: all.
    pub before: Option<i64>,
    /// The text in the column `guild_id`.
    pub guild_id: &'a str,
    /// The table.
    pub table: &'static Table,
}

/// Runs deletions in batches that let other writers in between.
pub struct Batches<'a> {
    pub(super) done: &'a mut dyn FnMut(u64) -> ControlFlow<()>,
    pub(super) pace: &'a mut Pace,
}

/// What a batch did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "keepers make it")]
pub struct DeletedBatch {
    /// Whether nothing is left to delete.
    pub is_last: bool,
    /// The number of deleted rows.
    pub rows: u64,
}

impl Batches<'_> {
    /// Calls `step` again and again, each time in a transaction of its own with the write lock,
    /// until it says that it was the last time. `step` gets the number of rows to look at, which is
    /// adapted so that a transaction takes about 10 milliseconds.
    ///
    /// Returns [`ControlFlow::Break`] if the caller of the retention ended it.
    ///
    /// # Errors
    ///
    /// Those of SQLite, and of `step`. What was deleted before stays deleted.
    pub fn run(
        &mut self,
        conn: &mut SqliteConnection,
        mut step: impl FnMut(&mut SqliteConnection, usize) -> QueryResult<DeletedBatch>,
    ) -> Result<ControlFlow<()>, Error> {
        let Self { done, pace } = self;
        let step = |conn: &mut SqliteConnection, len: i64| {
            let DeletedBatch { is_last, rows } = step(conn, usize::try_from(len).unwrap_or(usize::MAX))?;
            Ok(Batch { done: rows, last: is_last })
        };
        pace.batches(conn, step, done)
    }
}

impl std::fmt::Debug for Batches<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batches").field("pace", &self.pace).finish_non_exhaustive()
    }
}
