//! The thread that writes: it takes what is queued and commits it in groups.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use chrono::Utc;
use diesel::{Connection, connection::SimpleConnection, sqlite::SqliteConnection};

use super::{Counters, Queue, Waiter, queue::Taken, stats::Tally};
use crate::{
    Error, Event,
    error::kind_of_diesel,
    store::{Clock, Link},
    write::{Outcome, State},
};

/// How often the file is told that people in voice are still there.
const STAMP_INTERVAL: Duration = Duration::from_secs(30);

/// How long a failed transaction waits before it is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

pub(super) struct Writer {
    /// `None` after a failure: what a failed transaction leaves behind is not to be trusted.
    conn: Option<SqliteConnection>,
    counters: Arc<Counters>,
    link: Link,
    /// Taken from the queue and not in the file yet.
    pending: Vec<Event>,
    queue: Arc<Queue>,
    stamp_due: Instant,
    state: State,
}

impl Writer {
    pub(super) fn start(link: Link, queue: Arc<Queue>, counters: Arc<Counters>) -> Result<Self, Error> {
        let bridge_limit_ms = i64::try_from(link.settings.bridge_limit.as_millis()).unwrap_or(i64::MAX);
        let mut conn = link.connect_writer()?;
        let mut state = State::new(bridge_limit_ms);
        let now_ms = (link.settings.clock == Clock::System).then(|| Utc::now().timestamp_millis());
        conn.immediate_transaction(|conn| state.start(conn, now_ms))
            .map_err(|error| Error::classify(format!("cannot start recording into {}", link.location), error))?;
        let stamp_due = Instant::now() + STAMP_INTERVAL;
        Ok(Self { conn: Some(conn), counters, link, pending: Vec::new(), queue, stamp_due, state })
    }

    pub(super) fn run(mut self) -> Result<(), Arc<Error>> {
        loop {
            let Taken { aborted, closed, events, waiters } = self.queue.take(self.deadline());
            self.pending.extend(events);
            if aborted {
                self.counters.dropped(self.pending.len());
                return Ok(());
            }
            if closed {
                let result = self.finish();
                tell(waiters, &result);
                return result;
            }
            let result = self.write_pending();
            if result.is_err() {
                thread::sleep(RETRY_AFTER);
            }
            tell(waiters, &result);
        }
    }

    /// When the writer has to do something though nothing comes.
    fn deadline(&self) -> Option<Instant> {
        if !self.pending.is_empty() {
            return Some(Instant::now());
        }
        (self.link.settings.clock == Clock::System).then_some(self.stamp_due)
    }

