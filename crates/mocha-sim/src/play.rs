//! Applies steps to a store.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Sender},
    },
    thread::JoinHandle,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use mocha_schema::UserId;
use mocha_store::{Event, Frame, Recorder, RecorderStats, TimeSource};

use crate::{Stage, Step, delivery::set_time};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// The longest time between two readings of the clock by a bot's recorder, in milliseconds.
const LOOK_MS: i64 = 45_000;

/// The clocks of a machine, which only steps move. Clones share the same clocks.
#[derive(Clone, Debug)]
pub struct Clocks(Arc<Mutex<(Duration, DateTime<Utc>)>>);

impl Clocks {
    /// Creates clocks. The wall clock shows this time.
    #[must_use]
    pub fn new(start: DateTime<Utc>) -> Self {
        Self(Arc::new(Mutex::new((Duration::ZERO, start))))
    }

    /// Lets time pass on both clocks, in microseconds.
    fn pass(&self, monotonic_us: i64, wall_us: i64) {
        let mut clocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        clocks.0 += Duration::from_micros(monotonic_us.unsigned_abs());
        clocks.1 += TimeDelta::microseconds(wall_us);
    }
}

impl TimeSource for Clocks {
    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn wall(&self) -> DateTime<Utc> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// Applies the steps and returns them with their outcome: the events that a full queue refused or a crash lost.
///
/// Time passes with the events. [`Step::ClockSet`], [`Step::Freeze`] and [`Step::Pass`] are for [`play_on`].
///
/// # Errors
///
/// Returns the errors of the store and its recorder, and an error if a step needs a recorder before one was started.
pub fn play(store: &impl Stage, steps: &[Step]) -> Result<Vec<Step>, BoxedError> {
    play_on(store, None, steps)
}

/// The sender that ends a thread with the lock, and the thread.
type Holder = (Sender<()>, JoinHandle<Result<(), mocha_store::Error>>);

/// Applies the steps to a store with these clocks. Every event except a message has the time of its arrival.
///
/// # Errors
///
/// Returns those of [`play`].
pub fn play_on(store: &impl Stage, clocks: Option<&Clocks>, steps: &[Step]) -> Result<Vec<Step>, BoxedError> {
    let mut player = Player {
        clocks,
        erasure: None,
        holder: None,
        micros: 0,
        outcome: Vec::new(),
        recorder: None,
        store,
        unwatched: 0,
    };
    for step in steps {
        player.apply(step)?;
    }
    player.settle()?;
    Ok(player.outcome)
}

struct Player<'a, S> {
    clocks: Option<&'a Clocks>,
    erasure: Option<JoinHandle<Result<(), mocha_store::Error>>>,
    /// The thread that holds the lock.
    holder: Option<Holder>,
    /// How many microseconds passed since the last whole millisecond.
    micros: i64,
    outcome: Vec<Step>,
    recorder: Option<Recorder>,
    store: &'a S,
    /// How many microseconds passed since the recorder read the clock.
    unwatched: i64,
}

