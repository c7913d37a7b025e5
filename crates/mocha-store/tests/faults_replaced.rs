//! The open file is deleted or replaced by another one.

#![cfg(unix)]

mod support;

use std::{fs, ops::ControlFlow, path::Path, time::Duration};

use diesel::connection::SimpleConnection;
use mocha_store::{BackupMethod, Clock, ErrorKind, Store};
use support::*;

/// Moves a file and its log. SQLite can recreate the index of the log.
fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    for end in ["", "-wal", "-shm"] {
        match fs::rename(format!("{}{end}", from.display()), format!("{}{end}", to.display())) {
            Err(error) if end.is_empty() || error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[test]
fn a_replaced_file_is_not_read_or_written_and_recording_continues_once_it_is_back() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, aside) = (folder.path().join("stats.db"), folder.path().join("aside.db"));
    let store = Store::builder()
        .clock(Clock::Events)
        .busy_timeout(Duration::from_millis(30))
        .flush_interval(Duration::from_millis(1))
        .open(&path)?;
    let recorder = store.recorder()?;
    record(&store, [message(0, 30, 20, 40)])?;
    rename(&path, &aside)?;
    for replaced in [false, true] {
        if replaced {
            drop(Store::open(&path)?);
        }
        recorder.record(message(1000, 31 + u64::from(replaced), 20, 40))?;
        let error = recorder.flush().expect_err("the file is gone");
        assert_eq!(error.kind(), &ErrorKind::Replaced, "{error}");
        assert!(error.to_string().contains("open it again"), "{error}");
        let write = store.write(|conn| conn.batch_execute("DELETE FROM message_events")).expect_err("the file is gone");
        assert_eq!(write.kind(), &ErrorKind::Replaced);
        assert_eq!(lines(&store, "SELECT 'x' AS line").expect_err("the file is gone").kind(), &ErrorKind::Replaced);
        assert_eq!(store.vacuum().run().expect_err("the file is gone").kind(), &ErrorKind::Replaced);
        assert_eq!(store.check().run().expect_err("the file is gone").kind(), &ErrorKind::Replaced);
    }
    // The other file is unchanged.
    assert_eq!(lines(&Store::open(&path)?, "SELECT count(*) || '' AS line FROM message_events")?, ["0"]);
    assert_eq!((recorder.stats().pending, recorder.stats().dropped), (2, 0));
    for end in ["", "-wal", "-shm"] {
        drop(fs::remove_file(format!("{}{end}", path.display())));
    }
    rename(&aside, &path)?;
    while recorder.flush().is_err() {}
    assert_eq!(recorder.stats().written, 3);
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events ORDER BY id")?, ["30", "31", "32"]);
    assert!(store.check().run()?.is_ok());
    Ok(())
}

#[test]
fn a_shutdown_reports_the_events_that_are_lost_with_the_file() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::builder().clock(Clock::Events).busy_timeout(Duration::from_millis(30)).open(&path)?;
    let recorder = store.recorder()?;
    fs::remove_file(&path)?;
    recorder.record(message(0, 30, 20, 40))?;
    assert_eq!(recorder.shutdown().expect_err("the file is gone").kind(), &ErrorKind::Replaced);
    assert_eq!((recorder.stats().dropped, recorder.stats().written), (1, 0));
    assert!(!path.exists());
    Ok(())
}

#[test]
fn a_backup_of_a_replaced_file_does_not_displace_a_good_one() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, aside) = (folder.path().join("stats.db"), folder.path().join("aside.db"));
    let into = folder.path().join("backups");
    for method in [BackupMethod::Compact, BackupMethod::Paced { pages: 100, pause: Duration::ZERO }] {
        let store = Store::open(&path)?;
        record(&store, [message(0, 30, 20, 40)])?;
        let good = store.backup(&into).keep(1).run()?.path;
        // The file is swapped during the first backup, and before the second one.
        let mut swapped = false;
        for _ in 0..2 {
            let backup = store.backup(&into).keep(1).method(method).on_progress(|_| {
                if !swapped {
                    rename(&path, &aside).and_then(|()| fs::write(&path, "")).expect("it is swapped");
                    swapped = true;
                }
                ControlFlow::Continue(())
            });
            assert_eq!(backup.run().expect_err("the file was swapped").kind(), &ErrorKind::Replaced, "{method:?}");
            let left: Vec<_> = fs::read_dir(&into)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
            let backups: Vec<_> = left.iter().filter(|path| path.extension().is_some_and(|end| end == "db")).collect();
            assert_eq!(backups, [&good], "{method:?}");
        }
        drop(store);
        fs::remove_dir_all(&into)?;
        for end in ["", "-wal", "-shm"] {
            drop(fs::remove_file(format!("{}{end}", path.display())));
        }
    }
    Ok(())
}
