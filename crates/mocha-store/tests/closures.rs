//! The author's own code on the store's connections.

mod support;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
    thread,
    time::Duration,
};

use diesel::connection::SimpleConnection;
use mocha_store::{ErrorKind, Store};
use support::*;

#[test]
fn reading_cannot_write() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path().join("stats.db"))?;
    let error = store.read(|conn| conn.batch_execute("DELETE FROM guilds")).expect_err("it is read-only");
    assert_eq!(error.kind(), &ErrorKind::ReadOnly);
    Ok(())
}

#[test]
fn reading_sees_one_state() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path().join("stats.db"))?;
    let count = "SELECT count(*) || '' AS line FROM message_events";
    store.read(|conn| -> TestResult {
        let before = read_lines(conn, count)?;
        record(&store, [message(0, 30, 20, 40)])?;
        assert_eq!(read_lines(conn, count)?, before);
        Ok(())
    })?;
    assert_eq!(lines(&store, count)?, ["1"]);
    Ok(())
}

#[test]
fn a_commit_in_memory_waits_for_a_reader() -> TestResult {
    let store = store()?;
    let count = "SELECT count(*) || '' AS line FROM message_events";
    let (reads, is_read) = mpsc::channel();
    thread::scope(|scope| -> TestResult {
        let reader = scope.spawn(|| {
            store.read(|conn| -> TestResult {
                read_lines(conn, count)?;
                reads.send(())?;
                thread::sleep(Duration::from_millis(200));
                Ok(())
            })
        });
        is_read.recv()?;
        record(&store, [message(0, 30, 20, 40)])?;
        reader.join().map_err(|_| "the reader panicked")??;
        Ok(())
    })?;
    assert_eq!(lines(&store, count)?, ["1"]);
    Ok(())
}

#[test]
fn an_error_undoes_the_write_and_is_returned_with_its_source() -> TestResult {
    let store = store()?;
    let error = store
        .write(|conn| {
            conn.batch_execute("INSERT INTO users (id, created_at, updated_at) VALUES ('1', 0, 0)")?;
            Err::<(), Box<dyn std::error::Error + Send + Sync>>("the author's reason".into())
        })
        .expect_err("the closure failed");
    assert_eq!(error.kind(), &ErrorKind::User);
    assert_eq!(std::error::Error::source(&error).map(ToString::to_string).as_deref(), Some("the author's reason"));
    assert_eq!(lines(&store, "SELECT id AS line FROM users")?, [""; 0]);
    Ok(())
}

#[test]
fn the_store_works_after_a_panic() -> TestResult {
    let folder = tempfile::tempdir()?;
    for store in [store()?, Store::builder().readers(1).open(folder.path().join("stats.db"))?] {
        record(&store, [message(0, 30, 20, 40)])?;
        let insert = "INSERT INTO users (id, created_at, updated_at) VALUES ('1', 0, 0)";
        let write = AssertUnwindSafe(|| {
            store.write(|conn| -> diesel::QueryResult<()> {
                conn.batch_execute(insert)?;
                panic!("the author's mistake")
            })
        });
        assert!(catch_unwind(write).is_err());
        let read = AssertUnwindSafe(|| store.read(|_| -> diesel::QueryResult<()> { panic!("the author's mistake") }));
        assert!(catch_unwind(read).is_err());
        record(&store, [message(1000, 31, 20, 40)])?;
        assert_eq!(lines(&store, "SELECT id AS line FROM users")?, ["40"]);
        store.write(|conn| conn.batch_execute(insert))?;
        assert_eq!(lines(&store, "SELECT id AS line FROM users ORDER BY id")?, ["1", "40"]);
    }
    Ok(())
}
