//! The recorder: a handle that takes events without blocking, and the one thread that writes them.

#[cfg(feature = "tokio")]
mod asynchronous;
mod ended;
mod frame;
mod handle;
mod history;
mod horizon;
mod queue;
mod room;
mod session;
mod settings;
mod slot;
mod stats;
mod writer;

use std::sync::{Arc, mpsc};

use chrono::{DateTime, Utc};

pub(crate) use self::frame::{BotShard, Place, Queued};
pub use self::{
    frame::Frame,
    session::{ShardClaim, StoredSession},
    settings::{Clock, RecorderSettings},
    slot::RecorderSlot,
    stats::RecorderStats,
};
use self::{
    handle::Handle,
    queue::Origin,
    session::{Reply, Request},
};
use crate::{Error, ErrorKind, Event};

/// Takes events without blocking, and writes them on a thread of its own. Clones are cheap and share the thread.
///
/// An event waits for others for at most the flush interval, and they are committed in one transaction. If the database refuses
/// an event, only this event is left out and counted. While the file cannot be written, for example because the disk is full or
/// locked, events wait and are tried again.
///
/// The queue has a [limit](RecorderSettings::queue_len). Choose the method by its behaviour when the queue is full:
///
/// | you have | use | when the queue is full |
/// |---|---|---|
/// | a live bot | [`record`](Self::record), [`record_all`](Self::record_all) | they refuse the event at once, so that the gateway is never kept waiting |
/// | an import, a replay, a simulation, a backfill | [`record_blocking`](Self::record_blocking), [`record_all_blocking`](Self::record_all_blocking) | they block the thread until there is room |
/// | the same in an async program | `record_async`, `record_all_async` (feature `tokio`) | they wait until there is room |
///
/// If you use a method that waits, the recorded data does not depend on the speed of the disk. Such methods leave room in the
/// queue, so that an import and a live bot can use one recorder. A refused event about voice has
/// consequences: see [`record`](Self::record).
/// Dropping the last clone does the same as [`shutdown`](Self::shutdown), and blocks as long.
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

impl Recorder {
    const fn new(handle: Arc<Handle>) -> Self {
        Self { handle }
    }

    /// Records an event without waiting. It is in the file after the next commit. Meant for live bots.
    ///
    /// A refused event is never in the file. If it was about voice, a member may have left by it. Then members in voice are not
    /// confirmed any further, as when a [shard is lost](crate::event::ShardStatus::Lost), until later events are about them,
    /// best a [snapshot](crate::event::VoiceSnapshot) of each guild. To import or replay events use
    /// [`record_blocking`](Self::record_blocking) instead.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidEvent`]: the event has a value that the file cannot hold; the kind names the field.
    /// * [`ErrorKind::QueueFull`]: too many events wait to be committed.
    /// * [`ErrorKind::Closed`]: the recorder was shut down.
    ///
    /// In each case the event is refused.
    pub fn record(&self, event: impl Into<Event>) -> Result<(), Error> {
        self.handle.queue.push(self.checked(event)?, &None)
    }

    /// Records an event and blocks until there is room for it in the queue. Meant for imports, replays and simulations.
    ///
    /// It blocks as long as another program holds the lock of the file. It does not wait for the commit: call
    /// [`flush`](Self::flush) once at the end. In an async task use `record_async`, which does not block the thread. Do not
    /// call it in a live bot's gateway loop, because Discord disconnects a loop that waits for too long.
    ///
    /// ```
    /// # use chrono::{DateTime, TimeDelta};
    /// # use mocha_store::{Clock, Store, event::MemberLeft};
    /// // A queue with room for two events, to show that more fit through it.
    /// let store = Store::builder().clock(Clock::Events).queue_len(2).open_in_memory()?;
    /// let recorder = store.recorder()?;
    /// let start = DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?;
    /// for number in 1..=100 {
    ///     let at = start + TimeDelta::seconds(number);
    ///     let user_id = number.unsigned_abs().try_into()?;
    ///     recorder.record_blocking(MemberLeft { at, guild_id: 10.try_into()?, user_id })?;
    /// }
    /// recorder.flush()?;
    /// assert_eq!(recorder.stats().written, 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidEvent`]: the event has a value that the file cannot hold; the kind names the field.
    /// * [`ErrorKind::Closed`]: the recorder was shut down, before or while it waited.
    /// * The reason why the file cannot be written, if the queue is full and the failure is lasting, such as
    ///   [`ErrorKind::DiskFull`] or [`ErrorKind::Replaced`].
    ///
    /// In each case the event is refused, with the consequences described at [`record`](Self::record).
    pub fn record_blocking(&self, event: impl Into<Event>) -> Result<(), Error> {
        self.handle.queue.push_blocking(self.checked(event)?, None)
    }

