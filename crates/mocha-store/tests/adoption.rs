//! Adoption of a file of the TypeScript original.

mod support;

use std::{fs, path::Path};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{ErrorKind, Rollup, Store};
use support::*;

/// The tables as drizzle-kit writes them: no foreign keys.
const TABLES: &str = include_str!("original.sql");

const ROWS: &str = "
INSERT INTO guilds VALUES ('10', 'Rust', NULL, 7, 1600000000, 1600000001);
INSERT INTO users VALUES ('40', 'ferris', '0', NULL, 0, 1600000000, 1600000000);
INSERT INTO channels VALUES ('20', '10', 'general', 0, NULL, 1, 1600000000, 1600000000);
INSERT INTO members VALUES ('10:40', '10', '40', 'crab', 1600000000, NULL, 1600000000, 1600000000);
INSERT INTO message_events VALUES ('30', '10', '20', '40', 0, 1, 0, 12, 3, 1600000100);
INSERT INTO message_events VALUES ('generated-1', '11', '21', '41', 0, 0, 0, 5, 1, 1600000200);
INSERT INTO voice_events VALUES ('a', '10', '22', '40', 'join', 1600000000, NULL, 0, 1, 0, 1600000000);
INSERT INTO voice_events VALUES ('b', '10', '23', '40', 'move', 1600000000, NULL, 0, 0, 0, 1600000060);
INSERT INTO voice_events VALUES ('c', '10', NULL, '40', 'leave', 1600000000, 1600000100, 100250, 0, 0, 1600000100);
INSERT INTO voice_events VALUES ('d', '10', NULL, '42', 'leave', NULL, NULL, 5000, 0, 0, 1600000200);
INSERT INTO voice_events VALUES ('e', '10', NULL, '42', 'leave', NULL, NULL, 0, 0, 0, 1600000300);
INSERT INTO member_events VALUES ('f', '10', '43', 'join', 8, 1600000400);
INSERT INTO presence_events VALUES ('g', '12', '44', 'online', NULL, NULL, 1600000500);
";

fn original(path: &Path, rows: &str) -> TestResult {
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    conn.batch_execute(TABLES)?;
    conn.batch_execute("PRAGMA foreign_keys = OFF")?;
    conn.batch_execute(rows)?;
    Ok(())
}

#[test]
fn every_row_stays_and_orphans_get_parents() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    original(
        &path,
        &format!("{ROWS} CREATE TABLE __drizzle_migrations (id); CREATE VIEW names AS SELECT name FROM guilds;"),
    )?;
    let store = Store::open(&path)?;
    let count = |table: &str| lines(&store, &format!("SELECT count(*) || '' AS line FROM {table}"));
    for (table, rows) in [
        ("guilds", "3"),
        ("users", "5"),
        ("channels", "4"),
        ("members", "1"),
        ("message_events", "2"),
        ("voice_events", "5"),
        ("member_events", "1"),
        ("presence_events", "1"),
        ("__drizzle_migrations", "0"),
    ] {
        assert_eq!(count(table)?, [rows], "{table}");
    }
    let orphan =
        "SELECT id || ' ' || guild_id || ' ' || type || ' ' || created_at AS line FROM channels WHERE id = '21'";
    assert_eq!(lines(&store, orphan)?, ["21 11 0 1600000200"]);
    assert_eq!(
        lines(&store, "SELECT id || word_count AS line FROM message_events ORDER BY id")?,
        ["303", "generated-11"]
    );
    assert_eq!(lines(&store, "SELECT name AS line FROM names WHERE name IS NOT NULL")?, ["Rust"]);
    assert_eq!(lines(&store, "SELECT \"table\" AS line FROM pragma_foreign_key_check")?, [""; 0]);
    assert_eq!(lines(&store, "SELECT name AS line FROM sqlite_schema WHERE name LIKE 'original%'")?, [""; 0]);
    // The store works, also after it was opened again.
    record(&store, [message(0, 31, 20, 40)])?;
    drop(store);
    assert_eq!(lines(&Store::open(&path)?, "SELECT count(*) || '' AS line FROM message_events")?, ["3"]);
    Ok(())
}

#[test]
fn an_adopted_file_has_the_schema_of_a_new_one() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    original(&path, ROWS)?;
    let schema = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_schema ORDER BY 1";
    assert_eq!(lines(&Store::open(&path)?, schema)?, lines(&Store::builder().open_in_memory()?, schema)?);
    Ok(())
}

#[test]
fn sessions_of_the_voice_log_become_intervals() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    original(&path, ROWS)?;
    let store = Store::open(&path)?;
    let intervals = "SELECT user_id || ' ' || coalesce(channel_id, '?') || ' ' || started_at_ms || ' ' || ended_at_ms || ' ' || self_mute \
                     AS line FROM voice_intervals ORDER BY started_at_ms";
    assert_eq!(
        lines(&store, intervals)?,
        [
            "40 22 1600000000000 1600000060000 1",
            "40 23 1600000060000 1600000100250 0",
            "42 ? 1600000195000 1600000200000 0",
        ]
    );
    let sums = "SELECT (SELECT sum(ended_at_ms - started_at_ms) FROM voice_intervals) || ' ' || \
                (SELECT sum(duration) FROM voice_events WHERE event_type = 'leave') AS line";
    assert_eq!(lines(&store, sums)?, ["105250 105250"]);
    Ok(())
}

