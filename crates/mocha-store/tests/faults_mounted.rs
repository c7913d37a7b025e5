//! A full disk, and a read-only folder.

#![cfg(target_os = "linux")]

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use diesel::connection::SimpleConnection;
use mocha_store::{Clock, ErrorKind, Store, StoreBuilder};
use support::*;

const FOLDER: &str = "MOCHA_TEST_FOLDER";
const FAULT: &str = "MOCHA_TEST_FAULT";

fn mount(arguments: &[&str], folder: &Path) -> TestResult {
    let done = Command::new("mount").args(arguments).arg(folder).status()?.success();
    if done { Ok(()) } else { Err(format!("mount {arguments:?}").into()) }
}

fn builder() -> StoreBuilder {
    Store::builder()
        .clock(Clock::Events)
        .busy_timeout(Duration::from_millis(30))
        .flush_interval(Duration::from_millis(1))
        .queue_len(100_000)
}

fn full(folder: &Path) -> TestResult {
    let disk = folder.join("disk");
    fs::create_dir(&disk)?;
    mount(&["-t", "tmpfs", "-o", "size=6m", "tmpfs"], &disk)?;
    let path = disk.join("stats.db");
    let store = builder().open(&path)?;
    let recorder = store.recorder()?;
    let (mut confirmed, mut next) = (0, 0);
    let error = loop {
        for _ in 0..500 {
            recorder.record(message(next, 1000 + next.unsigned_abs(), 20, 40))?;
            next += 1;
        }
        match recorder.flush() {
            Ok(()) => confirmed = next,
            Err(error) => break error,
        }
    };
    assert!(error.is_disk_full(), "{error}, {:?}", error.kind());
    assert!(confirmed > 0);
    // Flushed events can be read, and later ones wait.
    let found = |store: &Store| lines(store, "SELECT count(*) || '' AS line FROM message_events");
    let count = found(&store)?.concat();
    assert!(count.parse::<i64>()? >= confirmed);
    let insert = "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
                  INSERT INTO users (id, created_at, updated_at) SELECT i, 0, 0 FROM n";
    assert!(store.write(|conn| conn.batch_execute(insert)).expect_err("there is no room").is_disk_full());
    let vacuum = store.vacuum().run().expect_err("there is no room");
    assert!(vacuum.is_disk_full(), "{vacuum}, {:?}", vacuum.kind());
    let report = store.check().run()?;
    assert!(report.is_ok(), "{report}");
    let stats = recorder.stats();
    assert_eq!((stats.refused, stats.dropped, stats.rejected), (0, 0, 0));
    assert!(stats.pending > 0 && stats.pending + stats.written == next.unsigned_abs());
    // Once there is room, the recorder continues by itself.
    mount(&["-t", "tmpfs", "-o", "remount,size=100m", "tmpfs"], &disk)?;
    while recorder.flush().is_err() {}
    assert_eq!(recorder.stats().written, next.unsigned_abs());
    assert_eq!(found(&store)?, [next.to_string()]);
    store.write(|conn| conn.batch_execute(insert))?;
    store.vacuum().run()?;
    recorder.shutdown()?;
    assert!(store.check().run()?.is_ok());
    Ok(())
}

fn read_only(folder: &Path) -> TestResult {
    let disk = folder.join("disk");
    fs::create_dir(&disk)?;
    mount(&["-t", "tmpfs", "tmpfs"], &disk)?;
    let path = disk.join("stats.db");
    let store = builder().open(&path)?;
    record(&store, [message(0, 30, 20, 40)])?;
    drop(store);
    // The system refuses to remount while the file is open.
    mount(&["-o", "remount,ro"], &disk)?;
    let before = fs::read(&path)?;
    let error = Store::open(&path).expect_err("it cannot be written");
    assert_eq!(error.kind(), &ErrorKind::ReadOnly, "{error}: {:?}", std::error::Error::source(&error));
    let error = Store::open(disk.join("new.db")).expect_err("the file cannot be created");
    assert_eq!(error.kind(), &ErrorKind::ReadOnly, "{error}");
    let error = Store::open(disk.join("deeper/new.db")).expect_err("the folder cannot be created");
    assert_eq!(error.kind(), &ErrorKind::ReadOnly, "{error}");
    // A salvage can still read the file.
    let saved = folder.join("saved.db");
    assert!(Store::salvage(&path, &saved).run()?.is_ok());
    assert_eq!(lines(&Store::open(&saved)?, "SELECT id AS line FROM message_events")?, ["30"]);
    assert!(fs::read(&path)? == before);
    mount(&["-o", "remount,rw"], &disk)?;
    record(&Store::open(&path)?, [message(0, 31, 20, 40)])?;
    Ok(())
}

/// The process in a mount namespace of its own. Its mounts disappear with it.
#[test]
fn child() -> TestResult {
    let (Ok(folder), Ok(fault)) = (std::env::var(FOLDER), std::env::var(FAULT)) else { return Ok(()) };
    match fault.as_str() {
        "full" => full(Path::new(&folder)),
        _ => read_only(Path::new(&folder)),
    }
}

/// Runs the test `child` in a mount namespace of its own. Skips it on a machine that does not allow this.
fn run(fault: &str) -> TestResult {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount"]);
        command
    };
    let may_mount = unshare().args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]).stderr(Stdio::null()).status();
    if !may_mount.is_ok_and(|status| status.success()) {
        skipped("only the machine's owner may mount, so the disk was not full nor read-only");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let output = unshare()
        .arg(std::env::current_exe()?)
        .args(["child", "--exact", "--nocapture"])
        .env(FOLDER, folder.path())
        .env(FAULT, fault)
        .output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[test]
fn a_full_disk_loses_nothing_and_recording_continues_once_there_is_room() -> TestResult {
    run("full")
}

#[test]
fn a_read_only_folder_is_reported_as_such() -> TestResult {
    run("read-only")
}
