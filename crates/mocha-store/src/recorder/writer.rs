//! The thread that writes: it takes what is queued and commits it in groups.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use diesel::{connection::SimpleConnection, sqlite::SqliteConnection};

use super::{
    Counters, Queue, Queued,
    queue::{Taken, Waiter},
    stats::Tally,
};
use crate::{
    Error, Event,
    store::{Clock, Link},
    time::Interruption,
    write::{Outcome, State},
};

/// How often the recorder writes that people in voice are still there.
const STAMP_INTERVAL: Duration = Duration::from_secs(30);

/// How long a failed transaction waits before it is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

pub(super) struct Writer {
    /// `None` after a failure: what a failed transaction leaves behind is not to be trusted.
    conn: Option<SqliteConnection>,
    counters: Arc<Counters>,
    /// Until when everything was heard that was taken from the queue, in unix milliseconds.
    heard_ms: i64,
    /// Before which of the events that are pending the process did not run for a while.
    interruptions: VecDeque<(usize, Interruption)>,
    link: Link,
    /// After how many of the events that are pending the queue refused one about voice.
    missed: BTreeSet<usize>,
    /// Taken from the queue and not in the file yet.
    pending: VecDeque<Queued>,
    queue: Arc<Queue>,
    /// When the next stamp is due, in the uptime of the store's clock.
    stamp_due: Duration,
    state: State,
}

impl Writer {
    pub(super) fn start(link: Link, queue: Arc<Queue>, counters: Arc<Counters>) -> Result<Self, Error> {
        let bridge_limit_ms = i64::try_from(link.settings.bridge_limit.as_millis()).unwrap_or(i64::MAX);
        let mut conn = link.connect_writer()?;
        let mut state = State::new(bridge_limit_ms);
        let heard_ms = link.settings.time.now().timestamp_millis();
        let now_ms = (link.settings.clock == Clock::System).then_some(heard_ms);
        conn.immediate_transaction(|conn| state.start(conn, now_ms))
            .map_err(|error| Error::classify(format!("cannot start recording into {}", link.location), error))?;
        let stamp_due = link.settings.time.uptime() + STAMP_INTERVAL;
        let (interruptions, missed, pending) = (VecDeque::new(), BTreeSet::new(), VecDeque::new());
        Ok(Self { conn: Some(conn), counters, heard_ms, interruptions, link, missed, pending, queue, stamp_due, state })
    }

