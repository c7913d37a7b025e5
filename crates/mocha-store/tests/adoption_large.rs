//! Adoption of a file with more rows than are copied at once.

mod support;

use std::{
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{Rollup, Store};
use support::*;

const TABLES: &str = include_str!("original.sql");

/// Messages with row numbers that begin below zero and have gaps. Their ids fall while the row numbers rise.
const MESSAGES: &str = "
WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 250002)
INSERT INTO message_events (rowid, id, guild_id, channel_id, user_id, message_type, has_attachment, has_embed,
    character_count, word_count, created_at)
SELECT 3 * (n - 100), 900000 - n, '10', 20 + n % 5, 40 + n % 50, 0, 0, 0, n % 100, 1, 1600000000 + 40 * n FROM numbers";

/// The log, for the test that wrote it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn original(path: &Path) -> TestResult {
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    conn.batch_execute(TABLES)?;
    conn.batch_execute(MESSAGES)?;
    Ok(())
}

#[test]
fn all_rows_keep_their_order_and_the_log_says_how_many_are_copied() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    original(&path)?;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    let store = tracing::subscriber::with_default(subscriber, || Store::open(&path))?;

    assert_eq!(store.adopted().map(|adopted| (adopted.rows, adopted.oddities.len())), Some((250_003, 0)));
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, ["250003"]);
    let out_of_order = "SELECT count(*) || '' AS line FROM (
        SELECT CAST(id AS INTEGER) AS id, lag(CAST(id AS INTEGER)) OVER (ORDER BY rowid) AS before FROM message_events
    ) WHERE id > before";
    assert_eq!(lines(&store, out_of_order)?, ["0"]);
    assert_eq!(lines(&store, "SELECT sum(messages) || '' AS line FROM message_days")?, ["250003"]);
    for rollup in Rollup::ALL {
        let verification = store.verify(rollup).run()?;
        assert!(verification.is_ok(), "{verification:#?}");
    }

    let log = String::from_utf8(log.0.lock().unwrap_or_else(PoisonError::into_inner).clone())?;
    let copied: Vec<&str> = log.lines().filter(|line| line.contains("table=\"message_events\"")).collect();
    let expected = ["copied=100000 rows=250003", "copied=200000 rows=250003", "copied=250003 rows=250003"];
    assert_eq!(copied.len(), expected.len(), "{log}");
    assert!(copied.iter().zip(expected).all(|(line, expected)| line.contains(expected)), "{log}");
    Ok(())
}
