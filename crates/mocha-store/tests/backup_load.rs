//! Backups of a file that is written to at full speed.

mod backup_support;
mod support;

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use backup_support::{bulky, names};
use diesel::connection::SimpleConnection;
use mocha_store::{BackupMethod, Error, Maintenance, Rollup, Store};
use support::*;

const METHODS: [BackupMethod; 2] =
    [BackupMethod::Compact, BackupMethod::Paced { pages: 512, pause: Duration::from_millis(1) }];

/// Returns totals over the messages up to a number.
fn sums(store: &Store, last: &str) -> Result<Vec<String>, Error> {
    lines(
        store,
        &format!(
            "SELECT count(*) || ' ' || total(created_at) || ' ' || total(CAST(user_id AS INTEGER)) || ' ' || \
             total(character_count) || ' ' || total(CAST(id AS INTEGER)) AS line FROM message_events WHERE CAST(id AS INTEGER) <= {last}"
        ),
    )
}

fn same_as_source_then(store: &Store, backup: &Path) -> TestResult {
    let copy = Store::open(backup)?;
    // Messages are recorded in the order of their numbers.
    let last = lines(&copy, "SELECT max(CAST(id AS INTEGER)) || '' AS line FROM message_events")?.remove(0);
    assert_eq!(sums(&copy, &last)?, sums(store, &last)?);
    for rollup in Rollup::ALL {
        let verification = copy.verify(rollup).run()?;
        assert!(verification.is_ok(), "{rollup}: {:?}", verification.differences);
    }
    Ok(())
}

#[test]
fn a_backup_equals_its_source_at_one_moment() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = bulky(&folder.path().join("stats.db"))?;
    let (recorder, done) = (store.recorder()?, AtomicBool::new(false));
    thread::scope(|scope| {
        let writer = scope.spawn(|| -> Result<u64, Error> {
            let mut number = 1_000_000;
            while !done.load(Ordering::Relaxed) {
                let ms = i64::try_from(number - 1_000_000).unwrap_or(0);
                match recorder.record(message(ms, number, 20 + number % 3, 40 + number % 11)) {
                    Err(error) if error.is_queue_full() => thread::yield_now(),
                    result => {
                        result?;
                        number += 1;
                    }
                }
            }
            recorder.flush()?;
            Ok(number - 1_000_000)
        });
        let backups = || -> TestResult {
            let mut counts = Vec::new();
            for _ in 0..3 {
                for method in METHODS {
                    let made = store.backup(folder.path().join("backups")).method(method).run()?;
                    same_as_source_then(&store, &made.path)?;
                    counts.push(made.rows["message_events"]);
                }
            }
            assert_eq!(names(&folder.path().join("backups"))?.len(), 7, "six, and the folder's lock");
            assert!(
                counts.is_sorted() && counts.first() < counts.last(),
                "no message was written meanwhile: {counts:?}"
            );
            Ok(())
        };
        let result = backups();
        done.store(true, Ordering::Relaxed);
        let written = writer.join().expect("the writer does not panic")?;
        result?;
        let found = lines(&store, "SELECT count(*) || '' AS line FROM message_events")?;
        assert_eq!(found, [(written + 500).to_string()], "the backups lost events");
        Ok(())
    })
}

#[test]
fn the_copy_has_the_counts_of_one_moment_however_many_commits_there_are() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path().join("stats.db"))?;
    store.write(|conn| conn.batch_execute("CREATE TABLE jokes (x)"))?;
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| -> Result<(), Error> {
            while !done.load(Ordering::Relaxed) {
                store.write(|conn| conn.batch_execute("INSERT INTO jokes VALUES (1)"))?;
            }
            Ok(())
        });
        let mut backups = (0..40).map(|n| store.backup(folder.path().join("b")).method(METHODS[n % 2]).keep(1).run());
        let result = backups.try_for_each(|made| made.map(drop));
        done.store(true, Ordering::Relaxed);
        writer.join().expect("the writer does not panic")?;
        Ok(result?)
    })
}

/// While the backups run, a read transaction is nearly always open, and the writer never pauses.
#[test]
fn successive_backups_do_not_let_the_log_grow() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    drop(bulky(&path)?);
    let store = Store::builder().maintenance(Maintenance::default().wal_limit_bytes(1_000_000)).open(&path)?;
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| -> Result<(u64, u64), Error> {
            let (mut written, mut largest) = (0, 0);
            while !done.load(Ordering::Relaxed) {
                let write =
                    format!("UPDATE users SET avatar = printf('%.*c', {}, 'a') WHERE id = '40'", 20_000 + written % 2);
                store.write(|conn| conn.batch_execute(&write))?;
                written += 20_001;
                largest = largest.max(fs::metadata(path.with_extension("db-wal")).map_or(0, |log| log.len()));
            }
            Ok((written, largest))
        });
        let backups = (0..10).try_for_each(|_| store.backup(folder.path().join("backups")).keep(1).run().map(drop));
        done.store(true, Ordering::Relaxed);
        let (written, largest) = writer.join().map_err(|_| "the writer panicked")??;
        backups?;
        assert!(largest < written / 2, "{largest} of {written}");
        Ok(())
    })
}
