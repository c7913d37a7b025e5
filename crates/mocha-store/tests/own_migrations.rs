//! The bot's own Diesel migrations in the same file as Mocha's.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use mocha_schema::{APPLICATION_ID, MIGRATIONS};
use mocha_store::{ErrorKind, Store};
use support::*;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Versions before all of Mocha's, equal to one of them, between them and today, and after today.
const VERSIONS: [&str; 4] = ["00000000000000", "00000000000003", "20240601000000", "99991231235959"];

fn connect(path: &Path) -> Result<SqliteConnection, AnyError> {
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    conn.batch_execute("PRAGMA busy_timeout = 5000")?;
    Ok(conn)
}

/// Creates a folder of migrations. Each creates a table.
fn migrations(folder: &Path, versions: &[&str]) -> Result<FileBasedMigrations, AnyError> {
    fs::create_dir_all(folder)?;
    for version in versions {
        let migration = folder.join(format!("{version}_badges"));
        fs::create_dir_all(&migration)?;
        fs::write(
            migration.join("up.sql"),
            format!("CREATE TABLE badges_{version} (name TEXT); INSERT INTO badges_{version} VALUES ('gold');"),
        )?;
        fs::write(migration.join("down.sql"), format!("DROP TABLE badges_{version};"))?;
    }
    Ok(FileBasedMigrations::from_path(folder)?)
}

fn run_all(path: &Path, folder: &Path, versions: &[&str]) -> TestResult {
    connect(path)?.run_pending_migrations(migrations(folder, versions)?)?;
    Ok(())
}

/// Runs the migrations of the Mocha versions that recorded them in Diesel's table.
fn run_those_of_an_earlier_mocha(conn: &mut SqliteConnection) -> TestResult {
    for migration in conn.pending_migrations(MIGRATIONS)?.iter().take(6) {
        conn.run_migration(migration)?;
    }
    Ok(())
}

/// Creates a file as an earlier Mocha did, with its versions in Diesel's table.
fn made_by_an_earlier_mocha(path: &Path) -> TestResult {
    let mut conn = connect(path)?;
    run_those_of_an_earlier_mocha(&mut conn)?;
    conn.batch_execute(&format!("PRAGMA application_id = {APPLICATION_ID}"))?;
    Ok(())
}

/// Returns the versions in a table of migrations. Empty if there is no such table.
fn versions(path: &Path, table: &str) -> Result<Vec<String>, AnyError> {
    let mut conn = connect(path)?;
    let exists = format!("SELECT name AS line FROM sqlite_schema WHERE name = '{table}'");
    if read_lines(&mut conn, &exists)?.is_empty() {
        return Ok(Vec::new());
    }
    Ok(read_lines(&mut conn, &format!("SELECT version AS line FROM {table} ORDER BY version"))?)
}

fn diesels(path: &Path) -> Result<Vec<String>, AnyError> {
    versions(path, "__diesel_schema_migrations")
}

/// Checks that Mocha and the bot have all of their tables and versions, and none of the other's.
fn is_whole(path: &Path, expected: &[&str]) -> TestResult {
    let store = Store::open(path)?;
    record(&store, [message(0, 30, 20, 40)])?;
    assert!(store.check().run()?.is_ok());
    for version in expected {
        assert_eq!(lines(&store, &format!("SELECT name AS line FROM badges_{version}"))?, ["gold"], "{version}");
    }
    drop(store);
    assert_eq!(diesels(path)?, expected);
    let mocha = versions(path, "mocha_migrations")?;
    assert!(mocha.len() >= 6 && mocha.iter().all(|version| version.starts_with("000000000000")), "{mocha:?}");
    Ok(())
}

#[test]
fn the_bots_migrations_run_before_and_after_mocha_opens_the_file() -> TestResult {
    for first in 0..=VERSIONS.len() {
        let folder = tempfile::tempdir()?;
        let (path, own) = (folder.path().join("stats.db"), folder.path().join("own"));
        // The latest version runs first, so earlier ones run after it.
        let order: Vec<&str> = VERSIONS.into_iter().rev().collect();
        for version in order.iter().take(first) {
            run_all(&path, &own, &[version])?;
        }
        drop(Store::open(&path)?);
        for version in order.iter().skip(first) {
            run_all(&path, &own, &[version])?;
            drop(Store::open(&path)?);
        }
        is_whole(&path, &VERSIONS)?;
        // The bot's migrations can be reverted.
        connect(&path)?.revert_all_migrations(migrations(&own, &VERSIONS)?)?;
        is_whole(&path, &[])?;
    }
    Ok(())
}

