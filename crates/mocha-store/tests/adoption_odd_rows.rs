//! Adoption converts odd values of an old file. Values that it cannot convert harm no other rows.

mod support;

use std::{fmt::Write as _, path::Path};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{Clock, OddityKind, Store, Verdict};
use support::*;

fn adopted(path: &Path, rows: &str) -> Result<Store, Box<dyn std::error::Error + Send + Sync>> {
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    conn.batch_execute(include_str!("original.sql"))?;
    conn.batch_execute("PRAGMA foreign_keys = OFF")?;
    conn.batch_execute(rows)?;
    drop(conn);
    Ok(Store::open(path)?)
}

#[test]
fn times_in_milliseconds_texts_and_reals_become_seconds() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = adopted(
        &folder.path().join("stats.db"),
        "INSERT INTO users VALUES ('40', 'ferris', '0', NULL, 0, 1600000000000, 'yesterday');
         INSERT INTO message_events VALUES ('1', '10', '20', '40', 0, 0, 0, 5, 1, 1600000000999);
         INSERT INTO message_events VALUES ('2', '10', '20', '40', 0, 0, 0, 5, 1, '2020-09-13T12:26:40.000Z');
         INSERT INTO message_events VALUES ('3', '10', '20', '40', 0, 0, 0, 5, 1, 1600000000.5);
         INSERT INTO message_events VALUES ('4', '10', '20', '40', 0, 0, 0, 5, 1, 'now');",
    )?;
    let times = "SELECT typeof(created_at) || ' ' || created_at AS line FROM message_events ORDER BY id";
    let second = "integer 1600000000";
    assert_eq!(lines(&store, times)?, [second, second, second, "text now"]);
    let user = "SELECT created_at || ' ' || typeof(updated_at) AS line FROM users";
    assert_eq!(lines(&store, user)?, ["1600000000 integer"]);
    assert_eq!(lines(&store, "SELECT messages || '' AS line FROM message_days")?, ["3"]);
    Ok(())
}

#[test]
fn rows_with_invalid_ids_stay_and_count_nowhere() -> TestResult {
    let folder = tempfile::tempdir()?;
    let rows = ["anonymous", "", "-5", "0", "12abc"].iter().enumerate().map(|(n, user)| {
        format!("INSERT INTO message_events VALUES ('{n}', '10', '20', '{user}', 0, 0, 0, 5, 1, 1600000000);")
    });
    let padded = "INSERT INTO message_events VALUES ('p', '10', '20', '0040', 0, 0, 0, 5, 1, 1600000000);";
    let rows: String = rows.chain([padded.to_owned()]).collect();
    let store = adopted(&folder.path().join("stats.db"), &rows)?;
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, ["6"]);
    assert_eq!(lines(&store, "SELECT user_id || ' ' || messages AS line FROM message_days")?, ["40 1"]);
    assert_eq!(lines(&store, "SELECT user_id AS line FROM message_events WHERE id = 'p'")?, ["40"]);
    let unreadable = "SELECT count(*) || column_name AS line FROM unreadable_rows WHERE table_name = 'message_events' GROUP BY column_name";
    assert_eq!(lines(&store, unreadable)?, ["5user_id"]);
    Ok(())
}

#[test]
fn generated_ids_of_members_become_those_of_guild_and_user() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = adopted(
        &folder.path().join("stats.db"),
        "INSERT INTO members VALUES ('a-uuid', '10', '40', 'old', 1, NULL, 1, 1);
         INSERT INTO members VALUES ('another', '10', '40', 'new', 1, NULL, 1, 2);",
    )?;
    assert_eq!(lines(&store, "SELECT id || ' ' || nickname AS line FROM members")?, ["10:40 new"]);
    Ok(())
}

