//! serenity's client with the adapter, over real connections to a fake of Discord.

use std::{
    error::Error,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use diesel::prelude::*;
use mocha_fake_discord::{BOT_ID, End, FakeDiscord, FakeRest, frames};
use mocha_schema::schema::{channels, guilds, member_events, message_events, voice_events, voice_intervals};
use mocha_serenity::Adapter;
use mocha_store::{Recorder, Store};
use serenity::{
    Client,
    client::{ClientBuilder, Context, RawEventHandler},
    futures::channel::mpsc::UnboundedSender,
    gateway::{ShardManager, ShardRunnerMessage, VoiceGatewayManager},
    http::HttpBuilder,
    model::{
        event::Event,
        gateway::GatewayIntents,
        id::{GuildId, UserId},
        voice::VoiceState,
    },
};
use tokio::task::JoinHandle;

type TestResult<T = ()> = Result<T, Box<dyn Error>>;

const ANNA: u64 = 90_000_000_000_000_001;
const GUILD: u64 = 60_000_000_000_000_000;
const TEXT: u64 = 70_000_000_000_000_001;
const VOICE: u64 = 70_000_000_000_000_002;

/// Counts the events that serenity gives to handlers, which is after the adapter received them.
struct Counting(Arc<AtomicUsize>);

#[serenity::async_trait]
impl RawEventHandler for Counting {
    async fn raw_event(&self, _: Context, _: Event) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Bot {
    discord: Arc<FakeDiscord>,
    received: Arc<AtomicUsize>,
    recorder: Recorder,
    _rest: FakeRest,
    running: JoinHandle<serenity::Result<()>>,
    shards: Arc<ShardManager>,
    store: Store,
}

impl Bot {
    async fn start(shards: u32, configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> TestResult<Self> {
        let discord = Arc::new(FakeDiscord::start(vec![frames::guild(GUILD, TEXT, VOICE)]).await?);
        Self::start_on(discord, Store::builder().open_in_memory()?, shards, configure).await
    }

    async fn start_on(
        discord: Arc<FakeDiscord>,
        store: Store,
        shards: u32,
        configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> TestResult<Self> {
        let before = discord.counts().identifies;
        let rest = FakeRest::start(discord.url()).await?;
        let recorder = store.recorder()?;
        let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::GUILD_VOICE_STATES;
        let http = HttpBuilder::new("token").proxy(format!("http://{}", rest.host())).ratelimiter_disabled(true);
        let received = Arc::new(AtomicUsize::new(0));
        let builder =
            ClientBuilder::new_with_http(http.build(), intents).raw_event_handler(Counting(Arc::clone(&received)));
        let mut client: Client = Adapter::new(recorder.clone(), intents).client(configure(builder)).await?;
        let manager = Arc::clone(&client.shard_manager);
        let running = tokio::spawn(async move { client.start_shards(shards).await });
        discord.wait(|counts| counts.identifies == before + u64::from(shards)).await?;
        Ok(Self { discord, received, recorder, _rest: rest, running, shards: manager, store })
    }

    fn voice(&self, channel: Option<u64>) {
        self.discord.push("VOICE_STATE_UPDATE", &frames::voice(GUILD, channel, ANNA));
    }

    fn message(&self, number: u64) {
        self.discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA, number));
    }

    /// Waits until serenity has given `count` events to handlers.
    async fn receives(&self, count: usize) -> TestResult {
        let received = async {
            while self.received.load(Ordering::Relaxed) < count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let timeout = tokio::time::timeout(Duration::from_secs(30), received).await;
        timeout.map_err(|_| format!("{} of {count} events", self.received.load(Ordering::Relaxed)).into())
    }

    /// Stops the client and returns the store with everything that was recorded.
    async fn ends(self) -> TestResult<Store> {
        self.shards.shutdown_all().await;
        tokio::time::timeout(Duration::from_secs(10), self.running).await???;
        self.recorder.flush()?;
        assert_eq!(self.recorder.stats().rejected, 0);
        Ok(self.store)
    }
}

fn messages(store: &Store) -> Result<i64, mocha_store::Error> {
    store.read(|conn| message_events::table.count().get_result(conn))
}

/// Returns the starts of the sessions in voice, and how many intervals are open.
fn sessions(store: &Store) -> Result<(Vec<i64>, i64), mocha_store::Error> {
    store.read(|conn| {
        let starts = voice_intervals::table.select(voice_intervals::session_started_at_ms).distinct().load(conn)?;
        let open = voice_intervals::table.filter(voice_intervals::ended_at_ms.is_null()).count().get_result(conn)?;
        QueryResult::Ok((starts, open))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guilds_messages_and_voice_are_recorded() -> TestResult {
    let bot = Bot::start(1, |builder| builder).await?;
    bot.message(1);
    bot.message(2);
    bot.voice(Some(VOICE));
    // READY and GUILD_CREATE come first.
    bot.receives(2 + 3).await?;
    let store = bot.ends().await?;
    let rows: (i64, i64, Vec<Option<i32>>) = store.read(|conn| {
        let guilds = guilds::table.filter(guilds::name.eq("Mocha")).count().get_result(conn)?;
        let channels = channels::table.count().get_result(conn)?;
        let words = message_events::table.select(message_events::word_count).load(conn)?;
        QueryResult::Ok((guilds, channels, words))
    })?;
    // Without the intent the content is unknown.
    assert_eq!(rows, (1, 2, vec![None, None]));
    let (starts, open) = sessions(&store)?;
    assert_eq!((starts.len(), open), (1, 1));
    Ok(())
}

/// serenity's handlers run in any order on a runtime with several threads. The adapter sees the order of the gateway.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_change_in_a_burst_counts_in_its_order() -> TestResult {
    let bot = Bot::start(1, |builder| builder).await?;
    for _ in 0..100 {
        bot.voice(Some(VOICE));
        bot.voice(None);
    }
    bot.voice(Some(VOICE));
    bot.receives(2 + 201).await?;
    let (starts, open) = sessions(&bot.ends().await?)?;
    assert_eq!((starts.len(), open), (101, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_resume_loses_nothing() -> TestResult {
    for end in [End::Reset, End::Close(4000)] {
        let bot = Bot::start(1, |builder| builder).await?;
        bot.voice(Some(VOICE));
        bot.message(1);
        bot.receives(4).await?;
        bot.discord.end(end);
        bot.message(2);
        bot.voice(None);
        bot.voice(Some(VOICE));
        bot.message(3);
        bot.discord.wait(|counts| counts.resumes == 1).await?;
        // RESUMED comes last.
        bot.receives(4 + 4 + 1).await?;
        let store = bot.ends().await?;
        let log: i64 = store.read(|conn| voice_events::table.count().get_result(conn))?;
        let (starts, open) = sessions(&store)?;
        assert_eq!((messages(&store)?, log, starts.len(), open), (3, 3, 2, 1), "{end:?}");
    }
    Ok(())
}

/// serenity replaces the shard's loop, and with it everything that was attached to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_session_is_recorded_too() -> TestResult {
    let bot = Bot::start(1, |builder| builder).await?;
    bot.message(1);
    bot.voice(Some(VOICE));
    bot.receives(4).await?;
    bot.discord.invalidate(false);
    bot.discord.wait(|counts| counts.identifies == 2).await?;
    bot.message(2);
    bot.receives(4 + 3).await?;
    let store = bot.ends().await?;
    let (starts, open) = sessions(&store)?;
    assert_eq!((messages(&store)?, starts.len(), open), (2, 1, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_shard_is_recorded() -> TestResult {
    let bot = Bot::start(2, |builder| builder).await?;
    // Events without a guild go to every shard. The guild belongs to one of them.
    bot.message(1);
    bot.receives(2 + 1 + 1).await?;
    assert_eq!(messages(&bot.ends().await?)?, 1);
    Ok(())
}

/// The calls that a voice library such as songbird receives.
#[derive(Clone, Default)]
struct Library(Arc<Mutex<Vec<String>>>);

impl Library {
    fn push(&self, call: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}

#[serenity::async_trait]
impl VoiceGatewayManager for Library {
    async fn initialise(&self, shard_count: u32, user_id: UserId) {
        self.push(format!("initialise {shard_count} {user_id}"));
    }
    async fn register_shard(&self, shard_id: u32, _: UnboundedSender<ShardRunnerMessage>) {
        self.push(format!("register {shard_id}"));
    }
    async fn deregister_shard(&self, shard_id: u32) {
        self.push(format!("deregister {shard_id}"));
    }
    async fn server_update(&self, guild_id: GuildId, endpoint: &Option<String>, token: &str) {
        self.push(format!("server {guild_id} {endpoint:?} {token}"));
    }
    async fn state_update(&self, guild_id: GuildId, voice_state: &VoiceState) {
        self.push(format!("state {guild_id} {}", voice_state.user_id));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_voice_library_still_receives_everything() -> TestResult {
    let library = Library::default();
    let bot = Bot::start(1, |builder| builder.voice_manager(library.clone())).await?;
    bot.voice(Some(VOICE));
    let server = serde_json::json!({ "guild_id": GUILD.to_string(), "endpoint": "example", "token": "t" });
    bot.discord.push("VOICE_SERVER_UPDATE", &server);
    bot.receives(2 + 2).await?;
    bot.discord.invalidate(false);
    bot.discord.wait(|counts| counts.identifies == 2).await?;
    bot.receives(4 + 2).await?;
    bot.ends().await?;
    let expected = [
        format!("initialise 1 {BOT_ID}"),
        "register 0".into(),
        format!("state {GUILD} {ANNA}"),
        format!("server {GUILD} Some(\"example\") t"),
        "deregister 0".into(),
        "register 0".into(),
    ];
    assert_eq!(*library.0.lock().unwrap_or_else(PoisonError::into_inner), expected);
    Ok(())
}

/// The next version of a bot starts while the old one still runs. Both receive every event, and one of them records it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_program_that_started_last_records_a_shard_and_the_other_one_ends() -> TestResult {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("stats.db");
    let discord = Arc::new(FakeDiscord::start(vec![frames::guild(GUILD, TEXT, VOICE)]).await?);
    let old = Bot::start_on(Arc::clone(&discord), Store::open(&file)?, 1, |builder| builder).await?;
    old.voice(Some(VOICE));
    old.receives(2 + 1).await?;
    let new = Bot::start_on(discord, Store::open(&file)?, 1, |builder| builder).await?;
    new.receives(2).await?;
    // Each change goes to both.
    new.voice(None);
    new.voice(Some(VOICE));
    new.voice(None);
    new.receives(2 + 3).await?;
    tokio::time::timeout(Duration::from_secs(30), old.running).await???;
    old.recorder.shutdown_async().await?;
    let store = new.ends().await?;
    let log: i64 = store.read(|conn| voice_events::table.count().get_result(conn))?;
    let (starts, open) = sessions(&store)?;
    assert_eq!((log, starts.len(), open), (4, 2, 0));
    Ok(())
}

/// serenity tells no sequence numbers, so only ids and states tell what was sent before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_voice_that_discord_sends_again_counts_again_and_adds_no_time() -> TestResult {
    let bot = Bot::start(1, |builder| builder).await?;
    bot.message(1);
    bot.discord.push("GUILD_MEMBER_ADD", &frames::member(GUILD, ANNA + 1));
    bot.discord.push("GUILD_MEMBER_REMOVE", &frames::leaver(GUILD, ANNA + 1));
    bot.voice(Some(VOICE));
    bot.voice(None);
    bot.receives(2 + 5).await?;
    bot.discord.rewind(5);
    bot.discord.end(End::Reset);
    bot.discord.wait(|counts| counts.resumes == 1).await?;
    // RESUMED comes last.
    bot.receives(2 + 5 + 5 + 1).await?;
    let store = bot.ends().await?;
    let (starts, open) = sessions(&store)?;
    let rows: (i64, i64, i64) = store.read(|conn| {
        let log = voice_events::table.count().get_result(conn)?;
        let length = voice_intervals::ended_at_ms.assume_not_null() - voice_intervals::started_at_ms;
        let last = voice_intervals::table.select(length).order(voice_intervals::started_at_ms.desc()).first(conn)?;
        QueryResult::Ok((log, last, member_events::table.count().get_result(conn)?))
    })?;
    assert_eq!((messages(&store)?, starts.len(), open, rows.0, rows.2), (1, 2, 0, 4, 2));
    assert!(rows.1 < 100, "{} ms", rows.1);
    Ok(())
}
