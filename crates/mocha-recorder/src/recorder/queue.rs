//! The queue between the bot's threads and the writer, bounded by the number of events.
//!
//! [`Queue::push`] never waits. [`room`](super::room) has the methods that wait until there is room.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{Frame, Queued, room::Waiting, session::Request, shared, stats::Counters};
use crate::{Error, ErrorKind, Event};

/// Called once everything that was queued before is in the file, or with the reason why it is not.
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
    /// Notified when there may be room, and when waiting for room is pointless.
    pub(super) room: Condvar,
    state: Mutex<State>,
    /// The limit for events of an import, which can wait. The rest of the room is for live events, so an import never makes the
    /// queue refuse one. Beside the events of one transaction it has half of the next one's. There live events find a place, so
    /// they wait for about two transactions of the import.
    import_limit: usize,
}

#[derive(Default)]
pub(super) struct State {
    aborted: bool,
    closed: bool,
    events: Vec<Queued>,
    /// Why the last transaction failed, if the failure is lasting.
    failure: Option<Arc<Error>>,
    /// Events that were taken out and are not in the file yet.
    in_flight: usize,
    /// The numbers of events before each refused event about voice.
    missed: BTreeSet<usize>,
    /// The earliest time, in unix milliseconds, of the events about voice that were refused since the writer last took events.
    refused_ms: Option<i64>,
    requests: Vec<Request>,
    /// When the oldest of the events arrived.
    since: Option<Instant>,
    waiters: Vec<Waiter>,
    /// Events that wait for room.
    pub(super) waiting: Waiting,
    /// Whether the writer sleeps until something arrives. Only then it has to be woken.
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
    /// Whether the writer has to stop at once.
    pub(super) aborted: bool,
    /// Whether these are the last events.
    pub(super) closed: bool,
    pub(super) events: Vec<Queued>,
    /// The numbers of events before each refused event about voice.
    pub(super) missed: BTreeSet<usize>,
    pub(super) requests: Vec<Request>,
    pub(super) waiters: Vec<Waiter>,
}

impl Queue {
    pub(super) fn new(limit: usize, batch_len: usize, flush_interval: Duration, counters: Arc<Counters>) -> Self {
        let import_limit = batch_len.saturating_add(batch_len / 2).min(limit / 2).max(1);
        Self {
            // When callers have to wait for room, the writer starts at once.
            batch_len: batch_len.min(import_limit),
            changed: Condvar::new(),
            counters,
            flush_interval,
            limit,
            room: Condvar::new(),
            state: Mutex::default(),
            import_limit,
        }
    }

