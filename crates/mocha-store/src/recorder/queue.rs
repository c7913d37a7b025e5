//! The queue between the bot's threads and the writer: bounded by events, and never blocking who puts something in.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{Error, ErrorKind, Event};

/// Told once everything that was queued before is in the file, or why it is not.
pub(super) type Waiter = Box<dyn FnOnce(Result<(), Arc<Error>>) + Send>;

#[derive(Debug)]
pub(super) struct Queue {
    batch_len: usize,
    changed: Condvar,
    flush_interval: Duration,
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    aborted: bool,
    closed: bool,
    events: Vec<Event>,
    /// Events that were taken out and are not in the file yet.
    in_flight: usize,
    /// After how many of the events one about voice was refused.
    missed: BTreeSet<usize>,
    /// When the oldest of the events came.
    since: Option<Instant>,
    waiters: Vec<Waiter>,
    /// Whether the writer sleeps until something comes: only then it has to be woken.
    writer_idle: bool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("closed", &self.closed)
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}

/// What the writer takes out.
#[derive(Default)]
pub(super) struct Taken {
    /// Nothing more is to be written.
    pub(super) aborted: bool,
    /// Nothing comes after this.
    pub(super) closed: bool,
    pub(super) events: Vec<Event>,
    /// After how many of the events one about voice was refused.
    pub(super) missed: BTreeSet<usize>,
    pub(super) waiters: Vec<Waiter>,
}

impl Queue {
    pub(super) fn new(limit: usize, batch_len: usize, flush_interval: Duration) -> Self {
        Self { batch_len, changed: Condvar::new(), flush_interval, limit, state: Mutex::default() }
    }

    /// Puts the events in, all or none, and calls `queued` before the writer can see them.
    pub(super) fn push(
        &self,
        mut events: impl ExactSizeIterator<Item = Event>,
        queued: impl FnOnce(),
    ) -> Result<(), Error> {
        let mut state = self.lock();
        if state.closed {
            return Err(closed());
        }
        // What comes at once may go beyond: a guild of more members than the queue is long could never be taken else.
        let waiting = state.events.len().saturating_add(state.in_flight);
        if waiting >= self.limit {
            if events.any(|event| event.is_about_voice()) {
                let missed = state.events.len();
                state.missed.insert(missed);
            }
            let context = format!("the recorder's queue is full: {waiting} events wait to be committed");
            return Err(Error::new(ErrorKind::QueueFull, context));
        }
        queued();
        state.events.extend(events);
        let full_batch = state.events.len() >= self.batch_len;
        if state.since.is_none() {
            state.since = Some(Instant::now());
        }
        let wake = state.writer_idle || full_batch;
        state.writer_idle = false;
        drop(state);
        if wake {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Asks to be told when everything queued so far is in the file.
    pub(super) fn wait(&self, waiter: Waiter) -> Result<(), Error> {
        let mut state = self.lock();
        if state.closed {
            return Err(closed());
        }
        state.waiters.push(waiter);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Lets nothing more in, and nobody wait for what nobody writes.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        // Each hears of it by being dropped.
        drop(waiters);
    }

    /// Lets nothing more in, and has nothing more written.
    pub(super) fn abort(&self) {
        let mut state = self.lock();
        state.aborted = true;
        state.closed = true;
        drop(state);
        self.changed.notify_one();
    }

    /// Lets nothing more in; what is in is still written.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// So many of the events that were taken out need not be kept any longer.
    pub(super) fn done(&self, events: usize) {
        let mut state = self.lock();
        state.in_flight = state.in_flight.saturating_sub(events);
    }

    /// Waits for a batch that is full or old enough, for somebody who waits, for the end, or for the deadline; takes all there is.
    pub(super) fn take(&self, deadline: Option<Instant>) -> Taken {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let due = match state.since {
                Some(_) if state.events.len() >= self.batch_len => Some(now),
                Some(since) => since.checked_add(self.flush_interval),
                None => None,
            };
            let until = [due, deadline].into_iter().flatten().min();
            if state.closed || !state.waiters.is_empty() || until.is_some_and(|until| until <= now) {
                state.since = None;
                state.writer_idle = false;
                state.in_flight += state.events.len();
                return Taken {
                    aborted: state.aborted,
                    closed: state.closed,
                    events: std::mem::take(&mut state.events),
                    missed: std::mem::take(&mut state.missed),
                    waiters: std::mem::take(&mut state.waiters),
                };
            }
            state.writer_idle = state.since.is_none();
            state = match until {
                Some(until) => self.changed.wait_timeout(state, until - now).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// No code that can panic runs under the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the recorder was shut down")
}
