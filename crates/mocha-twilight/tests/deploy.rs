//! Restarts of a bot: the runner resumes each session where the file stops.

use std::{error::Error, path::Path, sync::Arc, time::Duration};

use diesel::prelude::*;
use mocha_fake_discord::{FakeDiscord, frames};
use mocha_schema::schema::{gateway_sessions, message_events, voice_events, voice_intervals};
use mocha_store::Store;
use mocha_twilight::{
    Adapter,
    gateway::{Runner, RunnerError, RunnerErrorKind, Start, Stopper},
};
use tokio::{sync::Notify, task::JoinHandle};
use twilight_gateway::{ConfigBuilder, Shard, ShardId};
use twilight_model::gateway::Intents;

type TestResult = Result<(), Box<dyn Error>>;

const ANNA: u64 = 90_000_000_000_000_001;
const GUILD: u64 = 60_000_000_000_000_000;
const TEXT: u64 = 70_000_000_000_000_001;
const VOICE: u64 = 70_000_000_000_000_002;

/// A bot that runs against a fake of Discord, and its file.
struct Bot {
    received: Arc<Notify>,
    running: JoinHandle<Result<(), RunnerError>>,
    stopper: Stopper,
    store: Store,
}

#[derive(Clone, Copy)]
struct Settings {
    intents: Intents,
    shards: u32,
    start: Start,
}

impl Default for Settings {
    fn default() -> Self {
        let intents = Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::GUILD_VOICE_STATES;
        Self { intents, shards: 1, start: Start::Resume }
    }
}

impl Bot {
    fn start(discord: &FakeDiscord, path: &Path) -> Result<Self, Box<dyn Error>> {
        Self::start_with(discord, path, Settings::default())
    }

    fn start_with(discord: &FakeDiscord, path: &Path, settings: Settings) -> Result<Self, Box<dyn Error>> {
        let Settings { intents, shards, start } = settings;
        let store = Store::open(path)?;
        let config = ConfigBuilder::new("Bot token".into(), intents).proxy_url(discord.url()).build();
        let shards = (0..shards).map(|number| Shard::with_config(ShardId::new(number, shards), config.clone()));
        let runner = Runner::new(Adapter::new(store.recorder()?, intents), shards)
            .start(start)
            .stop_timeout(Duration::from_secs(2));
        let (stopper, received) = (runner.stopper(), Arc::new(Notify::new()));
        let notified = Arc::clone(&received);
        let running = tokio::spawn(runner.run(move |_| notified.notify_one()));
        Ok(Self { received, running, stopper, store })
    }

    /// Waits until the file has so many messages.
    async fn has_messages(&self, count: i64) -> TestResult {
        let counted = async {
            loop {
                if messages(&self.store)? >= count {
                    return Ok(());
                }
                // Each event is recorded before the bot receives it.
                self.received.notified().await;
                self.store.recorder()?.flush_async().await?;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), counted).await?
    }

    /// Waits until the file has so many sessions to resume.
    async fn has_sessions(&self, count: i64) -> TestResult {
        let counted = async {
            loop {
                self.store.recorder()?.flush_async().await?;
                let sessions = gateway_sessions::table.filter(gateway_sessions::session_id.is_not_null()).count();
                if self.store.read(|conn| sessions.get_result::<i64>(conn))? == count {
                    return Ok(());
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), counted).await?
    }

    async fn stops(self) -> Result<Store, Box<dyn Error>> {
        self.stopper.stop();
        tokio::time::timeout(Duration::from_secs(10), self.running).await???;
        Ok(self.store)
    }

    /// Ends the bot as a crash does.
    async fn crashes(self) -> TestResult {
        self.store.recorder()?.abort();
        self.running.abort();
        assert!(self.running.await.is_err_and(|error| error.is_cancelled()));
        Ok(())
    }
}

async fn discord() -> std::io::Result<FakeDiscord> {
    FakeDiscord::start(vec![frames::guild(GUILD, TEXT, VOICE)]).await
}

fn say(discord: &FakeDiscord, number: u64) {
    discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA, number));
}

fn talk(discord: &FakeDiscord, channel: Option<u64>) {
    discord.push("VOICE_STATE_UPDATE", &frames::voice(GUILD, channel, ANNA));
}

fn messages(store: &Store) -> Result<i64, mocha_store::Error> {
    store.read(|conn| message_events::table.count().get_result(conn))
}

