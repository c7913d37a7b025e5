//! The adapter, which records the events of shards.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Utc};
use mocha_adapter::{Context, Intents, ResourceType, Shard};
use mocha_recorder::{
    Error, Frame, Recorder, ShardClaim,
    event::{ShardChanged, ShardStatus},
};
use mocha_schema::UserId;
use serenity::model::{event::Event, gateway::GatewayIntents, id::UserId as SerenityUserId};

use crate::{convert, translate::translate};

/// Records the events of serenity's shards.
///
/// [`client`](Self::client) builds a client that gives every event to the adapter. Clones share one recorder.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// The bot's id, or 0 while it is unknown.
    current_user: Arc<AtomicU64>,
    intents: GatewayIntents,
    recorder: Recorder,
    resources: ResourceType,
    shard: Option<Shard>,
}

impl Adapter {
    /// Creates an adapter that records everything except presences and roles. Pass the intents that the client starts
    /// with.
    ///
    /// Without [`GatewayIntents::MESSAGE_CONTENT`] Discord sends most messages without their content. Their characters, words,
    /// attachments and embeds are then recorded as unknown, not as zero.
    #[must_use]
    pub fn new(recorder: Recorder, intents: GatewayIntents) -> Self {
        Self::builder(recorder, intents).build()
    }

    /// Returns a builder, for other settings than those of [`new`](Self::new).
    ///
    /// ```
    /// use mocha_serenity::{Adapter, ResourceType};
    /// use mocha_store::Store;
    /// use serenity::model::gateway::GatewayIntents as Intents;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = Store::builder().open_in_memory()?;
    /// let adapter = Adapter::builder(store.recorder()?, Intents::GUILDS | Intents::GUILD_PRESENCES)
    ///     .resources(ResourceType::all())
    ///     .build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(recorder: Recorder, intents: GatewayIntents) -> AdapterBuilder {
        AdapterBuilder { current_user: None, intents, recorder, resources: ResourceType::default(), shard: None }
    }

    /// Returns the adapter for the events of one shard.
    ///
    /// You need it only if you call [`update`](Self::update) yourself and the bot has several shards.
    #[must_use]
    pub fn for_shard(&self, shard: Shard) -> Self {
        Self { shard: Some(shard), ..self.clone() }
    }

    /// Returns the recorder that the adapter gives events to.
    #[must_use]
    pub const fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Records an event that arrives now, without waiting.
    ///
    /// You need it only if you run serenity's shards yourself. [`client`](Self::client) calls it for each event. Pass the
    /// events of one shard in the order in which they arrived: not from an event handler, because serenity runs these on tasks
    /// of their own. Events that Mocha does not use are ignored, and so are messages and voice calls outside of guilds.
    ///
    /// A message has the time that Discord gives it. Every other event has the time of the call, by the store's clock,
    /// which never goes back while the program runs.
    ///
    /// # Errors
    ///
    /// The adapter stays usable after an error. See [`Recorder::record_all`].
    ///
    /// * [`QueueFull`](mocha_recorder::ErrorKind::QueueFull): the file cannot keep up. Nothing of the event is recorded.
    /// * [`Closed`](mocha_recorder::ErrorKind::Closed): the recorder was shut down. Nothing of the event is recorded.
    /// * [`InvalidEvent`](mocha_recorder::ErrorKind::InvalidEvent): a part of the event does not fit into the file. The rest
    ///   of the event is recorded. For events about voice see [`Recorder::record`].
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_serenity::Adapter;
    /// use mocha_store::Store;
    /// use serenity::model::{event::Event, gateway::GatewayIntents};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = Store::builder().open_in_memory()?;
    /// let recorder = store.recorder()?;
    /// let adapter = Adapter::new(recorder.clone(), GatewayIntents::GUILDS);
    ///
    /// let event = r#"{ "t": "GUILD_DELETE", "d": { "id": "81384788765712384", "unavailable": true } }"#;
    /// let event: Event = serde_json::from_str(event)?;
    /// adapter.update(&event)?;
    /// recorder.flush()?;
    /// assert_eq!(recorder.stats().written, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(&self, event: &Event) -> Result<(), Error> {
        self.update_at(event, self.recorder.now())
    }

    /// Records an event that arrived at another time than now, without waiting.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`update`](Self::update).
    pub fn update_at(&self, event: &Event, at: DateTime<Utc>) -> Result<(), Error> {
        match self.translate(event, at) {
            events if events.is_empty() => Ok(()),
            events => self.recorder.record_frame(self.frame(), events),
        }
    }

    /// Returns what the adapter records for an event that arrives at this time, in order, without recording it.
    #[must_use]
    pub fn translate(&self, event: &Event, at: DateTime<Utc>) -> Vec<mocha_recorder::Event> {
        if let Event::Ready(event) = event {
            self.set_current_user(convert::id(event.ready.user.id));
        }
        translate(event, self.context(at))
    }

    /// Records that the shard's connection was lost. The call does nothing if the adapter does not know its shard.
    ///
    /// You need it only if you run serenity's shards yourself.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`update`](Self::update).
    pub fn lost(&self) -> Result<(), Error> {
        self.connection(ShardStatus::Lost, self.recorder.now())
    }

    /// Records a state of the shard's connection at a time.
    pub(crate) fn connection(&self, status: ShardStatus, at: DateTime<Utc>) -> Result<(), Error> {
        let Some(Shard { count, id }) = self.shard else { return Ok(()) };
        let changed = ShardChanged { at, shard_count: count, shard_id: id, status };
        self.recorder.record_frame(self.frame(), vec![changed.into()])
    }

    /// Takes the shard over from another recorder of the same database, which then drops the shard's events.
    ///
    /// serenity begins a new session always, so no session is left to resume.
    pub(crate) async fn claim(&self) -> Result<(), Error> {
        /// No session has these intents.
        const NONE: u64 = u64::MAX;
        let Some(Shard { count, id }) = self.shard else { return Ok(()) };
        let claim = ShardClaim::new(id, count, NONE);
        let claim = self.current_user().map_or(claim, |bot_id| claim.of_bot(bot_id));
        self.recorder.claim_shard_async(claim).await.map(|_| ())
    }

    /// Returns `false` once another recorder has taken over the shard.
    pub(crate) async fn holds(&self) -> Result<bool, Error> {
        let Some(Shard { count, id }) = self.shard else { return Ok(true) };
        self.recorder.holds_shard_async(id, count).await
    }

    /// Returns the adapter with other intents.
    pub(crate) fn with_intents(&self, intents: GatewayIntents) -> Self {
        Self { intents, ..self.clone() }
    }

    pub(crate) fn set_current_user(&self, user_id: UserId) {
        self.current_user.store(user_id.get(), Ordering::Relaxed);
    }

    fn current_user(&self) -> Option<UserId> {
        UserId::try_from(self.current_user.load(Ordering::Relaxed)).ok()
    }

    fn frame(&self) -> Frame {
        let frame = self.current_user().map_or_else(Frame::new, |bot_id| Frame::new().of_bot(bot_id));
        self.shard.map_or(frame.clone(), |shard| frame.of_shard(shard.id, shard.count))
    }

    fn context(&self, at: DateTime<Utc>) -> Context {
        Context {
            at,
            current_user: self.current_user(),
            intents: Intents::from_bits_truncate(self.intents.bits()),
            resources: self.resources,
            shard: self.shard,
        }
    }
}

