//! What a question runs and how SQLite goes about it.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta};
use diesel::{
    connection::{Connection, InstrumentationEvent},
    prelude::*,
    sql_query,
    sql_types::Text,
};
use mocha_schema::{GuildId, UserId};

use crate::{
    Channels, Error, Growth, GuildLeaderboard, GuildVoice, HeatMap, Leaderboard, UserStatistics, UserVoice,
    VoiceActivity, VoiceChannels, VoiceFilter, VoiceNow, VoiceOccupancy, VoiceSeries, Window,
    fixture::{MONDAY, TestResult, seeded},
};

type Load = fn(&mut SqliteConnection, GuildId, Window) -> Result<String, Error>;

/// Every question; what it answers is shown as text, so that answers of different kinds can be compared.
const QUESTIONS: [(&str, Load); 15] = [
    ("messages", |conn, guild, window| show(Leaderboard::messages(guild).within(window).load(conn))),
    ("channels", |conn, guild, window| show(Channels::of(guild).within(window).load(conn))),
    ("heat map", |conn, guild, window| show(HeatMap::of(guild).within(window).load(conn))),
    ("growth", |conn, guild, window| show(Growth::of(guild).within(window).load(conn))),
    ("voice", |conn, guild, window| show(Leaderboard::voice(guild).within(window).load(conn))),
    ("voice channels", |conn, guild, window| show(VoiceChannels::of(guild).within(window).load(conn))),
    ("guild voice", |conn, guild, window| show(GuildVoice::of(guild).within(window).load(conn))),
    ("user voice", |conn, guild, window| show(UserVoice::of(guild, user()).within(window).load(conn))),
    ("fair voice", |conn, guild, window| show(UserVoice::of(guild, user()).within(window).filter(fair()).load(conn))),
    ("voice now", |conn, guild, _| show(VoiceNow::of(guild).load(conn))),
    ("occupancy", |conn, guild, window| show(VoiceOccupancy::of(guild).within(window).load(conn))),
    ("voice series", |conn, guild, window| show(VoiceSeries::of(guild).within(window).load(conn))),
    ("user", |conn, guild, window| show(UserStatistics::of(guild, user()).within(window).load(conn))),
    ("guild log", |conn, guild, window| show(GuildLeaderboard::of(guild).within(window).load(conn))),
    ("voice log", |conn, guild, window| show(VoiceActivity::of(guild).within(window).load(conn))),
];

fn user() -> UserId {
    20.try_into().unwrap()
}

fn fair() -> VoiceFilter {
    VoiceFilter::new().fair().without_afk()
}

fn show<T: std::fmt::Debug>(answer: Result<T, Error>) -> Result<String, Error> {
    answer.map(|answer| format!("{answer:?}"))
}

/// The windows of which SQLite might think differently: all time and a day.
fn windows() -> TestResult<[Window; 2]> {
    let monday = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    Ok([Window::all(), Window::between(monday, monday + TimeDelta::days(1))?])
}

