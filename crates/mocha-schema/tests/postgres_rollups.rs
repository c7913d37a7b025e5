//! Roll-ups in PostgreSQL are right at each commit, whichever program writes and whatever it does.
#![cfg(feature = "postgres")]

mod recount;

use std::{error::Error, ops::Range, thread};

use diesel::{connection::SimpleConnection, prelude::*, result::Error as DieselError};
use mocha_schema::migrate_postgres;
use mocha_test_postgres::Database;
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, TestCaseError, TestRunner},
};
use recount::{differences, parents};

type Failure = Box<dyn Error + Send + Sync>;

/// Some guilds, users and channels, so that changes meet.
const GUILDS: Range<i64> = 1..3;
const USERS: Range<i64> = 1..5;
/// A few days around the change of a month of thirty days.
const DAYS: Range<i64> = 598..603;

fn second() -> impl Strategy<Value = i64> {
    (DAYS, 0..96_i64, 0..3_i64).prop_map(|(day, quarter, rest)| day * 86_400 + quarter * 900 + rest)
}

fn message() -> impl Strategy<Value = String> {
    let content = proptest::option::of((0..100_i64, 0..9_i64, any::<bool>(), any::<bool>()));
    (0..60_i64, GUILDS, 0..2_i64, USERS, select(vec!["0", "19", "7"]), content, second()).prop_map(
        |(id, guild, channel, user, kind, content, at)| {
            let content = content
                .map_or("NULL, NULL, NULL, NULL".to_owned(), |(characters, words, attachment, embed)| {
                    format!("{attachment}, {embed}, {characters}, {words}")
                });
            format!("({}, {guild}, {}, {user}, {kind}, {content}, {at})", id + 1, guild * 10 + channel)
        },
    )
}

fn messages() -> impl Strategy<Value = String> {
    proptest::collection::vec(message(), 1..12).prop_map(|rows| {
        // An upsert must not update one key twice, but two inserted rows may have the same key.
        format!("INSERT INTO message_events VALUES {} ON CONFLICT DO NOTHING", rows.join(", "))
    })
}

fn interval() -> impl Strategy<Value = String> {
    let flags = proptest::collection::vec(any::<bool>(), 8);
    (GUILDS, USERS, DAYS, 0..24_i64, proptest::option::of(1..3_600_000_i64), flags).prop_map(
        |(guild, user, day, hour, length, flags)| {
            let start = day * 86_400_000 + hour * 3_600_000;
            let end = length.map_or("NULL".to_owned(), |length| (start + length).to_string());
            let channel = if flags.first() == Some(&true) { "NULL".to_owned() } else { (guild * 10).to_string() };
            let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
            format!(
                "INSERT INTO voice_intervals VALUES ({guild}, {user}, {start}, {end}, {start}, {start}, {channel}, {})
                 ON CONFLICT DO NOTHING",
                flags.join(", ")
            )
        },
    )
}