/// Builds an [`Adapter`]. Created by [`Adapter::builder`].
#[derive(Clone, Debug)]
#[must_use = "it does nothing until `build` is called"]
pub struct AdapterBuilder {
    current_user: Option<SerenityUserId>,
    intents: GatewayIntents,
    recorder: Recorder,
    resources: ResourceType,
    shard: Option<Shard>,
}

impl AdapterBuilder {
    /// Sets the bot's own user. Default: the user in `READY`.
    ///
    /// Without [`GatewayIntents::MESSAGE_CONTENT`] Discord sends the content only of the bot's own messages and of messages
    /// that mention the bot. The adapter recognizes them by this user.
    pub const fn current_user(mut self, user: SerenityUserId) -> Self {
        self.current_user = Some(user);
        self
    }

    /// Sets what is recorded. Default: everything except [`ResourceType::CONVERSATION`],
    /// [`ResourceType::INVITE`], [`ResourceType::PRESENCE`], [`ResourceType::REACTION`] and [`ResourceType::ROLE`].
    pub const fn resources(mut self, resources: ResourceType) -> Self {
        self.resources = resources;
        self
    }

    /// Sets the shard whose events the adapter receives. [`Adapter::client`] does it itself.
    pub const fn shard(mut self, shard: Shard) -> Self {
        self.shard = Some(shard);
        self
    }

    /// Builds the adapter.
    #[must_use]
    pub fn build(self) -> Adapter {
        let Self { current_user, intents, recorder, resources, shard } = self;
        let current_user = Arc::new(AtomicU64::new(current_user.map_or(0, SerenityUserId::get)));
        Adapter { current_user, intents, recorder, resources, shard }
    }
}