    pub(super) fn run(mut self) -> Result<(), Arc<Error>> {
        loop {
            let Taken { aborted, closed, events, missed, waiters } = self.queue.take(self.deadline());
            self.heard_ms = self.link.settings.time.now().timestamp_millis();
            self.note_interruptions(&events);
            self.missed.extend(missed.into_iter().map(|after| self.pending.len() + after));
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

    /// Notes between which of the new events the process did not run.
    fn note_interruptions(&mut self, events: &[Queued]) {
        for interruption in self.link.settings.time.take_interruptions() {
            // In a replay time passes with the events.
            if self.link.settings.clock != Clock::System {
                continue;
            }
            // A message has Discord's time, and not that of its arrival.
            let is_after = |queued: &Queued| {
                !matches!(queued.event, Event::MessageSent(_)) && queued.event.at() >= interruption.until
            };
            let before = events.iter().position(is_after).unwrap_or(events.len());
            self.interruptions.push_back((self.pending.len() + before, interruption));
        }
    }

    /// When the writer has to do something though nothing comes.
    fn deadline(&self) -> Option<Instant> {
        if !self.pending.is_empty() {
            return Some(Instant::now());
        }
        let until_stamp = self.stamp_due.saturating_sub(self.link.settings.time.uptime());
        (self.link.settings.clock == Clock::System).then(|| Instant::now() + until_stamp)
    }

    fn is_stamp_due(&self) -> bool {
        self.link.settings.time.uptime() >= self.stamp_due
    }

    /// Writes everything that was taken, and the stamp if it is due. What fails is kept.
    fn write_pending(&mut self) -> Result<(), Arc<Error>> {
        while !self.pending.is_empty() {
            let len = self.link.settings.batch_len.min(self.pending.len());
            self.commit(len, false).map_err(|error| self.failed(error))?;
        }
        if self.link.settings.clock == Clock::System && self.is_stamp_due() {
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
        self.queue.failed(&error);
        error
    }

    /// Commits the first `len` events. If one of them is what SQLite refuses, it alone is left out.
    fn commit(&mut self, len: usize, stop: bool) -> Result<(), Error> {
        let begun = Instant::now();
        // Until now is proved only once all that was heard until now is written.
        let last = len == self.pending.len();
        let stamp = last && (stop || self.is_stamp_due() || self.link.settings.clock == Clock::Events);
        let tally = match self.attempt(len, stamp, stop).or_else(|failed| self.without_stamp(failed, len)) {
            Ok(tally) => tally,
            // One by one costs time, so only then.
            Err(error) if len > 1 && error.is_caused_by_event() => {
                tracing::debug!(error = %error, "a transaction is tried again event by event");
                return (0..len).try_for_each(|_| self.commit(1, stop));
            }
            Err(error) if len == 1 && error.is_caused_by_event() => {
                tracing::warn!(error = %error, "SQLite refused an event, which is left out");
                self.counters.failed(Arc::new(error));
                if let Some(queued) = self.pending.front() {
                    self.state.refused(&queued.event);
                }
                Tally { rejected: 1, ..Tally::default() }
            }
            Err(error) => return Err(error),
        };
        self.pending.drain(..len);
        self.missed = self.missed.iter().map(|after| after.saturating_sub(len)).collect();
        for (before, _) in &mut self.interruptions {
            *before = before.saturating_sub(len);
        }
        self.queue.done(len);
        self.counters.committed(tally, begun.elapsed());
        if stamp {
            self.stamp_due = self.link.settings.time.uptime() + STAMP_INTERVAL;
        }
        Ok(())
    }

    /// Writes the events of a transaction whose stamp SQLite refused: they are not to blame.
    fn without_stamp(&mut self, failed: Failed, len: usize) -> Result<Tally, Error> {
        let Failed { error, stamping } = failed;
        if !stamping || !error.is_caused_by_event() {
            return Err(error);
        }
        tracing::warn!(error = %error, "SQLite refused to note who is in voice, which will be tried again");
        self.counters.failed(Arc::new(error));
        self.attempt(len, false, false).map_err(|failed| failed.error)
    }

    /// One transaction.
    fn attempt(&mut self, len: usize, stamp: bool, stop: bool) -> Result<Tally, Failed> {
        let ready = self.link.check_place().and_then(|()| match self.conn.take() {
            Some(conn) => Ok(conn),
            None => self.link.connect_writer(),
        });
        let mut conn = ready.map_err(|error| Failed { error, stamping: false })?;
        let mut stamping = false;
        let clock = self.link.settings.clock;
        let mark = self.state.mark();
        let (events, heard_ms, missed, queue, state) =
            (self.pending.iter().take(len), self.heard_ms, &self.missed, &self.queue, &mut self.state);
        let mut interruptions = self.interruptions.iter().peekable();
        let mut applied = 0;
        // The cause of a failure, which a failure of the ROLLBACK after it would hide.
        let mut cause = None;
        let result = conn.immediate_transaction(|conn| {
            let mut tally = Tally::default();
            let work = || -> diesel::QueryResult<()> {
                state.notice_others(conn)?;
                let mut interrupt = |state: &mut State, conn: &mut SqliteConnection, before: usize| {
                    while let Some((_, Interruption { from, until })) = interruptions.next_if(|(at, _)| *at <= before) {
                        state.interrupted(conn, from.timestamp_millis(), until.timestamp_millis())?;
                        applied += 1;
                    }
                    diesel::QueryResult::Ok(())
                };
                for (before, queued) in events.enumerate() {
                    interrupt(state, conn, before)?;
                    if missed.contains(&before) {
                        state.miss(conn)?;
                    }
                    if clock == Clock::Events {
                        state.prove_by(&queued.event);
                    }
                    match state.apply(conn, queued)? {
                        Outcome::Duplicate => tally.duplicate += 1,
                        Outcome::Withheld => tally.withheld += 1,
                        Outcome::Written => tally.written += 1,
                    }
                }
                interrupt(state, conn, len)?;
                if missed.contains(&len) {
                    state.miss(conn)?;
                }
                state.store_positions(conn)?;
                if stamp {
                    stamping = true;
                    // Only now, for an event may have been refused while this transaction waited for the lock.
                    let heard_ms = queue.heard_until(heard_ms);
                    state.stamp(conn, (clock == Clock::System).then_some(heard_ms), stop)?;
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
                self.interruptions.drain(..applied);
                self.missed.retain(|after| *after > len);
                self.conn = Some(conn);
                Ok(tally)
            }
            Err(error) => {
                self.state.undo_to(mark);
                let error = cause.unwrap_or(error);
                let error = Error::classify(format!("cannot write to {}", self.link.location), error);
                Err(Failed { error, stamping })
            }
        }
    }
}

/// Why a transaction failed.
struct Failed {
    error: Error,
    /// Whether all events were written before that.
    stamping: bool,
}

fn tell(waiters: Vec<Waiter>, result: &Result<(), Arc<Error>>) {
    for waiter in waiters {
        waiter(result.clone());
    }
}