#[test]
fn a_leave_has_the_duration_of_its_session() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = adopted(
        &folder.path().join("stats.db"),
        "INSERT INTO voice_events VALUES ('a', '10', '20', '40', 'leave', 1600000000, 1600000600, NULL, 0, 0, 1600000600);
         INSERT INTO voice_events VALUES ('b', '10', '20', '41', 'leave', 1600000000, 1600000600, -600000, 0, 0, 1600000600);
         INSERT INTO voice_events VALUES ('c', '10', '20', '42', 'leave', 1600000000, 253402300799, 251802300799000, 0, 0, 253402300799);",
    )?;
    let durations = "SELECT duration || '' AS line FROM voice_events WHERE id <> 'c' ORDER BY id";
    assert_eq!(lines(&store, durations)?, ["600000", "600000"]);
    // A session until the year 9999 stays in the log and gets no interval.
    assert_eq!(lines(&store, "SELECT user_id AS line FROM voice_intervals ORDER BY user_id")?, ["40", "41"]);
    Ok(())
}

#[test]
fn the_report_counts_oddities_by_table_and_column() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = adopted(
        &path,
        "INSERT INTO guilds VALUES ('10', 'Rust', NULL, 1, 1600000000, 253402300799);
         INSERT INTO users VALUES ('40', 'ferris', '0', NULL, 0, 1600000000, 'yesterday');
         INSERT INTO users VALUES ('0040', 'crab', '0', NULL, 0, 1600000000, 1600000009);
         INSERT INTO members VALUES ('a-uuid', '10', '40', 'old', 1600000000000, NULL, 1, 1);
         INSERT INTO members VALUES ('another', '10', '40', 'new', 'never', NULL, 1, 2);
         INSERT INTO message_events VALUES ('1', '10', '20', '40', 0, 0, 0, 5, 1, 1600000000000);
         INSERT INTO message_events VALUES ('2', '10', '20', '40', 0, 0, 0, 5, 1, 1600000000000.5);
         INSERT INTO message_events VALUES ('3', '10', '20', '40', 0, 0, 0, 5, 1, 1600000000.5);
         INSERT INTO message_events VALUES ('4', '10', '20', '40', 0, 0, 0, 5, 1, '2020-09-13 12:26:40');
         INSERT INTO message_events VALUES ('5', '10', '20', '40', 0, 0, 0, 5, 1, 'now');
         INSERT INTO message_events VALUES ('6', '10', '20', '40', 0, 0, 0, 5, 1, 3000000000);
         INSERT INTO message_events VALUES ('7', '10', '20', '40', 0, 0, 0, 5, 1, 253402300799);
         INSERT INTO message_events VALUES ('8', '10', '20', 'anonymous', 0, 0, 0, 5, 1, 1600000000);
         INSERT INTO message_events VALUES ('9', '10', 'deleted-channel', 'anonymous', 0, 0, 0, 5, 1, 'now');
         INSERT INTO voice_events VALUES ('a', '10', '20', '0041', 'leave', 1600000000, 1600000600, NULL, 0, 0, 1600000600);
         INSERT INTO voice_events VALUES ('b', '10', '20', '41', 'drag', 1600000000, NULL, 0, 0, 0, 1600000600);
         INSERT INTO member_events VALUES ('c', '-5', '40', 'join', NULL, 1600000000);
         INSERT INTO presence_events VALUES ('d', '10', '40', 'invisible', NULL, NULL, 1600000000);
         INSERT INTO presence_events VALUES ('e', '10', '40', 'online', 0, 'chess', 1600000000);",
    )?;
    let report = store.adopted().ok_or("it was adopted")?;
    assert_eq!(report.rows, 19);
    let found: Vec<_> = report.oddities.iter().map(|odd| (odd.table, odd.column, odd.kind, odd.rows)).collect();
    assert_eq!(
        found,
        [
            ("guilds", "updated_at", OddityKind::InvalidTime, 1),
            ("users", "id", OddityKind::PaddedId, 1),
            ("users", "updated_at", OddityKind::InvalidTime, 1),
            ("users", "id", OddityKind::Duplicate, 1),
            ("members", "id", OddityKind::GeneratedId, 2),
            ("members", "joined_at", OddityKind::Milliseconds, 1),
            ("members", "joined_at", OddityKind::InvalidTime, 1),
            ("members", "id", OddityKind::Duplicate, 1),
            ("message_events", "created_at", OddityKind::Milliseconds, 2),
            ("message_events", "created_at", OddityKind::RealTime, 1),
            ("message_events", "created_at", OddityKind::TextTime, 1),
            ("message_events", "created_at", OddityKind::InvalidTime, 3),
            ("message_events", "channel_id", OddityKind::InvalidId, 1),
            ("message_events", "user_id", OddityKind::InvalidId, 1),
            ("voice_events", "user_id", OddityKind::PaddedId, 1),
            ("voice_events", "duration", OddityKind::MissingDuration, 1),
            ("voice_events", "event_type", OddityKind::UnknownWord, 1),
            ("member_events", "guild_id", OddityKind::InvalidId, 1),
            ("presence_events", "status", OddityKind::UnknownWord, 1),
        ]
    );
    assert_eq!(report.set_aside(), 11);
    assert!(report.to_string().contains("\nmessage_events.user_id: 1 rows: not a Discord id; set aside"));
    // No row of an event is lost.
    for (table, rows) in
        [("message_events", "9"), ("voice_events", "2"), ("member_events", "1"), ("presence_events", "2")]
    {
        assert_eq!(lines(&store, &format!("SELECT count(*) || '' AS line FROM {table}"))?, [rows], "{table}");
    }
    // A second opening adopts nothing, and a check still counts the unreadable rows.
    drop(store);
    let store = Store::open(&path)?;
    assert_eq!(store.adopted(), None);
    let check = store.check().run()?;
    assert_eq!(check.verdict(), Verdict::Unreadable);
    let unreadable: Vec<_> =
        check.unreadable.iter().map(|odd| (odd.table.as_str(), odd.column.as_str(), odd.rows)).collect();
    assert_eq!(
        unreadable,
        [
            // Each message needs a parent row in these tables.
            ("channels", "id", 1),
            ("guilds", "id", 1),
            ("member_events", "guild_id", 1),
            ("message_events", "channel_id", 1),
            ("message_events", "created_at", 2),
            ("message_events", "user_id", 1),
            ("presence_events", "status", 1),
            ("users", "id", 1),
            ("voice_events", "event_type", 1),
        ]
    );
    let text = check.to_string();
    assert!(text.contains("\n2 rows of message_events have a value in created_at that Mocha cannot read"), "{text}");
    Ok(())
}

