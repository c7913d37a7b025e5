//! A process that is killed in the middle of a backup or a restore.

mod backup_support;
mod support;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write, stdout},
    ops::ControlFlow,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use backup_support::{bulky, names};
use mocha_store::{BackupMethod, BackupProgress, Store};
use support::*;

/// Runs the test `child` of this program in a process, and kills it when it reaches [`halt`]. Also returns if it ends before.
fn kill_at(moment: &str, folder: &Path) -> TestResult {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["child", "--exact", "--test-threads=1"])
        .env("MOCHA_CHILD_FOLDER", folder)
        .env("MOCHA_CHILD_MOMENT", moment)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
    let (mut line, mut came) = (String::new(), false);
    while !came && output.read_line(&mut line)? > 0 {
        came = line.contains("HALTED");
        line.clear();
    }
    child.kill()?;
    child.wait()?;
    output.read_to_string(&mut line)?;
    if came { Ok(()) } else { Err(format!("the process never reached {moment}").into()) }
}

/// If this is the middle of the requested phase, reports it and waits for ever.
fn halt(moment: &str, progress: BackupProgress) -> ControlFlow<()> {
    let now = format!("{:?}", progress.phase);
    if moment.starts_with(&now) && (progress.done_bytes > 0 || now == "Checking") {
        stdout().write_all(b"\nHALTED\n").and_then(|()| stdout().flush()).expect("the parent reads the pipe");
        loop {
            std::thread::park();
        }
    }
    ControlFlow::Continue(())
}

/// The process that is killed.
#[test]
fn child() -> TestResult {
    let (Ok(folder), Ok(moment)) = (std::env::var("MOCHA_CHILD_FOLDER"), std::env::var("MOCHA_CHILD_MOMENT")) else {
        return Ok(());
    };
    let (folder, progress) = (Path::new(&folder), |progress| halt(&moment, progress));
    if moment.ends_with("restore") {
        Store::restore(folder.join("backup.db"), folder.join("stats.db")).on_progress(progress).run()?;
    } else {
        let method = if moment.ends_with("compact") {
            BackupMethod::Compact
        } else {
            BackupMethod::Paced { pages: 100, pause: Duration::from_millis(1) }
        };
        Store::open(folder.join("stats.db"))?
            .backup(folder.join("backups"))
            .method(method)
            .on_progress(progress)
            .run()?;
    }
    Ok(())
}

#[test]
fn a_killed_backup_leaves_no_backup_and_the_next_one_cleans_up() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, into) = (folder.path().join("stats.db"), folder.path().join("backups"));
    let expected = dump(&bulky(&path)?)?;
    for moment in ["Copying compact", "Checking compact", "Copying paced", "Checking paced"] {
        kill_at(moment, folder.path())?;
        let left = names(&into)?;
        assert!(left.contains(&".backup.partial".to_owned()), "{moment}: {left:?}");
        assert!(left.iter().all(|name| name.starts_with('.')), "{moment}: {left:?}");
        let store = Store::open(&path)?;
        assert_eq!(dump(&store)?, expected, "{moment}");
        let made = store.backup(&into).at(at(0)).run()?;
        assert_eq!(names(&into)?, [".backup.lock", "backup_20231114_221320.db"], "{moment}");
        fs::remove_file(made.path)?;
    }
    Ok(())
}

#[test]
fn a_killed_restore_leaves_the_old_file_or_the_new_one() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = bulky(&path)?;
    let made = store.backup(folder.path()).run()?;
    fs::rename(made.path, folder.path().join("backup.db"))?;
    let new = dump(&store)?;
    record(&store, (0..100).map(|n| message(0, 5000 + n, 20, 40)))?;
    let old = dump(&store)?;
    drop(store);
    for moment in ["Checking restore", "Keeping restore", "Copying restore"] {
        kill_at(moment, folder.path())?;
        let journal = fs::metadata(folder.path().join("stats.db-journal")).map(|journal| journal.len());
        if moment.starts_with("Copying") {
            assert!(journal? > 1_000_000, "the restore was not in progress");
        }
        assert!(dump(&Store::open(&path)?)? == old, "{moment}");
    }
    let restored = Store::restore(folder.path().join("backup.db"), &path).run()?;
    assert!(!names(folder.path())?.contains(&".backup.partial".to_owned()));
    assert!(dump(&Store::open(&path)?)? == new);
    assert!(dump(&Store::open(restored.kept.ok_or("nothing was kept")?)?)? == old);
    Ok(())
}

#[test]
fn a_damaged_file_stays_until_the_new_one_replaces_it() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let made = bulky(&path)?.backup(folder.path()).run()?;
    fs::rename(made.path, folder.path().join("backup.db"))?;
    fs::write(&path, "damaged")?;
    kill_at("Copying restore", folder.path())?;
    assert_eq!(fs::read(&path)?, b"damaged");
    Store::restore(folder.path().join("backup.db"), &path).run()?;
    assert_eq!(Store::open(&path)?.backup(folder.path()).run()?.rows, made.rows);
    Ok(())
}
