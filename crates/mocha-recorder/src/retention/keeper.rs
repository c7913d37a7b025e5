//! Events that are kept elsewhere before they are deleted.

use std::ops::ControlFlow;

use mocha_schema::catalogue::Table;

use super::BoxedError;
use crate::Error;

/// Keeps events elsewhere, such as in an archive, and deletes from a store only those that it has. A store calls it in place
/// of deleting events itself, on a connection `C`.
pub trait Keeper<C> {
    /// Keeps the events and deletes them by [`Batches::run`]. Rows that it does not delete stay in the store, and the next
    /// run of the retention passes them again.
    ///
    /// It is called without a transaction. Between reading and deleting, others may have added or changed rows, so
    /// `Batches::run` has to delete rows only if they are as they were kept. Returns [`ControlFlow::Break`] if
    /// [`Batches::run`] did.
    ///
    /// # Errors
    ///
    /// Any error ends the run of the retention.
    fn keep(
        &mut self,
        conn: &mut C,
        expired: &Expired<'_>,
        batches: &mut Batches<'_, C>,
    ) -> Result<ControlFlow<()>, BoxedError>;
}

/// The events of one table and guild that are to be deleted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Expired<'a> {
    /// Events before this time are to be deleted, in the unit of the table's time. `None`: all.
    pub before: Option<i64>,
    /// The text in the column `guild_id`, or the decimal digits of the number there.
    pub guild_id: &'a str,
    /// The table.
    pub table: &'static Table,
}

/// Runs deletions in batches that let other writers in between.
pub struct Batches<'a, C> {
    pub(super) run: Run<'a, C>,
}

/// The step of a batch: deletes that many rows at most.
type Step<'a, C> = dyn FnMut(&mut C, i64) -> Result<DeletedBatch, BoxedError> + 'a;

type Run<'a, C> = &'a mut dyn FnMut(&mut C, &mut Step<'_, C>) -> Result<ControlFlow<()>, Error>;

/// The result of a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "keepers make it")]
pub struct DeletedBatch {
    /// Whether nothing is left to delete.
    pub is_last: bool,
    /// The number of deleted rows.
    pub rows: u64,
}

impl<C> Batches<'_, C> {
    /// Calls `step` again and again, each time in a transaction of its own that may write, until it says that it was the
    /// last time. `step` gets the number of rows to look at, which is adapted so that a transaction is short: about 10
    /// milliseconds in a SQLite file, and 50 on a server.
    ///
    /// Returns [`ControlFlow::Break`] if the caller of the retention ended it.
    ///
    /// # Errors
    ///
    /// Those of the database, and of `step`. Rows that were deleted before stay deleted.
    pub fn run(
        &mut self,
        conn: &mut C,
        mut step: impl FnMut(&mut C, usize) -> Result<DeletedBatch, BoxedError>,
    ) -> Result<ControlFlow<()>, Error> {
        (self.run)(conn, &mut |conn, len| step(conn, usize::try_from(len).unwrap_or(usize::MAX)))
    }
}

impl<C> std::fmt::Debug for Batches<'_, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batches").finish_non_exhaustive()
    }
}