#[test]
fn a_documented_file_has_no_oddities_and_is_sound() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = adopted(
        &folder.path().join("stats.db"),
        "INSERT INTO members VALUES ('10:40', '10', '40', NULL, 1600000000, NULL, 1600000000, 1600000000);
         INSERT INTO voice_events VALUES ('a', '10', NULL, '40', 'leave', 1600000000, 1600000600, 600000, 0, 0, 1600000600);",
    )?;
    let report = store.adopted().ok_or("it was adopted")?;
    assert_eq!((report.rows, report.oddities.len(), report.set_aside()), (2, 0, 0));
    assert_eq!(report.to_string(), "2 rows were adopted");
    assert_eq!(store.check().run()?.verdict(), Verdict::Sound);
    Ok(())
}

/// Neither the recorder nor a question may take such a row for the present.
#[test]
fn a_row_of_the_year_9999_costs_no_time_and_no_space() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = adopted(
        &path,
        "INSERT INTO channels VALUES ('20', '10', 'general', 0, NULL, 1, 1600000000, 253402300799);
         INSERT INTO voice_events VALUES ('a', '10', '20', '40', 'leave', 1600000000, 253402300799, NULL, 0, 0, 253402300799);
         INSERT INTO voice_events VALUES ('b', '10', '20', '41', 'leave', 1600000000, 253402300799, 251802300799000, 0, 0, 253402300799);
         INSERT INTO voice_events VALUES ('c', '10', '20', '42', 'leave', NULL, NULL, 60000, 0, 0, 253402300799);
         INSERT INTO voice_events VALUES ('d', '10', '20', '43', 'join', 253402300799, NULL, 0, 0, 0, 253402300799);
         INSERT INTO message_events VALUES ('1', '10', '20', '40', 0, 0, 0, 5, 1, 253402300799);",
    )?;
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM voice_intervals")?, ["0"]);
    assert_eq!(
        lines(&store, "SELECT coalesce(duration, 'none') || '' AS line FROM voice_events WHERE id = 'a'")?,
        ["none"]
    );
    assert_eq!(lines(&store, "SELECT messages_to || ' ' || voice_to AS line FROM watermarks")?, ["0 0"]);
    drop(store);
    // The recorder still updates the guild, the channel and the user of such rows.
    let store = Store::builder().clock(Clock::Events).open(&path)?;
    let now = later(0);
    let events = [
        channel(now, 20, Some("new")),
        user(now, 40, "ferris"),
        message(now, 31, 20, 40),
        voice(now, 40, Some(20)),
        voice(now + 60_000, 40, None),
    ];
    record(&store, events)?;
    assert_eq!(store.recorder()?.stats().rejected, 0);
    assert_eq!(lines(&store, "SELECT name AS line FROM channels WHERE id = '20'")?, ["new"]);
    assert_eq!(lines(&store, "SELECT username AS line FROM users WHERE id = '40'")?, ["ferris"]);
    let minute = "SELECT user_id || ' ' || (ended_at_ms - started_at_ms) AS line FROM voice_intervals";
    assert_eq!(lines(&store, minute)?, ["40 60000"]);
    Ok(())
}

