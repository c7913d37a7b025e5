//! The adapter, which records the events of shards.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Utc};
use mocha_recorder::{Error, Frame, Recorder};
use mocha_schema::UserId;
use twilight_model::{
    gateway::{
        Intents, ShardId,
        event::{Event, EventType},
    },
    id::Id,
};

use crate::{
    AdapterBuilder, Delivery, ResourceType,
    translate::{Context, EVENT_TYPES, translate},
};

/// Records the events of twilight's shards.
///
/// Clones share one recorder. If the bot has several shards, give the task of each shard the adapter that
/// [`for_shard`](Self::for_shard) returns.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// The bot's id, or 0 while it is unknown.
    current_user: Arc<AtomicU64>,
    intents: Intents,
    recorder: Recorder,
    resources: ResourceType,
    shard: Option<ShardId>,
}

impl Adapter {
    /// The types of the events that the adapter reads. Request them from the shards.
    ///
    /// With twilight-gateway: `Adapter::EVENT_TYPES.iter().copied().map(EventTypeFlags::from).collect()`. You may pass
    /// events of other types to [`update`](Self::update) too. The adapter ignores them.
    ///
    /// ```
    /// use mocha_twilight::Adapter;
    /// use twilight_model::gateway::event::EventType;
    ///
    /// assert!(Adapter::EVENT_TYPES.contains(&EventType::MessageCreate));
    /// assert!(!Adapter::EVENT_TYPES.contains(&EventType::TypingStart));
    /// ```
    pub const EVENT_TYPES: &[EventType] = &EVENT_TYPES;

    /// Creates an adapter that records everything except presences and roles. Pass the intents that the shards start
    /// with.
    ///
    /// Without [`Intents::MESSAGE_CONTENT`] Discord sends most messages without their content. Their characters, words,
    /// attachments and embeds are then recorded as unknown, not as zero.
    #[must_use]
    pub fn new(recorder: Recorder, intents: Intents) -> Self {
        Self::builder(recorder, intents).build()
    }

