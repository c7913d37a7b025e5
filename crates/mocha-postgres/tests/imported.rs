//! Exports that are imported into a database after retention.
#![cfg(feature = "libpq")]

mod support;

use std::fmt::Write as _;

use mocha_import::{Import, SkipReason};
use mocha_postgres::{Keep, RetentionPolicy};
use mocha_test_postgres::Database;
use support::{START, TestResult, at, store};

const DAY: i64 = 86_400_000;

/// Returns an export with a message of each of these times, in milliseconds after [`START`].
fn export(times: impl IntoIterator<Item = i64>) -> TestResult<String> {
    let mut messages = String::new();
    for ms in times {
        let id = (START + ms - 1_420_070_400_000) << 22;
        let comma = if messages.is_empty() { "" } else { "," };
        write!(messages, r#"{comma}{{"id":"{id}","type":"Default","author":{{"id":"40","name":"anna"}}}}"#)?;
    }
    Ok(format!(
        r#"{{"guild":{{"id":"1","name":"Mocha"}},"channel":{{"id":"10","type":"GuildTextChat","name":"general"}},
        "messages":[{messages}]}}"#
    ))
}

#[test]
fn messages_from_before_the_horizon_are_reported_and_never_stored() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("general.json");
    let store = store(database.url())?;
    let recorder = store.recorder()?;
    std::fs::write(&path, export((0..40).map(|day| day * DAY))?)?;
    assert_eq!(Import::new(recorder.clone()).run([&path])?.skipped().len(), 0, "without retention nothing is too old");
    recorder.flush()?;
    let midnight = START / DAY * DAY - START;
    store.apply_retention_at(&RetentionPolicy::default().messages(Keep::Days(10)), at(midnight + 40 * DAY)).run()?;
    let count = "SELECT (SELECT count(*) FROM message_events), (SELECT sum(messages) FROM message_totals)";
    assert_eq!(database.execute(count), "10|40");

    // The last second that is not kept, and the first one that is.
    let edge = midnight + 30 * DAY;
    std::fs::write(&path, export((25..40).map(|day| day * DAY).chain([edge - 1_000, edge]))?)?;
    let report = Import::new(recorder.clone()).run([&path])?;
    recorder.flush()?;
    assert_eq!(report.skipped().into_iter().collect::<Vec<_>>(), [(SkipReason::BeforeHorizon, 6)], "{report}");
    assert_eq!(report.taken(), 11);
    assert_eq!(database.execute(count), "11|41");
    assert_eq!(store.verify()?, []);
    Ok(())
}
