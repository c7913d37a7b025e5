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
    Channels, Error, Growth, GuildLeaderboard, HeatMap, Leaderboard, UserStatistics, VoiceActivity, VoiceChannels,
    Window,
    fixture::{MONDAY, TestResult, seeded},
};

type Load = fn(&mut SqliteConnection, GuildId, Window) -> Result<String, Error>;

/// Every question; what it answers is shown as text, so that answers of different kinds can be compared.
const QUESTIONS: [(&str, Load); 9] = [
    ("messages", |conn, guild, window| show(Leaderboard::messages(guild).within(window).load(conn))),
    ("channels", |conn, guild, window| show(Channels::of(guild).within(window).load(conn))),
    ("heat map", |conn, guild, window| show(HeatMap::of(guild).within(window).load(conn))),
    ("growth", |conn, guild, window| show(Growth::of(guild).within(window).load(conn))),
    ("voice", |conn, guild, window| show(Leaderboard::voice(guild).within(window).load(conn))),
    ("voice channels", |conn, guild, window| show(VoiceChannels::of(guild).within(window).load(conn))),
    ("user", |conn, guild, window| show(UserStatistics::of(guild, user()).within(window).load(conn))),
    ("guild log", |conn, guild, window| show(GuildLeaderboard::of(guild).within(window).load(conn))),
    ("voice log", |conn, guild, window| show(VoiceActivity::of(guild).within(window).load(conn))),
];

fn user() -> UserId {
    20.try_into().unwrap()
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

#[test]
fn every_event_table_is_read_through_its_index() -> TestResult {
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
                             (guild_id=? AND started_at_ms<?)";
    let mut conn = seeded()?;
    let guild = GuildId::try_from(1)?;
    for analysed in [false, true] {
        if analysed {
            sql_query("ANALYZE").execute(&mut conn)?;
        }
        for ((name, load), expected) in QUESTIONS.into_iter().zip([
            vec![MESSAGES, BOTS],
            vec![MESSAGES, BOTS],
            vec![MESSAGES, BOTS],
            vec![MEMBERS, BOTS],
            vec![INTERVALS, BOTS, LEAVES, BOTS],
            vec![INTERVALS, BOTS],
            vec![USER],
            vec![MESSAGES],
            vec![LEAVES],
        ]) {
            for window in windows()? {
                let mut steps = Vec::new();
                for statement in statements(&mut conn, load, guild, window)? {
                    if statement.starts_with("SELECT") {
                        steps.extend(plan(&mut conn, &statement)?);
                    }
                }
                steps.retain(|step| step.starts_with("SEARCH") || step.starts_with("SCAN"));
                if analysed {
                    // What SQLite knows of four users and two intervals makes it prefer other ways to those.
                    steps.retain(|step| step.contains("_events"));
                    assert!(
                        steps.iter().all(|step| expected.contains(&step.as_str())),
                        "{name}, {window:?}: {steps:?}"
                    );
                } else {
                    assert_eq!(steps, expected, "{name}, {window:?}");
                }
            }
        }
    }
    Ok(())
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
