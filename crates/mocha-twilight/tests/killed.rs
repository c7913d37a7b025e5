//! A bot that is killed at random moments, fifty times, while things happen. Its file is that of a bot that ran all the time.

use std::{
    collections::BTreeMap,
    error::Error,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::Utc;
use diesel::{prelude::*, sql_query, sql_types::Text};
use mocha_fake_discord::{FakeDiscord, frames};
use mocha_schema::{
    ChannelId, UserId,
    schema::{message_events, voice_events, voice_intervals},
};
use mocha_store::Store;
use mocha_twilight::{Adapter, gateway::Runner};
use twilight_gateway::{ConfigBuilder, Shard, ShardId};
use twilight_model::gateway::Intents;

type TestResult<T = ()> = Result<T, Box<dyn Error>>;

/// The kills come in groups. In between the bot catches up and runs for a while.
const GROUPS: u64 = 10;
const KILLS_IN_GROUP: u64 = 5;
const CALM: Duration = Duration::from_millis(500);
/// How much later than the other bot a bot may receive an event while it runs, in milliseconds.
const SLACK_MS: i64 = 1000;
/// A kill loses what the bot received so shortly before, in milliseconds.
const UNWRITTEN_MS: i64 = 250;

const GUILD: u64 = 60_000_000_000_000_000;
const TEXT: u64 = 70_000_000_000_000_001;
const VOICE: [u64; 2] = [70_000_000_000_000_002, 70_000_000_000_000_003];
const USER: u64 = 90_000_000_000_000_000;
/// The author of messages that mark how far a file is.
const MARKER: u64 = USER + 999;

/// Name the work of the process that is killed: its file, and the URL of the gateway.
const FILE: &str = "MOCHA_TEST_FILE";
const GATEWAY: &str = "MOCHA_TEST_GATEWAY";

fn runner(store: &Store, url: String) -> TestResult<Runner> {
    let intents = Intents::GUILDS | Intents::GUILD_MEMBERS | Intents::GUILD_MESSAGES | Intents::GUILD_VOICE_STATES;
    let config = ConfigBuilder::new("Bot token".into(), intents).proxy_url(url).build();
    let shard = Shard::with_config(ShardId::ONE, config);
    Ok(Runner::new(Adapter::new(store.recorder()?, intents), [shard]).stop_on_signals())
}

/// The work of the process that is killed. It is no test of its own.
#[tokio::test]
async fn child() -> TestResult {
    let (Some(path), Ok(url)) = (std::env::var_os(FILE), std::env::var(GATEWAY)) else { return Ok(()) };
    let store = Store::builder().flush_interval(Duration::from_millis(30)).open(path)?;
    runner(&store, url)?.run(|_| ()).await?;
    Ok(())
}

fn spawn(path: &Path, discord: &FakeDiscord) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["child", "--exact", "--nocapture"])
        .env(FILE, path)
        .env(GATEWAY, discord.url())
        .stdout(Stdio::null())
        .spawn()
}

/// Returns a number that looks random, less than `below`.
fn random(number: u64, below: u64) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(number) % below
}