/// Generates a statement that any program may execute.
fn statement() -> impl Strategy<Value = String> {
    let user = || USERS.prop_map(|user| user.to_string());
    prop_oneof![
        6 => messages(),
        4 => interval(),
        2 => (0..60_i64).prop_map(|id| format!("DELETE FROM message_events WHERE id = {}", id + 1)),
        2 => (2..6_i64).prop_map(|n| format!("DELETE FROM message_events WHERE id % {n} = 0")),
        2 => (2..6_i64, second()).prop_map(|(n, at)| {
            format!("UPDATE message_events SET created_at = {at}, character_count = 5 WHERE id % {n} = 1")
        }),
        2 => (2..6_i64, USERS).prop_map(|(n, user)| {
            format!("UPDATE message_events SET user_id = {user}, has_embed = true WHERE id % {n} = 0")
        }),
        1 => Just("UPDATE message_events SET message_type = 19 - message_type WHERE message_type IN (0, 19)".to_owned()),
        2 => Just("UPDATE voice_intervals SET ended_at_ms = started_at_ms + 1000, seen_at_ms = started_at_ms + 1000 \
                  WHERE ended_at_ms IS NULL".to_owned()),
        1 => Just("UPDATE voice_intervals SET seen_at_ms = seen_at_ms + 1 WHERE ended_at_ms IS NULL".to_owned()),
        1 => (2..6_i64).prop_map(|n| format!("DELETE FROM voice_intervals WHERE started_at_ms / 3600000 % {n} = 0")),
        1 => (2..6_i64).prop_map(|n| {
            format!("UPDATE voice_intervals SET assumed = NOT assumed, channel_id = 20, stream = true \
                     WHERE started_at_ms / 3600000 % {n} = 1")
        }),
        3 => (0..20_i64, GUILDS, USERS, any::<bool>(), second()).prop_map(|(id, guild, user, leave, at)| {
            let kind = if leave { "leave" } else { "join" };
            format!("INSERT INTO voice_events (id, guild_id, user_id, event_type, created_at) \
                     VALUES ('{id}', {guild}, {user}, '{kind}', {at}) ON CONFLICT DO NOTHING")
        }),
        1 => second().prop_map(|at| format!("UPDATE voice_events SET created_at = {at}")),
        1 => (2..6_i64).prop_map(|n| format!("DELETE FROM voice_events WHERE id::INTEGER % {n} = 0")),
        3 => (0..20_i64, GUILDS, USERS, select(vec!["join", "leave", "other"]), second()).prop_map(|(id, guild, user, kind, at)| {
            format!("INSERT INTO member_events VALUES ('{id}', {guild}, {user}, '{kind}', NULL, {at}) \
                     ON CONFLICT DO NOTHING")
        }),
        1 => (second(), 2..5_i64).prop_map(|(at, n)| {
            format!("UPDATE member_events SET created_at = {at}, event_type = 'join' WHERE id::INTEGER % {n} = 0")
        }),
        1 => (2..6_i64).prop_map(|n| format!("DELETE FROM member_events WHERE id::INTEGER % {n} = 0")),
        3 => user().prop_map(|user| format!("UPDATE users SET bot = bot IS NOT TRUE WHERE id = {user}")),
        1 => user().prop_map(|user| format!("DELETE FROM users WHERE id = {user}; {}", parents(USERS))),
        1 => (USERS, GUILDS).prop_map(|(user, guild)| {
            // One statement changes two tables.
            format!("WITH sent AS (INSERT INTO message_events VALUES \
                         (99, {guild}, {guild}0, {user}, 0, true, false, 1, 1, 51840000) ON CONFLICT DO NOTHING) \
                     UPDATE users SET bot = bot IS NOT TRUE WHERE id = {user}")
        }),
        1 => Just(format!("DELETE FROM guilds WHERE id = 1; {}", parents(USERS))),
        1 => select(vec!["message_events", "voice_events, voice_intervals", "member_events"]).prop_map(|tables| {
            format!("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE {tables}; SET CONSTRAINTS ALL DEFERRED")
        }),
        1 => Just(format!(
            "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE users CASCADE; SET CONSTRAINTS ALL DEFERRED; {}", parents(USERS)
        )),
        3 => (GUILDS, select(vec![1, 60, 3_600, 86_400])).prop_map(|(guild, seconds)| {
            format!("INSERT INTO award_spans VALUES ({guild}, {seconds}) ON CONFLICT (guild_id) DO UPDATE SET seconds = excluded.seconds")
        }),
        1 => GUILDS.prop_map(|guild| format!("DELETE FROM award_spans WHERE guild_id = {guild}")),
        2 => GUILDS.prop_map(|guild| format!("SELECT pack_quarters({guild}, 25)")),
    ]
}

/// Generates transactions of a few statements, and whether each is rolled back.
fn transactions() -> impl Strategy<Value = Vec<(Vec<String>, bool)>> {
    let transaction = (proptest::collection::vec(statement(), 1..5), proptest::bool::weighted(0.1));
    proptest::collection::vec(transaction, 1..12)
}

fn run(conn: &mut PgConnection, statements: &[String], undone: bool) -> QueryResult<()> {
    let result = conn.transaction(|conn| {
        for statement in statements {
            conn.batch_execute(statement)?;
        }
        if undone { Err(DieselError::RollbackTransaction) } else { Ok(()) }
    });
    if undone { Ok(()) } else { result }
}

#[test]
fn roll_ups_equal_a_recount_after_every_transaction() -> Result<(), Failure> {
    let Some(database) = Database::create() else { return Ok(()) };
    let conn = &mut PgConnection::establish(database.url())?;
    migrate_postgres(conn)?;
    let conn = std::cell::RefCell::new(conn);
    let mut runner = TestRunner::new(Config {
        cases: Config::default().cases.min(64),
        failure_persistence: None,
        ..Config::default()
    });
    runner.run(&transactions(), |transactions| {
        let conn = &mut **conn.borrow_mut();
        let failed = |error: DieselError| TestCaseError::fail(error.to_string());
        let tables = "guilds, users, voice_events, voice_intervals, member_events, award_spans";
        conn.batch_execute(&format!("TRUNCATE {tables} CASCADE; {}", parents(USERS))).map_err(failed)?;
        for (statements, undone) in transactions {
            run(conn, &statements, undone).map_err(failed)?;
            let differences = differences(conn).map_err(failed)?;
            prop_assert!(differences.is_empty(), "after {statements:#?}\n{differences:#?}");
        }
        Ok(())
    })?;
    Ok(())
}

