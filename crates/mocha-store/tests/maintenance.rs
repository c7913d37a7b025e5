//! Maintenance by hand: statistics, indexes, free pages and the write-ahead log.

mod support;

use std::{fs, ops::ControlFlow, path::Path};

use diesel::{Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query};
use mocha_store::{Error, ErrorKind, Maintenance, Store};
use support::*;

fn open(path: &Path) -> Result<Store, Error> {
    Store::builder().maintenance(Maintenance::off()).readers(2).open(path)
}

fn fill(store: &Store, messages: u64) -> TestResult {
    let times = (0..).step_by(1000);
    record(store, (0..messages).zip(times).map(|(number, ms)| message(ms, 1000 + number, 20, 40 + number % 50)))?;
    Ok(())
}

fn wal_bytes(path: &Path) -> u64 {
    fs::metadata(path.with_extension("db-wal")).map_or(0, |metadata| metadata.len())
}

fn pragma(store: &Store, name: &str) -> Result<Vec<String>, Error> {
    lines(store, &format!("SELECT {name} || '' AS line FROM pragma_{name}"))
}

#[test]
fn the_log_is_emptied_once_a_long_reader_ends() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = open(&path)?;
    fill(&store, 10)?;
    store.read(|conn| -> TestResult {
        assert_eq!(read_lines(conn, "SELECT count(*) || '' AS line FROM message_events")?, ["10"]);
        for number in 0..20 {
            let blob =
                format!("UPDATE users SET avatar = printf('%.*c', 500000, char(97 + {number} % 26)) WHERE id = '40'");
            store.write(|conn| conn.batch_execute(&blob))?;
        }
        let large = wal_bytes(&path);
        assert!(large > 10_000_000, "{large}");
        let checkpoint = store.checkpoint()?;
        assert!(!checkpoint.complete && checkpoint.left_pages > 2_000, "{checkpoint:?}");
        assert_eq!(wal_bytes(&path), large);
        Ok(())
    })?;
    let checkpoint = store.checkpoint()?;
    assert!(checkpoint.complete && checkpoint.left_pages == 0, "{checkpoint:?}");
    assert_eq!(wal_bytes(&path), 0);
    Ok(())
}

#[test]
fn a_checkpoint_waits_for_nobody() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = open(&path)?;
    fill(&store, 10)?;
    // A checkpoint that waited would wait for itself.
    let checkpoint = store.write(|conn| {
        conn.batch_execute("UPDATE users SET avatar = 'a'")?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(store.checkpoint()?)
    })?;
    assert!(!checkpoint.complete, "{checkpoint:?}");
    assert!(store.checkpoint()?.complete);
    Ok(())
}

#[test]
fn without_a_reader_sqlite_bounds_the_log() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = open(&path)?;
    fill(&store, 10)?;
    let write = |count: u32| -> TestResult {
        for number in 0..count {
            let blob =
                format!("UPDATE users SET avatar = printf('%.*c', 1000000, char(97 + {number} % 26)) WHERE id = '40'");
            store.write(|conn| conn.batch_execute(&blob))?;
        }
        Ok(())
    };
    store.read(|conn| -> TestResult {
        read_lines(conn, "SELECT count(*) || '' AS line FROM message_events")?;
        write(100)
    })?;
    assert!(wal_bytes(&path) > 90_000_000);
    // The first commit writes the log back, and the second one starts at its beginning.
    write(2)?;
    assert!(wal_bytes(&path) <= 64 << 20, "{}", wal_bytes(&path));
    Ok(())
}

#[test]
fn free_pages_are_returned_in_batches() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = open(&path)?;
    fill(&store, 15_000)?;
    store.write(|conn| conn.batch_execute("DELETE FROM message_events"))?;
    assert_ne!(pragma(&store, "freelist_count")?, ["0"]);
    store.checkpoint()?;
    let before = fs::metadata(&path)?.len();

    let some = store.free_pages().on_progress(|_| ControlFlow::Break(())).run()?;
    assert!(some.freed_pages > 0 && some.left_pages > 0, "{some:?}");
    let mut batches = 0;
    let rest = store
        .free_pages()
        .on_progress(|_| {
            batches += 1;
            ControlFlow::Continue(())
        })
        .run()?;
    assert!(batches > 1, "{some:?} {rest:?}");
    assert_eq!(rest.left_pages, 0);
    assert_eq!(pragma(&store, "freelist_count")?, ["0"]);
    store.checkpoint()?;
    assert_eq!(before - fs::metadata(&path)?.len(), (some.freed_pages + rest.freed_pages) * 4096);
    assert_eq!(pragma(&store, "integrity_check")?, ["ok"]);
    Ok(())
}

