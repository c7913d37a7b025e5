//! A process that is killed while it imports.

use std::{
    io::{BufRead as _, BufReader, Write as _, stderr},
    ops::ControlFlow,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::export::{ANNA, TestResult, export, message, rows, verified, write};
use mocha_import::Import;
use mocha_store::{Clock, Store, StoreBuilder};
use serde_json::Value;

/// The variables with the exports and the file of the process that is killed.
const EXPORTS: &str = "MOCHA_TEST_EXPORTS";
const FILE: &str = "MOCHA_TEST_FILE";

const MESSAGES: u64 = 6_000;
const FILES: u64 = 3;

/// Returns a builder whose batches are large enough to be written in bulk.
fn builder() -> StoreBuilder {
    Store::builder().clock(Clock::Events).batch_len(700)
}

/// The process that is killed. It writes a line after each step, and the test kills it after some of these lines.
#[test]
fn child() -> TestResult {
    let (Some(exports), Some(path)) = (std::env::var_os(EXPORTS), std::env::var_os(FILE)) else { return Ok(()) };
    let recorder = builder().open(path)?.recorder()?;
    let import = Import::new(recorder.clone()).raw_content(true).on_progress(|_| {
        // The test reads until it kills this process.
        drop(writeln!(stderr(), "further"));
        ControlFlow::Continue(())
    });
    import.run([exports])?;
    recorder.shutdown()?;
    Ok(())
}

fn spawn(exports: &Path, path: &Path) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["killed::child", "--exact", "--nocapture"])
        .env(EXPORTS, exports)
        .env(FILE, path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
}

/// Exports of two years, whose files overlap in time.
fn write_exports(folder: &Path) -> TestResult {
    for file in 0..FILES {
        let numbers = (0..MESSAGES).filter(|number| number % FILES == file);
        let messages: Vec<Value> =
            numbers.map(|number| message(number * 10_000, ANNA + number % 7, &"x".repeat(9))).collect();
        write(&folder.join(format!("part {file}.json")), &export(&messages))?;
    }
    Ok(())
}

#[test]
fn a_killed_import_goes_on_where_it_stopped() -> TestResult {
    let folder = tempfile::tempdir()?;
    let exports = folder.path().join("exports");
    std::fs::create_dir(&exports)?;
    write_exports(&exports)?;
    let path = folder.path().join("killed.db");
    let (mut known, mut kills) = (0, 0);
    for after in 1.. {
        let mut child = spawn(&exports, &path)?;
        let stderr = child.stderr.take().ok_or("no stderr")?;
        let further = BufReader::new(stderr).lines().map_while(Result::ok).filter(|line| line == "further");
        let heard = further.take(after).count();
        child.kill()?;
        let is_done = child.wait()?.success();
        let store = builder().open(&path)?;
        let report = store.check().run()?;
        assert!(report.is_ok(), "{report}");
        assert!(verified(&store)?, "after {after}");
        let found = rows(&store)?.len();
        assert!(found >= known, "{known} messages were in the file, and now {found}");
        known = found;
        if is_done || heard < after {
            break;
        }
        kills += 1;
    }
    assert!(kills >= 3, "{kills}");
    let whole = builder().open(folder.path().join("whole.db"))?;
    for store in [&whole, &builder().open(&path)?] {
        let recorder = store.recorder()?;
        let report = Import::new(recorder.clone()).raw_content(true).run([&exports])?;
        assert_eq!((report.taken(), report.failed().count()), (MESSAGES, 0), "{report}");
        recorder.flush()?;
        assert!(verified(store)?);
    }
    assert_eq!(rows(&builder().open(&path)?)?, rows(&whole)?);
    assert_eq!(u64::try_from(rows(&whole)?.len())?, MESSAGES);
    Ok(())
}
