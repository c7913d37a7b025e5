//! The queue between the bot's threads and the writer, bounded by the number of events.
//!
//! [`Queue::push`] never waits. [`room`](super::room) has the forms that wait until there is room.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Frame, Queued, room::Waiting, session::Request, shared, stats::Counters};
use crate::{Error, ErrorKind, Event};

/// Told once everything that was queued before is in the file, or why it is not.
pub(super) type Waiter = Box<dyn FnOnce(Result<(), Arc<Error>>) + Send>;

/// One event, or several that belong together.
pub(super) trait Events: AsRef<[Event]> + IntoIterator<Item = Event> {}

impl<E: AsRef<[Event]> + IntoIterator<Item = Event>> Events for E {}

/// The frame that events come from, if they come from one.
pub(super) type Origin = Option<Arc<Frame>>;

#[derive(Debug)]
pub(super) struct Queue {
    batch_len: usize,
    changed: Condvar,
    counters: Arc<Counters>,
    flush_interval: Duration,
    limit: usize,
    /// Notified when there may be room, and when waiting for room is in vain.
    pub(super) room: Condvar,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    aborted: bool,
    closed: bool,
    events: Vec<Queued>,
    /// Why the last transaction could not be written, if that will not pass by itself.
    failure: Option<Arc<Error>>,
    /// Events that were taken out and are not in the file yet.
    in_flight: usize,
    /// After how many of the events one about voice was refused.
    missed: BTreeSet<usize>,
    /// The earliest time, in unix milliseconds, of an event about voice that was refused after the last events were taken out.
    refused_ms: Option<i64>,
    requests: Vec<Request>,
    /// When the oldest of the events came.
    since: Option<Instant>,
    waiters: Vec<Waiter>,
    /// Events that wait for room.
    pub(super) waiting: Waiting,
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

/// The contents of the queue when the writer takes them.
#[derive(Default)]
pub(super) struct Taken {
    /// Nothing more is to be written.
    pub(super) aborted: bool,
    /// Nothing comes after this.
    pub(super) closed: bool,
    pub(super) events: Vec<Queued>,
    /// After how many of the events one about voice was refused.
    pub(super) missed: BTreeSet<usize>,
    pub(super) requests: Vec<Request>,
    pub(super) waiters: Vec<Waiter>,
}

impl Queue {
    pub(super) fn new(limit: usize, batch_len: usize, flush_interval: Duration, counters: Arc<Counters>) -> Self {
        Self {
            // A full queue is written at once, for somebody may wait for room.
            batch_len: batch_len.min(limit),
            changed: Condvar::new(),
            counters,
            flush_interval,
            limit,
            room: Condvar::new(),
            state: Mutex::default(),
        }
    }

    /// Puts the events in, all or none, without waiting.
    pub(super) fn push(&self, events: impl Events, frame: &Origin) -> Result<(), Error> {
        let mut state = self.lock();
        match self.obstacle(&state) {
            // The next frame with events says how far the session is, too, but not that it began.
            Some(Obstacle::Full { .. })
                if events.as_ref().is_empty() && frame.as_ref().is_none_or(|frame| frame.begins().is_none()) =>
            {
                Ok(())
            }
            None => {
                let wake = self.admit(&mut state, events, frame);
                drop(state);
                self.wake_writer(wake);
                Ok(())
            }
            Some(obstacle) => {
                self.refuse(&mut state, events.as_ref(), frame);
                Err(obstacle.error())
            }
        }
    }

    /// Returns whether an event would be taken now.
    pub(super) fn has_room(&self) -> bool {
        self.obstacle(&self.lock()).is_none()
    }

    /// Why nothing can be put in now.
    pub(super) fn obstacle(&self, state: &State) -> Option<Obstacle> {
        if state.closed {
            return Some(Obstacle::Closed);
        }
        // Events that are recorded together may go beyond the limit. A guild with more members than the queue is long
        // could never be recorded otherwise.
        let waiting = state.events.len().saturating_add(state.in_flight);
        (waiting >= self.limit).then(|| Obstacle::Full { failure: state.failure.clone(), waiting })
    }

    /// Takes the events in. Returns whether the writer has to be woken.
    pub(super) fn admit(&self, state: &mut State, events: impl Events, frame: &Origin) -> bool {
        let count = events.as_ref().len();
        if count == 0 {
            return self.admit_place(state, frame);
        }
        // Counted before it can be written, so that `pending` never falls short.
        self.counters.queued(count);
        let numbered = (1..).zip(events);
        state.events.extend(numbered.map(|(number, event)| {
            let is_last = number == count;
            Queued { event: Some(event), frame: frame.clone(), is_last }
        }));
        let full_batch = state.events.len() >= self.batch_len;
        if state.since.is_none() {
            state.since = Some(Instant::now());
        }
        let wake = state.writer_idle || full_batch;
        state.writer_idle = false;
        wake
    }

