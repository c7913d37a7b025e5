//! A relative path, and a program that changes its working directory. The directory belongs to the whole process, so this file
//! has one test.

mod support;

use mocha_store::Store;
use support::*;

#[test]
fn a_store_opened_by_a_relative_path_works_in_another_directory() -> TestResult {
    let folder = tempfile::tempdir()?;
    std::env::set_current_dir(folder.path())?;
    let store = Store::open("data/stats.db")?;
    record(&store, [message(0, 30, 20, 40)])?;
    std::env::set_current_dir("/")?;
    record(&store, [message(1000, 31, 20, 40)])?;
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events ORDER BY id")?, ["30", "31"]);
    store.recorder()?.shutdown()?;
    // A new recorder opens a new connection.
    record(&store, [message(2000, 32, 20, 40)])?;
    assert!(store.check().run()?.is_ok());
    store.backup(folder.path().join("backups")).run()?;
    drop(store);
    assert!(folder.path().join("data/stats.db").exists());
    Ok(())
}
