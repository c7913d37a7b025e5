//! The three documented queries, verbatim, give the same results as Mocha's answers.
//!
//! The files have simulated traffic, the same traffic with faults between Discord and the file, and a recorded trace if there
//! is one.

use std::{collections::BTreeMap, error::Error, fs::File, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use mocha_discord::{
    Clock, GuildId, Store, UserId,
    stats::{
        Bots, Leaderboard, Measure, Window,
        documented::{GuildLeaderboard, UserStatistics, VoiceActivity},
    },
};
use mocha_examples::replay::{Trace, feed};
use mocha_sim::{Faults, Order, Server, play, recorded_folder};

type TestResult<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const USER_SQL: &str = include_str!("../../crates/mocha-stats/src/documented/documented_user.sql");
const GUILD_SQL: &str = include_str!("../../crates/mocha-stats/src/documented/documented_leaderboard.sql");
const VOICE_SQL: &str = include_str!("../../crates/mocha-stats/src/documented/documented_voice.sql");

/// Returns the messages that only the documented queries count: joins, pins, boosts and similar types.
const OTHER_TYPES_SQL: &str = "\
SELECT user_id, COUNT(*) AS message_count, 0 AS rank FROM message_events
WHERE guild_id = ? AND created_at >= ? AND message_type NOT IN (0, 19, 20, 23) GROUP BY user_id";

#[derive(QueryableByName)]
struct User {
    #[diesel(sql_type = BigInt)]
    message_count: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    total_characters: Option<i64>,
    #[diesel(sql_type = BigInt)]
    attachments: i64,
}

#[derive(QueryableByName)]
struct Writer {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    message_count: i64,
    #[diesel(sql_type = BigInt)]
    rank: i64,
}

#[derive(QueryableByName)]
struct Talker {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    total_voice_time: Option<i64>,
    #[diesel(sql_type = BigInt)]
    session_count: i64,
}

/// Compares both for all time and for the last part of the events.
fn compare(conn: &mut SqliteConnection, guild_id: GuildId) -> TestResult {
    #[derive(QueryableByName)]
    struct Span {
        #[diesel(sql_type = BigInt)]
        first: i64,
        #[diesel(sql_type = BigInt)]
        last: i64,
    }
    let Span { first, last } =
        sql_query("SELECT min(created_at) AS first, max(created_at) AS last FROM message_events").get_result(conn)?;
    assert!(first < last, "no traffic");
    for since in [0, first + (last - first) / 3, last - 5] {
        let window = Window::since(DateTime::from_timestamp(since, 0).ok_or("no such time")?)?;
        let writers = compare_writers(conn, guild_id, since, window)?;
        for user_id in writers.keys().take(20) {
            compare_user(conn, guild_id, *user_id, since, window)?;
        }
        compare_talkers(conn, guild_id, since, window)?;
    }
    Ok(())
}

fn compare_writers(
    conn: &mut SqliteConnection,
    guild_id: GuildId,
    since: i64,
    window: Window,
) -> TestResult<BTreeMap<UserId, i64>> {
    let writers: Vec<Writer> = sql_query(GUILD_SQL)
        .bind::<Text, _>(guild_id.to_string())
        .bind::<BigInt, _>(since)
        .bind::<BigInt, _>(i64::MAX)
        .load(conn)?;
    let answer = GuildLeaderboard::of(guild_id).within(window).load(conn)?;
    let ranks = writers.iter().map(|writer| Ok((writer.user_id.parse()?, (writer.message_count, writer.rank))));
    let ranks: BTreeMap<UserId, (i64, i64)> = ranks.collect::<TestResult<_>>()?;
    let mut answered = BTreeMap::new();
    for entry in &answer.entries {
        answered.insert(entry.user_id, (i64::try_from(entry.messages)?, i64::try_from(entry.rank)?));
    }
    assert_eq!(answered, ranks, "since {since}");

    // The leaderboard from roll-ups, plus the messages that it excludes on purpose.
    let mut counts = BTreeMap::new();
    for entry in Leaderboard::messages(guild_id).bots(Bots::Include).within(window).load(conn)?.entries {
        counts.insert(entry.user_id, i64::try_from(entry.value)?);
    }
    let others: Vec<Writer> =
        sql_query(OTHER_TYPES_SQL).bind::<Text, _>(guild_id.to_string()).bind::<BigInt, _>(since).load(conn)?;
    for other in others {
        *counts.entry(other.user_id.parse()?).or_default() += other.message_count;
    }
    let expected: BTreeMap<UserId, i64> = ranks.into_iter().map(|(user_id, (count, _))| (user_id, count)).collect();
    assert_eq!(counts, expected, "since {since}");
    Ok(expected)
}

fn compare_user(
    conn: &mut SqliteConnection,
    guild_id: GuildId,
    user_id: UserId,
    since: i64,
    window: Window,
) -> TestResult {
    let user: User = sql_query(USER_SQL)
        .bind::<Text, _>(guild_id.to_string())
        .bind::<Text, _>(user_id.to_string())
        .bind::<BigInt, _>(since)
        .get_result(conn)?;
    let answer = UserStatistics::of(guild_id, user_id).within(window).load(conn)?;
    assert_eq!(
        (i64::try_from(answer.messages)?, answer.characters, i64::try_from(answer.attachments)?),
        (user.message_count, user.total_characters, user.attachments),
        "{user_id} since {since}"
    );
    Ok(())
}

fn compare_talkers(conn: &mut SqliteConnection, guild_id: GuildId, since: i64, window: Window) -> TestResult {
    let talkers: Vec<Talker> =
        sql_query(VOICE_SQL).bind::<Text, _>(guild_id.to_string()).bind::<BigInt, _>(since).load(conn)?;
    let mut expected = BTreeMap::new();
    for talker in talkers {
        expected.insert(talker.user_id.parse::<UserId>()?, (talker.total_voice_time, talker.session_count));
    }
    let mut answered = BTreeMap::new();
    for entry in VoiceActivity::of(guild_id).within(window).load(conn)?.entries {
        answered.insert(entry.user_id, (entry.voice_ms, i64::try_from(entry.sessions)?));
    }
    assert_eq!(answered, expected, "since {since}");

    let sessions = Leaderboard::by(Measure::VoiceSessions, guild_id).bots(Bots::Include).within(window).load(conn)?;
    let mut counted = BTreeMap::new();
    for entry in sessions.entries {
        counted.insert(entry.user_id, i64::try_from(entry.value)?);
    }
    let expected: BTreeMap<UserId, i64> = expected.into_iter().map(|(user_id, (_, count))| (user_id, count)).collect();
    assert_eq!(counted, expected, "since {since}");
    Ok(())
}

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(19_700)
}

