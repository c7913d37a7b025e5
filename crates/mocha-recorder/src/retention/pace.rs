//! Deleting in batches that let other writers in between.

use std::{
    ops::ControlFlow,
    thread,
    time::{Duration, Instant},
};

use super::{BoxedError, DeletedBatch, RetentionTables};
use crate::Error;

/// A pause is this many times as long as the batch before it. A connection that waits for SQLite's lock does not queue for
/// it. It looks again after 1, 2, 5, 10, 15 ms and so on, so the lock has to be free most of the time.
const PAUSE: u32 = 3;

const MIN_LEN: i64 = 10;
const MAX_LEN: i64 = 10_000;

/// How large a batch may be to hold its locks for no longer than it should.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    len: i64,
    /// The name of the work, for errors.
    what: &'static str,
}

impl Pace {
    /// Creates a pace that begins with small batches. Errors say that `what` failed.
    #[must_use]
    pub const fn new(what: &'static str) -> Self {
        Self { len: 100, what }
    }

    /// Calls `step` with the length of a batch, in a transaction of its own each time, until it says that it was the last
    /// one, or `done` ends the work.
    ///
    /// # Errors
    ///
    /// Those of the database, and of `step`. Earlier batches stay committed.
    pub fn batches<R: RetentionTables>(
        &mut self,
        conn: &mut R::Connection,
        mut step: impl FnMut(&mut R::Connection, i64) -> Result<DeletedBatch, BoxedError>,
        mut done: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        loop {
            // It does not count how long the transaction waits for its first lock.
            let mut begun = Instant::now();
            let DeletedBatch { is_last, rows } = R::transaction(conn, self.what, |conn| {
                begun = Instant::now();
                step(conn, self.len)
            })?;
            let held = begun.elapsed();
            if done(rows).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if is_last {
                return Ok(ControlFlow::Continue(()));
            }
            self.adapt(held, R::HOLD);
            thread::sleep(held * PAUSE);
        }
    }

    fn adapt(&mut self, held: Duration, hold: Duration) {
        if held > hold * 2 {
            self.len = (self.len / 2).max(MIN_LEN);
        } else if held < hold / 2 {
            self.len = (self.len * 2).min(MAX_LEN);
        }
    }
}
