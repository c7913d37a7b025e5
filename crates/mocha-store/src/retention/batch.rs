//! Deleting in batches that let other writers in between.

use std::{
    ops::ControlFlow,
    thread,
    time::{Duration, Instant},
};

use diesel::{QueryResult, sqlite::SqliteConnection};

use crate::{Error, error::classify};

/// For how long a batch should hold the write lock.
const HOLD: Duration = Duration::from_millis(10);

/// A pause is so many times as long as the batch before it. Who waits for SQLite's lock does not queue for it but looks
/// again after 1, 2, 5, 10, 15 ms and so on: the lock has to be free for most of the time to be found free soon.
const PAUSE: u32 = 3;

const MIN_LEN: i64 = 10;
const MAX_LEN: i64 = 10_000;

/// The result of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    /// The number of rows or pages.
    pub(crate) done: u64,
    /// Whether nothing is left.
    pub(crate) last: bool,
}

/// How large a batch may be to hold the lock for no longer than it should.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    len: i64,
    /// The name of the work, for errors.
    what: &'static str,
}

impl Pace {
    pub(crate) const fn new(what: &'static str) -> Self {
        Self { len: 100, what }
    }

    /// Calls `step` with the length of a batch, in a transaction of its own each time, until it says that it was the
    /// last one, or `done` breaks off.
    pub(crate) fn batches(
        &mut self,
        conn: &mut SqliteConnection,
        mut step: impl FnMut(&mut SqliteConnection, i64) -> QueryResult<Batch>,
        mut done: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        loop {
            let mut begun = Instant::now();
            let batch = transaction(conn, self.what, |conn| {
                begun = Instant::now();
                step(conn, self.len)
            })?;
            let held = begun.elapsed();
            if done(batch.done).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if batch.last {
                return Ok(ControlFlow::Continue(()));
            }
            self.adapt(held);
            thread::sleep(held * PAUSE);
        }
    }

    fn adapt(&mut self, held: Duration) {
        if held > HOLD * 2 {
            self.len = (self.len / 2).max(MIN_LEN);
        } else if held < HOLD / 2 {
            self.len = (self.len * 2).min(MAX_LEN);
        }
    }
}

/// One transaction that writes. If it fails, the error is that of its cause, not of the ROLLBACK that may fail then
/// too.
pub(super) fn transaction<T>(
    conn: &mut SqliteConnection,
    what: &'static str,
    f: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
) -> Result<T, Error> {
    let mut cause = None;
    let result = conn.immediate_transaction(|conn| {
        f(conn).map_err(|error| {
            cause = Some(error);
            diesel::result::Error::RollbackTransaction
        })
    });
    result.map_err(|error| classify(format!("{what} failed"), cause.unwrap_or(error)))
}