/// Returns whether each span in voice is open and whether it is assumed, in order.
fn spans(store: &Store) -> Result<Vec<(bool, bool)>, mocha_store::Error> {
    store.read(|conn| {
        voice_intervals::table
            .order(voice_intervals::started_at_ms)
            .select((voice_intervals::ended_at_ms.is_null(), voice_intervals::assumed))
            .load(conn)
    })
}

#[tokio::test]
async fn a_planned_stop_and_a_crash_lose_nothing_and_spend_no_identify() -> TestResult {
    let (discord, folder) = (discord().await?, tempfile::tempdir()?);
    let path = folder.path().join("stats.db");
    let mut bot = Bot::start(&discord, &path)?;
    discord.wait(|counts| counts.identifies == 1).await?;
    talk(&discord, Some(VOICE));
    say(&discord, 1);
    bot.has_messages(1).await?;
    for resumes in 1..=4 {
        if resumes % 2 == 0 {
            bot.stops().await?;
        } else {
            bot.crashes().await?;
        }
        discord.wait(|counts| counts.gone == resumes).await?;
        say(&discord, 2 * resumes);
        bot = Bot::start(&discord, &path)?;
        discord.wait(|counts| counts.resumes == resumes).await?;
        say(&discord, 2 * resumes + 1);
        bot.has_messages(1 + 2 * i64::try_from(resumes)?).await?;
    }
    let store = bot.stops().await?;
    assert_eq!(discord.counts().identifies, 1);
    assert_eq!((messages(&store)?, spans(&store)?), (9, vec![(true, false)]));
    Ok(())
}

#[tokio::test]
async fn a_refused_resume_begins_a_new_session_and_assumes_the_gap() -> TestResult {
    // Discord answers with opcode 9, or closes.
    for code in [None, Some(4007), Some(4009)] {
        let (discord, folder) = (discord().await?, tempfile::tempdir()?);
        let path = folder.path().join("stats.db");
        let bot = Bot::start(&discord, &path)?;
        discord.wait(|counts| counts.identifies == 1).await?;
        talk(&discord, Some(VOICE));
        say(&discord, 1);
        bot.has_messages(1).await?;
        bot.stops().await?;
        match code {
            None => discord.forget_sessions(),
            code => discord.refuse_resumes(code),
        }
        let bot = Bot::start(&discord, &path)?;
        discord.wait(|counts| counts.identifies == 2).await?;
        say(&discord, 2);
        bot.has_messages(2).await?;
        let store = bot.stops().await?;
        assert_eq!(discord.counts().resumes_refused, 1, "{code:?}");
        assert_eq!(spans(&store)?, [(false, false), (false, true), (true, false)], "{code:?}");
    }
    Ok(())
}

/// Discord buffers a limited number of frames for a session that is not connected.
#[tokio::test]
async fn frames_that_discord_no_longer_has_are_a_gap_and_not_a_resume() -> TestResult {
    let (discord, folder) = (discord().await?, tempfile::tempdir()?);
    let path = folder.path().join("stats.db");
    let bot = Bot::start(&discord, &path)?;
    discord.wait(|counts| counts.identifies == 1).await?;
    talk(&discord, Some(VOICE));
    say(&discord, 1);
    bot.has_messages(1).await?;
    bot.stops().await?;
    talk(&discord, None);
    discord.forget_frames();
    talk(&discord, Some(VOICE));
    let bot = Bot::start(&discord, &path)?;
    discord.wait(|counts| counts.resumes == 1 && counts.identifies == 2).await?;
    say(&discord, 2);
    bot.has_messages(2).await?;
    let store = bot.stops().await?;
    assert_eq!(spans(&store)?, [(false, false), (false, true), (true, false)]);
    Ok(())
}

/// A backup from before some of the events. Discord still has them.
#[tokio::test]
async fn an_older_file_catches_up() -> TestResult {
    let (discord, folder) = (discord().await?, tempfile::tempdir()?);
    let (path, copy) = (folder.path().join("stats.db"), folder.path().join("copy.db"));
    let bot = Bot::start(&discord, &path)?;
    discord.wait(|counts| counts.identifies == 1).await?;
    talk(&discord, Some(VOICE));
    say(&discord, 1);
    bot.has_messages(1).await?;
    bot.stops().await?;
    std::fs::copy(&path, &copy)?;
    let bot = Bot::start(&discord, &path)?;
    talk(&discord, None);
    say(&discord, 2);
    bot.has_messages(2).await?;
    bot.stops().await?;
    let bot = Bot::start(&discord, &copy)?;
    say(&discord, 3);
    bot.has_messages(3).await?;
    let store = bot.stops().await?;
    assert_eq!((messages(&store)?, spans(&store)?), (3, vec![(false, false)]));
    assert_eq!(discord.counts().identifies, 1);

    // A new file has no session.
    let bot = Bot::start(&discord, &folder.path().join("new.db"))?;
    discord.wait(|counts| counts.identifies == 2).await?;
    bot.stops().await?;
    Ok(())
}