/// Lets something happen.
fn happen(discord: &FakeDiscord, number: u64) {
    let user = USER + 1 + random(number, 6);
    match random(number + 1_000_000, 10) {
        0..=3 => discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, user, number)),
        4 => discord.push("VOICE_STATE_UPDATE", &frames::voice(GUILD, None, user)),
        5 => discord.push("VOICE_STATE_UPDATE", &frames::voice(GUILD, Some(VOICE[1]), user)),
        6 => discord.push("VOICE_STATE_UPDATE", &frames::muted(GUILD, VOICE[0], user)),
        7 => discord.push("VOICE_STATE_UPDATE", &frames::voice(GUILD, Some(VOICE[0]), user)),
        8 => {
            // Each of these users joins once, and some of them leave.
            let joining = USER + 1000 + number;
            discord.push("GUILD_MEMBER_ADD", &frames::member(GUILD, joining));
            if number.is_multiple_of(3) {
                discord.push("GUILD_MEMBER_REMOVE", &frames::leaver(GUILD, joining));
            }
        }
        _ => discord.push("TYPING_START", &frames::typing(GUILD, TEXT, user)),
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Everything in the file that has no time of its arrival.
fn facts(store: &Store) -> TestResult<Vec<String>> {
    const QUERIES: [&str; 6] = [
        "SELECT 'message ' || id || guild_id || channel_id || user_id || ifnull(character_count, '') || created_at AS line \
         FROM message_events ORDER BY id",
        "SELECT 'user ' || id || ifnull(username, '') || bot AS line FROM users ORDER BY id",
        "SELECT 'member ' || id || joined_at AS line FROM members ORDER BY id",
        "SELECT 'event ' || user_id || event_type || member_count AS line FROM member_events ORDER BY rowid",
        "SELECT 'guild ' || id || ifnull(name, '') || ifnull(member_count, '') AS line FROM guilds ORDER BY id",
        "SELECT 'channel ' || id || ifnull(name, '') || type AS line FROM channels ORDER BY id",
    ];
    let mut facts = Vec::new();
    for query in QUERIES {
        let lines: Vec<Line> = store.read(|conn| sql_query(query).load(conn))?;
        facts.extend(lines.into_iter().map(|Line { line }| line));
    }
    Ok(facts)
}

/// A user's interval: the channel, whether muted, whether assumed, from and to.
type Interval = (UserId, Option<ChannelId>, bool, bool, i64, Option<i64>);

/// The voice log by user, in order: each entry with its time.
type Voice = BTreeMap<String, Vec<(String, i64)>>;

fn voice(store: &Store) -> TestResult<Voice> {
    let mut voice = Voice::new();
    let log: Vec<(UserId, String, String, Option<ChannelId>)> = store.read(|conn| {
        use voice_events::{channel_id, event_type, id, user_id};
        voice_events::table
            .order(diesel::dsl::sql::<diesel::sql_types::BigInt>("rowid"))
            .select((user_id, id, event_type, channel_id))
            .load(conn)
    })?;
    for (user, id, kind, channel) in log {
        // The id ends with the milliseconds.
        let ms = id.rsplit(':').next().ok_or("an id without a time")?.parse()?;
        voice.entry(format!("{user} log")).or_default().push((format!("{kind} {channel:?}"), ms));
    }
    let intervals: Vec<Interval> = store.read(|conn| {
        use voice_intervals::{assumed, channel_id, ended_at_ms, self_mute, started_at_ms, user_id};
        voice_intervals::table
            .order((user_id, started_at_ms))
            .select((user_id, channel_id, self_mute, assumed, started_at_ms, ended_at_ms))
            .load(conn)
    })?;
    for (user, channel, mute, assumed, from, to) in intervals {
        let what = format!("{channel:?} mute {mute} assumed {assumed} open {}", to.is_none());
        let spans = voice.entry(format!("{user} intervals")).or_default();
        spans.push((what, from));
        spans.extend(to.map(|to| ("end".to_owned(), to)));
    }
    Ok(voice)
}

fn now() -> i64 {
    Utc::now().timestamp_millis()
}

