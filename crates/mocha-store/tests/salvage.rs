//! Salvage of damaged files.

mod support;

use std::{
    collections::BTreeSet,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use diesel::connection::SimpleConnection;
use mocha_store::{Clock, ErrorKind, Keep, RetentionPolicy, Store};
use support::*;

const DAY: i64 = 86_400_000;
const PAGE: usize = 4096;

/// Creates a file with sixty days of events, without a write-ahead log. The first twenty days are in roll-ups only.
fn filled(folder: &Path) -> Result<PathBuf, Box<dyn std::error::Error + Send + Sync>> {
    let path = folder.join("stats.db");
    let store = Store::builder().clock(Clock::Events).open(&path)?;
    store.count_awards(id(10), std::time::Duration::from_mins(1))?;
    let recorder = store.recorder()?;
    record(&store, [guild(0, 9), channel(0, 20, Some("general")), user(0, 40, "ferris"), joined(0, 40, 0)])?;
    for n in 0..3000_u64 {
        let ms = i64::try_from(n)? * 60 * DAY / 3000;
        recorder.record(message(ms, 1000 + n, 20 + n % 3, 40 + n % 7))?;
        recorder.record(voice(ms, 50 + n % 5, Some(30).filter(|_| n % 2 == 0)))?;
        if n % 100 == 0 {
            recorder.record(joined(ms, 100 + n, ms))?;
        }
    }
    recorder.shutdown()?;
    let kept = RetentionPolicy::default().members(Keep::Days(40)).messages(Keep::Days(40)).voice(Keep::Days(40));
    store.apply_retention_at(&kept, at(60 * DAY)).run()?;
    store.write(|conn| {
        conn.batch_execute(
            "CREATE TABLE jokes (id INTEGER PRIMARY KEY, joke TEXT); CREATE INDEX idx_jokes ON jokes (joke);
             CREATE VIEW puns AS SELECT * FROM jokes; INSERT INTO jokes VALUES (7, 'Knock, knock.')",
        )
    })?;
    store.checkpoint()?;
    Ok(path)
}

fn sums(store: &Store) -> Result<Vec<String>, mocha_store::Error> {
    let mut sums = Vec::new();
    for table in ["message_days", "message_quarters", "message_thirds", "message_months", "message_totals"] {
        sums.extend(lines(
            store,
            &format!("SELECT '{table} ' || sum(messages) || ' ' || sum(words) AS line FROM {table}"),
        )?);
    }
    for table in ["voice_days", "voice_channel_days", "voice_months", "voice_channel_months", "voice_totals"] {
        sums.extend(lines(
            store,
            &format!("SELECT '{table} ' || sum(voice_ms) || ' ' || sum(intervals) AS line FROM {table}"),
        )?);
    }
    for table in ["award_days", "award_totals"] {
        sums.extend(lines(
            store,
            &format!("SELECT '{table} ' || sum(awards) || ' ' || count(*) AS line FROM {table}"),
        )?);
    }
    sums.extend(lines(store, "SELECT 'member_days ' || sum(joins) || ' ' || count(*) AS line FROM member_days")?);
    Ok(sums)
}

#[test]
fn a_sound_file_is_saved_completely() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, new) = (filled(folder.path())?, folder.path().join("new.db"));
    let salvaged = Store::salvage(&path, &new).run()?;
    assert!(salvaged.is_ok(), "{salvaged}");
    let (old, new) = (Store::open(&path)?, Store::open(&new)?);
    assert!(new.check().run()?.is_ok());
    let is_event = |row: &String| {
        !row.starts_with("watermarks")
            && !row.contains("_months")
            && !row.contains("_thirds")
            && !row.contains("_totals")
    };
    let events = |store: &Store| Ok::<Vec<_>, mocha_store::Error>(dump(store)?.into_iter().filter(is_event).collect());
    assert_eq!(events(&new)?, events(&old)?);
    assert_eq!(lines(&new, "SELECT joke AS line FROM puns")?, ["Knock, knock."]);
    Ok(())
}

