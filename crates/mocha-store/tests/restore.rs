//! Restores, the files that they replace, and the files that they refuse.

mod backup_support;
mod support;

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::Command,
};

use backup_support::{bulky, names};
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{BackupMethod, BackupPhase, ErrorKind, Store};
use support::*;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Fills a folder with `backup.db`, which has ten messages, and `stats.db`, which has twenty more. Returns the rows of both.
fn backed_up(folder: &Path) -> Result<[Vec<String>; 2], AnyError> {
    let store = Store::open(folder.join("stats.db"))?;
    record(&store, (1..=10).map(|n| message(0, n, 20, 40)))?;
    let made = store.backup(folder).method(BackupMethod::Compact).run()?;
    fs::rename(made.path, folder.join("backup.db"))?;
    let then = dump(&store)?;
    record(&store, (11..=20).map(|n| message(0, n, 20, 40)))?;
    Ok([then, dump(&store)?])
}

fn connect(path: &Path) -> Result<SqliteConnection, AnyError> {
    Ok(SqliteConnection::establish(path.to_str().ok_or("path")?)?)
}

#[test]
fn a_restore_replaces_the_file_and_keeps_the_old_one() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (backup, path) = (folder.path().join("backup.db"), folder.path().join("stats.db"));
    let [then, now] = backed_up(folder.path())?;
    let bytes = fs::read(&backup)?;
    let mut phases = Vec::new();
    let restored = Store::restore(&backup, &path)
        .on_progress(|progress| {
            phases.push(progress.phase);
            ControlFlow::Continue(())
        })
        .run()?;
    phases.dedup();
    assert_eq!(phases, [BackupPhase::Checking, BackupPhase::Keeping, BackupPhase::Copying]);
    assert_eq!(restored.rows["message_events"], 10);
    let kept = restored.kept.ok_or("nothing was kept")?;
    let name = kept.file_name().and_then(|name| name.to_str()).ok_or("name")?;
    assert!(
        name.starts_with("stats.db.replaced_20") && name.len() == "stats.db.replaced_YYYYmmdd_HHMMSS".len(),
        "{name}"
    );
    assert_eq!(names(folder.path())?, [".backup.lock", "backup.db", "stats.db", name]);
    assert_eq!(dump(&Store::open(&path)?)?, then);
    assert_eq!(dump(&Store::open(&kept)?)?, now);
    assert!(fs::read(&backup)? == bytes, "the backup was written to");
    // The restored file can be written to and restored again.
    record(&Store::open(&path)?, [message(0, 99, 20, 40)])?;
    let again = Store::restore(&backup, &path).run()?;
    assert!(again.kept.is_some_and(|again| again != kept));
    Ok(())
}

#[test]
fn a_user_erased_after_the_backup_stays_erased() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (backup, path) = (folder.path().join("backup.db"), folder.path().join("stats.db"));
    let person = 987_654_321_098_765_432;
    {
        let store = Store::open(&path)?;
        record(&store, [message(0, 1, 20, 40), message(0, 2, 20, person), voice(0, person, Some(22))])?;
        let made = store.backup(folder.path()).run()?;
        fs::rename(made.path, &backup)?;
        record(&store, [message(1_000, 3, 20, 40)])?;
        let user = person.try_into()?;
        assert!(store.forget_user(user).run()?.is_complete());
    }
    let bytes = fs::read(&backup)?;
    let finds = |bytes: &[u8]| {
        let (text, number) = (person.to_string(), person.to_be_bytes());
        bytes.windows(text.len()).any(|part| part == text.as_bytes()) || bytes.windows(8).any(|part| part == number)
    };
    assert!(finds(&bytes), "the earlier backup has the user");

    let restored = Store::restore(&backup, &path).run()?;
    assert_eq!((restored.erased, restored.rows["message_events"]), (1, 1));
    assert!(!finds(&fs::read(&path)?), "the user is back");
    assert!(fs::read(&backup)? == bytes, "the backup was written to");
    assert!(!folder.path().join(".backup.partial").exists());
    let store = Store::open(&path)?;
    record(&store, [message(0, 2, 20, person)])?;
    assert_eq!(lines(&store, "SELECT user_id AS line FROM message_events")?, ["40"]);
    for rollup in mocha_store::Rollup::ALL {
        assert!(store.verify(rollup).run()?.is_ok(), "{rollup}");
    }
    Ok(())
}

