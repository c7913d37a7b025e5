//! Runs a bot's shards: records each event and hands it to the bot.

mod error;
mod session;
mod shard;
mod stop;

use std::{fmt, sync::Arc, time::Duration};

use mocha_recorder::Recorder;
use tokio::task::JoinSet;
use twilight_gateway::{
    CloseFrame, EventTypeFlags, MessageSender, Shard,
    queue::{InMemoryQueue, Queue},
};
use twilight_model::gateway::{ShardId, event::Event};

pub use self::{
    error::{RunnerError, RunnerErrorKind},
    stop::Stopper,
};
use crate::Adapter;

/// The default time that a stop may take.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the runner waits for the file after a second stop.
const HURRIED_SHUTDOWN: Duration = Duration::from_secs(1);

/// The way the shards begin.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Start {
    /// Each begins a new session: Discord sends READY and a `GUILD_CREATE` for each guild. Choose it if your bot fills a cache
    /// from these. The time that members spent in voice while the bot was down is then assumed.
    Identify,
    /// Each resumes the session that was recorded last, where the file stops. Discord sends the events since then, and neither
    /// READY nor any `GUILD_CREATE`. A shard without such a session begins a new one.
    #[default]
    Resume,
}

impl Start {
    /// The close frame for a stop. It tells Discord whether the session is resumed.
    const fn close_frame(self) -> CloseFrame<'static> {
        match self {
            Self::Identify => CloseFrame::NORMAL,
            Self::Resume => CloseFrame::RESUME,
        }
    }
}

/// An event of a shard, after it was given to the recorder.
#[derive(Debug)]
#[non_exhaustive]
pub struct ShardEvent {
    /// The event.
    pub event: Event,
    /// Sends commands over the same connection, such as a request for a guild's members.
    pub sender: MessageSender,
    /// The shard that received it.
    pub shard: ShardId,
}

/// Runs one or many shards until it is stopped: records every event and hands it to the bot.
///
/// The runner does what each bot would otherwise write around
/// [`Adapter::update`](crate::Adapter::update):
///
/// * It asks Discord for the events that Mocha reads and for those that the bot wants.
/// * It records the place of each event in the gateway session, so that nothing counts twice after a
///   reconnect.
/// * After a restart or a crash it resumes each shard's session where the file stops. Discord
///   delivers what happened meanwhile, so a deploy loses nothing, and members stay in voice. If
///   Discord no longer has all of it, a new session begins, and the log says so. See
///   [`start`](Self::start).
/// * It waits for a while if the recorder's queue is full, instead of losing an event. If the queue
///   stays full, the bot goes on without recording. Once there is room, the runner resumes from the
///   last recorded event.
/// * It ends with an error if another program takes over one of its shards in the same file. So the
///   new version of a bot can start while the old one still runs.
/// * It notices the end of a connection even if no event reports it. Members then do not count as
///   connected to voice while Mocha cannot receive changes.
/// * It stops on request, even while Discord is unreachable. It closes the connections, records what
///   still arrives, and shuts the recorder down. A second request ends it at once.
/// * It ends with an error if Discord closes a connection for good, for example because the token is
///   wrong or an intent is not allowed.
///
/// # Examples
///
/// ```no_run
/// use mocha_store::Store;
/// use mocha_twilight::{Adapter, Statistic, gateway::Runner};
/// use twilight_gateway::{EventTypeFlags, Shard, ShardId};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Store::open("data/stats.db")?;
/// let intents = Statistic::Messages.intents() | Statistic::Voice.intents();
/// let adapter = Adapter::new(store.recorder()?, intents);
/// let shard = Shard::new(ShardId::ONE, std::env::var("DISCORD_TOKEN")?, intents);
///
/// Runner::new(adapter, [shard])
///     .events(EventTypeFlags::INTERACTION_CREATE)
///     .stop_on_signals()
///     .run(|received| {
///         // Answer on a task of its own: the next event waits until this closure returns.
///         println!("shard {}: {:?}", received.shard, received.event.kind());
///     })
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "it does nothing until `run` is called"]
pub struct Runner<Q = InMemoryQueue> {
    adapter: Adapter,
    events: EventTypeFlags,
    shards: Vec<Shard<Q>>,
    signals: bool,
    start: Start,
    stop_timeout: Duration,
    stopper: Stopper,
}

impl<Q> fmt::Debug for Runner<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shards: Vec<ShardId> = self.shards.iter().map(Shard::id).collect();
        f.debug_struct("Runner").field("shards", &shards).finish_non_exhaustive()
    }
}