impl<S: Stage> Player<'_, S> {
    fn apply(&mut self, step: &Step) -> Result<(), BoxedError> {
        match step {
            Step::ClockSet(ms) => self.pass(0, ms.saturating_mul(1_000)),
            Step::Crash => return self.crash(),
            Step::Deliver(event) => return self.record(None, vec![event.clone()]),
            Step::Flush => {
                self.settle()?;
                self.recorder()?.flush()?;
            }
            Step::Forget(user_id) => {
                self.settle()?;
                self.forget(*user_id);
            }
            Step::Freeze { asleep, ms } => {
                self.settle()?;
                self.look()?;
                let us = ms.saturating_mul(1_000);
                self.pass(if *asleep { 0 } else { us }, us);
            }
            Step::Lock => return self.hold(),
            Step::Pass(ms) => return self.let_pass(*ms),
            Step::Receive(frame, events) => return self.record(Some(frame), events.clone()),
            Step::Refused(_) => return Ok(()),
            Step::Start => self.recorder = Some(self.store.recorder()?),
            Step::Stop => {
                self.settle()?;
                self.recorder()?.shutdown()?;
                self.recorder = None;
            }
            Step::Unlock => {
                self.let_go()?;
                self.outcome.push(step.clone());
                // A bot writes waiting events at once, and confirms the members in voice.
                return if self.clocks.is_some() { self.look() } else { Ok(()) };
            }
        }
        self.outcome.push(step.clone());
        Ok(())
    }

    fn recorder(&self) -> Result<&Recorder, BoxedError> {
        self.recorder.as_ref().ok_or_else(|| "no recorder was started".into())
    }

    fn record(&mut self, frame: Option<&Frame>, mut events: Vec<Event>) -> Result<(), BoxedError> {
        if self.clocks.is_some() {
            // No two events arrive at the same instant.
            self.pass(1, 1);
            self.micros += 1;
            let now = self.recorder()?.now();
            for event in &mut events {
                set_time(event, now);
            }
        }
        let recorder = self.recorder()?;
        let frame = frame.cloned();
        let result = match (frame.clone(), self.holder.is_some()) {
            (Some(frame), true) => recorder.record_frame(frame, events.clone()),
            (Some(frame), false) => recorder.record_frame_blocking(frame, events.clone()),
            (None, true) => recorder.record_all(events.clone()),
            (None, false) => recorder.record_all_blocking(events.clone()),
        };
        let step = match (result, frame) {
            (Ok(()), Some(frame)) => Step::Receive(frame, events),
            (Ok(()), None) => {
                self.outcome.extend(events.into_iter().map(Step::Deliver));
                return Ok(());
            }
            (Err(error), _) if error.is_queue_full() => Step::Refused(events),
            (Err(error), _) => return Err(error.into()),
        };
        self.outcome.push(step);
        Ok(())
    }

    /// Lets the process die. The file has what the recorder has written, flushed or not.
    fn crash(&mut self) -> Result<(), BoxedError> {
        self.settle()?;
        let recorder = self.recorder()?;
        recorder.abort();
        let RecorderStats { duplicate, rejected, withheld, written, .. } = recorder.stats();
        let mut left = duplicate + rejected + withheld + written;
        let start = self.outcome.iter().rposition(|step| *step == Step::Start).unwrap_or(0);
        let mut sure = start;
        for (position, step) in self.outcome.iter().enumerate().skip(start) {
            let events = match step {
                Step::Deliver(_) => 1,
                Step::Receive(_, events) => u64::try_from(events.len())?,
                _ => continue,
            };
            if events > left {
                break;
            }
            left -= events;
            sure = position;
        }
        self.recorder = None;
        self.outcome.insert(sure + 1, Step::Flush);
        self.outcome.push(Step::Crash);
        Ok(())
    }

    /// Lets time pass. The recorder reads the clock as often as it would by itself.
    fn let_pass(&mut self, ms: i64) -> Result<(), BoxedError> {
        if self.clocks.is_none() {
            return Ok(());
        }
        let us = ms.saturating_mul(1_000) - std::mem::take(&mut self.micros);
        let mut left = us.max(0);
        while left > 0 {
            let part = left.min(LOOK_MS * 1_000 - self.unwatched);
            self.pass(part, part);
            left -= part;
            self.unwatched += part;
            if self.unwatched >= LOOK_MS * 1_000 {
                self.look()?;
            }
        }
        self.outcome.push(Step::Pass(ms));
        Ok(())
    }

    fn pass(&self, monotonic_us: i64, wall_us: i64) {
        if let Some(clocks) = self.clocks {
            clocks.pass(monotonic_us, wall_us);
        }
    }

    /// Lets the recorder read the clock.
    fn look(&mut self) -> Result<(), BoxedError> {
        self.unwatched = 0;
        if let (Some(recorder), None) = (&self.recorder, &self.holder) {
            recorder.flush()?;
            self.outcome.push(Step::Flush);
        }
        Ok(())
    }

    /// Takes the write lock of the file. Everything recorded before is flushed first, so the queue is empty.
    fn hold(&mut self) -> Result<(), BoxedError> {
        self.settle()?;
        self.recorder()?.flush()?;
        self.outcome.extend([Step::Flush, Step::Lock]);
        let ((taken, wait_taken), (let_go, wait_let_go)) = (mpsc::channel(), mpsc::channel());
        let store = self.store.clone();
        let holder = std::thread::spawn(move || {
            store.hold(|| {
                // If the receiver is gone, the thread ends and frees the lock at once.
                let _ = taken.send(());
                let _ = wait_let_go.recv();
            })
        });
        wait_taken.recv()?;
        self.holder = Some((let_go, holder));
        Ok(())
    }

    fn let_go(&mut self) -> Result<(), BoxedError> {
        if let Some((let_go, holder)) = self.holder.take() {
            drop(let_go);
            holder.join().map_err(|_| "the holder of the lock panicked")??;
        }
        Ok(())
    }

    fn forget(&mut self, user_id: UserId) {
        let store = self.store.clone();
        self.erasure = Some(std::thread::spawn(move || store.forget(user_id)));
    }

    /// Waits for the erasure in progress, if there is one.
    fn settle(&mut self) -> Result<(), BoxedError> {
        if self.holder.is_some() {
            self.let_go()?;
            self.outcome.push(Step::Unlock);
        }
        match self.erasure.take() {
            Some(erasure) => Ok(erasure.join().map_err(|_| "an erasure panicked")??),
            None => Ok(()),
        }
    }
}
