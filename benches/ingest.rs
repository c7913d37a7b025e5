//! Measures how fast the recorder writes messages, compared with bare prepared inserts of the same rows into the same tables.
//!
//! `cargo bench -p mocha-benches --bench ingest`. All write to new files on the disk of the target folder, with the same
//! migrations and PRAGMAs, and with all guilds, channels and users present.
//!
//! The bare inserts are as fast as SQLite allows. They use a prepared statement and 1,000 rows in each transaction. Their texts
//! are formatted before the clock runs, and the trigger of the roll-ups is dropped. The recorder maintains the roll-ups and
//! formats texts while the clock runs. It commits more at once if more events wait (`StoreBuilder::batch_len`).
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use criterion::{Criterion, SamplingMode, Throughput};
use mocha_benches::{
    BareRow, Failure, connect_to_write, insert_rows, is_test,
    timing::{percent, rate},
};
use mocha_store::{
    Event, Store,
    event::{ChannelSeen, GlobalName, GuildSeen, MessageSent, UserSeen},
};
use rusqlite::Connection;
use tempfile::TempDir;

const SEED: u64 = 1;

/// The number of messages for the comparison, and the number of rounds.
const MESSAGES: usize = 200_000;
const ROUNDS: usize = 5;

/// The number of messages for criterion, which repeats the measurement often.
const SAMPLE: usize = 20_000;

/// The number of messages in a test.
const TEST: usize = 2_000;

const ROWS_A_TRANSACTION: usize = 1_000;

fn main() -> Result<(), Failure> {
    compare()?;
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion);
    criterion.final_summary();
    Ok(())
}

/// Prints both rates and their ratio, as medians of alternating rounds.
fn compare() -> Result<(), Failure> {
    let (len, rounds) = if is_test() { (TEST, 1) } else { (MESSAGES, ROUNDS) };
    let messages: Vec<_> = mocha_sim::messages(SEED, len).collect();
    let (mut recorded, mut alike) = (Vec::new(), Vec::new());
    let (mut inserted, mut rolled_up) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        recorded.push(record(&messages)?);
        alike.push(record_in_batches(&messages, Some(ROWS_A_TRANSACTION))?);
        inserted.push(insert(&messages)?);
        rolled_up.push(insert_with(&messages, RollUps::Kept)?);
    }
    println!("ingest of {len} messages, median of {rounds} rounds, against bare inserts of the same round:");
    println!("  bare inserts, 1,000 a transaction  {:>7}/s", rate(len, &inserted));
    for (name, times) in [
        ("recorder                        ", recorded),
        ("recorder, 1,000 a transaction   ", alike),
        ("bare inserts with roll-ups      ", rolled_up),
    ] {
        println!("  {name}   {:>7}/s  {}", rate(len, &times), percent(&inserted, 1, &times));
    }
    Ok(())
}

fn measure(criterion: &mut Criterion) {
    let len = if is_test() { TEST } else { SAMPLE };
    let messages: Vec<_> = mocha_sim::messages(SEED, len).collect();
    let mut group = criterion.benchmark_group("ingest");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(500))
        .throughput(Throughput::Elements(u64::try_from(len).unwrap_or(0)));
    let runs: [(&str, Run); 2] = [("recorder", record), ("bare_inserts", insert)];
    for (name, run) in runs {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| (0..iterations).map(|_| run(&messages).expect("the disk has room")).sum());
        });
    }
    group.finish();
}

/// A way to write all messages into a new file. Returns the time.
type Run = fn(&[MessageSent]) -> Result<Duration, Failure>;

fn record(messages: &[MessageSent]) -> Result<Duration, Failure> {
    record_in_batches(messages, None)
}

/// Records with at most this many events in a transaction, or with the recorder's default.
fn record_in_batches(messages: &[MessageSent], batch_len: Option<usize>) -> Result<Duration, Failure> {
    let folder = folder()?;
    let path = folder.path().join("stats.db");
    let mut builder = Store::builder().queue_len(messages.len() + 1);
    if let Some(batch_len) = batch_len {
        builder = builder.batch_len(batch_len);
    }
    let store = builder.open(&path)?;
    record_parents(&store, messages)?;
    let recorder = store.recorder()?;

    let start = Instant::now();
    for message in messages {
        recorder.record_blocking(*message)?;
    }
    recorder.flush()?;
    let time = start.elapsed();

    recorder.shutdown()?;
    check(&path, messages.len())?;
    Ok(time)
}

/// Inserts with or without the triggers that count messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum RollUps {
    Dropped,
    Kept,
}

fn insert(messages: &[MessageSent]) -> Result<Duration, Failure> {
    insert_with(messages, RollUps::Dropped)
}

fn insert_with(messages: &[MessageSent], roll_ups: RollUps) -> Result<Duration, Failure> {
    let folder = folder()?;
    let path = folder.path().join("stats.db");
    record_parents(&Store::open(&path)?, messages)?;
    let rows: Vec<_> = messages.iter().map(BareRow::of).collect();
    let mut conn = connect_to_write(&path)?;
    if roll_ups == RollUps::Dropped {
        conn.execute_batch("DROP TRIGGER message_events_added")?;
    }

    let time = insert_rows(&mut conn, &rows)?;
    drop(conn);
    check(&path, messages.len())?;
    Ok(time)
}

/// Creates a temporary folder on the disk of the target folder.
fn folder() -> std::io::Result<TempDir> {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))
}

/// Records the guilds, channels and users of the messages, and shuts the recorder down.
fn record_parents(store: &Store, messages: &[MessageSent]) -> Result<(), Failure> {
    let Some(MessageSent { at, .. }) = messages.first().copied() else { return Ok(()) };
    let guilds: BTreeSet<_> = messages.iter().map(|message| message.guild_id).collect();
    let channels: BTreeSet<_> = messages.iter().map(|message| (message.channel_id, message.guild_id)).collect();
    let users: BTreeSet<_> = messages.iter().map(|message| message.user_id).collect();
    let guilds = guilds.into_iter().map(|guild_id| {
        let name = "guild".to_owned();
        Event::from(GuildSeen { afk_channel_id: None, at, guild_id, icon: None, member_count: None, name })
    });
    let channels = channels.into_iter().map(|(channel_id, guild_id)| {
        let name = Some("channel".to_owned());
        Event::from(ChannelSeen { at, channel_id, guild_id, kind: 0, name, parent_id: None, position: None })
    });
    let users = users.into_iter().map(|user_id| {
        let name = "user".to_owned();
        Event::from(UserSeen {
            at,
            avatar: None,
            bot: false,
            discriminator: None,
            global_name: GlobalName::Unknown,
            name,
            user_id,
        })
    });
    let recorder = store.recorder()?;
    for event in guilds.chain(channels).chain(users) {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;
    Ok(())
}

/// Checks that all messages were written.
fn check(path: &Path, len: usize) -> Result<(), Failure> {
    let rows: u32 = Connection::open(path)?.query_row("SELECT COUNT(*) FROM message_events", [], |row| row.get(0))?;
    if usize::try_from(rows) == Ok(len) { Ok(()) } else { Err(format!("{rows} rows of {len} messages").into()) }
}
