//! Imports an export of a million recorded messages, measures it, and compares every answer about messages with an oracle.
//!
//! `MOCHA_DATA=FOLDER cargo bench -p mocha-benches --bench import`. The folder has fifteen years of chat of a real community, and
//! is not part of the repository. Without it the measurement is skipped.
//!
//! The messages are exported in the shapes of the format: channels and threads, split files that overlap, times in several
//! zones, files with the newest message first, changed texts, and greetings, which do not count. Each round imports them into a
//! new file, and then inserts the same rows into another one with bare prepared statements, 1,000 in each transaction, without
//! aggregates. The bare inserts parse no JSON, and get formatted texts before the clock runs.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

mod answers;
mod calendar;
mod export;
mod memory;
mod oracle;
mod text;
mod traffic;

use std::{
    collections::BTreeMap,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use mocha_benches::{
    BareRow, Failure, connect, connect_to_write, insert_rows, is_test,
    timing::{percent, rate},
};
use mocha_import::Import;
use mocha_stats::{AnyConnection, Window};
use mocha_store::{Clock, Store};

use self::{answers::Comparison, export::Written, oracle::Oracle, traffic::Traffic};

/// The number of messages that count, and the number of rounds.
const MESSAGES: usize = 1_000_000;
const ROUNDS: usize = 3;

/// The number of messages in a test.
const TEST: usize = 20_000;

/// How many rows are formatted before they are inserted.
const FORMATTED: usize = 20_000;

fn main() -> Result<(), Failure> {
    let (len, rounds) = if is_test() { (TEST, 1) } else { (MESSAGES, ROUNDS) };
    let Some(traffic) = Traffic::open(len)? else {
        println!("import: skipped, because the data is missing (`MOCHA_DATA` names its folder)");
        return Ok(());
    };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let exports = folder.path().join("exports");
    fs::create_dir(&exports)?;
    let (mut parents, mut last) = (BTreeMap::new(), 0);
    let written = export::export(
        &exports,
        traffic.inspect(|message| {
            if let Ok(message) = message {
                last = message.at;
                parents.extend(message.parent.map(|parent| (message.channel, parent)));
            }
        }),
    )?;
    let Written { bytes, files, messages, threads } = written;
    println!("an export of {messages} messages in {files} files, of {threads} threads too: {} MB", bytes / 1_000_000);

    let (mut imported, mut inserted) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let paths = ["imported", "bare"].map(|name| folder.path().join(format!("{name}-{round}.db")));
        let [path, bare] = &paths;
        imported.push(import(&exports, path, &written, true)?);
        inserted.push(insert(path, bare, len)?);
    }
    for (name, times) in [("bare inserts", &inserted), ("the import  ", &imported)] {
        println!("{name}: {} messages a second, median of {rounds} rounds", rate(messages, times));
    }
    println!(
        "the import is {} as fast as the bare inserts of its round",
        percent(&inserted, 1, &imported).trim_start()
    );

    let path = folder.path().join("twice.db");
    for raw_content in [false, true] {
        let time = import(&exports, &path, &written, raw_content)?;
        let texts = if raw_content { "known, into the same file" } else { "unknown" };
        println!("with lengths {texts}: {} messages a second", rate(messages, &[time]));
    }
    let now = DateTime::from_timestamp(last, 0).ok_or("no such time")? - TimeDelta::minutes(503);
    for path in [folder.path().join("imported-0.db"), path] {
        println!("{} answers are equal to those of the oracle", compare(&path, &parents, now, len)?);
    }
    Ok(())
}

/// Imports all files through the public interface, and returns how long it took until everything was in the file.
fn import(exports: &Path, path: &Path, written: &Written, raw_content: bool) -> Result<Duration, Failure> {
    let before = memory::used();
    let mut most = before;
    let start = Instant::now();
    let store = Store::builder().clock(Clock::Events).open(path)?;
    let recorder = store.recorder()?;
    let import = Import::new(recorder.clone()).raw_content(raw_content).on_progress(|_| {
        most = most.max(memory::used());
        ControlFlow::Continue(())
    });
    let report = import.run([exports])?;
    recorder.shutdown()?;
    let time = start.elapsed();
    let (taken, stats) = (usize::try_from(report.taken())?, recorder.stats());
    if taken != written.messages || !report.skipped().is_empty() || report.failed().count() > 0 || stats.rejected > 0 {
        return Err(format!("not everything was imported: {report}, {stats:?}").into());
    }
    if let (Some(before), Some(most)) = (before, most) {
        println!("the import used at most {} MB more memory than before it", (most - before) / 1_000_000);
    }
    Ok(time)
}

/// Inserts the same rows into a new file, which has the guilds, channels and users of the imported one.
fn insert(imported: &Path, path: &PathBuf, len: usize) -> Result<Duration, Failure> {
    drop(Store::open(path)?);
    let mut conn = connect_to_write(path)?;
    conn.execute("ATTACH ?1 AS imported", [imported.to_str().ok_or("the path is not UTF-8")?])?;
    conn.execute_batch(
        "INSERT INTO guilds SELECT * FROM imported.guilds; INSERT INTO channels SELECT * FROM imported.channels;
         INSERT INTO users SELECT * FROM imported.users; DETACH imported; DROP TRIGGER message_events_added",
    )?;
    let (mut rows, mut time) = (Vec::with_capacity(FORMATTED), Duration::ZERO);
    for message in Traffic::open(len)?.ok_or("the data is gone")? {
        rows.push(BareRow::of(&message?.event()?));
        if rows.len() == FORMATTED {
            time += insert_rows(&mut conn, &rows)?;
            rows.clear();
        }
    }
    Ok(time + insert_rows(&mut conn, &rows)?)
}

/// Compares the answers of all windows, and returns how many are equal.
fn compare(path: &Path, parents: &BTreeMap<u64, u64>, now: DateTime<Utc>, len: usize) -> Result<usize, Failure> {
    let day = TimeDelta::days(1);
    let windows = [
        Window::all(),
        Window::since(now - day * 365)?,
        Window::since(now - day * 30)?,
        Window::between(now - day * 200, now - day * 3)?,
        Window::until(now - day * 40)?,
        Window::between(now - TimeDelta::minutes(407), now)?,
    ];
    let second = |time: Option<DateTime<Utc>>, other| time.map_or(other, |time| time.timestamp());
    let mut oracles =
        windows.map(|window| Oracle::new(second(window.start(), i64::MIN), second(window.end(), i64::MAX)));
    for message in Traffic::open(len)?.ok_or("the data is gone")? {
        let message = message?;
        for oracle in &mut oracles {
            oracle.add(&message);
        }
    }
    let (mut conn, mut equal) = (connect(path)?, 0);
    for (window, oracle) in windows.into_iter().zip(&oracles) {
        let (conn, guild) = (&mut AnyConnection::Sqlite(&mut conn), traffic::GUILD.try_into()?);
        let mut comparison = Comparison { conn, equal: 0, guild, now, oracle, parents, window };
        comparison.run()?;
        equal += comparison.equal;
    }
    Ok(equal)
}
