//! The adapter.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, Utc};
use mocha_schema::UserId;
use mocha_store::{Error, Frame, Recorder};
use twilight_model::{
    gateway::{
        Intents, ShardId,
        event::{Event, EventType},
    },
    id::{Id, marker::UserMarker},
};

use crate::{
    Delivery, ResourceType,
    translate::{Context, EVENT_TYPES, translate},
};

/// Takes the events of twilight's shards and records what Mocha keeps of them.
///
/// A clone is the same adapter: give one to each shard's task.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// The bot's id; 0 while it is not known.
    current_user: Arc<AtomicU64>,
    intents: Intents,
    recorder: Recorder,
    resources: ResourceType,
    shard: Option<ShardId>,
}

impl Adapter {
    /// The events that the adapter reads, to ask the shards for.
    ///
    /// With twilight-gateway: `Adapter::EVENT_TYPES.iter().copied().map(EventTypeFlags::from).collect()`. Others may be
    /// given to [`update`](Self::update) too; they are passed over.
    ///
    /// ```
    /// use mocha_twilight::Adapter;
    /// use twilight_model::gateway::event::EventType;
    ///
    /// assert!(Adapter::EVENT_TYPES.contains(&EventType::MessageCreate));
    /// assert!(!Adapter::EVENT_TYPES.contains(&EventType::TypingStart));
    /// ```
    pub const EVENT_TYPES: &[EventType] = &EVENT_TYPES;

    /// An adapter that records everything but presences; `intents` are those that the shards are started with.
    ///
    /// Without [`Intents::MESSAGE_CONTENT`] Discord sends most messages empty: their characters, words, attachments and
    /// embeds are recorded as unknown then, not as zero.
    #[must_use]
    pub fn new(recorder: Recorder, intents: Intents) -> Self {
        Self::builder(recorder, intents).build()
    }

    /// An adapter with other settings than [`new`](Self::new) has.
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

    /// The same adapter for the events of one connection of several: give each shard's task its own.
    #[must_use]
    pub fn for_shard(&self, shard: ShardId) -> Self {
        Self { shard: Some(shard), ..self.clone() }
    }

    /// Returns the recorder that the adapter gives events to.
    #[must_use]
    pub const fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Records that the connection of the adapter's shard was lost, for ends that no event reports.
    ///
    /// twilight reports no event when the other side ends a connection without a close frame: it goes on to connect
    /// again. Without this call members in voice count as present until the next connection, or, if the adapter is
    /// given heartbeat acknowledgements, until the last of them. Does nothing if the adapter does not know its shard.
    ///
    /// # Errors
    ///
    /// What [`update`](Self::update) returns.
    pub fn lost(&self) -> Result<(), Error> {
        self.delivery(&Event::GatewayClose(None)).record()
    }

    /// Prepares to record an event with more than [`update`](Self::update) is given: its place in the gateway session, or
    /// another time.
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
    /// // After a reconnect Discord delivers some events again: they change nothing.
    /// adapter.delivery(&event).in_session("session", 7).record()?;
    /// recorder.flush()?;
    /// assert_eq!((recorder.stats().written, recorder.stats().duplicate), (1, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub const fn delivery<'a>(&'a self, event: &'a Event) -> Delivery<'a> {
        Delivery::new(self, event)
    }

    /// Records what an event says, as of now and without waiting. Meant for live bots.
    ///
    /// It does not wait for the file: it costs a few microseconds, and for a `GUILD_CREATE` as much again
    /// for each of the guild's members. Events that Mocha does not keep are passed over, as are messages and voice calls
    /// outside of guilds. Messages are of the time that Discord gives them, all else of the time it is given to the
    /// adapter, by the store's clock, which does not step back while the program runs.
    ///
    /// The events of one shard are to be given in the order in which they came.
    ///
    /// # Errors
    ///
    /// What [`Recorder::record_all`] says, and the adapter goes on with the next:
    /// [`QueueFull`](mocha_store::ErrorKind::QueueFull) if the file cannot keep up and
    /// [`Closed`](mocha_store::ErrorKind::Closed) after a shutdown: nothing of the event is recorded;
    /// [`InvalidEvent`](mocha_store::ErrorKind::InvalidEvent) if the event has something that the file cannot hold: all else
    /// of the event is recorded. If it was an event about voice, see [`Recorder::record`] for what follows.
    ///
    /// # Examples
    ///
    /// See the [crate's documentation](crate).
    pub fn update(&self, event: &Event) -> Result<(), Error> {
        self.delivery(event).record()
    }

    /// Records what an event says, as of now, and blocks until there is room in the recorder's queue.
    ///
    /// Meant for programs that produce events faster than a gateway does, such as simulations. A live bot uses
    /// [`update`](Self::update), for while its gateway loop waits it does not answer Discord.
    ///
    /// # Errors
    ///
    /// What [`Recorder::record_all_blocking`] says.
    pub fn update_blocking(&self, event: &Event) -> Result<(), Error> {
        self.delivery(event).record_blocking()
    }

    /// Records what an event says that arrived at another time than now, without waiting.
    ///
    /// For a replay of recorded traffic or an import use [`update_at_blocking`](Self::update_at_blocking): it never refuses an
    /// event because the file is slow.
    ///
    /// # Errors
    ///
    /// The same as [`update`](Self::update)'s.
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

    /// Records what an event says that arrived at another time than now, and blocks until there is room in the recorder's
    /// queue. Meant for imports and replays of recorded traffic.
    ///
    /// # Errors
    ///
    /// What [`Recorder::record_all_blocking`] says.
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
    /// // A replay: time passes with the events.
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

    /// [`update_blocking`](Self::update_blocking) for async programs: waits for room without blocking a thread.
    ///
    /// If the future is dropped while it waits, the event is refused, as by [`update`](Self::update) when the queue is full.
    ///
    /// # Errors
    ///
    /// What [`Recorder::record_all_async`] says.
    #[cfg(feature = "tokio")]
    pub async fn update_async(&self, event: &Event) -> Result<(), Error> {
        self.delivery(event).record_async().await
    }

    /// [`update_at_blocking`](Self::update_at_blocking) for async programs: waits for room without blocking a thread.
    ///
    /// If the future is dropped while it waits, the event is refused, as by [`update`](Self::update) when the queue is full.
    ///
    /// # Errors
    ///
    /// What [`Recorder::record_all_async`] says.
    #[cfg(feature = "tokio")]
    pub async fn update_at_async(&self, event: &Event, at: DateTime<Utc>) -> Result<(), Error> {
        self.delivery(event).at(at).record_async().await
    }

    pub(crate) fn translate(&self, event: &Event, at: DateTime<Utc>) -> Vec<mocha_store::Event> {
        if let Event::Ready(ready) = event {
            self.current_user.store(ready.user.id.get(), Ordering::Relaxed);
        }
        translate(event, &self.context(at))
    }

    /// What is known of the frame that an event comes from.
    pub(crate) fn frame(&self) -> Frame {
        self.shard.map_or_else(Frame::new, |shard| Frame::new().of_shard(shard.number(), shard.total()))
    }

    fn context(&self, at: DateTime<Utc>) -> Context {
        Context {
            at,
            current_user: UserId::try_from(self.current_user.load(Ordering::Relaxed)).ok(),
            intents: self.intents,
            resources: self.resources,
            shard: self.shard,
        }
    }
}

