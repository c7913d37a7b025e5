//! The list of skipped messages.

use mocha_import::{FileReport, Import, SkipReason};
use serde_json::Value;

use crate::export::{ANNA, TestResult, export, message, store, write};

#[test]
fn a_common_reason_does_not_hide_a_rare_one() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("general.json");
    let mut messages: Vec<Value> = (0..500).map(|second| message(second, ANNA, "")).collect();
    for message in &mut messages {
        message["type"] = "Telepathy".into();
    }
    messages.push(message(500, 0, ""));
    write(&path, &export(&messages))?;
    let report = Import::new(store()?.recorder()?).run([&path])?;
    let skipped = [(SkipReason::InvalidId, 1), (SkipReason::UnknownType, 500)];
    assert_eq!(report.skipped().into_iter().collect::<Vec<_>>(), skipped);
    let listed: Vec<_> =
        report.files.iter().flat_map(|file| &file.skips).map(|skip| (skip.position, skip.reason)).collect();
    let common = (0..FileReport::MOST_SKIPS).map(|position| (position, SkipReason::UnknownType));
    assert_eq!(listed, common.chain([(500, SkipReason::InvalidId)]).collect::<Vec<_>>());
    Ok(())
}