    /// Writes everything that was taken, and the stamp if it is due. What fails is kept.
    fn write_pending(&mut self) -> Result<(), Arc<Error>> {
        while !self.pending.is_empty() {
            let len = self.link.settings.batch_len.min(self.pending.len());
            self.commit(len, false).map_err(|error| self.failed(error))?;
        }
        if self.link.settings.clock == Clock::System && Instant::now() >= self.stamp_due {
            self.commit(0, false).map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    /// Writes what is left and that the program stopped on purpose, or gives up.
    fn finish(&mut self) -> Result<(), Arc<Error>> {
        let deadline = Instant::now() + self.link.settings.busy_timeout;
        loop {
            let result = self.write_pending().and_then(|()| self.commit(0, true).map_err(|error| self.failed(error)));
            match result {
                Ok(()) => {
                    self.checkpoint();
                    return Ok(());
                }
                Err(_) if Instant::now() < deadline => thread::sleep(RETRY_AFTER),
                Err(error) => {
                    self.counters.dropped(self.pending.len());
                    return Err(error);
                }
            }
        }
    }

    /// Empties the write-ahead log into the file, so that it is whole without it. A reader may prevent it, which harms
    /// nothing and is not waited for.
    fn checkpoint(&mut self) {
        let Some(conn) = &mut self.conn else { return };
        let done = conn
            .batch_execute("PRAGMA busy_timeout = 0")
            .and_then(|()| conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)"));
        if let Err(error) = done {
            tracing::debug!(error = %error, "the write-ahead log stays until the next start");
        }
    }

    fn failed(&self, error: Error) -> Arc<Error> {
        let error = Arc::new(error);
        tracing::warn!(error = %error, kind = ?error.kind(), "a transaction failed and will be tried again");
        self.counters.failed(Arc::clone(&error));
        error
    }

    /// Commits the first `len` events. If one of them is what SQLite refuses, it alone is left out.
    fn commit(&mut self, len: usize, stop: bool) -> Result<(), Error> {
        let begun = Instant::now();
        let stamp = stop || begun >= self.stamp_due || self.link.settings.clock == Clock::Events;
        let tally = match self.attempt(len, stamp, stop, Isolation::Batch) {
            Err(error) if error.kind().blames_event() && len > 0 => {
                tracing::debug!(error = %error, "a transaction is tried again event by event");
                self.attempt(len, stamp, stop, Isolation::Event)
            }
            result => result,
        }?;
        self.pending.drain(..len);
        self.counters.committed(tally, begun.elapsed());
        if stamp {
            self.stamp_due = Instant::now() + STAMP_INTERVAL;
        }
        Ok(())
    }

    /// One transaction.
    fn attempt(&mut self, len: usize, stamp: bool, stop: bool, isolation: Isolation) -> Result<Tally, Error> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.link.connect_writer()?,
        };
        let clock = self.link.settings.clock;
        let mark = self.state.mark();
        let events = self.pending.get(..len).unwrap_or_default();
        let (state, counters) = (&mut self.state, &self.counters);
        // The cause of a failure, which a failure of the ROLLBACK after it would hide.
        let mut cause = None;
        let result = conn.immediate_transaction(|conn| {
            let mut tally = Tally::default();
            let mut work = || -> diesel::QueryResult<()> {
                for event in events {
                    if clock == Clock::Events {
                        state.prove(event.at().timestamp_millis());
                    }
                    let outcome = match isolation {
                        Isolation::Batch => state.apply(conn, event).map(Some)?,
                        Isolation::Event => apply_alone(conn, state, event, counters)?,
                    };
                    match outcome {
                        Some(Outcome::Duplicate) => tally.duplicate += 1,
                        Some(Outcome::Written) => tally.written += 1,
                        None => tally.rejected += 1,
                    }
                }
                if stamp {
                    let now_ms = (clock == Clock::System).then(|| Utc::now().timestamp_millis());
                    state.stamp(conn, now_ms, stop)?;
                }
                Ok(())
            };
            work().map_err(|error| {
                cause = Some(error);
                diesel::result::Error::RollbackTransaction
            })?;
            Ok(tally)
        });
        match result {
            Ok(tally) => {
                self.state.commit();
                self.conn = Some(conn);
                Ok(tally)
            }
            Err(error) => {
                self.state.undo_to(mark);
                let error = cause.unwrap_or(error);
                Err(Error::classify(format!("cannot write to {}", self.link.location), error))
            }
        }
    }
}

/// What a failure undoes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Isolation {
    /// All events of the transaction.
    Batch,
    /// One event. A savepoint each costs time, so only after a failure.
    Event,
}

/// One event in a savepoint of its own; `None` if SQLite refuses it.
fn apply_alone(
    conn: &mut SqliteConnection,
    state: &mut State,
    event: &Event,
    counters: &Counters,
) -> diesel::QueryResult<Option<Outcome>> {
    let mark = state.mark();
    match conn.transaction(|conn| state.apply(conn, event)) {
        Ok(outcome) => Ok(Some(outcome)),
        Err(error) => {
            state.undo_to(mark);
            if !kind_of_diesel(&error).blames_event() {
                return Err(error);
            }
            let error = Error::classify("SQLite refused an event", error);
            tracing::warn!(error = %error, "an event was left out");
            counters.failed(Arc::new(error));
            Ok(None)
        }
    }
}

fn tell(waiters: Vec<Waiter>, result: &Result<(), Arc<Error>>) {
    for waiter in waiters {
        waiter(result.clone());
    }
}
