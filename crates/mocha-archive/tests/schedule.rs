//! A store archives by itself before it deletes.

mod support;

use std::{fs, thread, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use mocha_archive::Archive;
use mocha_store::{Event, Keep, Maintenance, MaintenanceStats, RetentionPolicy, Store, event::MessageSent};
use support::*;

fn message(at: DateTime<Utc>, number: u64) -> Event {
    let content = None;
    let (channel_id, guild_id, message_id, user_id) = (id(20), id(10), id(number), id(40));
    MessageSent { at, channel_id, content, guild_id, kind: 0, message_id, user_id }.into()
}

fn store(folder: &std::path::Path, archive: &Archive) -> TestResult<Store> {
    let retention = RetentionPolicy::default().messages(Keep::Days(300));
    let schedule = Maintenance::default().interval(Duration::from_millis(1)).retention(retention);
    Ok(Store::builder().maintenance(schedule.keeper(archive.keeper())).open(folder.join("stats.db"))?)
}

/// A message of today, and 500 that are too old. Without the first the clock would be ahead of
/// everything in the file.
fn events() -> impl Iterator<Item = Event> {
    let old = DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
    let old = (0..500).map(move |number| message(old + TimeDelta::seconds(number), 1000 + number.unsigned_abs()));
    [message(Utc::now(), 30)].into_iter().chain(old)
}

/// Waits until the schedule's thread has run once from beginning to end.
fn wait(store: &Store) -> MaintenanceStats {
    let runs = store.maintenance_stats().runs;
    loop {
        let stats = store.maintenance_stats();
        if stats.runs > runs + 1 {
            return stats;
        }
        thread::yield_now();
    }
}

#[test]
fn old_events_are_archived_and_then_deleted() -> TestResult {
    let folder = folder()?;
    let archive = Archive::open(folder.path().join("archive"))?;
    let store = store(folder.path(), &archive)?;
    record(&store, events())?;
    let stats = wait(&store);
    assert_eq!((stats.deleted_rows, stats.failures), (500, 0), "{stats:?}");
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, ["30"]);
    assert_eq!(sound(&archive)?, 500);
    Ok(())
}

#[test]
fn nothing_goes_while_the_archive_fails() -> TestResult {
    let folder = folder()?;
    let archive = Archive::open(folder.path().join("archive"))?;
    let file = archive.folder().join("messages/guild_id=10/month=2023-11/part-0.parquet");
    fs::create_dir_all(file.parent().ok_or("a file is in a folder")?)?;
    fs::write(&file, "not from here")?;
    let store = store(folder.path(), &archive)?;
    record(&store, events())?;
    let stats = wait(&store);
    assert_eq!(stats.deleted_rows, 0);
    let error = stats.last_error.ok_or("there is an error")?;
    assert!(std::error::Error::source(&*error).is_some_and(|cause| cause.to_string().contains("part-0.parquet")));
    assert_eq!(count(&store, "message_events")?, 501);
    // It is tried again and again, so it goes on once there is nothing in the way.
    fs::remove_file(&file)?;
    assert_eq!(wait(&store).deleted_rows, 500);
    assert_eq!(sound(&archive)?, 500);
    Ok(())
}
