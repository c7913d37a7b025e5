//! Measures how long writes wait while retention deletes a million messages.
//!
//! `cargo bench -p mocha-benches --bench retention`. A file on the disk of the target folder has old messages. One
//! thread writes a message in each transaction over its own connection, as another program would. Another thread records a
//! message and flushes. Both rest between two writes. They run first alone, and then while the retention deletes the old
//! messages. A time lasts from before the write lock until after the commit.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use chrono::Utc;
use mocha_benches::{Failure, is_test};
use mocha_store::{Keep, Maintenance, RetentionPolicy, Store, event::MessageSent};
use rusqlite::{Connection, params};

/// The number of messages to delete. Four guilds and a thousand users have one every 30 seconds.
const MESSAGES: i64 = 1_000_000;

/// The number of messages in a test.
const TEST: i64 = 2_000;

/// 2020-01-01T00:00:00Z.
const OLD: i64 = 1_577_836_800;

/// The rest between two writes.
const REST: Duration = Duration::from_millis(2);

/// The duration of the measurement without retention.
const QUIET: Duration = Duration::from_secs(5);

fn main() -> Result<(), Failure> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let path = folder.path().join("stats.db");
    let store = Store::builder().maintenance(Maintenance::off()).open(&path)?;
    let (messages, quiet) = if is_test() { (TEST, Duration::from_millis(50)) } else { (MESSAGES, QUIET) };
    fill(&path, messages)?;
    store.checkpoint()?;

    let (alone, ()) = beside(&path, &store, 0, || {
        thread::sleep(quiet);
        Ok(())
    })?;
    let start = Instant::now();
    let (with, retained) = beside(&path, &store, 1, || {
        let retention = RetentionPolicy::default().messages(Keep::Days(365));
        Ok(store.apply_retention(&retention).run()?)
    })?;
    let time = start.elapsed();
    assert_eq!(i64::try_from(retained.message_events)?, messages);

    let rate = u128::try_from(messages)? * 1000 / time.as_millis().max(1);
    println!(
        "retention: {messages} messages deleted in {:.1} s, {rate}/s; writes of one message meanwhile:",
        time.as_secs_f64()
    );
    println!("                                 writes       p50       p99      p999       max");
    println!("  another program, alone       {}", row(alone.plain));
    println!("  another program, meanwhile   {}", row(with.plain));
    println!("  record and flush, alone      {}", row(alone.recorded));
    println!("  record and flush, meanwhile  {}", row(with.recorded));
    Ok(())
}

/// The time of each write.
struct Times {
    plain: Vec<Duration>,
    recorded: Vec<Duration>,
}

/// Times writes while a closure runs.
fn beside<T>(
    path: &Path,
    store: &Store,
    round: u64,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<(Times, T), Failure> {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let plain = scope.spawn(|| write(path, round, &done));
        let recorded = scope.spawn(|| record(store, round, &done));
        let worked = work();
        done.store(true, Ordering::Relaxed);
        let panicked = |_| Failure::from("a writer panicked");
        let plain = plain.join().map_err(panicked)??;
        let recorded = recorded.join().map_err(panicked)??;
        Ok((Times { plain, recorded }, worked?))
    })
}

fn write(path: &Path, round: u64, done: &AtomicBool) -> Result<Vec<Duration>, Failure> {
    let conn = connect(path)?;
    let mut times = Vec::new();
    for number in 0_u64.. {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let start = Instant::now();
        conn.execute_batch("BEGIN IMMEDIATE")?;
        let mut insert = conn.prepare_cached(
            "INSERT INTO message_events (id, guild_id, channel_id, user_id, created_at) VALUES (?, '1001', '2001', '3001', ?)",
        )?;
        insert.execute(params![format!("9{round}{number:012}"), Utc::now().timestamp()])?;
        conn.execute_batch("COMMIT")?;
        times.push(start.elapsed());
        thread::sleep(REST);
    }
    Ok(times)
}

fn record(store: &Store, round: u64, done: &AtomicBool) -> Result<Vec<Duration>, Failure> {
    let recorder = store.recorder()?;
    let mut times = Vec::new();
    for number in 1_u64.. {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let message = MessageSent {
            at: Utc::now(),
            channel_id: 2001.try_into()?,
            content: None,
            guild_id: 1001.try_into()?,
            kind: 0,
            message_id: (8_000_000_000_000_000 + round * 1_000_000_000 + number).try_into()?,
            user_id: 3001.try_into()?,
        };
        let start = Instant::now();
        recorder.record(message)?;
        recorder.flush()?;
        times.push(start.elapsed());
        thread::sleep(REST);
    }
    recorder.shutdown()?;
    Ok(times)
}

/// Writes the old messages.
fn fill(path: &Path, messages: i64) -> Result<(), Failure> {
    let conn = connect(path)?;
    conn.execute_batch(
        "BEGIN;
         WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 999)
         INSERT INTO users (id, created_at, updated_at) SELECT 3000 + n, 0, 0 FROM n;
         INSERT INTO guilds (id, created_at, updated_at) VALUES (1000, 0, 0), (1001, 0, 0), (1002, 0, 0), (1003, 0, 0);
         WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 19)
         INSERT INTO channels (id, guild_id, type, created_at, updated_at) SELECT 2000 + n, 1000 + n % 4, 0, 0, 0 FROM n;
         COMMIT",
    )?;
    let mut first = 0;
    while first < messages {
        let end = messages.min(first + 50_000);
        conn.execute(
            "WITH RECURSIVE n (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM n WHERE n < ?2 - 1)
             INSERT INTO message_events (id, guild_id, channel_id, user_id, has_attachment, has_embed, character_count,
                 word_count, created_at)
             SELECT 660000000000000000 + n * 125829120000, 1000 + c % 4, 2000 + c, 3000 + n * n % 997, 0, 0, n % 80, n % 15,
                 ?3 + n * 30
             FROM (SELECT n, n * 7 % 20 AS c FROM n)",
            params![first, end, OLD],
        )?;
        first = end;
    }
    Ok(())
}

/// Opens a connection with the recorder's settings.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.execute_batch(
        "PRAGMA busy_timeout = 5000;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA synchronous = NORMAL;
         PRAGMA cache_size = 10000;
         PRAGMA temp_store = MEMORY;
         PRAGMA foreign_keys = ON;",
    )?;
    Ok(conn)
}

fn row(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let part = |permille: usize| {
        let at = times.len().saturating_sub(1) * permille / 1000;
        format!("{:>7.2} ms", times.get(at).copied().unwrap_or_default().as_secs_f64() * 1000.0)
    };
    format!("{:>8}{}{}{}{}", times.len(), part(500), part(990), part(999), part(1000))
}
