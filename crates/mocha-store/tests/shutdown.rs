//! The shutdown of a recorder.

mod support;

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{Clock, ErrorKind, Store};
use support::*;

#[test]
fn dropping_the_last_handle_writes_everything() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::builder().clock(Clock::Events).open(&path)?;
    let recorder = store.recorder()?;
    let clone = recorder.clone();
    recorder.record(message(0, 30, 20, 40))?;
    drop(recorder);
    clone.record(message(1000, 31, 20, 40))?;
    clone.record(user(1000, 40, "ferris"))?;
    drop(clone);
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, ["2"]);
    let stopped = "SELECT stopped_at_ms || '' AS line FROM recorder_states";
    assert_eq!(lines(&store, stopped)?, [(START + 1000).to_string()]);
    // The log was written back, so the file alone is complete.
    assert_eq!(std::fs::metadata(folder.path().join("stats.db-wal"))?.len(), 0);
    Ok(())
}

#[test]
fn a_recorder_refuses_events_between_its_shutdown_and_a_new_start() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    recorder.record(voice(0, 40, Some(20)))?;
    recorder.shutdown()?;
    recorder.shutdown()?;
    assert_eq!(recorder.record(message(0, 30, 20, 40)).expect_err("closed").kind(), &ErrorKind::Closed);
    assert_eq!(recorder.flush().expect_err("closed").kind(), &ErrorKind::Closed);
    // The voice session continues over a short stop.
    record(&store, [snapshot(60_000, &[(40, 20)]), voice(90_000, 40, None)])?;
    assert_eq!(lines(&store, "SELECT duration || '' AS line FROM voice_events WHERE event_type = 'leave'")?, ["90000"]);
    Ok(())
}

#[test]
fn a_store_has_one_recorder() -> TestResult {
    let store = store()?;
    let (one, other) = (store.recorder()?, store.recorder()?);
    one.record(message(0, 30, 20, 40))?;
    other.flush()?;
    assert_eq!(other.stats().written, 1);
    Ok(())
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn an_async_bot_reads_flushes_and_stops() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    recorder.record(message(0, 30, 20, 40))?;
    recorder.flush_async().await?;
    let count = store.read_async(|conn| read_lines(conn, "SELECT count(*) || '' AS line FROM message_events")).await?;
    assert_eq!(count, ["1"]);
    recorder.shutdown_async().await?;
    assert_eq!(recorder.record(message(0, 31, 20, 40)).expect_err("closed").kind(), &ErrorKind::Closed);
    Ok(())
}

#[test]
fn an_abort_loses_uncommitted_events_and_writes_no_stop() -> TestResult {
    let store =
        Store::builder().clock(Clock::Events).flush_interval(std::time::Duration::from_mins(1)).open_in_memory()?;
    let recorder = store.recorder()?;
    recorder.record_all(vec![user(0, 40, "ferris"), message(0, 30, 20, 40)])?;
    recorder.flush()?;
    recorder.record(message(1000, 31, 20, 40))?;
    recorder.abort();
    assert_eq!((recorder.stats().written, recorder.stats().dropped), (2, 1));
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, ["1"]);
    assert_eq!(lines(&store, "SELECT coalesce(stopped_at_ms, 'runs') AS line FROM recorder_states")?, ["runs"]);
    Ok(())
}

#[test]
fn a_new_recorder_waits_until_the_old_one_has_ended() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::builder().clock(Clock::Events).flush_interval(std::time::Duration::from_mins(1)).open(&path)?;
    let recorder = store.recorder()?;
    recorder.record(voice(0, 40, Some(20)))?;
    recorder.flush()?;
    recorder.record(voice(60_000, 40, None))?;
    let mut other = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    other.batch_execute("BEGIN IMMEDIATE")?;
    let stopping = std::thread::spawn(move || recorder.shutdown());
    let next = std::thread::spawn({
        let store = store.clone();
        move || store.recorder()
    });
    // Gives the next recorder time to start too early. The result does not depend on which comes first.
    std::thread::sleep(std::time::Duration::from_millis(100));
    other.batch_execute("ROLLBACK")?;
    stopping.join().map_err(|_| "a panic")??;
    let next = next.join().map_err(|_| "a panic")??;
    if next.record(snapshot(120_000, &[])).is_ok() {
        next.flush()?;
    }
    let leaves = "SELECT duration || '' AS line FROM voice_events WHERE event_type = 'leave'";
    assert_eq!(lines(&store, leaves)?, ["60000"]);
    Ok(())
}

#[test]
fn a_recorder_in_memory_outlives_its_store() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    store.write(|conn| {
        conn.batch_execute("CREATE TRIGGER refuse BEFORE INSERT ON message_events WHEN new.id = '31' BEGIN SELECT RAISE(ABORT, 'no'); END")
    })?;
    drop(store);
    recorder.record_all(vec![message(0, 30, 20, 40), message(1, 31, 20, 40)])?;
    recorder.flush()?;
    assert_eq!((recorder.stats().written, recorder.stats().rejected), (1, 1));
    Ok(())
}

#[test]
fn settings_at_their_limits_work() -> TestResult {
    let folder = tempfile::tempdir()?;
    let builder = Store::builder().busy_timeout(std::time::Duration::ZERO).flush_interval(std::time::Duration::MAX);
    let store = builder.open(folder.path().join("stats.db"))?;
    let recorder = store.recorder()?;
    recorder.record(message(0, 30, 20, 40))?;
    recorder.flush()?;
    assert_eq!(recorder.stats().written, 1);
    Ok(())
}