#[test]
fn a_file_without_a_map_of_its_pages_gets_one_by_a_vacuum() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("the path is a text")?)?;
    mocha_schema::migrate(&mut conn)?;
    drop(conn);
    let store = open(&path)?;
    fill(&store, 2000)?;
    store.write(|conn| conn.batch_execute("DELETE FROM message_events"))?;
    assert_eq!(pragma(&store, "auto_vacuum")?, ["0"]);
    let freed = store.free_pages().run()?;
    assert!(freed.freed_pages == 0 && freed.left_pages > 0, "{freed:?}");

    let freed = store.vacuum().run()?;
    assert!(freed.freed_pages > 0 && freed.left_pages == 0, "{freed:?}");
    assert_eq!(pragma(&store, "auto_vacuum")?, ["2"]);
    assert_eq!(wal_bytes(&path), 0);
    assert_eq!(pragma(&store, "integrity_check")?, ["ok"]);
    fill(&store, 2000)?;
    store.write(|conn| conn.batch_execute("DELETE FROM message_events"))?;
    assert!(store.free_pages().run()?.freed_pages > 0);
    Ok(())
}

#[test]
fn a_stopped_vacuum_changes_nothing() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = open(&folder.path().join("stats.db"))?;
    fill(&store, 3000)?;
    store.write(|conn| conn.batch_execute("DELETE FROM message_events WHERE rowid % 2 = 0"))?;
    let before = dump(&store)?;
    let error = store.vacuum().on_progress(|()| ControlFlow::Break(())).run().expect_err("it was stopped");
    assert_eq!(error.kind(), &ErrorKind::Stopped);
    assert_eq!(dump(&store)?, before);
    let mut asked = 0;
    let freed = store
        .vacuum()
        .on_progress(|()| {
            asked += 1;
            ControlFlow::Continue(())
        })
        .run()?;
    assert!(asked > 0 && freed.freed_pages > 0 && freed.left_pages == 0, "{freed:?}");
    assert_eq!(dump(&store)?, before);
    Ok(())
}

#[test]
fn a_vacuum_during_a_write_is_refused_as_busy() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = Store::builder()
        .busy_timeout(std::time::Duration::from_millis(1))
        .maintenance(Maintenance::off())
        .open(folder.path().join("stats.db"))?;
    fill(&store, 10)?;
    let before = dump(&store)?;
    let error = store.write(|conn| -> Result<Error, diesel::result::Error> {
        conn.batch_execute("UPDATE users SET avatar = 'a'")?;
        let error = store.vacuum().run().expect_err("the lock is held");
        conn.batch_execute("UPDATE users SET avatar = NULL")?;
        Ok(error)
    })?;
    assert_eq!(error.kind(), &ErrorKind::Busy);
    assert_eq!(dump(&store)?, before);
    Ok(())
}

#[test]
fn statistics_and_indexes_are_rebuilt_one_by_one() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = open(&folder.path().join("stats.db"))?;
    fill(&store, 3000)?;
    let before = dump(&store)?;
    store.optimize()?;
    let rows = "SELECT stat AS line FROM sqlite_stat1 WHERE idx = 'idx_message_events_guild_time'";
    assert!(!lines(&store, rows)?.is_empty());
    // The statistics are those of all rows and not of a sample.
    let mut seen = 0;
    let step = store
        .analyze()
        .on_progress(|step| {
            seen += 1;
            assert_eq!(step.done, seen);
            ControlFlow::Continue(())
        })
        .run()?;
    assert!(step.is_last() && step.done == seen && seen > 10);
    assert_eq!(lines(&store, rows)?, ["3000 3000 1"]);

    let step = store.reindex().on_progress(|_| ControlFlow::Break(())).run()?;
    assert!(step.done == 1 && !step.is_last());
    assert!(store.reindex().run()?.is_last());
    assert_eq!(dump(&store)?, before);
    Ok(())
}

#[test]
fn reindex_repairs_an_index_that_lacks_a_row() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = open(&path)?;
    fill(&store, 100)?;
    let index = "SELECT rootpage || '' AS line FROM sqlite_schema WHERE name = 'idx_message_events_guild_user'";
    let root = lines(&store, index)?.join("");
    drop(store);
    // Deletes a row over a schema without the index.
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("the path is a text")?)?;
    for statement in [
        "PRAGMA writable_schema = ON",
        "DELETE FROM sqlite_schema WHERE name = 'idx_message_events_guild_user'",
        "PRAGMA writable_schema = RESET",
        "DELETE FROM message_events WHERE id = '1050'",
        "PRAGMA writable_schema = ON",
        &format!(
            "INSERT INTO sqlite_schema VALUES ('index', 'idx_message_events_guild_user', 'message_events', {root}, \
             'CREATE INDEX idx_message_events_guild_user ON message_events (guild_id, user_id)')"
        ),
        "PRAGMA writable_schema = RESET",
    ] {
        // Some of the statements return rows.
        conn.batch_execute(statement)?;
    }
    drop(conn);
    let store = open(&path)?;
    assert_ne!(pragma(&store, "integrity_check")?, ["ok"]);
    store.reindex().run()?;
    assert_eq!(pragma(&store, "integrity_check")?, ["ok"]);
    Ok(())
}

#[test]
fn all_maintenance_works_in_memory() -> TestResult {
    let store = store()?;
    fill(&store, 10)?;
    store.write(|conn| sql_query("DELETE FROM message_events").execute(conn))?;
    store.optimize()?;
    assert!(store.analyze().run()?.is_last());
    assert!(store.reindex().run()?.is_last());
    store.free_pages().run()?;
    assert_eq!(store.vacuum().run()?.left_pages, 0);
    assert!(store.checkpoint()?.complete);
    Ok(())
}
