//! Messages and files that are not imported.

use std::fs;

use mocha_import::{FileError, FileReport, Import, SkipReason};
use serde_json::Value;

use crate::export::{ANNA, TestResult, export, message, rows, store, verified, write};

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

/// Returns the error for a file with these bytes.
fn why(bytes: &[u8]) -> TestResult<String> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("general.json");
    fs::write(&path, bytes)?;
    let report = Import::new(store()?.recorder()?).run([&path])?;
    let (_, error) = report.failed().next().ok_or("it was imported")?;
    Ok(error.to_string())
}

#[test]
fn a_file_that_is_no_json_is_named() -> TestResult {
    let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files: [(&[u8], &str); 5] = [
        (b"", "it is empty"),
        (b"\x1f\x8b\x08\x00rest", "it is compressed, so unpack it first"),
        (b"PK\x03\x04rest", "it is compressed, so unpack it first"),
        (b"<!DOCTYPE html>", "it is HTML, so export as JSON"),
        (&utf16, "it is in UTF-16, so convert it to UTF-8 first"),
    ];
    for (bytes, found) in files {
        assert_eq!(why(bytes)?, format!("the file is not a JSON export of a channel: {found}"));
    }
    Ok(())
}

#[test]
fn damaged_bytes_end_the_file_and_keep_the_messages_before_them() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("general.json");
    let messages: Vec<Value> = (0..100).map(|second| message(second, ANNA, "some text")).collect();
    write(&path, &export(&messages))?;
    let whole = fs::read(&path)?;
    let middle = whole.len() / 2;
    for damage in [&b"\xff\xfe\xfd"[..], b"\0\0\0\0", b"\"\"}}]]", b"\xed\xa0\x80"] {
        let mut bytes = whole.clone();
        bytes.splice(middle..middle + damage.len(), damage.iter().copied());
        fs::write(&path, bytes)?;
        let store = store()?;
        let recorder = store.recorder()?;
        let report = Import::new(recorder.clone()).run([&path])?;
        recorder.flush()?;
        assert!(matches!(report.failed().next(), Some((_, FileError::Damaged(_)))), "{damage:?}: {report}");
        assert!((45..55).contains(&report.taken()), "{damage:?}: {report}");
        assert_eq!(u64::try_from(rows(&store)?.len())?, report.taken());
        // The whole file adds the rest.
        fs::write(&path, &whole)?;
        Import::new(recorder.clone()).run([&path])?;
        recorder.flush()?;
        assert_eq!(rows(&store)?.len(), 100);
    }
    Ok(())
}

#[test]
fn the_first_known_text_of_a_message_counts() -> TestResult {
    let folder = tempfile::tempdir()?;
    for (name, text) in [("a.json", "short"), ("b.json", "a much longer text")] {
        write(&folder.path().join(name), &export(&[message(0, ANNA, text)]))?;
    }
    let store = store()?;
    let recorder = store.recorder()?;
    for raw_content in [false, true, true] {
        Import::new(recorder.clone()).raw_content(raw_content).run([folder.path()])?;
        recorder.flush()?;
        let expected = raw_content.then_some(5);
        assert_eq!(rows(&store)?.into_iter().map(|row| row.4).collect::<Vec<_>>(), [expected]);
    }
    assert!(verified(&store)?);
    Ok(())
}
