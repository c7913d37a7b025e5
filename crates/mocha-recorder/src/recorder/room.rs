//! Events that wait until there is room in the queue.
//!
//! Events without a frame enter only while the queue is below its [limit for imports](Queue::obstacle_to_import). Otherwise an
//! import would keep the queue full, and a bot that records at the same time would find no room. Frames come from a live
//! connection.

use std::{
    collections::BTreeMap,
    sync::PoisonError,
    task::{Poll, Waker},
};

use super::queue::{Events, Obstacle, Origin, Queue, State, voice_ms};
use crate::Error;

/// The callers that wait for room.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    next_ticket: u64,
    tickets: BTreeMap<u64, Ticket>,
}

#[derive(Debug)]
struct Ticket {
    /// The earliest time of the events about voice, in unix milliseconds.
    voice_ms: Option<i64>,
    /// `None` for a thread that waits, and after the waker was called.
    waker: Option<Waker>,
}

impl Waiting {
    /// Returns the earliest time of the waiting events about voice, in unix milliseconds.
    pub(super) fn earliest_ms(&self) -> Option<i64> {
        self.tickets.values().filter_map(|ticket| ticket.voice_ms).min()
    }

    pub(super) fn take_wakers(&mut self) -> Vec<Waker> {
        self.tickets.values_mut().filter_map(|ticket| ticket.waker.take()).collect()
    }
}

impl Queue {
    /// Adds all of the events or none, and blocks until there is room.
    pub(super) fn push_blocking(&self, events: impl Events, frame: Origin) -> Result<(), Error> {
        let mut entry = Entry::new(self, events, frame);
        let mut state = self.lock();
        loop {
            if let Poll::Ready(result) = entry.try_enter(&mut state, None) {
                drop(state);
                return entry.done(result);
            }
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Adds all of the events or none, and waits until there is room. If the future is dropped before, the events are refused.
    #[cfg(feature = "tokio")]
    pub(super) async fn push_async(&self, events: impl Events + Unpin, frame: Origin) -> Result<(), Error> {
        let mut entry = Entry::new(self, events, frame);
        let result = std::future::poll_fn(|context| entry.poll(context)).await;
        entry.done(result)
    }
}

/// Events that wait to enter the queue. If they are dropped before, they are refused.
struct Entry<'q, E: Events> {
    events: Option<E>,
    frame: Origin,
    queue: &'q Queue,
    ticket: Option<u64>,
}

impl<'q, E: Events> Entry<'q, E> {
    const fn new(queue: &'q Queue, events: E, frame: Origin) -> Self {
        Self { events: Some(events), frame, queue, ticket: None }
    }

    #[cfg(feature = "tokio")]
    fn poll(&mut self, context: &std::task::Context<'_>) -> Poll<Result<bool, Error>> {
        let mut state = self.queue.lock();
        self.try_enter(&mut state, Some(context.waker()))
    }

    /// Takes a ticket if there is no room. Returns whether the writer has to be woken.
    fn try_enter(&mut self, state: &mut State, waker: Option<&Waker>) -> Poll<Result<bool, Error>> {
        let Some(events) = self.events.take() else { return Poll::Ready(Ok(false)) };
        let obstacle =
            if self.frame.is_some() { self.queue.obstacle(state) } else { self.queue.obstacle_to_import(state) };
        let result = match obstacle {
            // The next frame with events also has the position.
            Some(Obstacle::Full { .. }) if events.as_ref().is_empty() => Ok(false),
            None => Ok(self.queue.admit(state, events, &self.frame.take())),
            Some(obstacle) => match obstacle.lasts() {
                None => {
                    self.take_ticket(state, &events, waker);
                    self.events = Some(events);
                    return Poll::Pending;
                }
                Some(error) => {
                    self.queue.refuse(state, events.as_ref(), &self.frame);
                    Err(error)
                }
            },
        };
        self.return_ticket(state);
        Poll::Ready(result)
    }

    fn take_ticket(&mut self, state: &mut State, events: &E, waker: Option<&Waker>) {
        let waiting = &mut state.waiting;
        let number = *self.ticket.get_or_insert_with(|| {
            waiting.next_ticket += 1;
            waiting.next_ticket
        });
        let new = || Ticket { voice_ms: voice_ms(events.as_ref()), waker: None };
        waiting.tickets.entry(number).or_insert_with(new).waker = waker.cloned();
    }

    fn return_ticket(&mut self, state: &mut State) {
        if let Some(number) = self.ticket.take() {
            state.waiting.tickets.remove(&number);
        }
    }

    fn done(self, result: Result<bool, Error>) -> Result<(), Error> {
        result.map(|wake| self.queue.wake_writer(wake))
    }
}

impl<E: Events> Drop for Entry<'_, E> {
    fn drop(&mut self) {
        if let Some(events) = self.events.take() {
            let mut state = self.queue.lock();
            self.queue.refuse(&mut state, events.as_ref(), &self.frame);
            self.return_ticket(&mut state);
        }
    }
}
