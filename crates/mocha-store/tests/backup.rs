//! Backups have the same rows as their source, get unique names, and replace older ones.

mod backup_support;
mod support;

use std::{fs, ops::ControlFlow, panic::AssertUnwindSafe, time::Duration};

use backup_support::{bulky, names};
use diesel::{SqliteConnection, connection::SimpleConnection};
use mocha_store::{BackupMethod, BackupPhase, ErrorKind, Store};
use support::*;

const METHODS: [BackupMethod; 2] =
    [BackupMethod::Compact, BackupMethod::Paced { pages: 64, pause: Duration::from_micros(100) }];

#[test]
fn a_backup_has_every_row_and_nothing_but_its_file() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = bulky(&folder.path().join("stats.db"))?;
    let expected = dump(&store)?;
    for (number, method) in METHODS.into_iter().enumerate() {
        let into = folder.path().join(format!("deep/{number}"));
        let made = store.backup(&into).method(method).at(at(0)).run()?;
        assert_eq!(names(&into)?, [".backup.lock", "backup_20231114_221320.db"], "{method:?}");
        assert_eq!(made.path, into.join("backup_20231114_221320.db"));
        assert_eq!(made.bytes, fs::metadata(&made.path)?.len());
        assert_eq!((made.at, made.removed.len()), (at(0), 0));
        assert_eq!((made.rows["message_events"], made.rows["blobs"]), (500, 8000));
        #[cfg(unix)]
        for name in names(&into)? {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(into.join(&name))?.permissions().mode() & 0o777, 0o600, "{name}");
        }
        // The header must not demand a write-ahead log, because a backup is a single file.
        assert_eq!(fs::read(&made.path)?.get(18..20), Some(&[1, 1][..]), "{method:?}");
        let backup = Store::open(&made.path)?;
        assert_eq!(dump(&backup)?, expected, "{method:?}");
        assert_eq!(lines(&backup, "SELECT auto_vacuum || '' AS line FROM pragma_auto_vacuum")?, ["2"]);
    }
    Ok(())
}

#[test]
fn a_compact_backup_has_no_free_pages() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = bulky(&folder.path().join("stats.db"))?;
    store.write(|conn| conn.batch_execute("DELETE FROM blobs"))?;
    let bytes = |method| Ok::<_, mocha_store::Error>(store.backup(folder.path()).method(method).run()?.bytes);
    assert!(bytes(METHODS[0])? < 2_000_000);
    assert!(bytes(METHODS[1])? > 30_000_000);
    Ok(())
}

#[test]
fn a_store_in_memory_can_be_backed_up() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = store()?;
    record(&store, [guild(0, 9), message(0, 30, 20, 40)])?;
    for method in METHODS {
        let made = store.backup(folder.path()).method(method).run()?;
        assert_eq!(dump(&Store::open(&made.path)?)?, dump(&store)?, "{method:?}");
    }
    Ok(())
}

#[test]
fn the_newest_backups_and_all_other_files_stay() -> TestResult {
    let folder = tempfile::tempdir()?;
    let into = folder.path().join("backups");
    let store = Store::open(folder.path().join("stats.db"))?;
    let others =
        ["backup_20200101_000000.db-wal", "backup_2020_01.db", "backup_2020_01.db-wal", "notes.txt", "stats.db"];
    fs::create_dir(&into)?;
    for name in others {
        fs::write(into.join(name), "mine")?;
    }
    fs::create_dir(into.join("backup_20200101_000000.db"))?;
    for second in 0..5 {
        store.backup(&into).keep(3).at(at(second * 1000)).run()?;
    }
    // The backup has an older time than the others, as if the clock was set back.
    let made = store.backup(&into).keep(3).at(at(-1000)).run()?;
    assert_eq!(made.removed, [into.join("backup_20231114_221322.db")]);
    let mut expected = vec![
        ".backup.lock",
        "backup_20200101_000000.db",
        "backup_20231114_221319.db",
        "backup_20231114_221323.db",
        "backup_20231114_221324.db",
    ];
    expected.extend(others);
    expected.sort_unstable();
    assert_eq!(names(&into)?, expected);
    Ok(())
}

#[test]
fn two_backups_in_one_second_get_two_names() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = store()?;
    for path in ["backup_20231114_221320.db", "backup_20231114_221321.db", "backup_20231114_221322.db"] {
        assert_eq!(store.backup(folder.path()).at(at(0)).run()?.path, folder.path().join(path));
    }
    Ok(())
}

#[test]
fn a_folder_allows_one_backup_at_a_time() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = store()?;
    let mut second = None;
    let first = store.backup(folder.path()).on_progress(|_| {
        second.get_or_insert_with(|| store.backup(folder.path()).run());
        ControlFlow::Continue(())
    });
    first.run()?;
    let error = second.ok_or("it was not tried")?.expect_err("the first one runs");
    assert!(error.is_busy(), "{error}");
    store.backup(folder.path()).run()?;
    Ok(())
}

