//! The hooks that serenity calls in the order of the gateway.
//!
//! serenity 0.12 starts a task for each event and handler (`dispatch_model`), so handlers have no order. Two hooks run in the
//! loop of the shard itself, before the next frame is read: the voice manager, and the callbacks of collectors. serenity
//! awaits the voice manager's `register_shard` when it receives `READY`, before it calls the collectors for `READY`. So a
//! collector that `register_shard` adds receives `READY` and everything after it, in order.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use mocha_adapter::Shard;
use mocha_recorder::{Error, ErrorKind};
use serenity::{
    Client,
    client::ClientBuilder,
    gateway::{CollectorCallback, ShardMessenger, ShardRunnerInfo, ShardRunnerMessage, VoiceGatewayManager},
    model::{
        event::Event,
        id::{GuildId, ShardId, UserId},
        voice::VoiceState,
    },
};
use tokio::time::Instant;

use crate::{Adapter, convert, heartbeat};

/// serenity's map of the shards that run.
pub(crate) type Runners = Arc<tokio::sync::Mutex<HashMap<ShardId, ShardRunnerInfo>>>;

/// serenity's channel to a shard.
type Sender = serenity::futures::channel::mpsc::UnboundedSender<ShardRunnerMessage>;

/// How long `register_shard` waits for the shard to be in serenity's map. It is added while the shard connects.
const MAP_TIMEOUT: Duration = Duration::from_secs(10);

impl Adapter {
    /// Builds serenity's client so that every event is recorded, in the order in which Discord sends the events.
    ///
    /// Configure the builder first: with event handlers, with a framework such as poise's, with songbird. The adapter takes the
    /// intents of the builder. It works for any number of shards.
    ///
    /// Each event is recorded before serenity starts a handler for it, without waiting. If an event cannot be recorded, the
    /// adapter logs a warning through `tracing`, and [`RecorderStats`](mocha_recorder::RecorderStats) counts it.
    ///
    /// Each shard belongs to the program that started it last. If another program records it into the same database, such as
    /// the next version of the bot, this program's events of the shard are dropped, and within a minute the client shuts down:
    /// [`Client::start`] returns, as after a stop. The recorder of one program records one bot. Events of a second bot are not
    /// recorded, and the adapter logs an error.
    ///
    /// The client does not shut the recorder down. Call [`Recorder::shutdown`](mocha_recorder::Recorder::shutdown) after
    /// [`Client::start`] returns.
    ///
    /// # Errors
    ///
    /// Returns the errors of the builder.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, as serenity does.
    ///
    /// # Examples
    ///
    /// See the [crate's documentation](crate).
    pub async fn client(&self, builder: ClientBuilder) -> Result<Client, serenity::Error> {
        let follower = Arc::new(Follower {
            adapter: self.with_intents(builder.get_intents()),
            claimed: Mutex::default(),
            inner: builder.get_voice_manager(),
            runners: OnceLock::new(),
            shard_count: OnceLock::new(),
            shards: Mutex::default(),
        });
        let hooks: Arc<Follower> = Arc::clone(&follower);
        let client = builder.voice_manager_arc(hooks).await?;
        follower.runners.get_or_init(|| Arc::clone(&client.shard_manager.runners));
        tokio::spawn(heartbeat::watch(Arc::downgrade(&client.shard_manager), Arc::downgrade(&follower)));
        Ok(client)
    }
}

/// Receives the events of all shards of a client.
pub(crate) struct Follower {
    adapter: Adapter,
    /// The shards that this program took over from others. It does so once: later another program may have them.
    claimed: Mutex<HashSet<u32>>,
    /// The voice manager that the bot configured.
    inner: Option<Arc<dyn VoiceGatewayManager>>,
    runners: OnceLock<Runners>,
    shard_count: OnceLock<u32>,
    shards: Mutex<HashMap<u32, Arc<Followed>>>,
}

/// A shard from its `READY` until serenity gives it up.
#[derive(Debug)]
pub(crate) struct Followed(Mutex<State>);

#[derive(Debug)]
struct State {
    adapter: Adapter,
    /// How many events the shard has received.
    events: u64,
    /// Whether serenity gives up the shard.
    is_over: bool,
    /// The time of the last voice state.
    voice_at: DateTime<Utc>,
}

impl Follower {
    /// Returns the shards that were not given up.
    pub(crate) fn shards(&self) -> Vec<(u32, Arc<Followed>)> {
        self.lock().iter().map(|(id, followed)| (*id, Arc::clone(followed))).collect()
    }