    /// Records events that belong together, in their order and without waiting, as [`record`](Self::record) does for
    /// one.
    /// All valid ones are taken or none, even if they exceed the room in the queue.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidEvent`]: an event has a value that the file cannot hold. The error is that of the first such
    ///   event. These events are refused, and the others are taken.
    /// * [`ErrorKind::QueueFull`] and [`ErrorKind::Closed`]: all are refused.
    pub fn record_all(&self, events: Vec<Event>) -> Result<(), Error> {
        self.push(events, &None)
    }

    /// Records the events of a gateway frame without waiting, as [`record_all`](Self::record_all) does.
    ///
    /// Without events only the frame's place in its session is recorded.
    ///
    /// # Errors
    ///
    /// As [`record_all`](Self::record_all).
    pub fn record_frame(&self, frame: Frame, events: Vec<Event>) -> Result<(), Error> {
        self.push(events, &Some(Arc::new(frame)))
    }

    fn push(&self, events: Vec<Event>, frame: &Origin) -> Result<(), Error> {
        let (valid, invalid) = self.all_checked(events);
        self.handle.queue.push(valid, frame)?;
        invalid
    }

    /// Records events that belong together, in their order, and blocks until there is room, as
    /// [`record_blocking`](Self::record_blocking) does for one.
    ///
    /// All are taken at once as soon as there is room for one, even if they exceed the room.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::InvalidEvent`]: an event has a value that the file cannot hold. The error is that of the first such
    ///   event. These events are refused, and the others are taken.
    /// * [`ErrorKind::Closed`], or the reason why the file cannot be written, as for
    ///   [`record_blocking`](Self::record_blocking): all are refused.
    pub fn record_all_blocking(&self, events: Vec<Event>) -> Result<(), Error> {
        self.push_blocking(events, None)
    }

    /// Records the events of a gateway frame and waits for room, as [`record_all_blocking`](Self::record_all_blocking)
    /// does.
    ///
    /// # Errors
    ///
    /// As [`record_all_blocking`](Self::record_all_blocking).
    pub fn record_frame_blocking(&self, frame: Frame, events: Vec<Event>) -> Result<(), Error> {
        self.push_blocking(events, Some(Arc::new(frame)))
    }

    fn push_blocking(&self, events: Vec<Event>, frame: Origin) -> Result<(), Error> {
        let (valid, invalid) = self.all_checked(events);
        self.handle.queue.push_blocking(valid, frame)?;
        invalid
    }

