//! The writer's thread, which takes events from the queue and commits them in groups.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{
    Clock, Queued, RecorderSettings, ShardClaim, StoredSession,
    queue::{Queue, Taken, Waiter},
    session::Request,
    stats::{Counters, Tally},
};
use crate::{
    Error, ErrorKind,
    backend::{Backend, HistoryTable as _, StateTable as _, Tables, WriteError},
    time::Interruption,
    voice::Mark,
    write::{Outcome, State},
};

/// How often the recorder confirms the members in voice in the file.
const STAMP_INTERVAL: Duration = Duration::from_secs(30);

/// How long a failed transaction waits before it is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

pub(super) struct Writer<B> {
    backend: B,
    /// The number of the last transaction.
    batch: u64,
    counters: Arc<Counters>,
    /// The last transaction, if it is unknown whether it was committed.
    doubt: Option<Doubt>,
    /// The time at which the last events were taken from the queue, in unix milliseconds.
    heard_ms: i64,
    /// Times in which the process did not run, each with the number of pending events before it.
    interruptions: VecDeque<(usize, Interruption)>,
    /// The numbers of pending events before each event about voice that the queue refused.
    missed: BTreeSet<usize>,
    /// Events that were taken from the queue and are not stored yet.
    pending: VecDeque<Queued>,
    queue: Arc<Queue>,
    settings: RecorderSettings,
    /// When the next stamp is due, in the uptime of the clock.
    stamp_due: Duration,
    state: State,
}

/// The parts of a transaction.
#[derive(Clone, Copy)]
struct Plan {
    /// How many of the pending events it writes.
    len: usize,
    /// Whether it confirms members in voice up to now.
    stamp: bool,
    /// Whether it notes that the program stops.
    stop: bool,
}

/// The parts of a transaction that are done.
#[derive(Default)]
struct Progress {
    /// How many interruptions it recorded.
    interruptions: usize,
    /// Whether all events were written before the stamp was tried.
    stamping: bool,
    tally: Tally,
}

/// A transaction that may be committed or not.
struct Doubt {
    batch: u64,
    begun: Instant,
    mark: Mark,
    /// The refusals that it recorded.
    missed: BTreeSet<usize>,
    plan: Plan,
    progress: Progress,
}

impl<B: Backend> Writer<B> {
    pub(super) fn start(
        mut backend: B,
        settings: RecorderSettings,
        queue: Arc<Queue>,
        counters: Arc<Counters>,
    ) -> Result<Self, Error> {
        let mut state = State::new(i64::try_from(settings.bridge_limit.as_millis()).unwrap_or(i64::MAX));
        let heard_ms = settings.time.now().timestamp_millis();
        let now_ms = (settings.clock == Clock::System).then_some(heard_ms);
        let batch = 1;
        // If the commit is in doubt, the caller tries again with another recorder. A second start loses nothing.
        backend.write(batch, |tables| state.start(tables, now_ms)).map_err(|error| match error {
            WriteError::Undone(error) | WriteError::Unknown(error) => error,
        })?;
        let stamp_due = settings.time.uptime() + STAMP_INTERVAL;
        let (interruptions, missed, pending) = (VecDeque::new(), BTreeSet::new(), VecDeque::new());
        Ok(Self {
            backend,
            batch,
            counters,
            doubt: None,
            heard_ms,
            interruptions,
            missed,
            pending,
            queue,
            settings,
            stamp_due,
            state,
        })
    }

    pub(super) fn run(mut self) -> Result<(), Arc<Error>> {
        loop {
            let Taken { aborted, closed, events, missed, requests, waiters } = self.queue.take(self.deadline());
            self.heard_ms = self.settings.time.now().timestamp_millis();
            self.note_interruptions(&events);
            self.missed.extend(missed.into_iter().map(|after| self.pending.len() + after));
            self.pending.extend(events);
            if aborted {
                self.counters.dropped(self.pending_events());
                return Ok(());
            }
            if closed {
                let result = self.finish();
                tell(waiters, &result);
                return result;
            }
            let result = self.write_pending();
            for request in requests {
                match &result {
                    Ok(()) => self.answer(request),
                    Err(error) => request.fail(error),
                }
            }
            if result.is_err() {
                thread::sleep(RETRY_AFTER);
            }
            tell(waiters, &result);
        }
    }