/// Sends a message, and waits until each file has it, and with it everything that happened before.
async fn catch_up(discord: &FakeDiscord, number: u64, stores: &[&Store]) -> TestResult {
    discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, MARKER, number));
    let waited = async {
        for store in stores {
            while markers(store)? <= number {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    };
    tokio::time::timeout(Duration::from_secs(30), waited).await?
}

fn markers(store: &Store) -> TestResult<u64> {
    let marker = UserId::try_from(MARKER)?;
    let count: i64 =
        store.read(|conn| message_events::table.filter(message_events::user_id.eq(marker)).count().get_result(conn))?;
    Ok(count.try_into()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_change_nothing_but_times_of_arrival() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("killed.db");
    let mut guild = frames::guild(GUILD, TEXT, VOICE[0]);
    let mut second = guild["channels"][1].clone();
    second["id"] = VOICE[1].to_string().into();
    guild["channels"].as_array_mut().ok_or("no channels")?.push(second);
    let discord = Arc::new(FakeDiscord::start(vec![guild]).await?);

    let undisturbed = Store::open(folder.path().join("undisturbed.db"))?;
    let running = runner(&undisturbed, discord.url())?;
    let stopper = running.stopper();
    let running = tokio::spawn(running.run(|_| ()));
    let mut child = spawn(&path, &discord)?;
    discord.wait(|counts| counts.identifies == 2).await?;
    let store = Store::open(&path)?;
    // Before its first commit a new file has no session.
    while store.read(|conn| voice_intervals::table.count().get_result::<i64>(conn))? == 0 {
        discord.push("VOICE_STATE_UPDATE", &frames::voice(GUILD, Some(VOICE[0]), USER + 1));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let (is_over, happened) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let world = tokio::spawn({
        let (discord, is_over, happened) = (Arc::clone(&discord), Arc::clone(&is_over), Arc::clone(&happened));
        async move {
            for number in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                happen(&discord, number);
                happened.store(number, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(random(number, 15))).await;
            }
        }
    });
    // From when until when the bot was killed again and again, and had not caught up.
    let mut disturbances: Vec<(i64, i64)> = Vec::new();
    for group in 0..GROUPS {
        let from = now() - UNWRITTEN_MS;
        for number in group * KILLS_IN_GROUP..(group + 1) * KILLS_IN_GROUP {
            child.kill()?;
            assert!(!child.wait()?.success(), "it ended by itself");
            tokio::time::sleep(Duration::from_millis(random(number + 9, 60))).await;
            let resumes = discord.counts().resumes;
            child = spawn(&path, &discord)?;
            // Some are killed on their way to the resume, and others at some time after it.
            if number % 4 != 3 {
                discord.wait(|counts| counts.resumes > resumes).await?;
            }
            tokio::time::sleep(Duration::from_millis(random(number + 7, 150))).await;
        }
        catch_up(&discord, group, &[&store, &undisturbed]).await?;
        disturbances.push((from, now()));
        tokio::time::sleep(CALM).await;
    }
    is_over.store(true, Ordering::Relaxed);
    world.await?;
    catch_up(&discord, GROUPS, &[&store, &undisturbed]).await?;
    assert!(Command::new("kill").arg(child.id().to_string()).status()?.success());
    assert!(child.wait()?.success(), "the last bot did not stop");
    stopper.stop();
    running.await??;

    let counts = discord.counts();
    assert_eq!((counts.identifies, counts.resumes_refused), (2, 0), "{counts:?}");
    assert!(happened.load(Ordering::Relaxed) > 300, "{happened:?}");
    assert_eq!(facts(&store)?, facts(&undisturbed)?);
    let (have, want) = (voice(&store)?, voice(&undisturbed)?);
    assert_eq!(have.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
    let mut calm = 0;
    for ((user, have), want) in have.iter().zip(want.values()) {
        let what = |rows: &[(String, i64)]| rows.iter().map(|row| row.0.clone()).collect::<Vec<_>>();
        assert_eq!(what(have), what(want), "{user}");
        for ((what, have), (_, want)) in have.iter().zip(want) {
            let disturbed = disturbances.iter().find(|(from, to)| (from..=to).contains(&want));
            let latest = disturbed.map_or(*want, |(_, to)| *to);
            assert!(
                (want - SLACK_MS..=latest + SLACK_MS).contains(have),
                "{user} {what} {have} {want} {disturbances:?}"
            );
            calm += u64::from(disturbed.is_none());
        }
    }
    assert!(calm > 50, "{calm}");
    let report = store.check().run()?;
    assert!(report.is_ok(), "{report}");
    Ok(())
}