    /// Takes a shard over, and returns the gateway session that was recorded last, for resuming it.
    ///
    /// Call it before the shard connects. Resume the session from its sequence number: Discord then delivers all later events,
    /// so none is missing in the file and none counts twice. The time that members spent in voice meanwhile counts as observed.
    /// It returns `None` if no session was recorded, if the session had other intents, or if the bot is unknown. Then identify.
    /// Identify too if Discord refuses to resume. You may also identify although there is a session.
    ///
    /// A file can have several recorders, in different processes. Each shard belongs to the recorder that claimed it last, or
    /// began its last session. The others drop the events that they receive for the shard, and for shards of another shard
    /// count, as soon as they notice. [`holds_shard`](Self::holds_shard) says whether a recorder still has the shard. Blocks;
    /// in an async program see `claim_shard_async`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::OtherBot`]: this recorder has shards of another bot. Give each bot a process of its own.
    /// * [`ErrorKind::Closed`]: the recorder was shut down.
    /// * The reason why the file cannot be written, such as [`ErrorKind::Busy`] and [`ErrorKind::DiskFull`].
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::{Frame, ShardClaim, Store};
    ///
    /// let store = Store::builder().open_in_memory()?;
    /// let recorder = store.recorder()?;
    /// let (bot_id, intents) = (80.try_into()?, 1);
    /// let claim = ShardClaim::new(0, 1, intents).of_bot(bot_id);
    /// assert_eq!(recorder.claim_shard(claim)?, None);
    ///
    /// // READY is the first frame. Frames without events count, too.
    /// let frame = Frame::new().of_bot(bot_id).of_shard(0, 1);
    /// let ready = frame.clone().in_session("session", 1).begins_session(intents, "wss://gateway.discord.gg");
    /// recorder.record_frame(ready, vec![])?;
    /// recorder.record_frame(frame.in_session("session", 2), vec![])?;
    ///
    /// let stored = recorder.claim_shard(claim)?.ok_or("no session")?;
    /// assert_eq!((stored.session_id.as_str(), stored.sequence), ("session", 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn claim_shard(&self, claim: ShardClaim) -> Result<Option<StoredSession>, Error> {
        self.ask(|reply| Request::Claim(claim, reply))
    }

    /// Returns `false` once another recorder has taken over the shard. Before the first claim or session it is `true`.
    ///
    /// Everything recorded before the call is in the file when it returns. Blocks; in an async program see `holds_shard_async`.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Closed`]: the recorder was shut down.
    /// * The reason why the file cannot be written or read.
    pub fn holds_shard(&self, shard_id: u32, shard_count: u32) -> Result<bool, Error> {
        self.ask(|reply| Request::Holds((shard_id, shard_count), reply))
    }

    /// Sends the writer a request, and blocks until it answers.
    fn ask<T: Send + 'static>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, Error> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.handle.queue.ask(request(Box::new(move |result| drop(sender.send(result)))))?;
        receiver.recv().map_err(|_| stopped())?.map_err(|error| shared(&error))
    }

    /// Returns whether the queue has room for another event.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.handle.queue.has_room()
    }

    /// Returns the time of the store's clock, which adapters give to events that have no time of their own.
    ///
    /// It continues steadily while the system's clock stands still or is set back a little, so that events stay in order.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.handle.time.now()
    }

    /// Checks an event, and refuses it if the file cannot hold it.
    fn checked(&self, event: impl Into<Event>) -> Result<[Event; 1], Error> {
        let event = [event.into()];
        let [only] = &event;
        match check(only) {
            Ok(()) => Ok(event),
            Err(error) => {
                self.handle.queue.refuse_invalid(&event);
                Err(error)
            }
        }
    }

    /// Returns the events that the file can hold, and the first error. The others are refused.
    fn all_checked(&self, events: Vec<Event>) -> (Vec<Event>, Result<(), Error>) {
        let (valid, invalid): (Vec<Event>, Vec<Event>) = events.into_iter().partition(|event| event.check().is_ok());
        let Some(first) = invalid.first() else { return (valid, Ok(())) };
        let error = check(first);
        self.handle.queue.refuse_invalid(&invalid);
        (valid, error)
    }

    /// Waits until everything recorded before is in the file. A crash of the program cannot lose it. `Durability` of
    /// `mocha-store` decides whether a power loss can. Blocks; in an async program see `flush_async`.
    ///
    /// # Errors
    ///
    /// The reason why the file cannot be written, such as [`ErrorKind::DiskFull`], [`ErrorKind::Busy`] or
    /// [`ErrorKind::Replaced`]. The events stay in the queue and are tried again. Events that an earlier flush confirmed are
    /// not affected. [`ErrorKind::Closed`] after a shutdown.
    pub fn flush(&self) -> Result<(), Error> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.handle.queue.wait(Box::new(move |result| drop(sender.send(result))))?;
        receiver.recv().map_err(|_| stopped())?.map_err(|error| shared(&error))
    }

    /// Writes what was recorded before, notes that the program stopped cleanly, and ends the thread. Later events are refused.
    /// Voice sessions stay open, and the next start continues them. Blocks; in an async program see `shutdown_async`.
    ///
    /// # Errors
    ///
    /// The reason why the file could not be written. It was tried for about as long as the busy timeout. The events that are
    /// not in the file are lost, and counted as `dropped`.
    pub fn shutdown(&self) -> Result<(), Error> {
        self.handle.stop()
    }

    /// Ends the thread as a crash of the program would. Events that are not in the file are lost, and counted as `dropped`. The
    /// next start knows members in voice up to their last confirmation. Use it to test how a bot recovers from a crash.
    pub fn abort(&self) {
        self.handle.queue.abort();
        // The thread writes nothing more, so it has no error to report.
        drop(self.handle.stop());
    }

    /// Returns the recorder's counts so far.
    #[must_use]
    pub fn stats(&self) -> RecorderStats {
        self.handle.counters.snapshot()
    }
}

fn check(event: &Event) -> Result<(), Error> {
    event.check().map_err(|invalid| {
        let context = format!("an event's `{}` {}", invalid.field, invalid.reason);
        Error::new(ErrorKind::InvalidEvent { field: invalid.field }, context)
    })
}

/// Returns the writer's error for another waiter.
fn shared(error: &Arc<Error>) -> Error {
    Error::with_source(error.kind().clone(), error.to_string(), Arc::clone(error))
}

fn stopped() -> Error {
    Error::new(ErrorKind::Closed, "the recorder's thread stopped")
}