/// Overwrites pages.
fn damage(path: &Path, pages: impl IntoIterator<Item = usize>) -> std::io::Result<()> {
    let mut bytes = fs::read(path)?;
    for page in pages {
        let start = (page - 1) * PAGE;
        bytes.iter_mut().skip(start).take(PAGE).for_each(|byte| *byte = 0xa5);
    }
    fs::write(path, bytes)
}

#[test]
fn rows_beyond_unreadable_pages_are_saved() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = filled(folder.path())?;
    let leaves = leaves(&path, "message_events")?;
    assert!(leaves.len() > 10, "{leaves:?}");
    // The first page, the last one, a single one and two neighbours.
    let bad = [0, 3, 4, 7, leaves.len() - 1];
    let lost: usize = bad.iter().map(|leaf| leaves[*leaf].1).sum();
    let all: usize = leaves.iter().map(|leaf| leaf.1).sum();
    damage(&path, bad.iter().map(|leaf| leaves[*leaf].0))?;
    let before = fs::read(&path)?;
    let new = folder.path().join("new.db");
    let salvaged = Store::salvage(&path, &new).run()?;
    assert!(fs::read(&path)? == before, "the damaged file was written to");
    let messages = salvaged.tables["message_events"];
    assert_eq!((messages.rows, messages.whole), (u64::try_from(all - lost)?, false));
    assert_eq!(messages.lost(), Some(u64::try_from(lost)?));
    assert!(salvaged.tables["users"].is_ok() && !salvaged.is_ok());
    let store = Store::open(&new)?;
    let report = store.check().run()?;
    assert!(report.is_ok(), "{report}");
    // The new file can be recorded into.
    record(&store, [message(61 * DAY, 1, 20, 40)])?;
    Ok(())
}

/// Returns the leaf pages of a table in order, with the number of rows in each.
fn leaves(path: &Path, table: &str) -> Result<Vec<(usize, usize)>, Box<dyn std::error::Error + Send + Sync>> {
    let store = Store::open(path)?;
    let sql = format!("SELECT rowid || '' AS line FROM {table} ORDER BY rowid");
    let mut rows = lines(&store, &sql)?.len();
    drop(store);
    let bytes = fs::read(path)?;
    let mut found = Vec::new();
    for page in pages_in_order(path, table)? {
        let cells = number::<2>(&bytes, (page - 1) * PAGE + 3);
        found.push((page, cells));
        rows -= cells;
    }
    assert_eq!(rows, 0, "not all leaves were found");
    Ok(found)
}

fn pages_in_order(path: &Path, table: &str) -> Result<Vec<usize>, Box<dyn std::error::Error + Send + Sync>> {
    let bytes = fs::read(path)?;
    let root = lines(
        &Store::open(path)?,
        &format!("SELECT rootpage || '' AS line FROM sqlite_schema WHERE name = '{table}'"),
    )?;
    let mut leaves = Vec::new();
    visit(&bytes, root.concat().parse()?, &mut leaves);
    Ok(leaves)
}

/// Reads a number of this many bytes in SQLite's format. Returns 0 beyond the end.
fn number<const BYTES: usize>(bytes: &[u8], at: usize) -> usize {
    let bytes = bytes.get(at..at + BYTES).unwrap_or_default();
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// Collects the leaves of a table's tree. An interior page has the number of a child in each cell, and one on the right.
fn visit(bytes: &[u8], page: usize, leaves: &mut Vec<usize>) {
    let start = (page - 1) * PAGE;
    match number::<1>(bytes, start) {
        2 | 5 => {
            for cell in 0..number::<2>(bytes, start + 3) {
                visit(bytes, number::<4>(bytes, start + number::<2>(bytes, start + 12 + 2 * cell)), leaves);
            }
            visit(bytes, number::<4>(bytes, start + 8), leaves);
        }
        _ => leaves.push(page),
    }
}

#[test]
fn tables_without_row_ids_are_saved_from_both_ends_and_old_roll_ups_are_copied() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = filled(folder.path())?;
    let before = sums(&Store::open(&path)?)?;
    let intervals = pages_in_order(&path, "voice_intervals")?;
    assert!(intervals.len() > 4, "{intervals:?}");
    // Only voice intervals are damaged.
    damage(&path, [intervals[2]])?;
    let new = folder.path().join("new.db");
    let salvaged = Store::salvage(&path, &new).run()?;
    let voice = salvaged.tables["voice_intervals"];
    assert!(!voice.whole && voice.rows > 0 && voice.lost().is_some_and(|lost| lost > 0 && lost < 200), "{voice:?}");
    let store = Store::open(&new)?;
    assert!(store.check().run()?.is_ok());
    let after = sums(&store)?;
    assert_eq!(after[0], before[0]);
    assert_eq!(after[1], before[1]);
    Ok(())
}