    /// Returns the number of pending events, without frames that have no events.
    fn pending_events(&self) -> usize {
        self.pending.iter().filter(|queued| queued.event.is_some()).count()
    }

    /// Answers a request. Everything that was queued before is stored.
    fn answer(&mut self, request: Request) {
        match request {
            Request::Claim(claim, reply) => reply(self.claim(&claim).map_err(|error| self.failed(error))),
            Request::Histories(guild_id, reply) => {
                let found = self.transact(|_, tables| tables.histories(guild_id));
                reply(found.map_err(|error| self.failed(error)));
            }
            Request::Holds(shard, reply) => {
                let held = self.transact(|state, _| Ok(state.holds(shard)));
                reply(held.map_err(|error| self.failed(error)));
            }
            Request::MessageHorizon(reply) => {
                let found = self.transact(|_, tables| tables.message_horizon());
                reply(found.map_err(|error| self.failed(error)));
            }
        }
    }

    fn claim(&mut self, claim: &ShardClaim) -> Result<Option<StoredSession>, Error> {
        if let (Some(bot_id), Some(recorded)) = (claim.bot_id, self.state.bot())
            && bot_id != recorded
        {
            return Err(Error::new(ErrorKind::OtherBot, "the recorder records the shards of another bot"));
        }
        self.transact(|state, tables| state.claim(tables, claim))
    }