#[tokio::test]
async fn other_intents_or_shards_or_the_bots_wish_begin_a_new_session() -> TestResult {
    let presences = Settings::default().intents | Intents::GUILD_PRESENCES;
    for (identifies, settings) in [
        (1, Settings { intents: presences, ..Settings::default() }),
        (2, Settings { shards: 2, ..Settings::default() }),
        (1, Settings { start: Start::Identify, ..Settings::default() }),
    ] {
        let (discord, folder) = (discord().await?, tempfile::tempdir()?);
        let path = folder.path().join("stats.db");
        let bot = Bot::start(&discord, &path)?;
        discord.wait(|counts| counts.identifies == 1).await?;
        say(&discord, 1);
        bot.has_messages(1).await?;
        bot.stops().await?;
        let bot = Bot::start_with(&discord, &path, settings)?;
        discord.wait(|counts| counts.identifies == 1 + identifies).await?;
        // Until READY is recorded there is nothing to resume.
        bot.has_sessions(i64::try_from(identifies)?).await?;
        bot.stops().await?;
        assert_eq!(discord.counts().resumes, 0);
        if settings.start == Start::Resume {
            // Each of its shards has a session of its own.
            let bot = Bot::start_with(&discord, &path, settings)?;
            discord.wait(|counts| counts.resumes == identifies).await?;
            bot.stops().await?;
        }
    }
    Ok(())
}

/// It has a session of its own, so Discord keeps the connection of the first one.
#[tokio::test]
async fn a_second_bot_with_a_new_session_takes_over_too() -> TestResult {
    let (discord, folder) = (discord().await?, tempfile::tempdir()?);
    let path = folder.path().join("stats.db");
    let old = Bot::start(&discord, &path)?;
    discord.wait(|counts| counts.identifies == 1).await?;
    say(&discord, 1);
    old.has_messages(1).await?;
    let new = Bot::start_with(&discord, &path, Settings { start: Start::Identify, ..Settings::default() })?;
    discord.wait(|counts| counts.identifies == 2).await?;
    // Each acknowledged heartbeat makes it look.
    let error =
        tokio::time::timeout(Duration::from_secs(10), old.running).await??.err().ok_or("it ended without one")?;
    assert!(matches!(error.kind(), RunnerErrorKind::TakenOver { .. }), "{error}");
    say(&discord, 2);
    new.has_messages(2).await?;
    new.stops().await?;
    Ok(())
}

/// The next version of the bot starts while the last one still runs.
#[tokio::test]
async fn a_second_bot_takes_over_and_the_first_one_ends() -> TestResult {
    let (discord, folder) = (discord().await?, tempfile::tempdir()?);
    let path = folder.path().join("stats.db");
    let old = Bot::start(&discord, &path)?;
    discord.wait(|counts| counts.identifies == 1).await?;
    talk(&discord, Some(VOICE));
    say(&discord, 1);
    old.has_messages(1).await?;
    let new = Bot::start(&discord, &path)?;
    discord.wait(|counts| counts.resumes == 1).await?;
    let error =
        tokio::time::timeout(Duration::from_secs(10), old.running).await??.err().ok_or("it ended without one")?;
    assert!(matches!(error.kind(), RunnerErrorKind::TakenOver { shard, .. } if *shard == ShardId::ONE), "{error}");
    talk(&discord, None);
    say(&discord, 2);
    new.has_messages(2).await?;
    let store = new.stops().await?;
    assert_eq!((messages(&store)?, spans(&store)?), (2, vec![(false, false)]));
    let log: Vec<String> = store.read(|conn| voice_events::table.select(voice_events::id).load(conn))?;
    assert_eq!((log.len(), discord.counts().identifies, discord.counts().resumes), (2, 1, 1), "{log:?}");
    Ok(())
}
