//! A recording process is killed several times, and its file stays correct.

mod lab;

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{QueryableByName, prelude::*, sql_query, sql_types::Text};
use lab::*;
use mocha_schema::schema::{message_events, recorder_states};
use mocha_sim::{Step, World, judge};
use mocha_store::{
    Clock, Event, Store,
    event::{ShardChanged, ShardStatus},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SEED: u64 = 11;
const MEMBERS: u32 = 60;
const KILLS: u64 = 10;
/// The process flushes after this many instants of the server.
const FLUSH_EVERY: usize = 7;
/// The process records at most so many instants and then waits until it is killed. The next process records the rest.
const INSTANTS: usize = 150;

fn end() -> DateTime<Utc> {
    midnight() + TimeDelta::hours(20)
}

/// Returns the events for a process that starts at this time: the state of the guild, then all later events. Events of the same
/// time are one item.
fn heard_from(from_ms: i64) -> Vec<Vec<Event>> {
    let mut world = World::default();
    let mut later: Vec<Vec<Event>> = Vec::new();
    for event in events(server(SEED, MEMBERS), end()) {
        if event.at().timestamp_millis() < from_ms {
            world.observe(&event);
        } else if let Some(together) =
            later.last_mut().filter(|together| together.iter().any(|other| other.at() == event.at()))
        {
            together.push(event);
        } else {
            later.push(vec![event]);
        }
    }
    let at = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(from_ms);
    let mut start = vec![ShardChanged { at, shard_count: 1, shard_id: 0, status: ShardStatus::Ready }.into()];
    start.extend(world.guild_create(at));
    [vec![start], later].concat()
}

/// The process. It records, and prints the time up to which it has flushed.
#[test]
fn child() -> TestResult {
    let (Ok(path), Ok(from_ms)) = (std::env::var("MOCHA_CHILD_FILE"), std::env::var("MOCHA_CHILD_FROM")) else {
        return Ok(());
    };
    let recorder = Store::builder().clock(Clock::Events).open(path)?.recorder()?;
    for (number, together) in (1..=INSTANTS).zip(heard_from(from_ms.parse()?)) {
        let at_ms = together.first().map(|event| event.at().timestamp_millis());
        recorder.record_all_blocking(together)?;
        if number % FLUSH_EVERY == 0 {
            recorder.flush()?;
            // The test harness captures `print`.
            writeln!(std::io::stdout(), "\nsure {}", at_ms.unwrap_or(0))?;
        }
    }
    writeln!(std::io::stdout(), "\nwaiting")?;
    loop {
        std::thread::park();
    }
}

/// Lets a process record until it has flushed this many times, and a little longer. Then kills it, and returns the time up to
/// which it reported a flush.
fn run_and_kill(path: &Path, from_ms: i64, words: u64, spins: u64) -> TestResult<i64> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .env("MOCHA_CHILD_FILE", path)
        .env("MOCHA_CHILD_FROM", from_ms.to_string())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = BufReader::new(child.stdout.take().ok_or("no stdout")?);
    let mut sure_ms = 0;
    let mut said = 0;
    let mut lines = stdout.lines();
    for line in lines.by_ref() {
        let line = line?;
        if let Some(at_ms) = line.strip_prefix("sure ") {
            sure_ms = at_ms.parse()?;
            said += 1;
        }
        if said == words || line == "waiting" {
            break;
        }
    }
    // By now the process is recording again.
    for _ in 0..spins {
        std::hint::spin_loop();
    }
    child.kill()?;
    child.wait()?;
    // The process may have reported more before it was killed.
    for line in lines {
        if let Some(at_ms) = line?.strip_prefix("sure ") {
            sure_ms = at_ms.parse()?;
        }
    }
    Ok(sure_ms)
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Returns the time of the last event in the file, from the ids of messages and the recorder's clock.
fn last_ms(store: &Store) -> TestResult<i64> {
    let (seen_ms, ids): (i64, Vec<String>) = store.read(|conn| {
        let seen_ms = recorder_states::table
            .select(recorder_states::seen_at_ms)
            .order(recorder_states::seen_at_ms.desc())
            .first(conn)?;
        Ok::<_, diesel::result::Error>((seen_ms, message_events::table.select(message_events::id).load(conn)?))
    })?;
    let mut last_ms = seen_ms;
    for id in ids {
        last_ms = last_ms.max((id.parse::<i64>()? >> 22) + 1_420_070_400_000);
    }
    Ok(last_ms)
}

#[test]
fn ten_killed_processes_leave_a_correct_file() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let truth = events(server(SEED, MEMBERS), end());
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut steps = Vec::new();
    let mut from_ms = truth.first().ok_or("nothing happens")?.at().timestamp_millis();
    for _ in 0..KILLS {
        let sure_ms = run_and_kill(&path, from_ms, random.random_range(1..12), random.random_range(0..2_000_000))?;
        let last_ms = last_ms(&Store::open(&path)?)?;
        assert!(last_ms >= sure_ms, "flushed until {sure_ms}, but the file ends at {last_ms}");
        // Committed events count as received, even if the process was killed before it reported them.
        let heard = heard_from(from_ms).into_iter().flatten();
        let heard = heard.take_while(|event| event.at().timestamp_millis() <= last_ms);
        steps.push(Step::Start);
        steps.extend(heard.map(Step::Deliver));
        steps.extend([Step::Flush, Step::Crash]);
        // Some gaps are short enough to be bridged, and some are too long.
        from_ms = last_ms + random.random_range(1..2 * BRIDGE_LIMIT_MS);
    }
    let store = Store::open(&path)?;
    let guild_id = server(SEED, MEMBERS).guild_id();
    let contradictions = judge(guild_id, &truth, &steps, BRIDGE_LIMIT_MS, &find(&store, guild_id)?);
    assert!(contradictions.is_empty(), "{contradictions:#?}");
    let check = store
        .read(|conn| sql_query("SELECT integrity_check AS line FROM pragma_integrity_check").load::<Line>(conn))?;
    assert_eq!(check.into_iter().map(|row| row.line).collect::<Vec<_>>(), ["ok"]);
    Ok(())
}
