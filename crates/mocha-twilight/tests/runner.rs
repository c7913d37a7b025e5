//! The runner, over real connections to a fake of Discord's gateway.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use diesel::{connection::SimpleConnection as _, prelude::*};
use mocha_fake_discord::{End, FakeDiscord, frames};
use mocha_schema::schema::{message_events, voice_events, voice_intervals};
use mocha_store::Store;
use mocha_twilight::{
    Adapter,
    gateway::{Runner, RunnerError, RunnerErrorKind, Stopper},
};
use tokio::task::JoinHandle;
use twilight_gateway::{ConfigBuilder, Shard, ShardId};
use twilight_model::gateway::Intents;

type TestResult = Result<(), Box<dyn Error>>;

const ANNA: u64 = 90_000_000_000_000_001;
const GUILD: u64 = 60_000_000_000_000_000;
const TEXT: u64 = 70_000_000_000_000_001;
const VOICE: u64 = 70_000_000_000_000_002;

/// A bot that runs against the fake.
struct Bot {
    discord: FakeDiscord,
    received: Arc<AtomicUsize>,
    running: JoinHandle<Result<(), RunnerError>>,
    stopper: Stopper,
    store: Store,
}

impl Bot {
    async fn start() -> Result<Self, Box<dyn Error>> {
        Self::start_with(Store::builder().open_in_memory()?).await
    }

    async fn start_with(store: Store) -> Result<Self, Box<dyn Error>> {
        let discord = FakeDiscord::start(vec![frames::guild(GUILD, TEXT, VOICE)]).await?;
        let intents = Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::GUILD_VOICE_STATES;
        let adapter = Adapter::new(store.recorder()?, intents);
        let config = ConfigBuilder::new("Bot token".into(), intents).proxy_url(discord.url()).build();
        let runner =
            Runner::new(adapter, [Shard::with_config(ShardId::ONE, config)]).stop_timeout(Duration::from_secs(2));
        let (stopper, received) = (runner.stopper(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&received);
        let running = tokio::spawn(runner.run(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        }));
        discord.wait(|counts| counts.identifies == 1).await?;
        Ok(Self { discord, received, running, stopper, store })
    }

    fn voice(&self, channel: Option<u64>) {
        self.discord.push("VOICE_STATE_UPDATE", &frames::voice(GUILD, channel, ANNA));
    }

    fn message(&self, number: u64) {
        self.discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA, number));
    }

    /// Waits until the bot's closure has received `count` events.
    async fn receives(&self, count: usize) -> TestResult {
        let received = async {
            while self.received.load(Ordering::Relaxed) < count {
                tokio::task::yield_now().await;
            }
        };
        Ok(tokio::time::timeout(Duration::from_secs(30), received).await?)
    }

    /// Waits until the runner has ended, and returns the store.
    async fn ends(self) -> Result<Store, Box<dyn Error>> {
        tokio::time::timeout(Duration::from_secs(10), self.running).await???;
        Ok(self.store)
    }
}

fn messages(store: &Store) -> Result<i64, mocha_store::Error> {
    store.read(|conn| message_events::table.count().get_result(conn))
}

fn open_intervals(store: &Store) -> Result<i64, mocha_store::Error> {
    store.read(|conn| voice_intervals::table.filter(voice_intervals::ended_at_ms.is_null()).count().get_result(conn))
}

#[tokio::test]
async fn everything_received_before_a_stop_is_in_the_file() -> TestResult {
    let bot = Bot::start().await?;
    for number in 0..50 {
        bot.message(number);
    }
    // READY and GUILD_CREATE come first.
    bot.receives(52).await?;
    bot.stopper.stop();
    assert_eq!(messages(&bot.ends().await?)?, 50);
    Ok(())
}

#[tokio::test]
async fn a_stop_ends_the_runner_while_the_gateway_is_unreachable() -> TestResult {
    let bot = Bot::start().await?;
    bot.message(1);
    bot.receives(3).await?;
    bot.discord.refuse(true);
    bot.discord.end(End::Reset);
    bot.discord.wait(|counts| counts.gone == 1).await?;
    bot.stopper.stop();
    assert_eq!(messages(&bot.ends().await?)?, 1);
    Ok(())
}

/// The queue has room for 10 events, and the file cannot be written while 100 messages arrive.
#[tokio::test]
async fn a_full_queue_loses_nothing() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let bot = Bot::start_with(Store::builder().queue_len(10).open(&path)?).await?;
    bot.receives(2).await?;
    bot.store.recorder()?.flush_async().await?;
    let mut other = SqliteConnection::establish(path.to_str().ok_or("a path")?)?;
    other.batch_execute("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE")?;
    for number in 0..100 {
        bot.message(number);
    }
    // Each message is two events, because its author is an event too.
    bot.receives(2 + 5).await?;
    other.batch_execute("ROLLBACK")?;
    bot.receives(102).await?;
    bot.stopper.stop();
    assert_eq!(messages(&bot.ends().await?)?, 100);
    Ok(())
}