    /// Returns a builder, for other settings than those of [`new`](Self::new).
    ///
    /// ```
    /// use mocha_store::Store;
    /// use mocha_twilight::{Adapter, ResourceType};
    /// use twilight_model::gateway::Intents;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = Store::builder().open_in_memory()?;
    /// let adapter = Adapter::builder(store.recorder()?, Intents::GUILDS | Intents::GUILD_PRESENCES)
    ///     .resources(ResourceType::all())
    ///     .build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(recorder: Recorder, intents: Intents) -> AdapterBuilder {
        AdapterBuilder { current_user: None, intents, recorder, resources: ResourceType::default(), shard: None }
    }

    pub(crate) fn from_builder(builder: AdapterBuilder) -> Self {
        let AdapterBuilder { current_user, intents, recorder, resources, shard } = builder;
        let current_user = Arc::new(AtomicU64::new(current_user.map_or(0, Id::get)));
        Self { current_user, intents, recorder, resources, shard }
    }

    /// Returns the adapter for the events of one shard.
    #[must_use]
    pub fn for_shard(&self, shard: ShardId) -> Self {
        Self { shard: Some(shard), ..self.clone() }
    }

    /// Returns the recorder that the adapter gives events to.
    #[must_use]
    pub const fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Records that the shard's connection was lost when no event reports it.
    ///
    /// twilight reports no event when Discord ends a connection without a close frame. It only connects again. Without
    /// this call members in voice count as present until the next connection, or until the last heartbeat
    /// acknowledgement if the adapter receives these. The call does nothing if the adapter does not know its shard.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`update`](Self::update).
    pub fn lost(&self) -> Result<(), Error> {
        self.delivery(&Event::GatewayClose(None)).record()
    }

    /// Prepares to record an event with its place in the gateway session or with a time of your own.
    ///
    /// ```
    /// use mocha_store::Store;
    /// use mocha_twilight::Adapter;
    /// use twilight_model::gateway::{Intents, ShardId, event::Event, payload::incoming::GuildDelete};
    /// use twilight_model::id::Id;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = Store::builder().open_in_memory()?;
    /// let recorder = store.recorder()?;
    /// let adapter = Adapter::builder(recorder.clone(), Intents::GUILDS).shard(ShardId::ONE).build();
    ///
    /// // In a bot: `let session = shard.session()` after `shard.next_event(..)`, then `session.id()` and `session.sequence()`.
    /// let event = Event::GuildDelete(GuildDelete { id: Id::new(1), unavailable: None });
    /// adapter.delivery(&event).in_session("session", 7).record()?;
    /// // After a reconnect Discord delivers some events again. The second delivery changes nothing.
    /// adapter.delivery(&event).in_session("session", 7).record()?;
    /// recorder.flush()?;
    /// assert_eq!((recorder.stats().written, recorder.stats().duplicate), (1, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub const fn delivery<'a>(&'a self, event: &'a Event) -> Delivery<'a> {
        Delivery::new(self, event)
    }

    /// Records an event that arrives now, without waiting. Meant for live bots.
    ///
    /// A call takes a few microseconds, and for a `GUILD_CREATE` a few for each member. It does not wait for the file.
    /// Pass the events of one shard in the order in which they arrived. Events that Mocha does not use are ignored, and
    /// so are messages and voice calls outside of guilds.
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
    /// See the [crate's documentation](crate).
    pub fn update(&self, event: &Event) -> Result<(), Error> {
        self.delivery(event).record()
    }

    /// Records an event that arrives now, and blocks until there is room in the recorder's queue.
    ///
    /// Meant for programs that produce events faster than a gateway does, such as simulations. In a live bot use
    /// [`update`](Self::update): a gateway loop that waits does not answer Discord.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Recorder::record_all_blocking`].
    pub fn update_blocking(&self, event: &Event) -> Result<(), Error> {
        self.delivery(event).record_blocking()
    }

    /// Records an event that arrived at another time than now, without waiting.
    ///
    /// For a replay of recorded traffic or an import use [`update_at_blocking`](Self::update_at_blocking). It never
    /// refuses an event because the file is slow.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`update`](Self::update).
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::DateTime;
    /// use mocha_store::Store;
    /// use mocha_twilight::Adapter;
    /// use twilight_model::gateway::{Intents, event::Event, payload::incoming::GuildDelete};
    /// use twilight_model::id::Id;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = Store::builder().open_in_memory()?;
    /// let adapter = Adapter::new(store.recorder()?, Intents::GUILDS);
    ///
    /// let event = Event::GuildDelete(GuildDelete { id: Id::new(1), unavailable: None });
    /// let arrival = DateTime::from_timestamp(1_519_862_400, 0).ok_or("no such time")?;
    /// adapter.update_at(&event, arrival)?;
    ///
    /// let before_1970 = DateTime::from_timestamp(-1, 0).ok_or("no such time")?;
    /// assert!(adapter.update_at(&event, before_1970).is_err_and(|error| error.is_invalid_input()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn update_at(&self, event: &Event, at: DateTime<Utc>) -> Result<(), Error> {
        self.delivery(event).at(at).record()
    }

    /// Records an event that arrived at another time than now, and blocks until there is room in the recorder's queue.
    ///
    /// Meant for imports and replays of recorded traffic.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Recorder::record_all_blocking`].
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_store::{Clock, Store};
    /// use mocha_twilight::Adapter;
    /// use twilight_model::gateway::{Intents, event::Event, payload::incoming::GuildDelete};
    /// use twilight_model::id::Id;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // In a replay the events set the clock.
    /// let store = Store::builder().clock(Clock::Events).open_in_memory()?;
    /// let recorder = store.recorder()?;
    /// let adapter = Adapter::new(recorder.clone(), Intents::GUILDS);
    ///
    /// let mut arrival = DateTime::from_timestamp(1_519_862_400, 0).ok_or("no such time")?;
    /// for number in 1..=100 {
    ///     let event = Event::GuildDelete(GuildDelete { id: Id::new(number), unavailable: None });
    ///     adapter.update_at_blocking(&event, arrival)?;
    ///     arrival += TimeDelta::seconds(1);
    /// }
    /// recorder.flush()?;
    /// assert_eq!(recorder.stats().written, 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn update_at_blocking(&self, event: &Event, at: DateTime<Utc>) -> Result<(), Error> {
        self.delivery(event).at(at).record_blocking()
    }

    /// Records like [`update_blocking`](Self::update_blocking), and waits for room without blocking a thread.
    ///
    /// If you drop the future while it waits, the event is refused, as by [`update`](Self::update) when the queue is full.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Recorder::record_all_async`].
    #[cfg(feature = "tokio")]
    pub async fn update_async(&self, event: &Event) -> Result<(), Error> {
        self.delivery(event).record_async().await
    }

    /// Records like [`update_at_blocking`](Self::update_at_blocking), and waits for room without blocking a thread.
    ///
    /// If you drop the future while it waits, the event is refused, as by [`update`](Self::update) when the queue is full.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Recorder::record_all_async`].
    #[cfg(feature = "tokio")]
    pub async fn update_at_async(&self, event: &Event, at: DateTime<Utc>) -> Result<(), Error> {
        self.delivery(event).at(at).record_async().await
    }

    /// Returns what the adapter records for an event that arrives at this time, in order, without recording it.
    ///
    /// ```
    /// use chrono::DateTime;
    /// use mocha_store::{Event as Recorded, Store};
    /// use mocha_twilight::Adapter;
    /// use twilight_model::gateway::{Intents, event::Event, payload::incoming::GuildDelete};
    /// use twilight_model::id::Id;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let adapter = Adapter::new(Store::builder().open_in_memory()?.recorder()?, Intents::GUILDS);
    /// let event = Event::GuildDelete(GuildDelete { id: Id::new(1), unavailable: Some(true) });
    /// let arrival = DateTime::from_timestamp(1_519_862_400, 0).ok_or("no such time")?;
    /// assert!(matches!(adapter.translate(&event, arrival).as_slice(), [Recorded::GuildOutage(_)]));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn translate(&self, event: &Event, at: DateTime<Utc>) -> Vec<mocha_recorder::Event> {
        if let Event::Ready(ready) = event {
            self.set_current_user(ready.user.id.into_nonzero().into());
        }
        translate(event, &self.context(at))
    }

    /// Returns what is known about the frame of an event.
    pub(crate) fn frame(&self) -> Frame {
        let frame = self.current_user().map_or_else(Frame::new, |bot_id| Frame::new().of_bot(bot_id));
        self.shard.map_or(frame.clone(), |shard| frame.of_shard(shard.number(), shard.total()))
    }

    pub(crate) const fn intents(&self) -> Intents {
        self.intents
    }

    /// Returns the bot's own user, if it is known.
    pub(crate) fn current_user(&self) -> Option<UserId> {
        UserId::try_from(self.current_user.load(Ordering::Relaxed)).ok()
    }

    pub(crate) fn set_current_user(&self, user_id: UserId) {
        self.current_user.store(user_id.get(), Ordering::Relaxed);
    }

    pub(crate) const fn shard(&self) -> Option<ShardId> {
        self.shard
    }

    fn context(&self, at: DateTime<Utc>) -> Context {
        Context {
            at,
            current_user: self.current_user(),
            intents: self.intents,
            resources: self.resources,
            shard: self.shard,
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use mocha_schema::schema::{channels, members, message_events, users, voice_intervals};
    use mocha_store::{Clock, Store};
    use serde_json::json;
    use twilight_model::gateway::payload::incoming::GuildDelete;

    use super::*;
    use crate::frames::{self, TestResult};

    #[test]
    fn an_adapter_can_be_shared_by_tasks() {
        fn shared<T: Clone + Send + Sync + 'static>() {}
        shared::<Adapter>();
    }

    fn store() -> Result<Store, Error> {
        Store::builder().clock(Clock::Events).open_in_memory()
    }

    #[test]
    fn the_adapter_learns_its_user_from_ready() -> TestResult {
        let store = store()?;
        let recorder = store.recorder()?;
        let adapter = Adapter::new(recorder.clone(), Intents::GUILDS | Intents::GUILD_MESSAGES);
        let configured = Adapter::builder(recorder.clone(), adapter.intents).current_user(Id::new(frames::BOT)).build();
        let message = |id: &str| frames::parse_changed("message_own", |frame| frame["d"]["id"] = id.into());
        adapter.update_at(&message("1")?, frames::arrival())?;
        configured.update_at(&message("2")?, frames::arrival())?;
        adapter.clone().update_at(&frames::parse("ready")?, frames::arrival())?;
        adapter.update_at(&message("3")?, frames::arrival())?;
        recorder.flush()?;
        let characters: Vec<Option<i32>> = store.read(|conn| {
            message_events::table.select(message_events::character_count).order(message_events::id).load(conn)
        })?;
        assert_eq!(characters, [None, Some(19), Some(19)]);
        Ok(())
    }

    #[test]
    fn an_event_has_the_given_time_or_the_time_of_the_call() -> TestResult {
        let store = store()?;
        let recorder = store.recorder()?;
        let adapter = Adapter::new(recorder.clone(), Intents::all());
        let before = Utc::now().timestamp_millis();
        adapter.update_at(&frames::parse("voice_join")?, frames::arrival())?;
        let other = frames::parse_changed("voice_leave", |frame| {
            frame["d"]["user_id"] = frames::BERT.to_string().into();
            frame["d"]["channel_id"] = frames::VOICE.to_string().into();
        })?;
        adapter.update(&other)?;
        recorder.flush()?;
        // A session has one interval for each day.
        let sessions: Vec<(UserId, i64)> = store.read(|conn| {
            voice_intervals::table
                .select((voice_intervals::user_id, voice_intervals::session_started_at_ms))
                .distinct()
                .order(voice_intervals::user_id)
                .load(conn)
        })?;
        let [(_, given), (_, now)] = sessions.as_slice() else { return Err(format!("{sessions:?}").into()) };
        assert_eq!(*given, frames::arrival().timestamp_millis());
        assert!((before..=Utc::now().timestamp_millis()).contains(now), "{now}");
        Ok(())
    }

    fn outages() -> impl Iterator<Item = (Event, DateTime<Utc>)> {
        let outage = |id| Event::GuildDelete(GuildDelete { id: Id::new(id), unavailable: Some(true) });
        (1..=200).map(move |id| (outage(id), frames::arrival()))
    }

    #[test]
    fn the_blocking_forms_wait_for_room_in_a_short_queue() -> TestResult {
        let store = Store::builder().clock(Clock::Events).queue_len(1).open_in_memory()?;
        let recorder = store.recorder()?;
        let adapter = Adapter::new(recorder.clone(), Intents::all());
        for (event, at) in outages() {
            adapter.update_blocking(&event)?;
            adapter.update_at_blocking(&event, at)?;
        }
        recorder.flush()?;
        assert_eq!((recorder.stats().refused, recorder.stats().queued), (0, 400));
        Ok(())
    }

    #[cfg(feature = "tokio")]
    #[tokio::test]
    async fn the_async_forms_wait_for_room_in_a_short_queue() -> TestResult {
        let store = Store::builder().clock(Clock::Events).queue_len(1).open_in_memory()?;
        let recorder = store.recorder()?;
        let adapter = Adapter::new(recorder.clone(), Intents::all());
        for (event, at) in outages() {
            adapter.update_async(&event).await?;
            adapter.update_at_async(&event, at).await?;
        }
        recorder.flush()?;
        assert_eq!((recorder.stats().refused, recorder.stats().queued), (0, 400));
        Ok(())
    }

    /// If the file cannot hold a name, only the name is cut. The join, the channel and the number of members are recorded.
    #[test]
    fn everything_but_an_odd_name_is_recorded() -> TestResult {
        let store = store()?;
        let recorder = store.recorder()?;
        let adapter = Adapter::new(recorder.clone(), Intents::all());
        let event = frames::parse_changed("guild_create", |frame| {
            let odd = json!("\0".to_owned() + &"x".repeat(5_000));
            frame["d"]["name"] = odd.clone();
            frame["d"]["channels"][0]["name"] = odd.clone();
            frame["d"]["members"][0]["nick"] = odd.clone();
            frame["d"]["members"][0]["user"]["username"] = odd;
        })?;
        adapter.update_at(&event, frames::arrival())?;
        recorder.flush()?;
        assert_eq!((recorder.stats().refused, recorder.stats().rejected), (0, 0));
        Ok(())
    }

    /// Discord sends up to 70,000 members in one event, and a bot cannot request a part of it again.
    #[test]
    fn a_guild_with_more_members_than_the_queue_has_room_is_recorded() -> TestResult {
        let store = Store::builder().clock(Clock::Events).queue_len(100).open_in_memory()?;
        let recorder = store.recorder()?;
        let adapter = Adapter::new(recorder.clone(), Intents::all());
        let event = frames::parse_changed("guild_create", |frame| {
            let first = frame["d"]["members"][0].clone();
            let members = (1..=1_000).map(|id| {
                let mut member = first.clone();
                member["user"]["id"] = id.to_string().into();
                member
            });
            frame["d"]["members"] = json!(members.collect::<Vec<_>>());
        })?;
        // The second event has no room until the first one is written.
        adapter.update_at(&event, frames::arrival())?;
        adapter.update_at_blocking(&event, frames::arrival())?;
        recorder.flush()?;
        assert_eq!(recorder.stats().refused, 0);
        let rows: (i64, i64, i64) = store.read(|conn| -> QueryResult<_> {
            let members = members::table.count().get_result(conn)?;
            Ok((members, users::table.count().get_result(conn)?, channels::table.count().get_result(conn)?))
        })?;
        // Anna is in voice but is not in the list of members.
        assert_eq!(rows, (1_000, 1_001, 4));
        Ok(())
    }

    /// A heartbeat acknowledgement arrives between two events, while the session has the sequence number of the first one.
    #[test]
    fn events_without_a_sequence_number_do_not_count_as_delivered_again() -> TestResult {
        let store = store()?;
        let recorder = store.recorder()?;
        let adapter = Adapter::builder(recorder.clone(), Intents::all()).shard(ShardId::ONE).build();
        let join = frames::parse("voice_join")?;
        adapter.delivery(&join).at(frames::arrival()).in_session("session", 1).record()?;
        adapter.delivery(&Event::GatewayHeartbeatAck).at(frames::arrival()).in_session("session", 1).record()?;
        recorder.flush()?;
        assert_eq!(recorder.stats().duplicate, 0);
        Ok(())
    }
}