#[test]
fn a_file_in_use_by_this_process_is_refused_and_stays_usable() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let [_, now] = backed_up(folder.path())?;
    let store = Store::open(&path)?;
    let before = names(folder.path())?;
    let error = Store::restore(folder.path().join("backup.db"), &path).run().expect_err("it is open");
    assert!(error.is_busy(), "{error}");
    assert_eq!(names(folder.path())?, before);
    assert_eq!(dump(&store)?, now);
    record(&store, [message(0, 99, 20, 40)])?;
    Ok(())
}

/// The other process.
#[test]
fn child() {
    if let (Ok(backup), Ok(path)) = (std::env::var("MOCHA_CHILD_BACKUP"), std::env::var("MOCHA_CHILD_FILE")) {
        let error = Store::restore(backup, path).run().expect_err("another process has it open");
        assert!(error.is_busy(), "{error}");
    }
}

fn try_elsewhere(backup: &Path, path: &Path) -> Result<bool, AnyError> {
    let status = Command::new(std::env::current_exe()?)
        .args(["child", "--exact", "--test-threads=1"])
        .env("MOCHA_CHILD_BACKUP", backup)
        .env("MOCHA_CHILD_FILE", path)
        .status()?;
    Ok(status.success())
}

#[test]
fn a_file_in_use_by_another_process_is_refused() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (backup, path) = (folder.path().join("backup.db"), folder.path().join("stats.db"));
    let [_, now] = backed_up(folder.path())?;
    let store = Store::open(&path)?;
    assert!(try_elsewhere(&backup, &path)?);
    assert_eq!(dump(&store)?, now);
    Ok(())
}

#[test]
fn a_file_without_a_log_in_use_is_refused_before_it_is_copied() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (backup, path) = (folder.path().join("backup.db"), folder.path().join("stats.db"));
    backed_up(folder.path())?;
    fs::copy(&backup, &path)?;
    let mut other = connect(&path)?;
    other.batch_execute("BEGIN")?;
    read_lines(&mut other, "SELECT id AS line FROM guilds")?;
    let error = Store::restore(&backup, &path)
        .on_progress(|progress| {
            assert_eq!(progress.phase, BackupPhase::Checking);
            ControlFlow::Continue(())
        })
        .run()
        .expect_err("somebody reads it");
    assert!(error.is_busy(), "{error}");
    Ok(())
}

#[test]
fn no_other_connection_can_write_during_a_restore() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (backup, path) = (folder.path().join("backup.db"), folder.path().join("stats.db"));
    let [then, _] = backed_up(folder.path())?;
    // The header demands a write-ahead log only before the first restore.
    for _ in 0..2 {
        let mut tries = Vec::new();
        Store::restore(&backup, &path)
            .on_progress(|progress| {
                if progress.phase != BackupPhase::Checking {
                    let write = |mut conn: SqliteConnection| Ok(conn.batch_execute("DELETE FROM guilds")?);
                    tries.push(connect(&path).and_then(write));
                }
                ControlFlow::Continue(())
            })
            .run()?;
        assert!(tries.len() >= 2);
        for tried in tries {
            let error = tried.expect_err("it is locked");
            assert!(error.to_string().contains("locked"), "{error}");
        }
    }
    assert_eq!(dump(&Store::open(&path)?)?, then);
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_damaged_file_in_use_is_refused_too() -> TestResult {
    use std::os::unix::fs::FileExt;
    let folder = tempfile::tempdir()?;
    let (backup, path) = (folder.path().join("backup.db"), folder.path().join("stats.db"));
    backed_up(folder.path())?;
    // Opened before the store, because closing a file of this process would release SQLite's locks on it.
    let file = fs::OpenOptions::new().write(true).open(&path)?;
    let store = Store::open(&path)?;
    file.write_all_at(&[0; 100], 0)?;
    let error = Store::restore(&backup, &path).run().expect_err("it is open");
    assert!(error.is_busy(), "{error}, {:?}", error.kind());
    assert!(try_elsewhere(&backup, &path)?);
    drop(store);
    assert!(Store::restore(&backup, &path).run()?.kept.is_some());
    Ok(())
}