/// The queue has room for 10 events, and the file is moved away while more arrive.
#[tokio::test]
async fn events_that_the_recorder_refuses_are_delivered_again() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, away) = (folder.path().join("stats.db"), folder.path().join("away.db"));
    let bot = Bot::start_with(Store::builder().queue_len(10).open(&path)?).await?;
    bot.voice(Some(VOICE));
    bot.receives(3).await?;
    bot.store.recorder()?.flush_async().await?;
    std::fs::rename(&path, &away)?;
    for number in 0..50 {
        bot.message(number);
    }
    bot.voice(None);
    // The bot goes on without recording.
    bot.receives(3 + 51).await?;
    assert!(bot.store.recorder()?.stats().refused > 0);
    std::fs::rename(&away, &path)?;
    bot.discord.wait(|counts| counts.resumes == 1).await?;
    let recorded = async {
        while messages(&bot.store)? < 50 || open_intervals(&bot.store)? > 0 {
            bot.store.recorder()?.flush_async().await?;
        }
        TestResult::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(30), recorded).await??;
    bot.stopper.stop();
    let store = bot.ends().await?;
    assert_eq!((messages(&store)?, open_intervals(&store)?), (50, 0));
    let assumed: Vec<bool> = store.read(|conn| voice_intervals::table.select(voice_intervals::assumed).load(conn))?;
    assert_eq!(assumed, [false]);
    Ok(())
}

/// All changes within a millisecond count, because Discord delivers none of them again.
#[tokio::test]
async fn every_change_in_a_burst_counts() -> TestResult {
    let bot = Bot::start().await?;
    for _ in 0..10 {
        bot.voice(Some(VOICE));
        bot.voice(None);
    }
    bot.voice(Some(VOICE));
    bot.receives(2 + 21).await?;
    bot.stopper.stop();
    let store = bot.ends().await?;
    let sessions: Vec<i64> = store
        .read(|conn| voice_intervals::table.select(voice_intervals::session_started_at_ms).distinct().load(conn))?;
    assert_eq!((sessions.len(), open_intervals(&store)?), (11, 1), "{sessions:?}");
    Ok(())
}

/// After a resume Discord sends some frames that the bot has already, with later arrival times.
#[tokio::test]
async fn frames_that_are_delivered_again_change_nothing() -> TestResult {
    let bot = Bot::start().await?;
    bot.voice(Some(VOICE));
    bot.message(1);
    bot.voice(None);
    bot.receives(5).await?;
    bot.discord.rewind(4);
    bot.discord.end(End::Reset);
    bot.discord.wait(|counts| counts.resumes == 1).await?;
    // GUILD_CREATE, both voice states and the message are delivered again. The bot gets none of them twice, but the end of
    // the connection and RESUMED.
    bot.receives(5 + 1 + 1).await?;
    bot.stopper.stop();
    let store = bot.ends().await?;
    let log: Vec<String> =
        store.read(|conn| voice_events::table.select(voice_events::id).order(voice_events::id).load(conn))?;
    assert_eq!((messages(&store)?, log.len(), open_intervals(&store)?), (1, 2, 0), "{log:?}");
    Ok(())
}

#[tokio::test]
async fn a_second_stop_does_not_wait_for_the_gateway() -> TestResult {
    let bot = Bot::start().await?;
    bot.receives(2).await?;
    bot.discord.freeze(true);
    bot.stopper.stop();
    bot.stopper.stop();
    bot.ends().await?;
    Ok(())
}

#[tokio::test]
async fn a_stop_leaves_the_session_resumable() -> TestResult {
    let bot = Bot::start().await?;
    bot.receives(2).await?;
    bot.stopper.stop();
    let (discord, running) = (bot.discord, bot.running);
    running.await??;
    discord.wait(|counts| counts.closed_with == [4000]).await?;
    Ok(())
}

#[tokio::test]
async fn a_fatal_close_code_ends_the_runner_with_an_error() -> TestResult {
    let bot = Bot::start().await?;
    bot.receives(2).await?;
    bot.discord.end(End::Close(4014));
    let error = bot.running.await?.err().ok_or("the runner ended without an error")?;
    assert!(matches!(error.kind(), RunnerErrorKind::Fatal { code: Some(4014), .. }), "{error}");
    assert!(error.to_string().contains("4014 (Disallowed Intents)"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_resume_loses_nothing_however_the_connection_ended() -> TestResult {
    for end in [End::Fin, End::Reset, End::Close(4000)] {
        let bot = Bot::start().await?;
        bot.voice(Some(VOICE));
        bot.message(1);
        bot.receives(4).await?;
        bot.discord.end(end);
        bot.message(2);
        bot.voice(None);
        bot.voice(Some(VOICE));
        bot.message(3);
        bot.discord.wait(|counts| counts.resumes == 1).await?;
        bot.receives(8).await?;
        bot.stopper.stop();
        let store = bot.ends().await?;
        assert_eq!(messages(&store)?, 3, "{end:?}");
        assert_eq!(open_intervals(&store)?, 1, "{end:?}");
    }
    Ok(())
}
