//! Messages that are older than those that retention keeps.

use chrono::DateTime;
use diesel::prelude::*;
use mocha_import::{Import, SkipReason};
use mocha_schema::schema::message_days;
use mocha_store::{Keep, RetentionPolicy, Store};
use serde_json::Value;

use crate::export::{ANNA, START_MS, TestResult, export, id, message, rows, store, verified, write};

/// The messages are a minute after midnight, in UTC.
const DAY: u64 = 86_400;

/// Returns the number of messages in the roll-up.
fn counted(store: &Store) -> Result<i64, mocha_store::Error> {
    store.read(|conn| {
        let days: Vec<Option<i64>> = message_days::table.select(message_days::messages).load(conn)?;
        QueryResult::Ok(days.into_iter().flatten().sum())
    })
}

#[test]
fn messages_from_before_the_horizon_are_reported_and_never_stored() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("general.json");
    let daily = |days: std::ops::Range<u64>| days.map(|day| message(day * DAY + 60, ANNA, "")).collect::<Vec<Value>>();
    write(&path, &export(&daily(0..40)))?;
    let store = store()?;
    let recorder = store.recorder()?;
    let import = || Import::new(recorder.clone());
    assert_eq!(import().run([&path])?.skipped().len(), 0, "without retention nothing is too old");
    recorder.flush()?;
    let now = i64::try_from(START_MS / 1_000 + 40 * DAY)?;
    let policy = RetentionPolicy::default().messages(Keep::Days(10));
    store.apply_retention_at(&policy, DateTime::from_timestamp(now, 0).ok_or("a time")?).run()?;
    assert_eq!(rows(&store)?.len(), 10);

    // The first second that is kept, the last one that is not, and ten that were counted once.
    let edge = 30 * DAY;
    let mut again = daily(25..40);
    again.extend([message(edge, ANNA, ""), message(edge - 1, ANNA, "")]);
    write(&path, &export(&again))?;
    let report = import().run([&path])?;
    recorder.flush()?;
    assert_eq!(report.skipped().into_iter().collect::<Vec<_>>(), [(SkipReason::BeforeHorizon, 6)], "{report}");
    assert_eq!((report.taken(), rows(&store)?.len()), (11, 11));
    let skips: Vec<_> = report.files.iter().flat_map(|file| &file.skips).collect();
    assert_eq!(skips.iter().map(|skip| skip.position).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 16]);
    assert!(skips.iter().all(|skip| skip.reason == SkipReason::BeforeHorizon), "{report}");
    assert_eq!(skips.last().ok_or("a skip")?.detail, format!("message {}", id(edge - 1)));
    let line = "11 messages from 1 files, 6 skipped (older than the messages that retention keeps)";
    assert!(report.to_string().starts_with(line), "{report}");
    assert!(verified(&store)?);
    assert_eq!(counted(&store)?, 41, "the roll-ups still have what retention deleted");
    Ok(())
}
