//! The lock of the file, which one connection at a time has in order to write.
//!
//! SQLite gives it to the first connection that asks, and SQLite's own way to wait asks more and more rarely, down to ten times
//! a second. Beside a program that writes one long transaction after another, such as an import, it would hardly ever ask at the
//! right moment. Therefore this asks often, and a program with long transactions pauses between them.

use std::{
    thread,
    time::{Duration, Instant},
};

use diesel::{
    QueryResult, QueryableByName, connection::SimpleConnection as _, prelude::*, sql_query, sql_types::Integer,
    sqlite::SqliteConnection,
};

use crate::{ErrorKind, error::kind_of_diesel};

/// How often a connection asks for the lock.
const ASK_EVERY: Duration = Duration::from_micros(200);

/// After a transaction that took so long, others may have the lock first.
const LONG: Duration = Duration::from_millis(20);

/// How long that is. A waiting connection asks twice meanwhile.
const PAUSE: Duration = Duration::from_micros(500);

/// Runs a transaction that writes. It asks for the lock for as long as the connection waits for locks. Inside, the connection
/// waits itself: in memory, a COMMIT needs every reader to be gone.
pub(crate) fn write<T>(
    conn: &mut SqliteConnection,
    work: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    let Waits { timeout } = sql_query("PRAGMA busy_timeout").get_result(conn)?;
    let wait = format!("PRAGMA busy_timeout = {timeout}");
    let deadline = Instant::now() + Duration::from_millis(timeout.unsigned_abs().into());
    do_not_wait(conn)?;
    let mut work = Some(work);
    loop {
        let result = conn.immediate_transaction(|conn| match work.take() {
            Some(work) => {
                conn.batch_execute(&wait)?;
                work(conn)
            }
            None => Err(diesel::result::Error::RollbackTransaction),
        });
        match result {
            Err(error) if work.is_some() && kind_of_diesel(&error) == ErrorKind::Busy && Instant::now() < deadline => {
                thread::sleep(ASK_EVERY);
            }
            result => {
                if work.is_some() {
                    conn.batch_execute(&wait)?;
                }
                return result;
            }
        }
    }
}

/// How long a connection waits for locks, in milliseconds.
#[derive(QueryableByName)]
struct Waits {
    #[diesel(sql_type = Integer)]
    timeout: i32,
}

/// Makes statements of the connection fail at once if another one has the lock.
pub(crate) fn do_not_wait(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.batch_execute("PRAGMA busy_timeout = 0")
}

/// Lets other connections write between the long transactions of one.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    until: Option<Instant>,
}

impl Turns {
    /// Waits before the next transaction, if others may have the lock first.
    pub(crate) fn wait(&mut self) {
        if let Some(until) = self.until.take() {
            thread::sleep(until.saturating_duration_since(Instant::now()));
        }
    }

    /// Notes that a transaction ended that began then.
    pub(crate) fn ended(&mut self, begun: Instant) {
        self.until = (begun.elapsed() >= LONG).then(|| Instant::now() + PAUSE);
    }
}
