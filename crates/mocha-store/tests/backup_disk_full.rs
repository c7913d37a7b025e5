//! A backup onto a full disk.

#![cfg(target_os = "linux")]

mod backup_support;
mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use backup_support::{bulky, names};
use mocha_store::{BackupMethod, Store};
use support::*;

/// The process in a mount namespace of its own. Its mounts disappear with it.
#[test]
fn child() -> TestResult {
    let Ok(folder) = std::env::var("MOCHA_CHILD_FOLDER") else { return Ok(()) };
    let folder = Path::new(&folder);
    let disk = folder.join("disk");
    fs::create_dir(&disk)?;
    let mount = |options: &str| Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&disk).status();
    assert!(mount("size=8m")?.success());
    let path = folder.join("stats.db");
    let store = bulky(&path)?;
    let expected = dump(&store)?;
    for method in [BackupMethod::Compact, BackupMethod::Paced { pages: 100, pause: Duration::ZERO }] {
        let error = store.backup(&disk).method(method).run().expect_err("there is no room");
        assert!(error.is_disk_full(), "{method:?}: {error}, {:?}", error.kind());
        assert_eq!(names(&disk)?, [".backup.lock"], "{method:?}");
    }
    let made = store.backup(folder).run()?;
    // The folder has its lock and the file to replace. The disk has no room for a copy of that file.
    let small = disk.join("stats.db");
    record(&Store::open(&small)?, [message(0, 30, 20, 40)])?;
    let old = dump(&Store::open(&small)?)?;
    let error = Store::restore(&made.path, &small).run().expect_err("there is no room");
    assert!(error.is_disk_full(), "{error}, {:?}", error.kind());
    // The last reader may leave a `-shm` file, which is harmless.
    let left: Vec<String> = names(&disk)?.into_iter().filter(|name| !name.ends_with("-shm")).collect();
    assert_eq!(left, [".backup.lock", "stats.db"]);
    assert_eq!(dump(&Store::open(&small)?)?, old);
    // With enough room the same calls work.
    assert!(mount("remount,size=200m")?.success());
    Store::restore(&made.path, &small).run()?;
    assert!(dump(&Store::open(&small)?)? == expected);
    for method in [BackupMethod::Compact, BackupMethod::Paced { pages: 100, pause: Duration::ZERO }] {
        assert_eq!(store.backup(&disk).method(method).run()?.rows, made.rows);
    }
    assert!(dump(&store)? == expected);
    Ok(())
}

#[test]
fn a_backup_onto_a_full_disk_reports_it_leaves_nothing_and_works_once_there_is_room() -> TestResult {
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