#[test]
fn a_log_that_a_dead_process_left_belongs_to_the_old_file() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (backup, path) = (folder.path().join("backup.db"), folder.path().join("stats.db"));
    let [then, now] = backed_up(folder.path())?;
    // Copies the files as a dead process leaves them: the last rows are only in the log.
    let store = Store::open(&path)?;
    store.write(|conn| conn.batch_execute("INSERT INTO users VALUES ('99', 'newest', NULL, NULL, 0, 1, 1)"))?;
    let newest = dump(&store)?;
    let dead = folder.path().join("dead.db");
    for end in ["", "-wal"] {
        fs::copy(format!("{}{end}", path.display()), format!("{}{end}", dead.display()))?;
    }
    assert!(fs::metadata(folder.path().join("dead.db-wal"))?.len() > 0);
    let kept = Store::restore(&backup, &dead).run()?.kept.ok_or("nothing was kept")?;
    assert!(!folder.path().join("dead.db-wal").exists());
    assert_eq!(dump(&Store::open(&dead)?)?, then);
    let kept = dump(&Store::open(kept)?)?;
    assert!(kept == newest && kept != now);
    Ok(())
}

/// Leaves a log of a file that no longer exists, with pages that SQLite would copy into a new file. Returns its bytes.
fn stale_log(path: &Path) -> Result<Vec<u8>, AnyError> {
    let (wal, copy) = (format!("{}-wal", path.display()), format!("{}.copy", path.display()));
    {
        let store = Store::open(path)?;
        store.write(|conn| conn.batch_execute("INSERT INTO users VALUES ('99', 'newest', NULL, NULL, 0, 1, 1)"))?;
        fs::copy(&wal, &copy)?;
    }
    fs::remove_file(path)?;
    fs::rename(&copy, &wal)?;
    let bytes = fs::read(wal)?;
    assert!(bytes.len() > 4096);
    Ok(bytes)
}

#[test]
fn a_log_whose_file_is_missing_is_set_aside() -> TestResult {
    let folder = tempfile::tempdir()?;
    let [then, _] = backed_up(folder.path())?;
    let path = folder.path().join("gone/stats.db");
    let log = stale_log(&path)?;
    let journal = folder.path().join("gone/stats.db-journal");
    fs::write(&journal, "of the file that is gone")?;
    assert_eq!(Store::restore(folder.path().join("backup.db"), &path).run()?.kept, None);
    let store = Store::open(&path)?;
    assert!(dump(&store)? == then, "the log was taken for the new file's");
    assert!(store.check().run()?.is_ok());
    drop(store);
    let left = names(&folder.path().join("gone"))?;
    let aside = |end: &str| left.iter().find(|name| name.starts_with("stats.db.replaced_20") && name.ends_with(end));
    let wal = aside("-wal").ok_or("the log is not kept")?;
    assert!(fs::read(folder.path().join("gone").join(wal))? == log);
    assert!(aside("-journal").is_some() && !journal.exists(), "{left:?}");
    Ok(())
}

#[test]
fn a_damaged_file_is_set_aside_with_its_log() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (backup, path) = (folder.path().join("backup.db"), folder.path().join("stats.db"));
    let [then, _] = backed_up(folder.path())?;
    let whole = fs::read(&path)?;
    let half = whole.get(..whole.len() / 2).ok_or("half")?.to_vec();
    for damaged in [half, b"SQLite format 3\0 and then nothing of it".to_vec(), vec![7; 9000]] {
        fs::write(&path, &damaged)?;
        for end in ["-wal", "-journal"] {
            fs::write(format!("{}{end}", path.display()), "of the damaged file")?;
        }
        let kept = Store::restore(&backup, &path).run()?.kept.ok_or("nothing was kept")?;
        assert!(fs::read(&kept)? == damaged);
        assert!(!folder.path().join("stats.db-journal").exists());
        assert!(!folder.path().join("stats.db-wal").exists());
        assert_eq!(dump(&Store::open(&path)?)?, then);
    }
    Ok(())
}

#[test]
fn a_missing_file_and_its_folder_are_created() -> TestResult {
    let folder = tempfile::tempdir()?;
    let [then, _] = backed_up(folder.path())?;
    let empty = folder.path().join("empty.db");
    fs::write(&empty, "")?;
    for path in [folder.path().join("new/folder/stats.db"), empty] {
        let restored = Store::restore(folder.path().join("backup.db"), &path).run()?;
        assert_eq!(restored.kept, None);
        assert_eq!(dump(&Store::open(&path)?)?, then);
    }
    Ok(())
}

