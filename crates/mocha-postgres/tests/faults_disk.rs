//! A server whose disk is full.
#![cfg(all(feature = "libpq", target_os = "linux"))]

mod support;

use std::{path::Path, process::Command, time::Duration};

use mocha_postgres::PgStore;
use mocha_recorder::Clock;
use mocha_test_postgres::Database;
use support::{TestResult, cluster, message};

/// Set for the process that may mount.
const CHILD: &str = "MOCHA_TEST_FULL_DISK";

fn run(program: &str, arguments: &[&str]) -> TestResult {
    let output = Command::new(program).args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{program} {arguments:?}: {said}").into()) }
}

/// The tables are on a small disk, the server's own files on a large one.
fn full() -> TestResult {
    let Some(cluster) = cluster(&[]) else { return Ok(()) };
    let disk = cluster.folder().join("disk");
    std::fs::create_dir(&disk)?;
    let path = disk.to_str().ok_or("the path is no text")?;
    run("mount", &["-t", "tmpfs", "-o", "size=24m", "tmpfs", path])?;
    let data = cluster.folder().join("data");
    run("chown", &[&format!("--reference={}", data.display()), path])?;
    let postgres = Database::create_on(&cluster.url("postgres"));
    postgres.execute(&format!("CREATE TABLESPACE small LOCATION '{path}'"));
    let database = Database::create_on(&cluster.url("postgres"));
    let name = database.execute("SELECT current_database()");
    postgres.execute(&format!("ALTER DATABASE {name} SET TABLESPACE small"));

    let store = PgStore::builder()
        .clock(Clock::Events)
        .flush_interval(Duration::from_millis(1))
        .queue_len(200_000)
        .connect(database.url())?;
    // A new connection cannot always be opened while the disk is full, so this one is opened before.
    let messages = || -> TestResult<i64> {
        use diesel::prelude::*;
        Ok(store.read(|conn| mocha_schema::schema::message_events::table.count().get_result(conn))?)
    };
    assert_eq!(messages()?, 0);
    let recorder = store.recorder()?;
    let (mut confirmed, mut next) = (0, 0);
    let error = loop {
        for _ in 0..2_000 {
            recorder.record(message(next, 1000 + next.unsigned_abs(), 1, 40 + next.unsigned_abs() % 50))?;
            next += 1;
        }
        match recorder.flush() {
            Ok(()) => confirmed = next,
            Err(error) => break error,
        }
        assert!(next < 200_000, "the disk is not full");
    };
    assert!(error.is_disk_full(), "{error:?}");
    assert!(confirmed > 0);
    // Confirmed events are stored and can be read, and the others wait.
    assert!(messages()? >= confirmed);
    let stats = recorder.stats();
    assert_eq!((stats.refused, stats.dropped, stats.rejected), (0, 0, 0));
    assert_eq!(stats.pending + stats.written, next.unsigned_abs());
    // Once there is room everything goes on by itself.
    run("mount", &["-o", "remount,size=200m", path])?;
    let mut failures = 0;
    while let Err(error) = recorder.flush() {
        failures += 1;
        assert!(error.is_disk_full() && failures < 100, "{error:?}");
    }
    assert_eq!(messages()?, next);
    assert_eq!(store.verify()?, []);
    recorder.shutdown()?;
    drop(store);
    drop(database);
    postgres.execute("DROP TABLESPACE small");
    drop(postgres);
    cluster.stop();
    run("umount", &[path])
}

/// Runs where it may mount. It is no test of its own, and its mounts end with its process.
#[test]
fn child() -> TestResult {
    if std::env::var_os(CHILD).is_some() { full() } else { Ok(()) }
}

/// Only the machine's owner may mount and give a folder to the server's user.
#[test]
fn a_full_disk_loses_nothing_and_recording_goes_on_once_there_is_room() -> TestResult {
    let status = Path::new("/proc/self/status");
    let is_owner = std::fs::read_to_string(status)?.lines().any(|line| line.starts_with("Uid:\t0\t"));
    let may_mount = is_owner && run("unshare", &["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).is_ok();
    if !may_mount {
        skipped_mount();
        return Ok(());
    }
    let output = Command::new("unshare")
        .arg("--mount")
        .arg(std::env::current_exe()?)
        .args(["child", "--exact", "--nocapture"])
        .env(CHILD, "1")
        .output()?;
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn skipped_mount() {
    eprintln!("skipped: only the machine's owner may mount, so the server's disk was not full");
}
