//! The recorder: a handle that takes events without blocking, and the one thread that writes them.

mod ended;
mod queue;
mod stats;
mod writer;

use std::{
    fmt,
    sync::{Arc, mpsc},
};

pub(crate) use self::ended::Ended;
pub use self::stats::RecorderStats;
use self::{ended::Teller, queue::Queue, stats::Counters, writer::Writer};
use crate::{Error, ErrorKind, Event, store::Link};

/// Takes what happens and has it written by a thread of its own. Cheap to clone; all clones feed the same thread.
///
/// An event waits at most the flush interval for others, and they are committed in one transaction. An event that
/// SQLite refuses is counted and left out; the others of its transaction are written. While the file cannot be written (the disk is full, somebody
/// holds the lock) the events wait and are tried again; when the queue is full further ones are refused.
///
/// When the last handle is dropped it does what [`shutdown`](Self::shutdown) does, and blocks as long.
///
/// ```
/// use chrono::DateTime;
/// use mocha_store::{Store, event::MessageSent};
///
/// let store = Store::builder().open_in_memory()?;
/// let recorder = store.recorder()?;
/// recorder.record(MessageSent {
///     at: DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?,
///     channel_id: 20.try_into()?,
///     content: None,
///     guild_id: 10.try_into()?,
///     kind: 0,
///     message_id: 30.try_into()?,
///     user_id: 40.try_into()?,
/// })?;
/// recorder.flush()?;
/// assert_eq!(recorder.stats().written, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recorder {
    handle: Arc<Handle>,
}

/// What the clones of a [`Recorder`] share.
pub(crate) struct Handle {
    counters: Arc<Counters>,
    ended: Arc<Ended>,
    queue: Arc<Queue>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("queue", &self.queue).finish_non_exhaustive()
    }
}

impl Recorder {
    pub(crate) fn new(handle: Arc<Handle>) -> Self {
        Self { handle }
    }

    /// Takes an event. Never blocks: the event is in the file after the next commit.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidEvent`]: the event has a value that the file cannot hold; the kind names the field.
    /// * [`ErrorKind::QueueFull`]: too many events wait; the event is not recorded. If it may have told that somebody left voice,
    ///   nobody in voice is proved to be there any longer, as when a [shard is lost](crate::event::ShardStatus::Lost), until
    ///   they are heard of again: best by a [snapshot](crate::event::VoiceSnapshot) of each guild.
    /// * [`ErrorKind::Closed`]: the recorder was shut down.
    pub fn record(&self, event: impl Into<Event>) -> Result<(), Error> {
        let event = event.into();
        check(&event).and_then(|()| self.push([event].into_iter())).inspect_err(|_| self.handle.counters.refused(1))
    }

    /// Takes events that belong together, in their order. Never blocks.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidEvent`]: of the first event that has a value that the file cannot hold. Such events are left
    ///   out, the others are taken.
    /// * [`ErrorKind::QueueFull`] and [`ErrorKind::Closed`], as of [`record`](Self::record): none is taken.
    pub fn record_all(&self, mut events: Vec<Event>) -> Result<(), Error> {
        let mut first = Ok(());
        let counters = &self.handle.counters;
        events.retain(|event| {
            let Err(error) = check(event) else { return true };
            counters.refused(1);
            if first.is_ok() {
                first = Err(error);
            }
            false
        });
        let count = events.len();
        self.push(events.into_iter()).inspect_err(|_| counters.refused(count))?;
        first
    }

    fn push(&self, events: impl ExactSizeIterator<Item = Event>) -> Result<(), Error> {
        let count = events.len();
        // Counted before it can be written, so that `pending` never falls short.
        self.handle.queue.push(events, || self.handle.counters.queued(count))
    }

