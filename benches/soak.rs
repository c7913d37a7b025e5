//! Simulates a busy day with recording, queries, retention and backups at once.
//!
//! `cargo bench -p mocha-benches --bench soak`, or with a number of events after `--`. A file on the disk of the target folder
//! has old messages. The events of a simulated day are recorded into it as fast as possible. Meanwhile one thread queries
//! leaderboards, one deletes the old messages, and one makes backups. At the end the file has every accepted event, no old
//! message, and roll-ups of both.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{
    collections::HashSet,
    fmt, fs,
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{QueryDsl, RunQueryDsl};
use mocha_benches::{Failure, is_test};
use mocha_schema::{GuildId, schema::message_events};
use mocha_sim::Community;
use mocha_stats::{Leaderboard, Window};
use mocha_store::{Clock, Event, Keep, Recorder, RetentionPolicy, Store, event::MessageSent};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const SEED: u64 = 5;

/// The number of events of a busy server's day.
const EVENTS: u32 = 5_000_000;

/// The number of events in a test.
const TEST: u32 = 20_000;

/// The approximate percentage of messages among the events.
const MESSAGES_PERCENT: u32 = 90;

/// The number of old messages: one for every ten new ones.
const OLD_SHARE: u32 = 10;

/// The number of events after which the recording thread flushes.
const FLUSH_AFTER: usize = 10_000;

/// The rest of the other threads between two actions.
const REST: Duration = Duration::from_millis(5);

fn main() -> Result<(), Failure> {
    let asked = std::env::args().find_map(|argument| argument.parse().ok());
    let events = asked.unwrap_or(if is_test() { TEST } else { EVENTS });
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let store = Store::builder().clock(Clock::Events).open(folder.path().join("stats.db"))?;
    let community = Community::new(SEED).days(1).messages(events / 100 * MESSAGES_PERCENT).small_guilds(50);
    let guild = community.guilds().next().ok_or("a community has a guild")?.guild_id;
    let recorder = store.recorder()?;
    let old = events / OLD_SHARE;
    fill(&recorder, guild, community.start() - TimeDelta::days(400), old)?;

    let done = AtomicBool::new(false);
    let (start, first) = (Instant::now(), Memory::now()?);
    let (recorded, asked, retained, backups, log) = thread::scope(|scope| {
        let asking = scope.spawn(|| ask(&store, guild, &done));
        let deleting = scope.spawn(|| delete(&store, community.end(), &done));
        let saving = scope.spawn(|| save(&store, folder.path(), &done));
        let watching = scope.spawn(|| largest_log(folder.path(), &done));
        let recorded = record(&recorder, community.events().take(usize::try_from(events)?), usize::try_from(events)?);
        done.store(true, Ordering::Relaxed);
        let panicked = |_| "a thread panicked";
        let (asked, retained) = (asking.join().map_err(panicked)??, deleting.join().map_err(panicked)??);
        let backups = saving.join().map_err(panicked)??;
        Ok::<_, Failure>((recorded?, asked, retained, backups, watching.join().map_err(panicked)?))
    })?;
    let time = start.elapsed();

    let stats = recorder.stats();
    assert_eq!(stats.written + stats.duplicate, u64::from(old) + recorded.taken, "an event is lost: {stats:?}");
    assert_eq!((stats.rejected, stats.dropped, stats.pending), (0, 0, 0));
    assert_eq!(retained.messages, u64::from(old), "not all old messages were deleted");
    let found: i64 = store.read(|conn| message_events::table.count().get_result(conn))?;
    assert_eq!(u64::try_from(found)?, recorded.messages);
    let report = store.check().run()?;
    assert!(report.is_ok(), "{report}");
    recorder.shutdown()?;

    println!(
        "soak: {} events in {:.1} s, {:.0}/s; {} old messages deleted, {} times busy; {backups} backups",
        recorded.taken,
        time.as_secs_f64(),
        f64::from(u32::try_from(recorded.taken)?) / time.as_secs_f64(),
        retained.messages,
        retained.busy
    );
    println!("  the largest write-ahead log: {} MB", log / 1_000_000);
    println!("  flush of {FLUSH_AFTER} events  {}", row(recorded.flushes));
    println!("  leaderboard of the day  {}", row(asked));
    println!("  memory, MB: {:>10}{:>10}{:>10}", "events", "Rust", "process");
    println!("              {:>10}{first}", 0);
    for (number, memory) in recorded.memory {
        println!("              {number:>10}{memory}");
    }
    Ok(())
}

/// The results of the recording thread.
struct Recorded {
    flushes: Vec<Duration>,
    /// The memory after a number of events, ten times.
    memory: Vec<(usize, Memory)>,
    messages: u64,
    taken: u64,
}