/// The roll-ups from which months and totals are computed.
const MADE_OF_EVENTS: [&str; 6] =
    ["award_days", "member_days", "message_days", "message_quarters", "voice_channel_days", "voice_days"];

#[test]
fn lost_roll_ups_from_before_the_horizon_are_reported() -> TestResult {
    for table in MADE_OF_EVENTS {
        let folder = tempfile::tempdir()?;
        let path = filled(folder.path())?;
        let first = *pages_in_order(&path, table)?.first().ok_or("no page")?;
        damage(&path, [first])?;
        let salvaged = Store::salvage(&path, folder.path().join("new.db")).run()?;
        let lost: Vec<&str> =
            salvaged.tables.iter().filter(|(_, saved)| !saved.is_ok()).map(|(name, _)| name.as_str()).collect();
        assert_eq!(lost, [table], "{salvaged}");
        assert!(!salvaged.is_ok() && salvaged.to_string().contains(table), "{salvaged}");
    }
    Ok(())
}

#[test]
fn roll_ups_from_before_the_horizon_are_saved_even_if_the_horizon_is_lost() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = filled(folder.path())?;
    let before = sums(&Store::open(&path)?)?;
    for events in ["saved", "lost"] {
        let mut pages = pages_in_order(&path, "horizons")?;
        if events == "lost" {
            for table in ["message_events", "member_events", "voice_events", "voice_intervals"] {
                pages.extend(pages_in_order(&path, table)?);
            }
        }
        let (damaged, new) =
            (folder.path().join(format!("{events}.db")), folder.path().join(format!("{events}.new.db")));
        fs::copy(&path, &damaged)?;
        damage(&damaged, pages)?;
        let salvaged = Store::salvage(&damaged, &new).run()?;
        assert!(!salvaged.tables["horizons"].is_ok(), "{salvaged}");
        let store = Store::open(&new)?;
        assert!(store.check().run()?.is_ok());
        // Months and totals include the days before the watermark, which is computed again.
        let days = |sums: Vec<String>| {
            sums.into_iter().filter(|sum| MADE_OF_EVENTS.iter().any(|table| sum.starts_with(table)))
        };
        assert!(days(sums(&store)?).eq(days(before.clone())), "events {events}: {:?}\n{before:?}", sums(&store)?);
    }
    Ok(())
}

#[test]
fn a_lost_parent_gets_a_row_and_an_invalid_id_is_left_out() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = filled(folder.path())?;
    let root = lines(&Store::open(&path)?, "SELECT rootpage || '' AS line FROM sqlite_schema WHERE name = 'users'")?;
    damage(&path, [root[0].parse()?])?;
    // Damages a byte of an id in the middle.
    let (mut bytes, page) = (fs::read(&path)?, pages_in_order(&path, "message_events")?[4]);
    let cell = (page - 1) * PAGE + PAGE - 40;
    let digit = (cell..bytes.len()).find(|at| bytes[*at..].starts_with(b"10")).ok_or("no id")?;
    bytes[digit] = b'x';
    fs::write(&path, bytes)?;
    let new = folder.path().join("new.db");
    let salvaged = Store::salvage(&path, &new).run()?;
    assert_eq!(salvaged.tables["users"].rows, 0);
    assert_eq!(salvaged.tables["message_events"].lost(), Some(1), "{salvaged}");
    let store = Store::open(&new)?;
    assert!(store.check().run()?.is_ok());
    assert_eq!(lines(&store, "SELECT id AS line FROM users WHERE id = '41'")?, ["41"]);
    Ok(())
}