    /// Waits until everything recorded before is in the file. A crash of the program takes nothing of it; for a power cut see
    /// [`Durability`](crate::Durability). Blocks; in an async program see `flush_async`.
    ///
    /// # Errors
    ///
    /// Why the file cannot be written, such as [`ErrorKind::DiskFull`], [`ErrorKind::Busy`] or [`ErrorKind::Replaced`]: the
    /// events wait on, and are tried again; what an earlier flush confirmed is not affected. [`ErrorKind::Closed`] after a
    /// shutdown.
    pub fn flush(&self) -> Result<(), Error> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.handle.queue.wait(Box::new(move |result| drop(sender.send(result))))?;
        receiver.recv().map_err(|_| stopped())?.map_err(|error| again(&error))
    }

    /// Writes what was recorded before, notes that the program stopped on purpose, and ends the thread; what comes later is refused.
    /// Sessions in voice stay open: the next start goes on with them. Blocks; in an async program see `shutdown_async`.
    ///
    /// # Errors
    ///
    /// Why the file could not be written. It was tried for about as long as the busy timeout; the events that are not in
    /// the file are lost, and counted as `dropped`.
    pub fn shutdown(&self) -> Result<(), Error> {
        self.handle.stop()
    }

    /// Ends the thread as a crash of the program would: what is not in the file is lost, and counted as `dropped`, and the
    /// next start finds people in voice where they were last proved to be. To try how a bot gets over a crash.
    pub fn abort(&self) {
        self.handle.queue.abort();
        // It has nothing to write and nothing to tell.
        drop(self.handle.stop());
    }

    /// What the recorder has done so far.
    #[must_use]
    pub fn stats(&self) -> RecorderStats {
        self.handle.counters.snapshot()
    }
}

#[cfg(feature = "tokio")]
impl Recorder {
    /// [`flush`](Self::flush) for async programs: waits without blocking a thread.
    ///
    /// # Errors
    ///
    /// As [`flush`](Self::flush).
    pub async fn flush_async(&self) -> Result<(), Error> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.handle.queue.wait(Box::new(move |result| drop(sender.send(result))))?;
        receiver.await.map_err(|_| stopped())?.map_err(|error| again(&error))
    }

    /// [`shutdown`](Self::shutdown) for async programs.
    ///
    /// # Errors
    ///
    /// As [`shutdown`](Self::shutdown).
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn shutdown_async(&self) -> Result<(), Error> {
        let recorder = self.clone();
        let joined = tokio::task::spawn_blocking(move || recorder.shutdown()).await;
        joined.map_err(|error| Error::with_source(ErrorKind::Closed, "the runtime was shut down", error))?
    }
}

impl Handle {
    /// Starts the thread once the one before it has ended: two would not know of each other's sessions in voice.
    pub(crate) fn start(link: Link, before: Option<Arc<Ended>>) -> Result<Arc<Self>, Error> {
        if let Some(before) = before {
            // Whoever stopped it was told how it ended.
            drop(before.wait());
        }
        let settings = Arc::clone(&link.settings);
        let queue = Arc::new(Queue::new(settings.queue_len, settings.batch_len, settings.flush_interval));
        let (counters, ended) = (Arc::new(Counters::default()), Arc::new(Ended::default()));
        let writer = Writer::start(link, Arc::clone(&queue), Arc::clone(&counters))?;
        let (the_queue, the_ended) = (Arc::clone(&queue), Arc::clone(&ended));
        std::thread::Builder::new()
            .name("mocha-recorder".into())
            .spawn(move || {
                let mut teller = Teller { ended: the_ended, first: || the_queue.abandon(), outcome: None };
                teller.outcome = Some(writer.run());
            })
            .map_err(|error| Error::with_source(ErrorKind::Io, "cannot start the recorder's thread", error))?;
        Ok(Arc::new(Self { counters, ended, queue }))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// What tells when the thread has ended.
    pub(crate) fn ended(&self) -> Arc<Ended> {
        Arc::clone(&self.ended)
    }

    fn stop(&self) -> Result<(), Error> {
        self.queue.close();
        self.ended.wait().map_err(|error| again(&error))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(error = %error, "the recorder could not write everything before it stopped");
        }
    }
}

fn check(event: &Event) -> Result<(), Error> {
    event.check().map_err(|invalid| {
        let context = format!("an event's `{}` {}", invalid.field, invalid.reason);
        Error::new(ErrorKind::InvalidEvent { field: invalid.field }, context)
    })
}

/// The writer's error, for one more who waits.
fn again(error: &Arc<Error>) -> Error {
    Error::with_source(error.kind().clone(), error.to_string(), Arc::clone(error))
}

fn stopped() -> Error {
    Error::new(ErrorKind::Closed, "the recorder's thread stopped")
}