/// Records as fast as the recorder accepts events.
fn record(recorder: &Recorder, events: impl Iterator<Item = Event>, len: usize) -> Result<Recorded, Failure> {
    let mut recorded = Recorded { flushes: Vec::new(), memory: Vec::new(), messages: 0, taken: 0 };
    let mut ids = HashSet::new();
    for (number, event) in (1..).zip(events) {
        if let Event::MessageSent(MessageSent { message_id, .. }) = event {
            recorded.messages += u64::from(len > 1_000_000 || ids.insert(message_id));
        }
        recorder.record_blocking(event)?;
        recorded.taken += 1;
        if number % FLUSH_AFTER == 0 {
            let start = Instant::now();
            recorder.flush()?;
            recorded.flushes.push(start.elapsed());
        }
        if number % (len / 10).max(1) == 0 {
            recorded.memory.push((number, Memory::now()?));
        }
    }
    recorder.flush()?;
    Ok(recorded)
}

/// Writes old messages, one for every minute.
fn fill(recorder: &Recorder, guild_id: GuildId, start: DateTime<Utc>, messages: u32) -> Result<(), Failure> {
    for number in 0..messages {
        recorder.record_blocking(MessageSent {
            at: start + TimeDelta::seconds(i64::from(number % 86_400)),
            channel_id: (1 + u64::from(number % 40)).try_into()?,
            content: None,
            guild_id,
            kind: 0,
            message_id: (1 + u64::from(number)).try_into()?,
            user_id: (1 + u64::from(number % 1000)).try_into()?,
        })?;
    }
    Ok(recorder.flush()?)
}

/// Queries the leaderboard repeatedly, and returns the times.
fn ask(store: &Store, guild: GuildId, done: &AtomicBool) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::new();
    while !done.load(Ordering::Relaxed) || times.is_empty() {
        let start = Instant::now();
        store.read(|conn| Leaderboard::messages(guild).within(Window::all()).limit(10).load(conn))?;
        times.push(start.elapsed());
        thread::sleep(REST);
    }
    Ok(times)
}

/// Counts how often the retention could not get the write lock, because the recorder writes without a pause.
struct Retained {
    busy: u32,
    messages: u64,
}

/// Applies the retention repeatedly.
fn delete(store: &Store, now: DateTime<Utc>, done: &AtomicBool) -> Result<Retained, Failure> {
    let mut retained = Retained { busy: 0, messages: 0 };
    loop {
        let last = done.load(Ordering::Relaxed);
        let retention = RetentionPolicy::default().messages(Keep::Days(365));
        let (before, mut now_deleted) = (retained.messages, 0);
        let result = store
            .apply_retention_at(&retention, now)
            .on_progress(|so_far| {
                now_deleted = so_far.message_events;
                ControlFlow::Continue(())
            })
            .run();
        match result {
            Ok(so_far) => retained.messages = before + so_far.message_events,
            // Rows that were deleted before stay deleted.
            Err(error) if error.is_busy() => {
                retained.busy += 1;
                retained.messages = before + now_deleted;
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        if last {
            return Ok(retained);
        }
        thread::sleep(REST);
    }
}

/// Makes backups repeatedly, and returns their number.
fn save(store: &Store, folder: &Path, done: &AtomicBool) -> Result<u32, Failure> {
    let mut made = 0;
    while !done.load(Ordering::Relaxed) || made == 0 {
        store.backup(folder.join("backups")).keep(2).run()?;
        made += 1;
        thread::sleep(REST);
    }
    Ok(made)
}

/// Returns the largest size of the write-ahead log.
fn largest_log(folder: &Path, done: &AtomicBool) -> u64 {
    let mut largest = 0;
    while !done.load(Ordering::Relaxed) {
        largest = largest.max(fs::metadata(folder.join("stats.db-wal")).map_or(0, |log| log.len()));
        thread::sleep(REST);
    }
    largest
}

/// The memory in use, in bytes.
struct Memory {
    /// The memory of the process, without pages of files, which the system can take back. 0 if the system does not report it.
    process: u64,
    /// The memory that Rust allocated. The rest is SQLite's page cache: at most ten thousand pages for each connection, unless a
    /// transaction changes more.
    rust: u64,
}

impl Memory {
    fn now() -> Result<Self, Failure> {
        const PAGE: u64 = 4096;
        let rust = u64::try_from(ALLOCATED.current_usage())?;
        let Ok(statm) = fs::read_to_string("/proc/self/statm") else { return Ok(Self { process: 0, rust }) };
        let pages = statm.split_whitespace().skip(1).take(2).map(str::parse).collect::<Result<Vec<u64>, _>>()?;
        let [resident, shared] = pages[..] else { return Err("statm has three fields".into()) };
        Ok(Self { process: resident.saturating_sub(shared) * PAGE, rust })
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>10}{:>10}", self.rust / 1_000_000, self.process / 1_000_000)
    }
}

fn row(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
    let ms = |percent| at(percent).map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    format!("p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms of {}", ms(50), ms(99), ms(100), times.len())
}
