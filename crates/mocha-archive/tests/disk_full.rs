//! An archive on a disk without room for it.

#![cfg(target_os = "linux")]

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use chrono::{TimeDelta, Utc};
use mocha_archive::{Archive, Error};
use mocha_store::{Keep, RetentionPolicy};
use support::*;

/// Not a test of its own but what runs where it may mount. Everything that it mounts goes with it.
#[test]
fn child() -> TestResult {
    let Ok(folder) = std::env::var("MOCHA_CHILD_FOLDER") else { return Ok(()) };
    let folder = Path::new(&folder);
    let disk = folder.join("disk");
    fs::create_dir(&disk)?;
    let mount = |options: &str| Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&disk).status();
    assert!(mount("size=160k")?.success());
    let store = filled(&folder.join("stats.db"), 3)?;
    let rows = events(&store)?;
    let archive = Archive::open(disk.join("archive"))?;
    let error = archive.add(&store).expect_err("there is no room");
    assert!(error.is_disk_full(), "{error}, {:?}", error.kind());
    // The existing files are complete.
    let some = sound(&archive)?;
    assert!(some > 0 && some < u64::try_from(rows.len())?, "{some}");

    // Retention deletes only what found room.
    let retention = RetentionPolicy::default().messages(Keep::Days(0)).members(Keep::Days(0)).presences(Keep::Days(0));
    let now = Utc::now() + TimeDelta::days(1);
    let error = archive.apply_retention_at(&store, &retention, now).run().expect_err("there is no room");
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<Error>());
    assert!(cause.is_some_and(Error::is_disk_full), "{error}: {cause:?}");
    sound(&archive)?;

    assert!(mount("remount,size=50m")?.success());
    archive.add(&store)?;
    archive.apply_retention_at(&store, &retention, now).run()?;
    assert_eq!(count(&store, "message_events")?, 0);
    let new = restored(&archive, &folder.join("new.db"))?;
    assert!(events(&new)? == rows, "rows were lost");
    Ok(())
}

#[test]
fn a_full_disk_is_reported_loses_nothing_and_archiving_works_once_there_is_room() -> TestResult {
    let may_mount = Command::new("unshare")
        .args(["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .stderr(Stdio::null())
        .status();
    if !may_mount.is_ok_and(|status| status.success()) {
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