#[test]
fn a_bad_backup_is_refused_and_nothing_changes() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let [_, now] = backed_up(folder.path())?;
    let backup = fs::read(folder.path().join("backup.db"))?;
    let case = |name: &str, bytes: &[u8], sql: &str| -> Result<PathBuf, AnyError> {
        let path = folder.path().join(name);
        fs::write(&path, bytes)?;
        if !sql.is_empty() {
            connect(&path)?.batch_execute(sql)?;
        }
        Ok(path)
    };
    let mut flipped = backup.clone();
    // The middle of a page in the middle of the file.
    let middle = flipped.len() / 2 / 4096 * 4096;
    flipped.get_mut(middle..middle + 64).ok_or("middle")?.fill(0xa5);
    let half = backup.get(..backup.len() / 2).ok_or("half")?;
    for (file, expected) in [
        (
            case("text", b"My diary, page one. Today it rained, and then it went on and on, for days.", "")?,
            ErrorKind::NotMocha,
        ),
        (case("browser", b"", "CREATE TABLE bookmarks (id INTEGER PRIMARY KEY)")?, ErrorKind::NotMocha),
        (case("empty", b"", "")?, ErrorKind::NotMocha),
        (
            case("newer", &backup, "INSERT INTO mocha_migrations (version) VALUES ('99990101000000')")?,
            ErrorKind::SchemaTooNew,
        ),
        (case("half", half, "")?, ErrorKind::Corrupt),
        (case("flipped", &flipped, "")?, ErrorKind::Corrupt),
        (folder.path().join("missing"), ErrorKind::Io),
    ] {
        let before = names(folder.path())?;
        let error = Store::restore(&file, &path).run().expect_err("it is no good");
        assert_eq!(error.kind(), &expected, "{}: {error}", file.display());
        assert_eq!(names(folder.path())?, before, "{}", file.display());
    }
    assert_eq!(dump(&Store::open(&path)?)?, now);
    // A file cannot be restored from itself.
    assert!(Store::restore(&path, &path).run().expect_err("it is the same").is_busy());
    assert_eq!(dump(&Store::open(&path)?)?, now);
    Ok(())
}

#[test]
fn a_restore_stopped_at_any_point_changes_nothing() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (backup, path) = (folder.path().join("backup.db"), folder.path().join("stats.db"));
    let store = bulky(&path)?;
    fs::rename(store.backup(folder.path()).run()?.path, &backup)?;
    record(&store, [message(0, 99, 20, 40)])?;
    let now = dump(&store)?;
    drop(store);
    let before = names(folder.path())?;
    for phase in [BackupPhase::Checking, BackupPhase::Keeping, BackupPhase::Copying] {
        let stopped = Store::restore(&backup, &path).on_progress(|progress| {
            let is_middle = progress.phase == phase && (progress.done_bytes > 0 || phase == BackupPhase::Checking);
            if is_middle { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(stopped.run().expect_err("it was stopped").kind(), &ErrorKind::Stopped);
        assert_eq!(names(folder.path())?, before, "{phase:?}");
        assert!(dump(&Store::open(&path)?)? == now, "{phase:?}");
    }
    Ok(())
}

#[test]
fn the_kept_copy_stays_unless_the_file_is_known_to_be_unchanged() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, elsewhere) = (folder.path().join("stats.db"), folder.path().join("elsewhere.db"));
    let [_, now] = backed_up(folder.path())?;
    // The file is moved away in the middle, so nobody can check whether it is unchanged.
    let stopped = Store::restore(folder.path().join("backup.db"), &path).on_progress(|progress| {
        if progress.phase != BackupPhase::Copying {
            return ControlFlow::Continue(());
        }
        fs::rename(&path, &elsewhere).expect("it is moved");
        ControlFlow::Break(())
    });
    assert_eq!(stopped.run().expect_err("it was stopped").kind(), &ErrorKind::Stopped);
    let names = names(folder.path())?;
    let kept = names.iter().find(|name| name.starts_with("stats.db.replaced_20")).ok_or("the copy is gone")?;
    assert_eq!(dump(&Store::open(folder.path().join(kept))?)?, now);
    Ok(())
}
