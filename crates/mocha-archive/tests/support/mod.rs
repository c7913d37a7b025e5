//! Helpers that the tests of the archive share.

#![expect(dead_code, reason = "each test uses a part of it")]

pub(crate) mod kill;
pub(crate) mod rows;

use std::{fs, io::Write as _, path::Path};

use diesel::{
    QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query, sql_types::Text,
};
use mocha_archive::{Archive, LAYOUTS};
use mocha_schema::catalogue::{Kept, TABLES};
use mocha_sim::Server;
use mocha_store::{Clock, Error, Event, Maintenance, Rollup, Store};

pub(crate) type TestResult<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// An id of any kind.
pub(crate) fn id<I: TryFrom<u64>>(number: u64) -> I {
    I::try_from(number).ok().expect("a test's id is not zero")
}

/// Says that a test did not try what it is for.
pub(crate) fn skipped(why: &str) {
    // If nobody hears it there is nobody to tell.
    drop(writeln!(std::io::stderr(), "skipped: {why}"));
}

/// A temporary folder, in memory where the system has one: files are synced often.
pub(crate) fn folder() -> std::io::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()) } else { tempfile::tempdir() }
}

/// Opens a store whose time passes with the events.
pub(crate) fn open(path: &Path) -> Result<Store, Error> {
    Store::builder().clock(Clock::Events).maintenance(Maintenance::off()).readers(2).open(path)
}

/// Connects to a database whose time passes with the events. On a Citus cluster the tables are distributed.
#[cfg(feature = "postgres")]
pub(crate) fn connect(url: &str) -> TestResult<mocha_postgres::PgStore> {
    let store = mocha_postgres::PgStore::builder().clock(Clock::Events).connect(url)?;
    if mocha_test_postgres::has_citus() {
        store.distribute()?;
    }
    Ok(store)
}

/// Records the events and waits until they are in the file.
pub(crate) fn record(store: &Store, events: impl IntoIterator<Item = Event>) -> Result<(), Error> {
    let recorder = store.recorder()?;
    for event in events {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()
}

/// A server of three months, with some of everything.
pub(crate) fn server(seed: u64) -> Server {
    Server::new(seed).days(70).members(40).messages_per_day(20).presences_per_day(6).voice_sessions_per_day(3)
}

/// A store of that server.
pub(crate) fn filled(path: &Path, seed: u64) -> TestResult<Store> {
    let store = open(path)?;
    record(&store, server(seed).events())?;
    Ok(store)
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The one text that each row of a query has, in the query's order.
pub(crate) fn lines(store: &Store, sql: &str) -> Result<Vec<String>, Error> {
    store.read(|conn| read_lines(conn, sql))
}

fn read_lines(conn: &mut SqliteConnection, sql: &str) -> diesel::QueryResult<Vec<String>> {
    Ok(sql_query(sql).load::<Line>(conn)?.into_iter().map(|line| line.line).collect())
}

/// Every row of these tables, in a fixed order.
fn dump<'a>(store: &Store, tables: impl Iterator<Item = &'a str>) -> Result<Vec<String>, Error> {
    store.read(|conn| {
        let mut rows = Vec::new();
        for table in tables {
            let columns = format!("SELECT 'quote(' || name || ')' AS line FROM pragma_table_info('{table}')");
            let columns = read_lines(conn, &columns)?.join(" || ' ' || ");
            rows.extend(read_lines(conn, &format!("SELECT '{table} ' || {columns} AS line FROM {table} ORDER BY 1"))?);
        }
        Ok::<_, diesel::result::Error>(rows)
    })
}

/// Every row of events, in a fixed order.
pub(crate) fn events(store: &Store) -> Result<Vec<String>, Error> {
    dump(store, LAYOUTS.iter().map(|layout| layout.table))
}

/// Every row of roll-ups, in a fixed order. Those of long periods are complete up to the same day.
pub(crate) fn rollups(store: &Store) -> Result<Vec<String>, Error> {
    store.write(|conn| conn.batch_execute("UPDATE watermarks SET messages_to = 24000, voice_to = 24000"))?;
    let packed = "packed_quarters";
    let rollups = TABLES.iter().filter(|table| table.kept == Kept::Rollups && table.name != packed);
    let mut rows = dump(store, rollups.map(|table| table.name))?;
    rows.extend(lines(
        store,
        "SELECT concat_ws(' ', guild_id, month, bot, quarters) AS line FROM quarters_of_months ORDER BY 1",
    )?);
    Ok(rows)
}

pub(crate) fn count(store: &Store, table: &str) -> TestResult<u64> {
    let counts = lines(store, &format!("SELECT count(*) || '' AS line FROM {table}"))?;
    Ok(counts.first().ok_or("a count is a row")?.parse()?)
}

pub(crate) fn execute(store: &Store, sql: &str) -> Result<(), Error> {
    store.write(|conn| conn.batch_execute(sql))
}

pub(crate) fn verify_rollups(store: &Store) -> TestResult {
    for rollup in Rollup::ALL {
        let verification = store.verify(rollup).run()?;
        assert_eq!(verification.differences, [], "{rollup}");
    }
    Ok(())
}

/// Asserts that every file is as the manifest says, and returns the number of rows.
pub(crate) fn sound(archive: &Archive) -> TestResult<u64> {
    let verified = archive.verify()?;
    assert!(verified.is_ok(), "{:?}", verified.problems);
    Ok(verified.rows)
}

/// A new store with everything of the archive.
pub(crate) fn restored(archive: &Archive, path: &Path) -> TestResult<Store> {
    let store = open(path)?;
    archive.restore(&store).run()?;
    Ok(store)
}

/// The rows of the store and of the archive together.
pub(crate) fn together(store: &Store, archive: &Archive, path: &Path) -> TestResult<Vec<String>> {
    let new = restored(archive, path)?;
    let mut rows = events(&new)?;
    rows.extend(events(store)?);
    rows.sort();
    rows.dedup();
    Ok(rows)
}

/// In the order of their texts.
pub(crate) fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}

/// Every file below a folder with its bytes, but for what is being written.
pub(crate) fn files(folder: &Path) -> TestResult<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.starts_with(folder.join(".writing")) {
                found.push((path.strip_prefix(folder)?.display().to_string(), fs::read(&path)?));
            }
        }
    }
    found.sort();
    Ok(found)
}