/// The statements that a question runs, transactions included.
fn statements(conn: &mut SqliteConnection, load: Load, guild: GuildId, window: Window) -> TestResult<Vec<String>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            sink.lock().unwrap().push(query.to_string());
        }
    });
    load(conn, guild, window)?;
    conn.set_instrumentation(|_: InstrumentationEvent<'_>| ());
    Ok(std::mem::take(&mut *seen.lock().unwrap()))
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn plan(conn: &mut SqliteConnection, statement: &str) -> TestResult<Vec<String>> {
    let sql = statement.split("-- binds").next().unwrap_or(statement);
    let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(conn)?;
    Ok(steps.into_iter().map(|step| step.detail).collect())
}

/// How SQLite looks things up for a question, table by table.
fn searches(conn: &mut SqliteConnection, load: Load, guild: GuildId, window: Window) -> TestResult<Vec<String>> {
    let mut steps = Vec::new();
    for statement in statements(conn, load, guild, window)? {
        if statement.starts_with("SELECT") {
            steps.extend(plan(conn, &statement)?);
        }
    }
    steps.retain(|step| step.starts_with("SEARCH") || step.starts_with("SCAN"));
    Ok(steps)
}

const BOTS: &str = "SEARCH users USING INDEX idx_users_bot (bot=?)";
const MESSAGES: &str = "SEARCH message_events USING INDEX idx_message_events_guild_time \
                        (guild_id=? AND created_at>? AND created_at<?)";
const USER: &str = "SEARCH message_events USING INDEX idx_message_events_user_time \
                    (user_id=? AND created_at>? AND created_at<?)";
const MEMBERS: &str = "SEARCH member_events USING INDEX idx_member_events_guild_time \
                       (guild_id=? AND created_at>? AND created_at<?)";
const LEAVES: &str = "SEARCH voice_events USING INDEX idx_voice_events_guild_time \
                      (guild_id=? AND created_at>? AND created_at<?)";
const INTERVALS: &str = "SEARCH voice_intervals USING INDEX idx_voice_intervals_guild_time \
                         (guild_id=? AND started_at_ms>? AND started_at_ms<?)";
const OPEN: &str = "SEARCH voice_intervals USING INDEX idx_voice_intervals_open (guild_id=?)";
const USER_INTERVALS: &str =
    "SEARCH voice_intervals USING PRIMARY KEY (guild_id=? AND user_id=? AND started_at_ms>? AND started_at_ms<?)";
const NOW: &str = "SEARCH open USING INDEX idx_voice_intervals_open (guild_id=?)";
const SESSIONS: &str = "SEARCH voice_intervals USING PRIMARY KEY (guild_id=? AND user_id=? AND started_at_ms>?)";
const AFK: &str = "SEARCH guild_states USING PRIMARY KEY (guild_id=?)";

#[test]
fn every_event_table_is_read_through_its_index() -> TestResult {
    let mut conn = seeded()?;
    let guild = GuildId::try_from(1)?;
    for analysed in [false, true] {
        if analysed {
            sql_query("ANALYZE").execute(&mut conn)?;
        }
        for (name, load) in QUESTIONS {
            for window in windows()? {
                let mut steps = searches(&mut conn, load, guild, window)?;
                let mut expected = expected(name, window);
                if analysed {
                    // What SQLite knows of four users and two intervals makes it prefer other ways to those.
                    steps.retain(|step| step.contains("_events"));
                    expected.retain(|step| step.contains("_events"));
                }
                assert_eq!(steps, expected, "{name}, {window:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn much_voice_is_read_through_the_same_indexes() -> TestResult {
    let mut conn = seeded()?;
    // A month of a hundred people in two guilds, an interval each quarter hour.
    sql_query(
        "WITH RECURSIVE number (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM number WHERE n < 28799) \
         INSERT INTO voice_intervals SELECT 1 + n % 2, 1000 + n % 100, ?1 + n * 90000, ?1 + n * 90000 + 60000, \
            ?1 + n * 90000 + 60000, ?1 + n * 90000, '3000', 0, 0, 0, 0, 0, 0, 0, 0 FROM number",
    )
    .bind::<diesel::sql_types::BigInt, _>((MONDAY - 15 * 86_400) * 1000)
    .execute(&mut conn)?;
    sql_query("ANALYZE").execute(&mut conn)?;
    for (name, load) in QUESTIONS.into_iter().filter(|(name, _)| name.contains("voice ") || name.contains(" voice")) {
        for window in windows()? {
            let mut steps = searches(&mut conn, load, 1.try_into()?, window)?;
            let mut expected = expected(name, window);
            steps.retain(|step| step.contains("_intervals"));
            expected.retain(|step| step.contains("_intervals"));
            assert_eq!(steps, expected, "{name}, {window:?}");
        }
    }
    Ok(())
}

fn expected(question: &str, window: Window) -> Vec<&'static str> {
    let voice = |intervals: &'static str| {
        // What began more than a day before the window.
        let older = window.start().map(|_| OPEN);
        older.into_iter().chain([intervals, BOTS]).collect::<Vec<_>>()
    };
    match question {
        "messages" | "channels" | "heat map" => vec![MESSAGES, BOTS],
        "growth" => vec![MEMBERS, BOTS],
        "voice" => [voice(INTERVALS), vec![LEAVES, BOTS]].concat(),
        "user voice" => voice(USER_INTERVALS),
        "fair voice" => [vec![AFK], voice(INTERVALS)].concat(),
        "voice now" => vec![NOW, SESSIONS, BOTS],
        "user" => vec![USER],
        "guild log" => vec![MESSAGES],
        "voice log" => vec![LEAVES],
        _ => voice(INTERVALS),
    }
}

#[test]
fn a_question_sees_one_snapshot() -> TestResult {
    let mut conn = seeded()?;
    for (name, load) in QUESTIONS {
        let statements = statements(&mut conn, load, 1.try_into()?, Window::all())?;
        let transaction = statements.first().is_some_and(|statement| statement.starts_with("BEGIN"))
            && statements.last().is_some_and(|statement| statement.starts_with("COMMIT"));
        assert!(statements.len() == 1 || transaction, "{name}: {statements:#?}");
    }
    Ok(())
}

#[test]
fn a_question_can_be_asked_inside_a_transaction_and_of_a_read_only_connection() -> TestResult {
    let mut conn = seeded()?;
    let guild = GuildId::try_from(1)?;
    for (name, load) in QUESTIONS {
        for window in windows()? {
            let alone = load(&mut conn, guild, window)?;
            let inside: TestResult<String> = conn.immediate_transaction(|conn| Ok(load(conn, guild, window)?));
            assert_eq!(alone, inside?, "{name}");
            sql_query("PRAGMA query_only = 1").execute(&mut conn)?;
            let read_only = load(&mut conn, guild, window)?;
            sql_query("PRAGMA query_only = 0").execute(&mut conn)?;
            assert_eq!(alone, read_only, "{name}");
        }
    }
    Ok(())
}

#[test]
fn an_unknown_guild_has_empty_answers() -> TestResult {
    let mut conn = seeded()?;
    for (name, load) in QUESTIONS {
        let answer = load(&mut conn, 404.try_into()?, Window::all())?;
        assert!(!answer.chars().any(|c| ('1'..='9').contains(&c)), "{name}: {answer}");
    }
    Ok(())
}
