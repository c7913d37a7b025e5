//! Scheduled maintenance.

mod support;

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use chrono::Utc;
use diesel::connection::SimpleConnection;
use mocha_store::{Error, ErrorKind, Keep, Maintenance, MaintenanceStats, RetentionPolicy, Store, event::MessageSent};
use support::*;

fn open(path: &Path, maintenance: Maintenance) -> Result<Store, Error> {
    Store::builder().maintenance(maintenance).open(path)
}

fn often() -> Maintenance {
    Maintenance::default().interval(Duration::from_millis(1))
}

/// Waits until the maintenance thread has reached a state.
fn wait(store: &Store, until: impl Fn(&MaintenanceStats) -> bool) -> MaintenanceStats {
    loop {
        let stats = store.maintenance_stats();
        if until(&stats) {
            return stats;
        }
        thread::yield_now();
    }
}

#[test]
fn old_events_are_deleted_by_the_schedule_and_others_stay() -> TestResult {
    let folder = tempfile::tempdir()?;
    let retention = RetentionPolicy::default().messages(Keep::Days(300));
    let store = open(&folder.path().join("stats.db"), often().retention(retention))?;
    let old = (0..500).map(|number| message(number * 1000, 1000 + number.unsigned_abs(), 20, 40));
    let young = MessageSent {
        at: Utc::now(),
        channel_id: id(20),
        content: None,
        guild_id: id(GUILD),
        kind: 0,
        message_id: id(30),
        user_id: id(40),
    };
    // Records the new event first. Otherwise the clock would be ahead of everything in the file.
    record(&store, [young.into()].into_iter().chain(old))?;
    let runs = store.maintenance_stats().runs;
    let stats = wait(&store, |stats| stats.runs > runs + 1);
    assert_eq!((stats.deleted_rows, stats.failures), (500, 0), "{stats:?}");
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, ["30"]);
    Ok(())
}

#[test]
fn without_a_policy_nothing_is_deleted_and_statistics_are_updated() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = open(&folder.path().join("stats.db"), often())?;
    record(&store, (0..100).map(|number| message(number * 1000, 1000 + number.unsigned_abs(), 20, 40)))?;
    let runs = store.maintenance_stats().runs;
    let stats = wait(&store, |stats| stats.runs > runs + 1);
    assert_eq!((stats.deleted_rows, stats.failures, stats.freed_pages), (0, 0, 0), "{stats:?}");
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, ["100"]);
    let known = "SELECT count(*) || '' AS line FROM sqlite_stat1 WHERE tbl = 'message_events' AND idx IS NOT NULL";
    assert_eq!(lines(&store, known)?, ["5"]);
    Ok(())
}

/// Returns a message from now. Without one the clock would be ahead of everything in the file.
fn recent() -> mocha_store::Event {
    message(Utc::now().timestamp_millis() - at(0).timestamp_millis(), 1, 20, 41)
}

#[test]
fn much_free_space_is_returned_after_a_retention() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    record(
        &open(&path, Maintenance::off())?,
        (0..3000).map(|number| message(number * 1000, 1000 + number.unsigned_abs(), 20, 40)).chain([recent()]),
    )?;
    let store = open(&path, often().retention(RetentionPolicy::default()))?;
    let stats = wait(&store, |stats| stats.freed_pages > 0);
    assert_eq!(stats.deleted_rows, 3000);
    assert_eq!(lines(&store, "SELECT freelist_count || '' AS line FROM pragma_freelist_count")?, ["0"]);
    Ok(())
}

#[test]
fn a_log_that_is_too_large_is_emptied() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = open(&path, often().wal_limit_bytes(100_000))?;
    record(&store, [message(0, 30, 20, 40)])?;
    store.write(|conn| conn.batch_execute("UPDATE users SET avatar = printf('%.*c', 500000, 'a')"))?;
    let log = path.with_extension("db-wal");
    wait(&store, |stats| stats.checkpoints > 0 && fs::metadata(&log).is_ok_and(|log| log.len() <= 100_000));
    Ok(())
}

/// Each reader is short, but they overlap, so a read transaction is always open.
#[test]
fn a_log_stays_small_under_overlapping_readers() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let maintenance = Maintenance::default().interval(Duration::from_millis(20)).wal_limit_bytes(1_000_000);
    let store = open(&path, maintenance)?;
    record(&store, [message(0, 30, 20, 40)])?;
    let (log, done) = (path.with_extension("db-wal"), AtomicBool::new(false));
    let largest = thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let read = store.read(|conn| {
                        conn.batch_execute("SELECT * FROM users")?;
                        thread::sleep(Duration::from_millis(10));
                        conn.batch_execute("SELECT * FROM users")
                    });
                    assert!(read.is_ok(), "{read:?}");
                }
            });
        }
        let mut largest = 0;
        let written = (0..250).try_for_each(|round| {
            let write = format!("UPDATE users SET avatar = printf('%.*c', {}, 'a')", 200_000 + round);
            store.write(|conn| conn.batch_execute(&write))?;
            if round % 10 == 9 {
                // However busy the machine is, maintenance gets its turn after each two megabytes.
                let runs = store.maintenance_stats().runs;
                wait(&store, |stats| stats.runs > runs + 1);
            }
            largest = largest.max(fs::metadata(&log)?.len());
            TestResult::Ok(())
        });
        done.store(true, Ordering::Relaxed);
        written.map(|()| largest)
    })?;
    // Fifty megabytes were written.
    assert!(largest < 20_000_000, "{largest}");
    Ok(())
}

#[test]
fn a_failure_is_reported_and_tried_again() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = open(&folder.path().join("stats.db"), often().retention(RetentionPolicy::default()))?;
    store.write(|conn| conn.batch_execute("ALTER TABLE horizons RENAME TO elsewhere"))?;
    let stats = wait(&store, |stats| stats.failures > 1);
    let error = stats.last_error.ok_or("the error is kept")?;
    assert_eq!(error.kind(), &ErrorKind::NotMocha);
    store.write(|conn| conn.batch_execute("ALTER TABLE elsewhere RENAME TO horizons"))?;
    let runs = store.maintenance_stats().runs;
    let failures = wait(&store, |stats| stats.runs > runs).failures;
    let stats = wait(&store, |stats| stats.runs > runs + 2);
    assert_eq!(stats.failures, failures);
    Ok(())
}

#[test]
fn the_thread_ends_with_the_store() -> TestResult {
    let folder = tempfile::tempdir()?;
    for round in 0..20 {
        let path = folder.path().join(format!("{round}.db"));
        let store = open(&path, often().retention(RetentionPolicy::default()))?;
        record(&store, (0..50).map(|number| message(number * 1000, 1000 + number.unsigned_abs(), 20, 40)))?;
        wait(&store, |stats| stats.runs > 0);
        drop(store);
        // The last connection to a file removes the log.
        assert!(!path.with_extension("db-wal").exists());
    }
    Ok(())
}

#[test]
fn nothing_runs_if_maintenance_is_off() -> TestResult {
    let store = Store::builder().maintenance(Maintenance::off().interval(Duration::from_millis(1))).open_in_memory()?;
    assert_eq!(store.maintenance_stats().runs, 0);
    let error = Store::builder().maintenance(often().interval(Duration::ZERO)).open_in_memory().expect_err("refused");
    assert_eq!(error.kind(), &ErrorKind::InvalidSetting { name: "interval" });
    Ok(())
}