fn server(seed: u64) -> Server {
    Server::new(seed).start(start()).days(40).members(60).messages_per_day(120).voice_sessions_per_day(60)
}

#[test]
fn answers_about_simulated_traffic_match() -> TestResult {
    let store = Store::builder().clock(Clock::Events).open_in_memory()?;
    let recorder = store.recorder()?;
    for event in server(1).events() {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;
    store.read(|conn| compare(conn, server(1).guild_id()))?;
    Ok(())
}

#[test]
fn answers_about_traffic_with_faults_match() -> TestResult {
    let end = start() + TimeDelta::days(6);
    for seed in 0..4 {
        let truth: Vec<_> = server(seed).events().take_while(|event| event.at() < end).collect();
        let faults = Faults {
            crashes: 10,
            drops: 20,
            duplicates: 60,
            flushes: 40,
            guild_creates: 10,
            outages: 10,
            order: Order::Lost,
            resumes: 20,
            sessions: 10,
            stops: 10,
            unheard_leaves: 10,
            ..Faults::default()
        };
        let builder = Store::builder().clock(Clock::Events).flush_interval(Duration::from_hours(1));
        let store = builder.open_in_memory()?;
        play(&store, &faults.apply(seed, &truth, end))?;
        store.read(|conn| compare(conn, server(seed).guild_id()))?;
    }
    Ok(())
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test reports it")]
fn answers_about_a_recorded_trace_match() -> TestResult {
    let path = recorded_folder().join("gateway-2018-03.jsonl.zst");
    let Ok(file) = File::open(&path) else {
        eprintln!("skipped: {} is not there", path.display());
        return Ok(());
    };
    let store = Store::builder().clock(Clock::Events).open_in_memory()?;
    let played = feed(Trace::new(file)?, || store.recorder(), None, |line| panic!("{line}"))?;
    let guild_id = played.guild_id.ok_or("nothing was played")?;
    store.read(|conn| compare(conn, guild_id))?;
    Ok(())
}