#[test]
fn the_versions_of_an_earlier_mocha_are_taken_over() -> TestResult {
    // A migration of the bot with a version of Mocha's could not run, because both used one table.
    for own in [&[][..], &["00000000000000", "20240601000000", "99991231235959"][..]] {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("stats.db");
        made_by_an_earlier_mocha(&path)?;
        run_all(&path, &folder.path().join("own"), own)?;
        is_whole(&path, own)?;
        assert_eq!(connect(&path)?.applied_migrations()?.len(), own.len());
        // Diesel has created its table again, and no version is moved twice.
        is_whole(&path, own)?;
    }
    Ok(())
}

#[test]
fn a_file_that_diesels_own_tools_migrated_is_accepted() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    run_those_of_an_earlier_mocha(&mut connect(&path)?)?;
    is_whole(&path, &[])
}

#[test]
fn versions_stay_where_they_are_if_the_migration_fails() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    made_by_an_earlier_mocha(&path)?;
    run_all(&path, &folder.path().join("own"), &["20240601000000"])?;
    // The table of the last migration exists already.
    connect(&path)?.batch_execute("DELETE FROM __diesel_schema_migrations WHERE version = '00000000000006'")?;
    let before = diesels(&path)?;
    assert_eq!(Store::open(&path).expect_err("the table is there").kind(), &ErrorKind::Database);
    assert_eq!(diesels(&path)?, before);
    assert_eq!(versions(&path, "mocha_migrations")?, [""; 0]);
    Ok(())
}

#[test]
fn a_file_of_the_original_with_the_bots_migrations_is_adopted() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    connect(&path)?.batch_execute(include_str!("original.sql"))?;
    // The bot's migration has the version of one of Mocha's.
    let own = ["00000000000001", "20240601000000"];
    run_all(&path, &folder.path().join("own"), &own)?;
    is_whole(&path, &own)
}

#[test]
fn a_file_with_a_bots_table_under_a_name_of_mochas_is_refused_and_unchanged() -> TestResult {
    let folder = tempfile::tempdir()?;
    for (name, object) in [
        ("table", "CREATE TABLE Users (id)"),
        ("view", "CREATE VIEW voice_days AS SELECT 1"),
        ("index", "CREATE TABLE t (a); CREATE INDEX idx_members_user_id ON t (a)"),
    ] {
        let path = folder.path().join(name);
        run_all(&path, &folder.path().join("own"), &["20240601000000"])?;
        connect(&path)?.batch_execute(object)?;
        let before = fs::read(&path)?;
        assert_eq!(Store::open(&path).expect_err("the name is taken").kind(), &ErrorKind::NotMocha, "{name}");
        assert!(fs::read(&path)? == before, "{name} was written to");
    }
    Ok(())
}

/// Creates files of this and of an earlier Mocha, each with and without the bot's migrations.
fn files(folder: &Path) -> Result<Vec<(PathBuf, Vec<&'static str>)>, AnyError> {
    let mut files = Vec::new();
    for earlier in [false, true] {
        for own in [vec![], vec!["20240601000000", "99991231235959"]] {
            let path = folder.join(format!("{earlier}-{}.db", own.len()));
            if earlier {
                made_by_an_earlier_mocha(&path)?;
            } else {
                drop(Store::open(&path)?);
            }
            run_all(&path, &folder.join(format!("own-{}", own.len())), &own)?;
            files.push((path, own));
        }
    }
    Ok(files)
}

#[test]
fn the_bots_migrations_are_salvaged() -> TestResult {
    let folder = tempfile::tempdir()?;
    for (path, own) in files(folder.path())? {
        let new = path.with_extension("new");
        let salvaged = Store::salvage(&path, &new).run()?;
        assert!(salvaged.is_ok(), "{salvaged}");
        is_whole(&new, &own)?;
    }
    Ok(())
}

#[test]
fn the_bots_migrations_are_restored() -> TestResult {
    let folder = tempfile::tempdir()?;
    for (path, own) in files(folder.path())? {
        let restored = path.with_extension("restored");
        Store::restore(&path, &restored).run()?;
        is_whole(&restored, &own)?;
        // The replaced file has tombstones, which the restored file gets.
        let store = Store::open(&restored)?;
        assert!(store.forget_user(id(40)).run()?.is_complete());
        drop(store);
        Store::restore(&path, &restored).run()?;
        is_whole(&restored, &own)?;
    }
    Ok(())
}

#[test]
fn a_newer_mocha_is_found_beside_the_bots_migrations() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    drop(Store::open(&path)?);
    run_all(&path, &folder.path().join("own"), &VERSIONS)?;
    connect(&path)?.batch_execute("INSERT INTO mocha_migrations (version) VALUES ('00000000009999')")?;
    for result in [Store::open(&path).map(drop), Store::salvage(&path, folder.path().join("new")).run().map(drop)] {
        assert_eq!(result.expect_err("it is newer").kind(), &ErrorKind::SchemaTooNew);
    }
    Ok(())
}
