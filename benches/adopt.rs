//! Measures how long it takes to adopt a file of the original, beside bare inserts of the same rows.
//!
//! `cargo bench -p mocha-benches --bench adopt`. The file is on the disk of the target folder. The bare inserts write the
//! messages into an empty file of the original, with a prepared statement and 20,000 rows in each transaction.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use mocha_benches::{Failure, INSERT_MESSAGE, is_test, median};
use mocha_store::{Store, event::MessageSent};
use rusqlite::{Connection, params};

const SEED: u64 = 1;
const MESSAGES: usize = 1_000_000;
const TEST: usize = 2_000;
const ROUNDS: usize = 5;

/// The rows of a transaction.
const ROWS: usize = 20_000;

const ORIGINAL: &str = include_str!("../crates/mocha-store/tests/original.sql");

fn main() -> Result<(), Failure> {
    let (len, rounds) = if is_test() { (TEST, 1) } else { (MESSAGES, ROUNDS) };
    let messages: Vec<MessageSent> = mocha_sim::messages(SEED, len).collect();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let path = folder.path().join("original.db");
    let (mut inserted, mut adopted) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        inserted.push(insert(&path, &messages)?);
        let start = Instant::now();
        let store = Store::open(&path)?;
        adopted.push(start.elapsed());
        let report = store.adopted().ok_or("the file was not adopted")?;
        if report.rows != u64::try_from(len)? {
            return Err(format!("not every row was adopted: {report:?}").into());
        }
    }
    let ratios = inserted.iter().zip(&adopted).map(|(bare, time)| bare.as_nanos() * 100 / time.as_nanos().max(1));
    println!("{len} messages of the original, median of {rounds} rounds:");
    println!("  bare inserts    {:>8} ms", median(inserted.clone()).unwrap_or_default().as_millis());
    println!("  adoption        {:>8} ms", median(adopted.clone()).unwrap_or_default().as_millis());
    println!("  the adoption is {} % as fast", median(ratios.collect()).unwrap_or(0));
    Ok(())
}

/// Writes the messages into a new file of the original.
fn insert(path: &Path, messages: &[MessageSent]) -> Result<Duration, Failure> {
    for end in ["", "-wal", "-shm"] {
        let mut path = path.as_os_str().to_owned();
        path.push(end);
        if let Err(error) = fs::remove_file(path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error.into());
        }
    }
    let mut conn = Connection::open(path)?;
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = 10000; PRAGMA temp_store = MEMORY; \
         PRAGMA mmap_size = 268435456;",
    )?;
    conn.execute_batch(ORIGINAL)?;
    let start = Instant::now();
    for messages in messages.chunks(ROWS) {
        let transaction = conn.transaction()?;
        {
            let mut statement = transaction.prepare_cached(INSERT_MESSAGE)?;
            for message in messages {
                let content = message.content.unwrap_or_default();
                statement.execute(params![
                    message.message_id.to_string(),
                    message.guild_id.to_string(),
                    message.channel_id.to_string(),
                    message.user_id.to_string(),
                    message.kind,
                    content.has_attachment,
                    content.has_embed,
                    content.characters,
                    content.words,
                    message.at.timestamp(),
                ])?;
            }
        }
        transaction.commit()?;
    }
    Ok(start.elapsed())
}