#[test]
fn the_write_ahead_log_is_read_and_a_file_of_the_original_is_adopted() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, new) = (folder.path().join("original.db"), folder.path().join("new.db"));
    let mut conn = <diesel::SqliteConnection as diesel::Connection>::establish(path.to_str().ok_or("path")?)?;
    conn.batch_execute(include_str!("original.sql"))?;
    conn.batch_execute(
        "PRAGMA journal_mode = WAL;
         INSERT INTO voice_events (id, guild_id, channel_id, user_id, event_type, session_start, session_end, duration, created_at)
         VALUES ('a', '10', '20', '40', 'leave', 1700000000, 1700000060, 60000, 1700000060)",
    )?;
    let salvaged = Store::salvage(&path, &new).run()?;
    assert!(salvaged.is_ok(), "{salvaged}");
    let store = Store::open(&new)?;
    assert_eq!(lines(&store, "SELECT ended_at_ms - started_at_ms || '' AS line FROM voice_intervals")?, ["60000"]);
    assert!(store.check().run()?.is_ok());
    Ok(())
}

#[test]
fn a_salvage_can_be_stopped_replaces_no_file_and_refuses_other_files() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, new) = (filled(folder.path())?, folder.path().join("new.db"));
    let names = || -> std::io::Result<BTreeSet<_>> {
        fs::read_dir(folder.path())?.map(|entry| Ok(entry?.file_name())).collect()
    };
    let _reader = Store::open(&path)?;
    let before = names()?;
    let mut told = Vec::new();
    let stopped = Store::salvage(&path, &new).on_progress(|so_far| {
        told.push(so_far.table);
        ControlFlow::Break(())
    });
    assert_eq!(stopped.run().expect_err("it was stopped").kind(), &ErrorKind::Stopped);
    assert_eq!(told, ["message_events"]);
    assert_eq!(names()?, before);
    fs::write(&new, "precious")?;
    assert_eq!(Store::salvage(&path, &new).run().expect_err("it is there").kind(), &ErrorKind::Io);
    assert_eq!(fs::read(&new)?, b"precious");
    for (content, kind) in
        [(&b"My diary, page one. Today it rained."[..], ErrorKind::Corrupt), (b"", ErrorKind::NotMocha)]
    {
        let other = folder.path().join("other");
        fs::write(&other, content)?;
        let error = Store::salvage(&other, folder.path().join("newer.db")).run().expect_err("nothing is in it");
        assert_eq!(error.kind(), &kind);
    }
    Ok(())
}

#[test]
fn a_leftover_log_or_journal_stops_the_salvage() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, new) = (filled(folder.path())?, folder.path().join("new.db"));
    {
        let store = Store::open(&new)?;
        store.write(|conn| conn.batch_execute("INSERT INTO users VALUES ('99', 'newest', NULL, NULL, 0, 1, 1)"))?;
        fs::copy(folder.path().join("new.db-wal"), folder.path().join("stale"))?;
    }
    fs::remove_file(&new)?;
    for end in ["-wal", "-journal", "-shm"] {
        let leftover = folder.path().join(format!("new.db{end}"));
        fs::copy(folder.path().join("stale"), &leftover)?;
        let error = Store::salvage(&path, &new).run().expect_err("SQLite would take it for the new file's");
        assert_eq!(error.kind(), &ErrorKind::Io);
        assert!(error.to_string().contains(&format!("new.db{end} is in the way")), "{error}");
        assert!(!new.exists() && fs::read(&leftover)? == fs::read(folder.path().join("stale"))?);
        fs::remove_file(leftover)?;
    }
    assert!(Store::salvage(&path, &new).run()?.is_ok());
    Ok(())
}

#[test]
fn a_file_created_during_the_salvage_is_not_replaced() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, new) = (filled(folder.path())?, folder.path().join("new.db"));
    let salvage = Store::salvage(&path, &new).on_progress(|_| {
        fs::write(&new, "precious").expect("it is written");
        ControlFlow::Continue(())
    });
    assert_eq!(salvage.run().expect_err("it is there").kind(), &ErrorKind::Io);
    assert_eq!(fs::read(&new)?, b"precious");
    assert!(!folder.path().join("new.db.partial").exists());
    Ok(())
}