    /// Returns the time of the store's clock.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.adapter.recorder().now()
    }

    /// Makes serenity call the adapter for each event of the shard.
    async fn follow(&self, shard_id: u32) {
        let Some(messenger) = self.messenger(shard_id).await else {
            tracing::error!(shard_id, "serenity does not list the shard, so its events are not recorded");
            return;
        };
        let adapter =
            self.adapter.for_shard(Shard { count: self.shard_count.get().copied().unwrap_or(1), id: shard_id });
        if !self.claim(&adapter, shard_id).await {
            return;
        }
        let followed = Arc::new(Followed::new(adapter));
        let before = self.lock().insert(shard_id, Arc::clone(&followed));
        if let Some(before) = before {
            before.lock().is_over = true;
        }
        messenger.add_collector(CollectorCallback(Box::new(move |event| followed.receive(shard_id, event))));
    }

    /// Takes the shard over from other programs, before anything of its new session is recorded. Returns `false` if the
    /// recorder may not record it.
    async fn claim(&self, adapter: &Adapter, shard_id: u32) -> bool {
        if !self.claimed.lock().unwrap_or_else(PoisonError::into_inner).insert(shard_id) {
            return true;
        }
        match adapter.claim().await {
            Ok(()) => true,
            Err(error) if *error.kind() == ErrorKind::OtherBot => {
                tracing::error!(shard_id, %error, "the shard's events are not recorded");
                false
            }
            Err(error) => {
                tracing::warn!(shard_id, %error, "could not take the shard over");
                true
            }
        }
    }

    async fn messenger(&self, shard_id: u32) -> Option<ShardMessenger> {
        let runners = self.runners.get()?;
        let until = Instant::now() + MAP_TIMEOUT;
        while Instant::now() < until {
            if let Some(runner) = runners.lock().await.get(&ShardId(shard_id)) {
                return Some(runner.runner_tx.clone());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Arc<Followed>>> {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Followed {
    pub(crate) const fn new(adapter: Adapter) -> Self {
        Self(Mutex::new(State { adapter, events: 0, is_over: false, voice_at: DateTime::UNIX_EPOCH }))
    }

    /// Records an event. Returns `false` if the shard is over, so that serenity stops calling.
    pub(crate) fn receive(&self, shard_id: u32, event: &Event) -> bool {
        let mut state = self.lock();
        if state.is_over {
            return false;
        }
        state.events += 1;
        let mut at = state.adapter.recorder().now();
        if let Event::VoiceStateUpdate(_) = event {
            // Without a sequence number only the time distinguishes changes from those that are delivered again. After a
            // resume Discord delivers what was missed at once, so each gets a millisecond of its own.
            at = at.max(state.voice_at + TimeDelta::milliseconds(1));
            state.voice_at = at;
        }
        report(shard_id, state.adapter.update_at(event, at));
        true
    }

    pub(crate) fn adapter(&self) -> Adapter {
        self.lock().adapter.clone()
    }

    /// Returns how many events the shard has received.
    pub(crate) fn events(&self) -> u64 {
        self.lock().events
    }

    /// Records something about the connection, unless the shard is over or has received other events than these.
    pub(crate) fn record_after(&self, shard_id: u32, events: u64, record: impl FnOnce(&Adapter) -> Result<(), Error>) {
        let state = self.lock();
        if !state.is_over && state.events == events {
            report(shard_id, record(&state.adapter));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn report(shard_id: u32, recorded: Result<(), Error>) {
    if let Err(error) = recorded {
        tracing::warn!(shard_id, %error, "could not record an event");
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").field("adapter", &self.adapter).finish_non_exhaustive()
    }
}

#[serenity::async_trait]
impl VoiceGatewayManager for Follower {
    async fn initialise(&self, shard_count: u32, user_id: UserId) {
        self.shard_count.get_or_init(|| shard_count);
        self.adapter.set_current_user(convert::id(user_id));
        if let Some(inner) = &self.inner {
            inner.initialise(shard_count, user_id).await;
        }
    }

    async fn register_shard(&self, shard_id: u32, sender: Sender) {
        self.follow(shard_id).await;
        if let Some(inner) = &self.inner {
            inner.register_shard(shard_id, sender).await;
        }
    }

    async fn deregister_shard(&self, shard_id: u32) {
        let followed = self.lock().remove(&shard_id);
        if let Some(followed) = followed {
            let mut state = followed.lock();
            state.is_over = true;
            report(shard_id, state.adapter.lost());
        }
        if let Some(inner) = &self.inner {
            inner.deregister_shard(shard_id).await;
        }
    }

    async fn server_update(&self, guild_id: GuildId, endpoint: &Option<String>, token: &str) {
        if let Some(inner) = &self.inner {
            inner.server_update(guild_id, endpoint, token).await;
        }
    }

    async fn state_update(&self, guild_id: GuildId, voice_state: &VoiceState) {
        if let Some(inner) = &self.inner {
            inner.state_update(guild_id, voice_state).await;
        }
    }
}