/// A row of each table. The test replaces its values one by one.
const ROWS: [(&str, &str); 8] = [
    ("guilds", "'{id}', 'Rust', NULL, 7, 1600000000, 1600000000"),
    ("users", "'{id}', 'ferris', '0', NULL, 0, 1600000000, 1600000000"),
    ("channels", "'{id}', '10', 'general', 0, '1000', 1, 1600000000, 1600000000"),
    ("members", "'{id}', '10', '40', 'crab', 1600000000, 1600000000, 1600000000, 1600000000"),
    ("message_events", "'{id}', '10', '20', '40', 0, 0, 0, 5, 1, 1600000000"),
    ("voice_events", "'{id}', '10', '20', '40', 'leave', 1600000000, 1600000010, 10000, 0, 0, 1600000010"),
    ("member_events", "'{id}', '10', '40', 'join', 7, 1600000000"),
    ("presence_events", "'{id}', '10', '40', 'online', 0, 'chess', 1600000000"),
];

const VALUES: [&str; 16] = [
    "NULL",
    "''",
    "'-5'",
    "'0040'",
    "' 20'",
    "'anonymous'",
    "'18446744073709551616'",
    "'2020-10-19T09:00:00.000Z'",
    "x'31'",
    "x'ff00'",
    "CAST(x'ff41' AS TEXT)",
    "-1",
    "1600000000.5",
    "9e999",
    "253402300799",
    "-9223372036854775808",
];

#[test]
fn every_odd_value_in_every_column_can_be_adopted() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let mut sql = String::new();
    for (table, row) in ROWS {
        for place in 0..row.split(", ").count() {
            for (number, odd) in VALUES.into_iter().enumerate() {
                let row = row.replace("{id}", &format!("9{place:02}{number:02}"));
                let mut values: Vec<&str> = row.split(", ").collect();
                values[place] = odd;
                write!(sql, "INSERT OR IGNORE INTO {table} VALUES ({});", values.join(", "))?;
            }
        }
    }
    let store = adopted(&path, &sql)?;
    let report = store.adopted().ok_or("it was adopted")?;
    assert!(report.set_aside() > 50, "{report}");
    let events: u64 = ["message_events", "voice_events", "member_events", "presence_events"]
        .into_iter()
        .map(|table| {
            Ok(lines(&store, &format!("SELECT count(*) || '' AS line FROM {table}"))?.concat().parse::<u64>()?)
        })
        .sum::<TestResult<u64>>()?;
    assert!(events > 400, "{events}");
    // The roll-ups count the readable rows, and everything else works.
    let check = store.check().run()?;
    assert_eq!(check.verdict(), Verdict::Unreadable, "{check}");
    drop(store);
    let store = Store::builder().clock(Clock::Events).open(&path)?;
    let now = later(0);
    record(
        &store,
        [user(now, 40, "crab"), message(now, 31, 20, 40), voice(now, 40, Some(20)), voice(now + 9_000, 40, None)],
    )?;
    assert_eq!(store.recorder()?.stats().rejected, 0);
    assert!(store.export_user(id(40)).write_to(std::io::sink())? > 100);
    assert!(store.forget_user(id(40)).run()?.rows_gone);
    assert_eq!(store.check().run()?.verdict(), Verdict::Unreadable);
    Ok(())
}