/// Verifies each roll-up.
fn verify(store: &Store) -> TestResult {
    for rollup in Rollup::ALL {
        let verification = store.verify(rollup).run()?;
        assert!(verification.is_ok(), "{verification:#?}");
    }
    Ok(())
}

#[test]
fn the_roll_ups_are_filled() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let robot = "INSERT INTO users VALUES ('41', 'robot', '0', NULL, 1, 1600000000, 1600000000);";
    original(&path, &format!("{ROWS}{robot}"))?;
    let store = Store::open(&path)?;
    let row = |table: &str| {
        let columns = format!("SELECT name AS line FROM pragma_table_info('{table}')");
        let columns = lines(&store, &columns)?.join(" || ' ' || ");
        lines(&store, &format!("SELECT {columns} AS line FROM {table}"))
    };
    assert_eq!(row("message_days")?, ["10 18518 40 20 0 1 12 3 1 0", "11 18518 41 21 1 1 5 1 0 0"]);
    // Months and totals do not include the last day, because it may not be over.
    assert_eq!(row("watermarks")?, ["1 18518 18518"]);
    assert_eq!(row("message_months")?, [""; 0]);
    assert_eq!(row("message_quarters")?, ["10 1777777 0 1 12 3 1 0", "11 1777778 1 1 5 1 0 0"]);
    let voice = [
        "10 18518 40 22 0 0 1 60000 0 60000 0 0 0",
        "10 18518 40 23 0 0 1 40250 0 0 0 40250 0",
        "10 18518 42 0 0 0 1 5000 0 0 0 5000 0",
    ];
    assert_eq!(row("voice_channel_days")?, voice);
    assert_eq!(
        row("voice_days")?,
        ["10 18518 40 0 0 1 2 100250 0 60000 0 40250 0", "10 18518 42 0 0 2 1 5000 0 0 0 5000 0"]
    );
    verify(&store)
}

#[test]
fn a_refused_file_is_unchanged() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("more.db");
    original(&path, "ALTER TABLE users ADD COLUMN email TEXT")?;
    let before = fs::read(&path)?;
    assert_eq!(Store::open(&path).expect_err("a table has an extra column").kind(), &ErrorKind::NotMocha);
    assert!(fs::read(&path)? == before, "it was written to");
    Ok(())
}

#[test]
fn four_threads_adopt_it_at_once() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    original(&path, ROWS)?;
    let counts = std::thread::scope(|scope| {
        let open = || lines(&Store::open(&path)?, "SELECT count(*) || '' AS line FROM voice_events");
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Result<Vec<_>, _>>()
    })?;
    assert_eq!(counts, vec![vec!["5".to_owned()]; 4]);
    Ok(())
}

#[test]
fn invalid_rows_of_an_older_program_harm_no_other_rows() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    original(
        &path,
        "INSERT INTO guilds VALUES ('10', 'Rust', NULL, 7, 1600000000, 1600000001);
         INSERT INTO channels VALUES ('20', '10', 'general', 0, '', 1, 1600000000, 1600000000);
         INSERT INTO presence_events VALUES ('p', '10', '40', 'invisible', NULL, NULL, 1600000000);
         INSERT INTO voice_events VALUES ('c', '10', NULL, '40', 'leave', 1600000000, 1600000010, 1600000010000, 0, 0, 1600000010);
         INSERT INTO voice_events VALUES ('d', '10', NULL, '41', 'leave', 1600000000000, 1600000010000, 10000, 0, 0, 1600000010);
         INSERT INTO voice_events VALUES ('e', '10', NULL, '42', 'leave', NULL, NULL, 9223372036854775807, 0, 0, 1600000010);
         INSERT INTO voice_events VALUES ('f', 'me', NULL, 'you', 'leave', NULL, NULL, 5000, NULL, NULL, 1600000010);
         CREATE TABLE greetings (guild_id);
         CREATE TRIGGER greet AFTER INSERT ON guilds BEGIN INSERT INTO greetings VALUES (new.id); END;
         CREATE INDEX idx_word_count ON message_events (word_count);",
    )?;
    let store = Store::builder().clock(mocha_store::Clock::Events).open(&path)?;
    assert_eq!(lines(&store, "SELECT user_id AS line FROM voice_intervals")?, ["41"]);
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM voice_events")?, ["4"]);
    let recorder = store.recorder()?;
    recorder.record(channel(0, 20, Some("new")))?;
    recorder.record(presence(0, 40, mocha_schema::PresenceStatus::Online, None))?;
    for user in [40, 41, 42] {
        recorder.record(voice(0, user, Some(20)))?;
        recorder.record(voice(3_600_000, user, None))?;
    }
    recorder.flush()?;
    assert_eq!(recorder.stats().rejected, 0);
    assert_eq!(lines(&store, "SELECT name AS line FROM channels WHERE id = '20'")?, ["new"]);
    let hours = "SELECT user_id || ' ' || duration AS line FROM voice_events WHERE id LIKE 'leave:%' ORDER BY user_id";
    assert_eq!(lines(&store, hours)?, ["40 3600000", "41 3600000", "42 3600000"]);
    let own = "SELECT name AS line FROM sqlite_schema WHERE name IN ('greet', 'idx_word_count') ORDER BY name";
    assert_eq!(lines(&store, own)?, ["greet", "idx_word_count"]);
    verify(&store)?;
    // The adoption did not fire the author's trigger.
    assert_eq!(lines(&store, "SELECT guild_id AS line FROM greetings WHERE guild_id = '10'")?, [""; 0]);
    Ok(())
}