    /// Runs a transaction that concerns no events.
    fn transact<T>(
        &mut self,
        work: impl FnOnce(&mut State, &mut B::Tables<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // An earlier request may have left a doubt.
        self.resolve_doubt()?;
        let (begun, mark) = (Instant::now(), self.state.mark());
        self.batch += 1;
        let state = &mut self.state;
        let done = self.backend.write(self.batch, |tables| {
            state.notice_others(tables)?;
            let done = work(state, tables)?;
            state.store_positions(tables)?;
            tables.flush()?;
            Ok(done)
        });
        match done {
            Ok(done) => {
                self.state.commit();
                Ok(done)
            }
            Err(WriteError::Undone(error)) => {
                self.state.undo_to(mark);
                Err(error)
            }
            Err(WriteError::Unknown(error)) => {
                let plan = Plan { len: 0, stamp: false, stop: false };
                let (missed, progress) = (BTreeSet::new(), Progress::default());
                self.doubt = Some(Doubt { batch: self.batch, begun, mark, missed, plan, progress });
                Err(error)
            }
        }
    }

    /// Notes before which of the new events the process did not run.
    fn note_interruptions(&mut self, events: &[Queued]) {
        for interruption in self.settings.time.take_interruptions() {
            // In a replay time passes with the events.
            if self.settings.clock != Clock::System {
                continue;
            }
            // The time of a message is not that of its arrival.
            let is_after = |queued: &Queued| {
                let timed = queued.event.as_ref().filter(|event| !event.has_time_of_message());
                timed.is_some_and(|event| event.at() >= interruption.until)
            };
            let before = events.iter().position(is_after).unwrap_or(events.len());
            self.interruptions.push_back((self.pending.len() + before, interruption));
        }
    }

    /// Returns when the writer has to do something even if no event arrives.
    fn deadline(&self) -> Option<Instant> {
        if !self.pending.is_empty() || self.doubt.is_some() {
            return Some(Instant::now());
        }
        let until_stamp = self.stamp_due.saturating_sub(self.settings.time.uptime());
        (self.settings.clock == Clock::System).then(|| Instant::now() + until_stamp)
    }

    fn is_stamp_due(&self) -> bool {
        self.settings.time.uptime() >= self.stamp_due
    }

    /// Writes everything that was taken, and the stamp if it is due. Events that could not be written stay pending.
    fn write_pending(&mut self) -> Result<(), Arc<Error>> {
        self.resolve_doubt().map_err(|error| self.failed(error))?;
        while !self.pending.is_empty() {
            let len = self.settings.batch_len.min(self.pending.len());
            // A frame is written as a whole or not at all, so that the position in its session says which of its events are
            // stored.
            let more = self.pending.iter().skip(len.saturating_sub(1)).position(|queued| queued.is_last);
            let len = more.map_or(self.pending.len(), |more| len.saturating_add(more));
            self.commit(len, false).map_err(|error| self.failed(error))?;
        }
        if self.settings.clock == Clock::System && self.is_stamp_due() {
            self.commit(0, false).map_err(|error| self.failed(error))?;
        }
        Ok(())
    }

    /// Writes the pending events and that the program stopped cleanly. Gives up after the timeout.
    fn finish(&mut self) -> Result<(), Arc<Error>> {
        let deadline = Instant::now() + self.settings.shutdown_timeout;
        loop {
            let result = self.write_pending().and_then(|()| self.commit(0, true).map_err(|error| self.failed(error)));
            match result {
                Ok(()) => {
                    self.backend.finish();
                    return Ok(());
                }
                Err(_) if Instant::now() < deadline => thread::sleep(RETRY_AFTER),
                Err(error) => {
                    self.counters.dropped(self.pending_events());
                    return Err(error);
                }
            }
        }
    }

    fn failed(&self, error: Error) -> Arc<Error> {
        let error = Arc::new(error);
        tracing::warn!(error = %error, kind = ?error.kind(), "a transaction failed and will be tried again");
        self.counters.failed(Arc::clone(&error));
        self.queue.failed(&error);
        error
    }

    /// Commits the first `len` events. If the database refuses one of them, only this one is left out.
    fn commit(&mut self, len: usize, stop: bool) -> Result<(), Error> {
        let begun = Instant::now();
        // Members are confirmed up to now only once all events up to now are written.
        let last = len == self.pending.len();
        let stamp = last && (stop || self.is_stamp_due() || self.settings.clock == Clock::Events);
        let plan = Plan { len, stamp, stop };
        let tally = match self.attempt(plan, begun).or_else(|failed| self.without_stamp(failed, plan, begun)) {
            Ok(tally) => tally,
            Err(error) if self.doubt.is_some() => return Err(error),
            // Single events take longer, so this is done only after a refusal.
            Err(error) if len > 1 && error.is_caused_by_event() => {
                tracing::debug!(error = %error, "a transaction is tried again event by event");
                return (0..len).try_for_each(|_| self.commit(1, stop));
            }
            Err(error) if len == 1 && error.is_caused_by_event() => {
                tracing::warn!(error = %error, "the database refused an event, which is left out");
                self.counters.failed(Arc::new(error));
                let event = self.pending.front().and_then(|queued| queued.event.as_ref());
                if let Some(event) = event {
                    self.state.database_refused(event);
                }
                Tally { rejected: event.is_some().into(), ..Tally::default() }
            }
            Err(error) => return Err(error),
        };
        self.done(plan, tally, begun);
        Ok(())
    }

    /// Removes the events of a transaction that is done.
    fn done(&mut self, plan: Plan, tally: Tally, begun: Instant) {
        let len = plan.len;
        self.pending.drain(..len);
        self.missed = self.missed.iter().map(|after| after.saturating_sub(len)).collect();
        for (before, _) in &mut self.interruptions {
            *before = before.saturating_sub(len);
        }
        self.queue.done(len);
        self.counters.committed(tally, begun.elapsed());
        if plan.stamp {
            self.stamp_due = self.settings.time.uptime() + STAMP_INTERVAL;
        }
    }

    /// Writes the events of a transaction again without the stamp, if the database refused only the stamp.
    fn without_stamp(&mut self, failed: Failed, plan: Plan, begun: Instant) -> Result<Tally, Error> {
        let Failed { error, stamping } = failed;
        if !stamping || !error.is_caused_by_event() {
            return Err(error);
        }
        tracing::warn!(error = %error, "the database refused to note who is in voice, which will be tried again");
        self.counters.failed(Arc::new(error));
        self.attempt(Plan { stamp: false, stop: false, ..plan }, begun).map_err(|failed| failed.error)
    }

    /// Runs one transaction.
    fn attempt(&mut self, plan: Plan, begun: Instant) -> Result<Tally, Failed> {
        let mark = self.state.mark();
        self.batch += 1;
        let mut progress = Progress::default();
        let batch = Batch {
            clock: self.settings.clock,
            events: &self.pending,
            heard_ms: self.heard_ms,
            interruptions: &self.interruptions,
            missed: &self.missed,
            plan,
            queue: &self.queue,
        };
        let state = &mut self.state;
        let result = self.backend.write(self.batch, |tables| batch.write(tables, state, &mut progress));
        match result {
            Ok(()) => {
                self.committed(plan.len, &progress);
                Ok(progress.tally)
            }
            Err(WriteError::Undone(error)) => {
                self.state.undo_to(mark);
                Err(Failed { error, stamping: progress.stamping })
            }
            Err(WriteError::Unknown(error)) => {
                // Later refusals are not part of this transaction, even at the same place.
                let later = self.missed.split_off(&plan.len.saturating_add(1));
                let missed = std::mem::replace(&mut self.missed, later);
                self.doubt = Some(Doubt { batch: self.batch, begun, mark, missed, plan, progress });
                // The events cannot be written again before the doubt is resolved.
                Err(Failed { error, stamping: false })
            }
        }
    }

    fn committed(&mut self, len: usize, progress: &Progress) {
        self.state.commit();
        self.interruptions.drain(..progress.interruptions);
        self.missed.retain(|after| *after > len);
    }

    /// Finds out whether a transaction whose COMMIT was not answered is stored.
    fn resolve_doubt(&mut self) -> Result<(), Error> {
        let Some(doubt) = &self.doubt else { return Ok(()) };
        let was_committed = self.backend.was_committed(doubt.batch)?;
        let Some(Doubt { begun, mark, missed, plan, progress, .. }) = self.doubt.take() else { return Ok(()) };
        if was_committed {
            self.state.commit();
            self.interruptions.drain(..progress.interruptions);
            self.done(plan, progress.tally, begun);
        } else {
            self.state.undo_to(mark);
            self.missed.extend(missed);
        }
        Ok(())
    }
}

/// The input of one transaction.
struct Batch<'w> {
    clock: Clock,
    events: &'w VecDeque<Queued>,
    heard_ms: i64,
    interruptions: &'w VecDeque<(usize, Interruption)>,
    missed: &'w BTreeSet<usize>,
    plan: Plan,
    queue: &'w Queue,
}