/// Events before a horizon are only in the roll-ups, and stay there.
#[test]
fn roll_ups_outlive_events_from_before_the_horizon() -> Result<(), Failure> {
    let Some(database) = Database::create() else { return Ok(()) };
    let conn = &mut PgConnection::establish(database.url())?;
    migrate_postgres(conn)?;
    let (old, new) = (600 * 86_400, 601 * 86_400);
    conn.batch_execute(&format!(
        "{}
         INSERT INTO award_spans VALUES (1, 60);
         INSERT INTO message_events SELECT n, 1, 10, 1, 0, true, true, 7, 2, CASE WHEN n < 5 THEN {old} ELSE {new} END
         FROM generate_series(1, 9) AS n;
         INSERT INTO member_events SELECT n, 1, 1, 'join', NULL, CASE WHEN n < 5 THEN {old} ELSE {new} END
         FROM generate_series(1, 9) AS n;
         INSERT INTO voice_events (id, guild_id, user_id, event_type, created_at)
         SELECT n, 1, 1, 'leave', CASE WHEN n < 5 THEN {old} ELSE {new} END FROM generate_series(1, 9) AS n;
         INSERT INTO voice_intervals
         SELECT 1, 1, at, at + 9, at, at, 10, false, false, false, false, false, false, false, false
         FROM (SELECT CASE WHEN n < 5 THEN {old} ELSE {new} END * 1000::BIGINT + n * 10 AS at FROM generate_series(1, 9) AS n) AS times",
        parents(USERS)
    ))?;
    let sums = "SELECT (SELECT sum(messages) FROM message_totals), (SELECT sum(messages) FROM message_quarters),
                    (SELECT sum(days) FROM active_months), (SELECT sum(joins) FROM member_days),
                    (SELECT sum(sessions) FROM voice_totals), (SELECT sum(intervals) FROM voice_channel_months),
                    (SELECT sum(days) FROM voice_months), (SELECT sum(awards) FROM award_totals)";
    let before = database.execute(sums);
    assert_eq!(before, "9|9|15|9|9|9|5|2");
    conn.batch_execute(&format!(
        "UPDATE horizons SET messages_from = {new}, members_from = {new}, voice_from = {new};
         DELETE FROM message_events WHERE created_at < {new}; DELETE FROM member_events WHERE created_at < {new};
         DELETE FROM voice_events WHERE created_at < {new};
         DELETE FROM voice_intervals WHERE started_at_ms < {new}000;
         INSERT INTO message_events VALUES (20, 1, 10, 1, 0, true, true, 7, 2, {old});
         INSERT INTO member_events VALUES ('20', 1, 1, 'join', NULL, {old})"
    ))?;
    assert_eq!(database.execute(sums), before);
    conn.batch_execute("TRUNCATE message_events, member_events, voice_events, voice_intervals")?;
    assert_eq!(database.execute(sums), "4|4|3|4|4|4|1|1");
    Ok(())
}

/// Programs that write at the same time neither deadlock nor lose a count.
#[test]
fn writers_at_once_neither_deadlock_nor_lose_a_count() -> Result<(), Failure> {
    let Some(database) = Database::create() else { return Ok(()) };
    let conn = &mut PgConnection::establish(database.url())?;
    migrate_postgres(conn)?;
    conn.batch_execute(&format!("{} INSERT INTO award_spans VALUES (1, 60), (2, 3600)", parents(USERS)))?;
    let writer = |number: i64| -> Result<(), Failure> {
        let conn = &mut PgConnection::establish(database.url())?;
        for round in 0..40 {
            let from = (number * 100 + round) * 100;
            // The writers list the same users and channels in different orders.
            let order = if number % 2 == 0 { "n" } else { "-n" };
            conn.batch_execute(&format!(
                "INSERT INTO message_events SELECT {from} + n, 1 + n % 2, 10 + n % 2 * 10, 1 + n % 4, 0, true, false, n, 1,
                     {} + n * 1000
                 FROM generate_series(1, 60) AS n ORDER BY {order}",
                599 * 86_400
            ))?;
            match (number + round) % 7 {
                0 => conn.batch_execute(&format!("DELETE FROM message_events WHERE id BETWEEN {from} AND {from} + 30"))?,
                1 => conn.batch_execute(&format!("UPDATE users SET bot = bot IS NOT TRUE WHERE id = {}", 1 + number % 4))?,
                2 => conn.batch_execute("SELECT pack_quarters(1, 25)")?,
                3 => conn.batch_execute(&format!(
                    "INSERT INTO voice_events (id, guild_id, user_id, event_type, created_at)
                     SELECT {from} + n, 1 + n % 2, 1 + n % 4, 'leave', 0 FROM generate_series(1, 20) AS n ORDER BY {order}"
                ))?,
                4 => conn.batch_execute(&format!(
                    "INSERT INTO member_events SELECT {from} + n, 1 + n % 2, 1 + n % 4, 'join', NULL, n * 86400
                     FROM generate_series(1, 20) AS n ORDER BY {order}"
                ))?,
                _ => {}
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let writers: Vec<_> = (0..4).map(|number| scope.spawn(move || writer(number))).collect();
        writers.into_iter().try_for_each(|writer| writer.join().unwrap())
    })?;
    assert_eq!(differences(conn)?, [""; 0]);
    Ok(())
}