#[test]
fn a_backup_stopped_at_any_point_leaves_nothing() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = bulky(&folder.path().join("stats.db"))?;
    let into = folder.path().join("backups");
    for method in METHODS {
        let mut phases = Vec::new();
        store
            .backup(&into)
            .keep(1)
            .method(method)
            .on_progress(|progress| {
                assert!(progress.done_bytes <= progress.total_bytes);
                phases.push(progress.phase);
                ControlFlow::Continue(())
            })
            .run()?;
        assert!(phases.contains(&BackupPhase::Copying) && phases.contains(&BackupPhase::Checking), "{phases:?}");
        let before = names(&into)?;
        for stop_at in [0, 1, 2, phases.len() / 2] {
            let mut calls = 0;
            let stopped = store.backup(&into).method(method).on_progress(|_| {
                calls += 1;
                if calls > stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            match stopped.run() {
                Err(error) => assert_eq!(error.kind(), &ErrorKind::Stopped, "{error}"),
                // The backup finished before the callback could stop it.
                Ok(made) => fs::remove_file(made.path)?,
            }
            assert_eq!(names(&into)?, before, "{method:?} {stop_at}");
            assert!(calls <= stop_at + 1, "it was asked again");
        }
        // The callback may panic too.
        let panicking = store.backup(&into).method(method).on_progress(|progress| {
            assert_eq!(progress.done_bytes, 0, "the callback panics");
            ControlFlow::Continue(())
        });
        std::panic::catch_unwind(AssertUnwindSafe(|| panicking.run())).expect_err("it panics");
        assert_eq!(names(&into)?, before);
        // No lock is left.
        record(&store, [message(0, 7, 20, 40)])?;
    }
    Ok(())
}

#[test]
fn a_damaged_file_cannot_be_backed_up() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, into) = (folder.path().join("stats.db"), folder.path().join("backups"));
    let store = Store::open(&path)?;
    record(&store, (1..300).map(|n| message(0, n, 20, 40)))?;
    store.write(|conn| {
        conn.batch_execute(
            "CREATE TABLE jokes (x, y); CREATE INDEX by_x ON jokes (x); INSERT INTO jokes VALUES (1, 2);
             PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = 'CREATE INDEX by_x ON jokes (y)' WHERE name = 'by_x'",
        )
    })?;
    for method in METHODS {
        let error = store.backup(&into).method(method).run().expect_err("an index is of another column");
        assert!(error.is_corrupt(), "{error}");
        assert!(error.to_string().contains("by_x"), "{error}");
        assert_eq!(names(&into)?, [".backup.lock"]);
    }
    Ok(())
}

#[test]
fn orphaned_rows_are_copied() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path().join("stats.db"))?;
    record(&store, [guild(0, 9), message(0, 30, 20, 40)])?;
    let mut conn = diesel::Connection::establish(folder.path().join("stats.db").to_str().ok_or("path")?)?;
    SqliteConnection::batch_execute(&mut conn, "PRAGMA foreign_keys = OFF; DELETE FROM guilds")?;
    let made = store.backup(folder.path()).run()?;
    assert_eq!((made.rows["guilds"], made.rows["message_events"]), (0, 1));
    Ok(())
}

#[test]
fn a_setting_out_of_range_is_named() -> TestResult {
    let store = store()?;
    let pages = BackupMethod::Paced { pages: 0, pause: Duration::ZERO };
    let backup = || store.backup("never made");
    let last = chrono::DateTime::<chrono::Utc>::MAX_UTC;
    for (backup, expected) in [(backup().keep(0), "keep"), (backup().method(pages), "pages"), (backup().at(last), "at")]
    {
        let error = backup.run().expect_err("it is out of range");
        assert_eq!(error.kind(), &ErrorKind::InvalidSetting { name: expected });
    }
    Ok(())
}

#[test]
fn files_beside_a_removed_backup_are_removed_too() -> TestResult {
    let folder = tempfile::tempdir()?;
    let into = folder.path().join("backups");
    let store = Store::open(folder.path().join("stats.db"))?;
    let old = store.backup(&into).at(at(0)).run()?.path;
    let name = old.file_name().and_then(|name| name.to_str()).ok_or("name")?;
    // A killed process that had the backup open leaves such files.
    for end in ["-wal", "-shm", "-journal"] {
        fs::write(into.join(format!("{name}{end}")), "of the old backup")?;
    }
    assert_eq!(store.backup(&into).keep(1).at(at(1000)).run()?.removed, [old]);
    assert_eq!(names(&into)?, [".backup.lock", "backup_20231114_221321.db"]);
    Ok(())
}

#[test]
fn no_lock_is_held_while_the_callback_runs() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = bulky(&path)?;
    for method in METHODS {
        let mut told = 0;
        let made = store.backup(folder.path()).method(method).on_progress(|_| {
            told += 1;
            let mut other: SqliteConnection =
                diesel::Connection::establish(path.to_str().expect("it is UTF-8")).expect("the file can be opened");
            let written = other.batch_execute("BEGIN IMMEDIATE; COMMIT");
            written.unwrap_or_else(|error| panic!("{method:?}, after {told} calls: {error}"));
            ControlFlow::Continue(())
        });
        made.run()?;
        assert!(told > 2, "{method:?}");
    }
    Ok(())
}
