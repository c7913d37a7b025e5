//! Opening files of all kinds.

mod support;

use std::{fs, path::Path};

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query};
use mocha_store::{Durability, ErrorKind, Store};
use support::*;

fn connect(path: &Path) -> Result<SqliteConnection, Box<dyn std::error::Error + Send + Sync>> {
    Ok(SqliteConnection::establish(path.to_str().ok_or("path")?)?)
}

#[test]
fn a_new_file_gets_its_folders_and_is_private() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("deep/down/100% #1?.db");
    let store = Store::open(&path)?;
    record(&store, [message(0, 30, 20, 40)])?;
    assert!(path.is_file());
    #[cfg(unix)]
    for name in ["100% #1?.db", "100% #1?.db-wal", "100% #1?.db-shm"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path.with_file_name(name))?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Mmap {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    mmap_size: i64,
}

#[test]
fn every_connection_has_the_pragmas() -> TestResult {
    let folder = tempfile::tempdir()?;
    let expected = |journal: &str, synchronous: &str| format!("{journal} {synchronous} 10000 2 1 1 1234");
    let pragmas = "SELECT (SELECT journal_mode FROM pragma_journal_mode) || ' ' || (SELECT synchronous FROM pragma_synchronous) \
                   || ' ' || (SELECT cache_size FROM pragma_cache_size) || ' ' || (SELECT temp_store FROM pragma_temp_store) \
                   || ' ' || (SELECT foreign_keys FROM pragma_foreign_keys) \
                   || ' ' || (SELECT recursive_triggers FROM pragma_recursive_triggers) \
                   || ' ' || (SELECT timeout FROM pragma_busy_timeout) AS line";
    for (durability, synchronous) in [(Durability::Normal, "1"), (Durability::Full, "2")] {
        let builder = Store::builder().durability(durability).busy_timeout(std::time::Duration::from_millis(1234));
        let store = builder.open(folder.path().join(synchronous))?;
        assert_eq!(lines(&store, pragmas)?, [expected("wal", synchronous)]);
        assert_eq!(store.write(|conn| read_lines(conn, pragmas))?, [expected("wal", synchronous)]);
        assert_eq!(store.read(|conn| sql_query("PRAGMA mmap_size").get_result::<Mmap>(conn))?.mmap_size, 268_435_456);
        let incremental = "SELECT auto_vacuum || '' AS line FROM pragma_auto_vacuum";
        assert_eq!(lines(&store, incremental)?, ["2"]);
    }
    Ok(())
}

#[test]
fn a_file_of_another_program_is_refused_and_unchanged() -> TestResult {
    let folder = tempfile::tempdir()?;
    let database = |name: &str, sql: &str| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
        let path = folder.path().join(name);
        connect(&path)?.batch_execute(sql)?;
        Ok(path)
    };
    let text = folder.path().join("text");
    fs::write(&text, "My diary, page one. Today it rained.")?;
    let cases = [
        text,
        database("browser", "CREATE TABLE bookmarks (id INTEGER PRIMARY KEY)")?,
        database("number", "PRAGMA application_id = 7; CREATE TABLE guilds (id TEXT)")?,
        database("names", "CREATE TABLE guilds (id TEXT PRIMARY KEY); CREATE TABLE users (id TEXT PRIMARY KEY)")?,
    ];
    for path in cases {
        let before = fs::read(&path)?;
        let error = Store::open(&path).expect_err("it is another program's");
        assert_eq!(error.kind(), &ErrorKind::NotMocha, "{}: {error}", path.display());
        assert!(error.to_string().contains(path.to_str().ok_or("path")?), "{error}");
        assert!(fs::read(&path)? == before, "{} was written to", path.display());
        assert!(!path.with_extension("-wal").exists());
    }
    Ok(())
}

#[test]
fn a_file_of_a_newer_mocha_is_refused_and_unchanged() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    drop(Store::open(&path)?);
    connect(&path)?.batch_execute("INSERT INTO mocha_migrations (version) VALUES ('99990101000000')")?;
    let before = fs::read(&path)?;
    let error = Store::open(&path).expect_err("it is newer");
    assert!(error.is_schema_too_new(), "{error}");
    let source = std::error::Error::source(&error).ok_or("no source")?.to_string();
    assert!(source.contains("99990101000000"), "{source}");
    assert!(fs::read(&path)? == before, "it was written to");
    Ok(())
}

#[test]
fn a_folder_is_refused() -> TestResult {
    let folder = tempfile::tempdir()?;
    let error = Store::open(folder.path()).expect_err("it is a folder");
    assert_eq!(error.kind(), &ErrorKind::Io, "{error}");
    Ok(())
}

#[test]
fn a_file_may_have_the_authors_own_tables() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    Store::open(&path)?.write(|conn| conn.batch_execute("CREATE TABLE jokes (id INTEGER PRIMARY KEY)"))?;
    assert_eq!(lines(&Store::open(&path)?, "SELECT count(*) || '' AS line FROM jokes")?, ["0"]);
    Ok(())
}

#[test]
fn an_up_to_date_file_opens_while_another_connection_writes() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    drop(Store::open(&path)?);
    let mut other = connect(&path)?;
    other.batch_execute("BEGIN IMMEDIATE")?;
    Store::builder().busy_timeout(std::time::Duration::from_millis(50)).open(&path)?;
    Ok(())
}

#[test]
fn a_transaction_that_a_crash_left_is_rolled_back_first() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, copy) = (folder.path().join("stats.db"), folder.path().join("crashed.db"));
    let mut conn = connect(&path)?;
    // The original uses no write-ahead log. The copy is taken in the middle of a large transaction.
    conn.batch_execute(include_str!("original.sql"))?;
    conn.batch_execute(
        "INSERT INTO guilds VALUES ('10', 'Rust', NULL, 7, 1600000000, 1600000001);
         PRAGMA cache_size = 5; BEGIN IMMEDIATE; UPDATE guilds SET name = 'lost'; CREATE TABLE blobs (x);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
         INSERT INTO blobs SELECT randomblob(2000) FROM n",
    )?;
    for end in ["", "-journal"] {
        fs::copy(format!("{}{end}", path.display()), format!("{}{end}", copy.display()))?;
    }
    assert_eq!(lines(&Store::open(&copy)?, "SELECT name AS line FROM guilds")?, ["Rust"]);
    Ok(())
}

#[test]
fn an_error_in_a_migration_has_its_own_kind() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let id = mocha_schema::APPLICATION_ID;
    connect(&path)?.batch_execute(&format!("PRAGMA application_id = {id}; CREATE TABLE guilds (x)"))?;
    assert_eq!(Store::open(&path).expect_err("the table is there").kind(), &ErrorKind::Database);
    Ok(())
}