/// Settings of an [`Adapter`]; made by [`Adapter::builder`].
#[derive(Clone, Debug)]
#[must_use = "it does nothing until `build` is called"]
pub struct AdapterBuilder {
    current_user: Option<Id<UserMarker>>,
    intents: Intents,
    recorder: Recorder,
    resources: ResourceType,
    shard: Option<ShardId>,
}

impl AdapterBuilder {
    /// The bot's own user. Default = the one in `READY`, the first event of every new connection.
    ///
    /// Without [`Intents::MESSAGE_CONTENT`] it tells the messages that Discord sends whole nevertheless, the bot's own and
    /// those that mention it. It is needed only for a connection that was resumed from an earlier run of the program.
    pub const fn current_user(mut self, user: Id<UserMarker>) -> Self {
        self.current_user = Some(user);
        self
    }

    /// What is recorded. Default = everything but [`ResourceType::PRESENCE`].
    pub const fn resources(mut self, resources: ResourceType) -> Self {
        self.resources = resources;
        self
    }

    /// The connection whose events it is given; for several see [`Adapter::for_shard`].
    ///
    /// Discord does not say which connection broke or resumed. Without this only a connection that began anew is heard of,
    /// and people in voice are taken to be there until then, rather than until the last was heard of them.
    pub const fn shard(mut self, shard: ShardId) -> Self {
        self.shard = Some(shard);
        self
    }

    /// The adapter.
    #[must_use]
    pub fn build(self) -> Adapter {
        let Self { current_user, intents, recorder, resources, shard } = self;
        Adapter {
            current_user: Arc::new(AtomicU64::new(current_user.map_or(0, Id::get))),
            intents,
            recorder,
            resources,
            shard,
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
    fn ready_tells_who_the_bot_is() -> TestResult {
        let store = store()?;
        let recorder = store.recorder()?;
        let adapter = Adapter::new(recorder.clone(), Intents::GUILDS | Intents::GUILD_MESSAGES);
        let told = Adapter::builder(recorder.clone(), adapter.intents).current_user(Id::new(frames::BOT)).build();
        let message = |id: &str| frames::parse_changed("message_own", |frame| frame["d"]["id"] = id.into());
        adapter.update_at(&message("1")?, frames::arrival())?;
        told.update_at(&message("2")?, frames::arrival())?;
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
    fn an_event_is_of_the_time_it_is_given_and_of_now() -> TestResult {
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
        // Each day of a session has an interval of its own.
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
    fn the_forms_that_wait_get_through_a_short_queue() -> TestResult {
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
    async fn the_async_forms_get_through_a_short_queue() -> TestResult {
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

    /// A name that no file can hold costs the name, not the join, the channel or the number of members.
    #[test]
    fn odd_names_take_nothing_else_with_them() -> TestResult {
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

    /// Discord sends guilds of up to 70,000 members whole, and a bot cannot send a part of it again.
    #[test]
    fn a_guild_of_more_members_than_the_queue_is_long_is_recorded() -> TestResult {
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
        // The second time there is no room until the first is written.
        adapter.update_at(&event, frames::arrival())?;
        adapter.update_at_blocking(&event, frames::arrival())?;
        recorder.flush()?;
        assert_eq!(recorder.stats().refused, 0);
        let rows: (i64, i64, i64) = store.read(|conn| -> QueryResult<_> {
            let members = members::table.count().get_result(conn)?;
            Ok((members, users::table.count().get_result(conn)?, channels::table.count().get_result(conn)?))
        })?;
        // Anna is in voice, but not a member.
        assert_eq!(rows, (1_000, 1_001, 4));
        Ok(())
    }

    /// A heartbeat is acknowledged between two events, and the session has the number of the first of them then.
    #[test]
    fn what_has_no_sequence_number_is_not_taken_for_an_event_that_is_delivered_again() -> TestResult {
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