impl Batch<'_> {
    fn write(&self, tables: &mut impl Tables, state: &mut State, progress: &mut Progress) -> Result<(), Error> {
        let Plan { len, stamp, stop } = self.plan;
        let events = || self.events.iter().take(len);
        tables.prepare(events().filter_map(|queued| queued.event.as_ref()))?;
        state.notice_others(tables)?;
        for (before, queued) in events().enumerate() {
            self.note_gaps(tables, state, progress, before)?;
            if self.clock == Clock::Events
                && let Some(event) = &queued.event
            {
                state.confirm_by(event);
            }
            match state.apply(tables, queued)? {
                Outcome::Dropped => progress.tally.dropped += 1,
                Outcome::Duplicate => progress.tally.duplicate += 1,
                Outcome::Withheld => progress.tally.withheld += 1,
                Outcome::Placed => {}
                Outcome::Written => progress.tally.written += 1,
            }
        }
        self.note_gaps(tables, state, progress, len)?;
        state.store_positions(tables)?;
        progress.tally.turn_out_duplicate(tables.flush()?);
        if stamp {
            progress.stamping = true;
            // Read this late, because an event may have been refused while this transaction waited for the lock.
            let heard_ms = self.queue.heard_until(self.heard_ms);
            state.stamp(tables, (self.clock == Clock::System).then_some(heard_ms), stop)?;
            tables.flush()?;
        }
        Ok(())
    }

    /// Records the interruptions and refusals before the event with this number, or after the last one.
    fn note_gaps(
        &self,
        tables: &mut impl Tables,
        state: &mut State,
        progress: &mut Progress,
        before: usize,
    ) -> Result<(), Error> {
        while let Some((_, Interruption { from, until })) =
            self.interruptions.get(progress.interruptions).filter(|(at, _)| *at <= before)
        {
            state.interrupted(tables, from.timestamp_millis(), until.timestamp_millis())?;
            progress.interruptions += 1;
        }
        if self.missed.contains(&before) { state.queue_refused(tables) } else { Ok(()) }
    }
}

/// Why a transaction failed.
struct Failed {
    error: Error,
    /// Whether all events were written, so that the stamp failed.
    stamping: bool,
}

fn tell(waiters: Vec<Waiter>, result: &Result<(), Arc<Error>>) {
    for waiter in waiters {
        waiter(result.clone());
    }
}
