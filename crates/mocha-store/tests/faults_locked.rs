//! Another program holds the lock for longer than the busy timeout.

mod support;

use std::{
    io::{BufRead, BufReader, Write, stdout},
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{Clock, ErrorKind, Store, StoreBuilder};
use support::*;

const FILE: &str = "MOCHA_TEST_FILE";

/// The other program, which holds the lock until it is killed.
#[test]
fn child() -> TestResult {
    let Ok(path) = std::env::var(FILE) else { return Ok(()) };
    let mut conn = SqliteConnection::establish(&path)?;
    conn.batch_execute("BEGIN IMMEDIATE; INSERT INTO users (id, created_at, updated_at) VALUES ('66', 0, 0)")?;
    stdout().write_all(b"\nLOCKED\n").and_then(|()| stdout().flush())?;
    loop {
        std::thread::park();
    }
}

fn lock(path: &Path) -> Result<Child, Box<dyn std::error::Error + Send + Sync>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["child", "--exact", "--nocapture"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .spawn()?;
    let output = BufReader::new(child.stdout.take().ok_or("its output is piped")?);
    assert!(output.lines().map_while(Result::ok).any(|line| line == "LOCKED"), "the process does not have the lock");
    Ok(child)
}

fn builder() -> StoreBuilder {
    Store::builder()
        .clock(Clock::Events)
        .busy_timeout(Duration::from_millis(30))
        .flush_interval(Duration::from_millis(1))
}

/// Another program imports. SQLite's own way to wait would ask for the lock some fifty times in five seconds, and meet one of
/// the short pauses only by luck.
#[test]
fn writers_get_the_lock_between_the_long_transactions_of_another_program() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::builder().clock(Clock::Events).open(&path)?;
    record(&store, [message(0, 30, 20, 40)])?;
    let mut other = SqliteConnection::establish(path.to_str().ok_or("a path")?)?;
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let import = scope.spawn(|| -> TestResult {
            other.batch_execute("PRAGMA busy_timeout = 5000")?;
            while !is_over.load(Ordering::Relaxed) {
                other.batch_execute("BEGIN IMMEDIATE")?;
                std::thread::sleep(Duration::from_millis(40));
                other.batch_execute("COMMIT")?;
                std::thread::sleep(Duration::from_micros(100));
            }
            Ok(())
        });
        // The other program has the lock by then.
        let wait = || std::thread::sleep(Duration::from_millis(5));
        let written = (0..8).try_for_each(|n| -> TestResult {
            wait();
            record(&store, [message(n, 100 + n.unsigned_abs(), 20, 40)])?;
            wait();
            let insert = format!("INSERT INTO users (id, created_at, updated_at) VALUES ('{}', 0, 0)", n + 1000);
            Ok(store.write(|conn| conn.batch_execute(&insert))?)
        });
        wait();
        let receipt = written.and_then(|()| Ok(store.forget_user(id(40)).run()?));
        is_over.store(true, Ordering::Relaxed);
        import.join().map_err(|_| "a panic")??;
        assert!(receipt?.rows_gone);
        Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    })?;
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, [""; 0]);
    Ok(())
}

#[test]
fn writers_get_busy_readers_work_and_no_event_is_lost() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = builder().queue_len(50).open(&path)?;
    let recorder = store.recorder()?;
    record(&store, [message(0, 30, 20, 40)])?;
    let mut other = lock(&path)?;

    let insert = "INSERT INTO users (id, created_at, updated_at) VALUES ('1', 0, 0)";
    assert!(store.write(|conn| conn.batch_execute(insert)).expect_err("it is locked").is_busy());
    assert!(store.vacuum().run().expect_err("it is locked").is_busy());
    assert!(builder().open(&path)?.recorder().expect_err("it is locked").is_busy());
    assert!(builder().open(&path).is_ok(), "opening only reads");
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, ["30"]);
    assert!(store.check().run()?.is_ok());

    // A minute of a busy server has more events than the queue holds.
    let (mut taken, mut refused) = (0, 0);
    for n in 0..200 {
        match recorder.record(message(n, 1000 + n.unsigned_abs(), 20, 40)) {
            Ok(()) => taken += 1,
            Err(error) => {
                assert!(error.is_queue_full(), "{error}");
                refused += 1;
            }
        }
        if n % 40 == 0 {
            assert!(recorder.flush().expect_err("it is locked").is_busy());
        }
    }
    let stats = recorder.stats();
    assert_eq!((taken, refused), (50, 150));
    assert_eq!((stats.queued, stats.refused, stats.pending, stats.written), (51, 150, 50, 1));

    other.kill()?;
    other.wait()?;
    while recorder.flush().is_err() {}
    let stats = recorder.stats();
    assert_eq!((stats.written, stats.pending, stats.dropped, stats.rejected), (51, 0, 0, 0));
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, ["51"]);
    store.write(|conn| conn.batch_execute(insert))?;
    assert_eq!(lines(&store, "SELECT id AS line FROM users ORDER BY id")?, ["1", "40"]);
    Ok(())
}

#[test]
fn a_file_that_has_to_be_adopted_first_is_not_opened() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    conn.batch_execute(include_str!("original.sql"))?;
    conn.batch_execute("BEGIN IMMEDIATE")?;
    assert_eq!(builder().open(&path).expect_err("it is locked").kind(), &ErrorKind::Busy);
    conn.batch_execute("ROLLBACK")?;
    builder().open(&path)?;
    Ok(())
}