impl<Q: Queue + Clone + Send + Unpin + 'static> Runner<Q> {
    /// Creates a runner for these shards. Each records through its own clone of the adapter.
    pub fn new(adapter: Adapter, shards: impl IntoIterator<Item = Shard<Q>>) -> Self {
        let events = Adapter::EVENT_TYPES.iter().copied().map(EventTypeFlags::from).collect();
        Self {
            adapter,
            events,
            shards: shards.into_iter().collect(),
            signals: false,
            start: Start::default(),
            stop_timeout: STOP_TIMEOUT,
            stopper: Stopper::default(),
        }
    }

    /// Adds event types that the bot wants beside those that Mocha records. Default: none.
    pub fn events(mut self, events: EventTypeFlags) -> Self {
        self.events |= events;
        self
    }

    /// Sets how the shards begin. Default: [`Start::Resume`].
    ///
    /// Resuming needs the bot's user id. The runner takes it from the token, or else from
    /// [`AdapterBuilder::current_user`](crate::AdapterBuilder::current_user), or else from the file if that has
    /// the sessions of one bot only. A shard whose configuration has a session uses that one.
    pub const fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Stops the runner on Ctrl-C and on SIGTERM, which systemd and Docker send. A second signal ends
    /// the runner at once.
    pub const fn stop_on_signals(mut self) -> Self {
        self.signals = true;
        self
    }

    /// Sets how long the connections may take to close after a stop was requested. Default: 5 seconds.
    pub const fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout;
        self
    }

    /// Returns a handle that stops the runner from another task or thread.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Runs the shards until a stop is requested, and shuts the recorder down.
    ///
    /// The runner calls `on_event` for each event after the event was recorded, and once for each even
    /// if Discord delivers it again while the program runs. After a restart some events arrive late,
    /// and the last ones from before a crash may arrive again. The calls of one shard are in order, and those of different shards may run at the same time. Return soon, because the
    /// shard receives nothing meanwhile.
    ///
    /// After `Ok` everything that the shards received is in the file.
    ///
    /// # Errors
    ///
    /// * [`RunnerErrorKind::Fatal`]: Discord closed a connection with a code that makes reconnecting
    ///   useless. The runner stopped the other shards.
    /// * [`RunnerErrorKind::Panicked`]: `on_event` panicked. The runner stopped the other shards.
    /// * [`RunnerErrorKind::Recorder`]: the recorder could not write everything before it stopped.
    /// * [`RunnerErrorKind::TakenOver`]: another program has taken over a shard. The runner stopped the
    ///   other shards.
    /// * [`RunnerErrorKind::Claim`]: the recorder was shut down, or has the shards of another bot.
    /// * [`RunnerErrorKind::Hurried`]: a second stop ended the runner before the file was written.
    pub async fn run(self, on_event: impl Fn(ShardEvent) + Send + Sync + 'static) -> Result<(), RunnerError> {
        let Self { adapter, events, shards, signals, start, stop_timeout, stopper } = self;
        let recorder = adapter.recorder().clone();
        let on_event = Arc::new(on_event);
        let mut running = JoinSet::new();
        for shard in shards {
            let adapter = adapter.for_shard(shard.id());
            let (stopper, on_event) = (stopper.clone(), Arc::clone(&on_event));
            running.spawn(async move {
                shard::Run::new(shard, adapter, events, start, stop_timeout, stopper).run(&*on_event).await
            });
        }
        let listening = signals.then(|| tokio::spawn(stop::on_signals(stopper.clone())));
        let mut outcome = Ok(());
        while let Some(ended) = running.join_next().await {
            let ended = ended.unwrap_or_else(|error| Err(RunnerError::panicked(error)));
            if outcome.is_ok() && ended.is_err() {
                stopper.stop();
                outcome = ended;
            }
        }
        let written = shut_down(&recorder, &stopper).await;
        if let Some(listening) = listening {
            listening.abort();
        }
        outcome.and(written)
    }
}

/// Shuts the recorder down. After a second stop it waits at most [`HURRIED_SHUTDOWN`].
async fn shut_down(recorder: &Recorder, stopper: &Stopper) -> Result<(), RunnerError> {
    let hurried = async {
        stopper.hurried().await;
        tokio::time::sleep(HURRIED_SHUTDOWN).await;
    };
    tokio::select! {
        written = recorder.shutdown_async() => written.map_err(RunnerError::recorder),
        () = hurried => Err(RunnerError::hurried()),
    }
}