    /// Adds all of the events or none, without waiting.
    pub(super) fn push(&self, events: impl Events, frame: &Origin) -> Result<(), Error> {
        let mut state = self.lock();
        match self.obstacle(&state) {
            // The next frame with events also has the position, but not the start of a session.
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

    /// Returns whether the queue would take an event now.
    pub(super) fn has_room(&self) -> bool {
        self.obstacle(&self.lock()).is_none()
    }

    /// Returns why the queue takes no events now.
    pub(super) fn obstacle(&self, state: &State) -> Option<Obstacle> {
        Self::obstacle_from(self.limit, state)
    }

    /// Returns why the queue takes no events of an import now.
    pub(super) fn obstacle_to_import(&self, state: &State) -> Option<Obstacle> {
        Self::obstacle_from(self.import_limit, state)
    }

    fn obstacle_from(limit: usize, state: &State) -> Option<Obstacle> {
        if state.closed {
            return Some(Obstacle::Closed);
        }
        // Events that are recorded together may exceed the limit. Otherwise a guild with more members than the limit
        // could never be recorded.
        let waiting = state.events.len().saturating_add(state.in_flight);
        (waiting >= limit).then(|| Obstacle::Full { failure: state.failure.clone(), waiting })
    }

    /// Adds the events. Returns whether the writer has to be woken.
    pub(super) fn admit(&self, state: &mut State, events: impl Events, frame: &Origin) -> bool {
        let count = events.as_ref().len();
        if count == 0 {
            return self.admit_place(state, frame);
        }
        // The events are counted before the writer can take them, so that `pending` is never too low.
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

    /// Adds the place of a frame without events. It is written with the next events. If the program ends before, Discord only
    /// delivers some frames again. If several such frames follow each other, the queue keeps the first and the last one.
    fn admit_place(&self, state: &mut State, frame: &Origin) -> bool {
        let Some(frame) = frame.as_ref().filter(|frame| frame.place().is_some()) else { return false };
        let entry = Queued { event: None, frame: Some(Arc::clone(frame)), is_last: true };
        let is_passed = |queued: &Queued| {
            queued.event.is_none() && queued.frame.as_ref().is_some_and(|place| place.is_passed_by(frame))
        };
        match state.events.as_mut_slice() {
            // The first place stays too: after a resume it shows that no frame is missing before it.
            [.., first, last] if is_passed(first) && is_passed(last) => {
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

    /// Counts events that will not be in the file. If one of them is about voice, members are not confirmed from here on,
    /// unless Discord delivers it again.
    pub(super) fn refuse(&self, state: &mut State, events: &[Event], frame: &Origin) {
        self.counters.refused(events.len());
        if frame.as_ref().is_some_and(|frame| frame.is_redelivered()) {
            return;
        }
        let Some(at_ms) = voice_ms(events) else { return };
        state.refused_ms = Some(state.refused_ms.map_or(at_ms, |earliest| earliest.min(at_ms)));
        // No events follow in a closed queue, so the time is enough.
        if !state.closed {
            let missed = state.events.len();
            state.missed.insert(missed);
        }
    }

    /// Refuses events that the file cannot hold.
    pub(super) fn refuse_invalid(&self, events: &[Event]) {
        self.refuse(&mut self.lock(), events, &None);
    }

    /// Returns the time up to which all events about voice are in the queue. This is `heard_ms`, or earlier if an older event
    /// was refused or still waits for room.
    pub(super) fn heard_until(&self, heard_ms: i64) -> i64 {
        let state = self.lock();
        [state.refused_ms, state.waiting.earliest_ms()].into_iter().flatten().fold(heard_ms, i64::min)
    }

    /// Registers a waiter that is called when everything queued so far is in the file.
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

    /// Sends a request, which the writer answers when everything queued so far is in the file.
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

    /// Closes the queue and releases all waiters, because the writer has ended.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        let (requests, waiters) = (std::mem::take(&mut state.requests), std::mem::take(&mut state.waiters));
        self.wake_waiting(state);
        // Dropping them tells their callers.
        drop((requests, waiters));
    }

    /// Closes the queue, and makes the writer stop without writing what is in it.
    pub(super) fn abort(&self) {
        let mut state = self.lock();
        state.aborted = true;
        state.closed = true;
        self.wake_waiting(state);
        self.changed.notify_one();
    }

    /// Closes the queue. The writer still writes what is in it.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.wake_waiting(state);
        self.changed.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Notes that the writer needs this many of the taken events no longer.
    pub(super) fn done(&self, events: usize) {
        let mut state = self.lock();
        state.in_flight = state.in_flight.saturating_sub(events);
        state.failure = None;
        self.wake_waiting(state);
    }

    /// Notes that a transaction failed. If the failure is lasting, callers stop waiting for room.
    pub(super) fn failed(&self, error: &Arc<Error>) {
        let mut state = self.lock();
        state.failure = (!error.may_pass()).then(|| Arc::clone(error));
        self.wake_waiting(state);
    }

    /// Wakes all callers that wait for room.
    fn wake_waiting(&self, mut state: MutexGuard<'_, State>) {
        let wakers = state.waiting.take_wakers();
        drop(state);
        self.room.notify_all();
        wakers.into_iter().for_each(std::task::Waker::wake);
    }

    /// Waits until the batch is full or old enough, a caller waits, the queue is closed, or the deadline has passed.
    /// Then takes everything.
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
                    // `missed` has the places of the events that were refused so far.
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

    /// Locks the state. No code that can panic runs under the lock, so poisoning does not matter.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why the queue takes no events.
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

    /// Returns the error if waiting for room is pointless.
    pub(super) fn lasts(self) -> Option<Error> {
        match self {
            Self::Closed => Some(closed()),
            Self::Full { failure, .. } => failure.map(|failure| shared(&failure)),
        }
    }
}

/// Returns the earliest time, in unix milliseconds, of the events by which a member may have left voice.
pub(super) fn voice_ms(events: &[Event]) -> Option<i64> {
    let about_voice = events.iter().filter(|event| event.voice_scope().is_some());
    about_voice.map(|event| event.at().timestamp_millis()).min()
}

fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the recorder was shut down")
}
