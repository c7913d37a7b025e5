//! An event that SQLite refuses is left out alone. Events that cannot be written now are written later.

mod support;

use std::time::Duration;

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{Clock, ErrorKind, Store};
use support::*;

#[test]
fn the_other_events_of_a_refused_ones_transaction_are_written() -> TestResult {
    let store = store()?;
    store.write(|conn| {
        conn.batch_execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON message_events WHEN new.id = '31' \
             BEGIN SELECT RAISE(ABORT, 'not this one'); END",
        )
    })?;
    let recorder = store.recorder()?;
    recorder.record_all(vec![
        voice(0, 40, Some(21)),
        message(1000, 30, 20, 40),
        message(2000, 31, 22, 41),
        voice(3000, 40, None),
        message(4000, 32, 22, 41),
    ])?;
    recorder.flush()?;
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events ORDER BY id")?, ["30", "32"]);
    assert_eq!(lines(&store, "SELECT duration || '' AS line FROM voice_events WHERE event_type = 'leave'")?, ["3000"]);
    let stats = recorder.stats();
    assert_eq!((stats.written, stats.rejected, stats.pending), (4, 1, 0));
    let error = stats.last_error.ok_or("the refusal is not reported")?;
    assert_eq!(error.kind(), &ErrorKind::Database);
    Ok(())
}

#[test]
fn an_event_that_rolls_the_whole_transaction_back_is_left_out_alone() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    store.write(|conn| {
        conn.batch_execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON message_events WHEN new.id = '31' \
             BEGIN SELECT RAISE(ROLLBACK, 'not this one'); END",
        )
    })?;
    recorder.record_all(vec![message(19_000, 31, 20, 41), voice(20_000, 40, Some(20)), message(21_000, 32, 20, 41)])?;
    recorder.flush()?;
    recorder.record(voice(80_000, 40, None))?;
    recorder.flush()?;
    assert_eq!(
        lines(&store, "SELECT event_type || duration AS line FROM voice_events ORDER BY created_at")?,
        ["join0", "leave60000"]
    );
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, ["32"]);
    assert_eq!((recorder.stats().rejected, recorder.stats().written), (1, 3));
    Ok(())
}

#[test]
fn events_wait_while_a_table_is_missing() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    store.write(|conn| conn.batch_execute("ALTER TABLE message_events RENAME TO elsewhere"))?;
    recorder.record(message(0, 30, 20, 40))?;
    assert_eq!(recorder.flush().expect_err("there is no table").kind(), &ErrorKind::NotMocha);
    store.write(|conn| conn.batch_execute("ALTER TABLE elsewhere RENAME TO message_events"))?;
    while recorder.flush().is_err() {}
    assert_eq!((recorder.stats().rejected, recorder.stats().written), (0, 1));
    Ok(())
}

#[test]
fn a_temporary_error_drops_no_event() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    for (id, message_of_sqlite) in [(30, "locking protocol"), (31, "database schema has changed"), (32, "interrupted")]
    {
        store.write(|conn| {
            conn.batch_execute(&format!(
                "CREATE TRIGGER refuse BEFORE INSERT ON message_events BEGIN SELECT RAISE(ABORT, '{message_of_sqlite}'); END"
            ))
        })?;
        recorder.record(message(0, id, 20, 40))?;
        assert!(recorder.flush().is_err(), "{message_of_sqlite}");
        store.write(|conn| conn.batch_execute("DROP TRIGGER refuse"))?;
        while recorder.flush().is_err() {}
    }
    assert_eq!((recorder.stats().rejected, recorder.stats().written), (0, 3));
    Ok(())
}

#[test]
fn a_full_disk_is_reported_and_the_store_continues() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path().join("stats.db"))?;
    store.write(|conn| conn.batch_execute("CREATE TABLE blobs (x); PRAGMA max_page_count = 100"))?;
    let error = loop {
        if let Err(error) = store.write(|conn| conn.batch_execute("INSERT INTO blobs VALUES (randomblob(30000))")) {
            break error;
        }
    };
    assert!(error.is_disk_full(), "{:?}", error.kind());
    store.write(|conn| conn.batch_execute("PRAGMA max_page_count = 100000"))?;
    store.write(|conn| conn.batch_execute("INSERT INTO blobs VALUES (randomblob(30000))"))?;
    Ok(())
}

#[test]
fn a_deleted_parent_row_is_written_again() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    record(&store, [message(0, 30, 20, 40)])?;
    store.write(|conn| conn.batch_execute("DELETE FROM guilds; DELETE FROM users"))?;
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, [""; 0]);
    record(&store, [message(1000, 31, 20, 40)])?;
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, ["31"]);
    assert_eq!(recorder.stats().rejected, 0);
    Ok(())
}

#[test]
fn while_the_file_is_locked_events_wait_and_then_all_are_written() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::builder()
        .clock(Clock::Events)
        .busy_timeout(Duration::from_millis(50))
        .flush_interval(Duration::from_millis(5))
        .queue_len(100)
        .open(&path)?;
    let recorder = store.recorder()?;
    let mut other = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    other.batch_execute("BEGIN IMMEDIATE")?;
    let mut taken = 0;
    let error = loop {
        match recorder.record(message(taken, 1000 + taken.unsigned_abs(), 20, 40)) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        if taken == 50 {
            // A flush reports the error, and no event is lost.
            assert!(recorder.flush().expect_err("it is locked").is_busy());
        }
    };
    assert!(error.is_queue_full(), "{error}");
    assert!(recorder.stats().last_error.is_some_and(|error| error.is_busy()));
    // Events count that the writer took from the queue and has not committed.
    assert_eq!(taken, 100);
    other.batch_execute("ROLLBACK")?;
    while recorder.flush().is_err() {}
    let stats = recorder.stats();
    assert_eq!(stats.written, taken.unsigned_abs());
    assert_eq!((stats.refused, stats.dropped, stats.pending), (1, 0, 0));
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, [taken.to_string()]);
    Ok(())
}

#[test]
fn a_shutdown_that_cannot_write_reports_the_lost_events() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::builder().clock(Clock::Events).busy_timeout(Duration::from_millis(50)).open(&path)?;
    let recorder = store.recorder()?;
    let mut other = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    other.batch_execute("BEGIN IMMEDIATE")?;
    recorder.record(message(0, 30, 20, 40))?;
    assert!(recorder.shutdown().expect_err("it is locked").is_busy());
    let stats = recorder.stats();
    assert_eq!((stats.queued, stats.dropped, stats.written), (1, 1, 0));
    // A second shutdown reports the error too.
    assert!(recorder.shutdown().expect_err("it failed").is_busy());
    Ok(())
}