    /// Takes in the place of a frame without events. It is written along with what comes next: until then Discord would only
    /// deliver some frames again.
    fn admit_place(&self, state: &mut State, frame: &Origin) -> bool {
        let Some(frame) = frame.as_ref().filter(|frame| frame.place().is_some()) else { return false };
        let entry = Queued { event: None, frame: Some(Arc::clone(frame)), is_last: true };
        match state.events.last_mut() {
            // One that begins a session says more than where it is.
            Some(last) if last.event.is_none() && last.frame.as_ref().is_some_and(|last| last.is_passed_by(frame)) => {
                *last = entry;
                false
            }
            _ => {
                state.events.push(entry);
                state.events.len() >= self.batch_len
            }
        }
    }

    pub(super) fn wake_writer(&self, wake: bool) {
        if wake {
            self.changed.notify_one();
        }
    }

    /// Counts events that will not be in the file. If one of them is about voice, nobody counts as connected from here on,
    /// unless Discord delivers it again.
    pub(super) fn refuse(&self, state: &mut State, events: &[Event], frame: &Origin) {
        self.counters.refused(events.len());
        if frame.as_ref().is_some_and(|frame| frame.is_redelivered()) {
            return;
        }
        let Some(at_ms) = voice_ms(events) else { return };
        state.refused_ms = Some(state.refused_ms.map_or(at_ms, |earliest| earliest.min(at_ms)));
        // Nothing comes after what is in a closed queue, so the time is enough to go by.
        if !state.closed {
            let missed = state.events.len();
            state.missed.insert(missed);
        }
    }

    /// Refuses events that the file cannot hold.
    pub(super) fn refuse_invalid(&self, events: &[Event]) {
        self.refuse(&mut self.lock(), events, &None);
    }

    /// Until when everything about voice was heard and can be written, if that was so until `heard_ms`: an event that was
    /// refused, or that still waits for room, may be older.
    pub(super) fn heard_until(&self, heard_ms: i64) -> i64 {
        let state = self.lock();
        [state.refused_ms, state.waiting.earliest_ms()].into_iter().flatten().fold(heard_ms, i64::min)
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

    /// Asks the writer something, which it answers when everything queued so far is in the file.
    pub(super) fn ask(&self, request: Request) -> Result<(), Error> {
        let mut state = self.lock();
        if state.closed {
            return Err(closed());
        }
        state.requests.push(request);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Lets nothing more in, and nobody wait for what nobody writes.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        let (requests, waiters) = (std::mem::take(&mut state.requests), std::mem::take(&mut state.waiters));
        self.wake_waiting(state);
        // Each hears of it by being dropped.
        drop((requests, waiters));
    }

    /// Lets nothing more in, and has nothing more written.
    pub(super) fn abort(&self) {
        let mut state = self.lock();
        state.aborted = true;
        state.closed = true;
        self.wake_waiting(state);
        self.changed.notify_one();
    }

    /// Lets nothing more in; what is in is still written.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.wake_waiting(state);
        self.changed.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// So many of the events that were taken out need not be kept any longer.
    pub(super) fn done(&self, events: usize) {
        let mut state = self.lock();
        state.in_flight = state.in_flight.saturating_sub(events);
        state.failure = None;
        self.wake_waiting(state);
    }

    /// A transaction could not be written. If that will not pass by itself, nobody waits for room any longer.
    pub(super) fn failed(&self, error: &Arc<Error>) {
        let mut state = self.lock();
        state.failure = (!error.may_pass()).then(|| Arc::clone(error));
        self.wake_waiting(state);
    }

    /// Lets everybody who waits for room look again.
    fn wake_waiting(&self, mut state: MutexGuard<'_, State>) {
        let wakers = state.waiting.take_wakers();
        drop(state);
        self.room.notify_all();
        wakers.into_iter().for_each(std::task::Waker::wake);
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
            let is_awaited = !state.waiters.is_empty() || !state.requests.is_empty();
            if state.closed || is_awaited || until.is_some_and(|until| until <= now) {
                state.since = None;
                state.writer_idle = false;
                if !state.closed {
                    // What was refused so far is known by its place among the events.
                    state.refused_ms = None;
                }
                state.in_flight += state.events.len();
                return Taken {
                    aborted: state.aborted,
                    closed: state.closed,
                    events: std::mem::take(&mut state.events),
                    missed: std::mem::take(&mut state.missed),
                    requests: std::mem::take(&mut state.requests),
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
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why nothing can be put in.
pub(super) enum Obstacle {
    Closed,
    Full { failure: Option<Arc<Error>>, waiting: usize },
}

impl Obstacle {
    fn error(self) -> Error {
        match self {
            Self::Closed => closed(),
            Self::Full { waiting, .. } => {
                let context = format!("the recorder's queue is full: {waiting} events wait to be committed");
                Error::new(ErrorKind::QueueFull, context)
            }
        }
    }

    /// Why there will be no room, as far as is known.
    pub(super) fn lasts(self) -> Option<Error> {
        match self {
            Self::Closed => Some(closed()),
            Self::Full { failure, .. } => failure.map(|failure| shared(&failure)),
        }
    }
}

/// The earliest time, in unix milliseconds, of the events that may say that somebody left voice.
pub(super) fn voice_ms(events: &[Event]) -> Option<i64> {
    let about_voice = events.iter().filter(|event| event.voice_scope().is_some());
    about_voice.map(|event| event.at().timestamp_millis()).min()
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the recorder was shut down")
}
