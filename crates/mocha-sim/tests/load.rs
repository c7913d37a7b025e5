//! The speed of the disk and the length of the queue do not change the file.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query,
    sql_types::Text,
};
use mocha_sim::{Server, Step, play};
use mocha_store::{Clock, Store, StoreBuilder};
use proptest::prelude::*;

type TestResult<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Returns servers with many short voice sessions.
fn servers() -> impl Strategy<Value = Server> {
    (any::<u64>(), 2..60_u32).prop_map(|(seed, members)| {
        Server::new(seed).days(1).members(members).messages_per_day(150).voice_channels(3).voice_sessions_per_day(200)
    })
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Returns every row of every table.
fn rows(store: &Store) -> TestResult<Vec<String>> {
    Ok(store.read(|conn| -> diesel::QueryResult<_> {
        let tables = "SELECT name AS line FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
                      AND name NOT LIKE '\\_\\_%' ESCAPE '\\' AND name <> 'mocha_migrations'";
        let mut rows = Vec::new();
        for Line { line: table } in sql_query(tables).load(conn)? {
            let columns: Vec<Line> =
                sql_query(format!("SELECT 'quote(' || name || ')' AS line FROM pragma_table_info('{table}')"))
                    .load(conn)?;
            let columns: Vec<String> = columns.into_iter().map(|column| column.line).collect();
            let sql = format!("SELECT '{table} ' || {} AS line FROM {table} ORDER BY 1", columns.join(" || ' ' || "));
            rows.extend(sql_query(sql).load::<Line>(conn)?.into_iter().map(|row| row.line));
        }
        Ok(rows)
    })?)
}

fn record(builder: StoreBuilder, path: &Path, server: Server) -> TestResult<Vec<String>> {
    let store = builder.clock(Clock::Events).open(path)?;
    let deliveries = server.events().map(Step::Deliver);
    play(&store, &[Step::Start].into_iter().chain(deliveries).chain([Step::Stop]).collect::<Vec<_>>())?;
    rows(&store)
}

/// Makes the writer wait several times.
fn hold_the_lock(path: &Path, done: &AtomicBool) -> TestResult {
    let mut other = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    other.batch_execute("PRAGMA busy_timeout = 10000")?;
    while !done.load(Ordering::Relaxed) {
        other.batch_execute("BEGIN IMMEDIATE")?;
        thread::sleep(Duration::from_millis(2));
        other.batch_execute("ROLLBACK")?;
        // Long enough for the writer to find the lock free: SQLite's waiters only look from time to time.
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn a_full_queue_and_a_slow_writer_change_nothing(server in servers(), queue_len in 1..80_usize) {
        let folder = tempfile::tempdir()?;
        let expected = record(Store::builder().queue_len(1_000_000), &folder.path().join("fast.db"), server)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        let path = folder.path().join("slow.db");
        drop(Store::open(&path)?);
        let done = AtomicBool::new(false);
        let (found, held) = thread::scope(|scope| {
            let holding = scope.spawn(|| hold_the_lock(&path, &done));
            let found = record(Store::builder().queue_len(queue_len), &path, server);
            done.store(true, Ordering::Relaxed);
            (found, holding.join())
        });
        held.map_err(|_| TestCaseError::fail("a panic"))?.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(found.map_err(|error| TestCaseError::fail(error.to_string()))?, expected);
    }
}
