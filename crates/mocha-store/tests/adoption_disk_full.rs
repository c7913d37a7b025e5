//! An adoption on a full disk leaves the file unchanged.

#![cfg(target_os = "linux")]

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{Maintenance, Store};
use support::*;

fn connect(path: &Path) -> TestResult<SqliteConnection> {
    Ok(SqliteConnection::establish(path.to_str().ok_or("path")?)?)
}

/// Creates a file of the original with some thousand messages.
fn original(path: &Path, journal_mode: &str) -> TestResult {
    let mut conn = connect(path)?;
    conn.batch_execute("PRAGMA foreign_keys = OFF")?;
    conn.batch_execute(include_str!("original.sql"))?;
    conn.batch_execute(
        "WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < 3000)
         INSERT INTO message_events SELECT 1000000 + n, '10', '20', 40 + n % 9, 0, 0, 0, 5, 1, 1600000000 + n FROM number",
    )?;
    conn.batch_execute(&format!("PRAGMA journal_mode = {journal_mode}"))?;
    Ok(())
}

/// Returns whether the original can write.
fn can_write(path: &Path) -> TestResult<bool> {
    let mut conn = connect(path)?;
    conn.batch_execute("PRAGMA foreign_keys = OFF")?;
    Ok(conn.batch_execute("INSERT INTO guilds VALUES ('11', 'Rust', NULL, 1, 1600000000, 1600000000)").is_ok())
}

/// Returns the files beside the database that are not empty.
fn left_beside(path: &Path) -> Vec<String> {
    let mut left = Vec::new();
    for suffix in ["-journal", "-wal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        if fs::metadata(&name).is_ok_and(|file| file.len() > 0) {
            left.push(suffix.to_owned());
        }
    }
    left
}

/// The process in a mount namespace of its own. Its mounts disappear with it.
#[test]
fn child() -> TestResult {
    let Ok(folder) = std::env::var("MOCHA_CHILD_FOLDER") else { return Ok(()) };
    let folder = Path::new(&folder);
    let disk = folder.join("disk");
    fs::create_dir(&disk)?;
    let run = |program: &str, args: &[&str]| Command::new(program).args(args).arg(&disk).status();
    for journal_mode in ["WAL", "DELETE"] {
        let source = folder.join(journal_mode);
        original(&source, journal_mode)?;
        let was = fs::read(&source)?;
        let pages = was.len().div_ceil(4096) * 4;
        let mut failures = 0;
        // The room on the disk in kilobytes: from none to enough for the adoption.
        for room in [0, 4, 8, 16, 28, 36].into_iter().chain((64..).step_by(64)) {
            assert!(run("mount", &["-t", "tmpfs", "-o", &format!("size={}k", pages + room), "tmpfs"])?.success());
            let path = disk.join("stats.db");
            fs::copy(&source, &path)?;
            let opened = Store::builder().maintenance(Maintenance::off()).open(&path);
            if let Err(error) = &opened {
                let about = format!("{journal_mode}, {room} kB: {error} ({:?})", std::error::Error::source(error));
                assert!(error.is_disk_full(), "{about}: {:?}", error.kind());
                assert!(fs::read(&path)? == was, "{about}: it was written to");
                assert_eq!(left_beside(&path), [""; 0], "{about}");
                failures += 1;
                if room < 64 {
                    // SQLite itself needs some room.
                    assert!(run("mount", &["-o", &format!("remount,size={}k", pages + 64)])?.success());
                }
                assert!(can_write(&path)?, "{about}: the original cannot write");
            }
            let done = opened.is_ok();
            drop(opened);
            assert!(run("umount", &["--lazy"])?.success());
            if done {
                break;
            }
        }
        assert!(failures > 9, "{journal_mode}: {failures}");
    }
    Ok(())
}

#[test]
fn an_adoption_on_a_full_disk_reports_it_and_leaves_the_file_unchanged() -> TestResult {
    let may_mount = Command::new("unshare")
        .args(["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .stderr(Stdio::null())
        .status();
    if !may_mount.is_ok_and(|status| status.success()) {
        // This machine does not allow the test to mount.
        skipped("only the machine's owner may mount, so the disk was not full");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let status = Command::new("unshare")
        .args(["--map-root-user", "--mount"])
        .arg(std::env::current_exe()?)
        .args(["child", "--exact", "--test-threads=1"])
        .env("MOCHA_CHILD_FOLDER", folder.path())
        .status()?;
    assert!(status.success());
    Ok(())
}
