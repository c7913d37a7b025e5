//! Recorders that are killed while they record.
#![cfg(feature = "libpq")]

mod support;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
    time::Duration,
};

use mocha_postgres::PgStore;
use mocha_recorder::{
    Clock, Event, Frame, ShardClaim,
    event::{MemberLeft, PresenceChanged, ShardChanged, ShardStatus, VoiceSnapshot},
};
use mocha_schema::PresenceStatus;
use mocha_test_postgres::Database;
use support::{TestResult, at, embedded, guild, id, joined, message, user, voice};

/// The variable by which the process that is killed gets its database.
const URL: &str = "MOCHA_TEST_URL";

const FRAMES: u64 = 3_000;

/// The frames of a gateway session: one for each number, from 1.
fn frame(number: u64) -> (Frame, Vec<Event>) {
    let frame = Frame::new().of_bot(id(80)).of_shard(0, 1).in_session("s", number).redelivered_if_refused();
    let ms = i64::try_from(number).expect("a frame's number is small") * 1_000;
    let (place, author) = (1 + number % 3, 40 + number % 11);
    match number {
        1 => {
            let ready = ShardChanged { at: at(ms), shard_count: 1, shard_id: 0, status: ShardStatus::Ready };
            (frame.begins_session(129, "wss://gateway.example"), vec![ready.into()])
        }
        2..=4 => {
            let place = number - 1;
            let snapshot = VoiceSnapshot { at: at(ms), guild_id: id(place), voices: Vec::new() };
            (frame, vec![guild(ms, place, 7), snapshot.into()])
        }
        _ => {
            let events = match number % 10 {
                0 => vec![voice(ms, place, author, Some(place * 10 + number % 4))],
                1 => vec![voice(ms, place, 40 + (number + 7) % 11, None)],
                // Each member leaves before joining again.
                2 | 3 => {
                    let (place, author) = (1 + number / 10 % 3, 40 + number / 10 % 11);
                    if number % 10 == 2 {
                        vec![user(ms, author, &format!("user {author}"), author == 43), joined(ms, place, author)]
                    } else {
                        vec![MemberLeft { at: at(ms), guild_id: id(place), user_id: id(author) }.into()]
                    }
                }
                4 => vec![embedded(ms, 10_000 + number - 1, 1 + (number - 1) % 3)],
                5 => {
                    let status = if number.is_multiple_of(3) { PresenceStatus::Online } else { PresenceStatus::Idle };
                    let (guild_id, user_id) = (id(place), id(author));
                    vec![PresenceChanged { activity: None, at: at(ms), guild_id, status, user_id }.into()]
                }
                // Nobody wants it, and its number counts.
                6 => Vec::new(),
                _ => vec![message(ms, 10_000 + number, place, author)],
            };
            (frame, events)
        }
    }
}

/// Records the frames that the database does not have.
fn run(url: &str, mut progress: impl FnMut(u64)) -> TestResult {
    let store =
        PgStore::builder().batch_len(37).clock(Clock::Events).flush_interval(Duration::from_millis(1)).connect(url)?;
    let recorder = store.recorder()?;
    let stored = recorder.claim_shard(ShardClaim::new(0, 1, 129))?;
    let next = stored.map_or(1, |session| session.sequence + 1);
    for number in next..=FRAMES {
        let (frame, events) = frame(number);
        recorder.record_frame(frame, events)?;
        if number.is_multiple_of(40) {
            recorder.flush()?;
            progress(number);
        }
    }
    recorder.shutdown()?;
    Ok(())
}

/// The work of the process that is killed. It is no test of its own.
#[test]
fn child() -> TestResult {
    let Ok(url) = std::env::var(URL) else { return Ok(()) };
    let mut out = std::io::stderr();
    run(&url, |number| {
        // A parent that is gone needs no news.
        let _ = writeln!(out, "at {number}");
    })
}

/// The rows of a database, without what differs between two runs: when they ran, and who ran.
fn dump(database: &Database) -> Vec<(&'static str, String)> {
    let tables = mocha_schema::catalogue::TABLES.iter().filter(|table| {
        !["mocha_migrations", "recorder_states", "packed_quarters", "gateway_sessions"].contains(&table.name)
    });
    tables
        .map(|table| {
            let columns: Vec<&str> =
                table.columns.iter().map(|column| column.name).filter(|column| *column != "rowid").collect();
            let columns = columns.join(", ");
            (table.name, database.execute(&format!("SELECT {columns} FROM {} ORDER BY {columns}", table.name)))
        })
        .collect()
}

#[test]
fn kills_in_every_phase_change_nothing() -> TestResult {
    let (Some(calm), Some(database)) = (Database::create(), Database::create()) else { return Ok(()) };
    run(calm.url(), |_| {})?;
    let (mut killed, mut ran) = (0, 0);
    // While it connects and migrates, before and during the first batches, and later at other points of a batch.
    let moments =
        [(0, 0), (0, 20), (0, 60), (0, 150), (1, 0), (1, 3), (1, 7), (2, 1), (3, 11), (4, 0), (5, 2), (8, 5), (9, 0)];
    for (news, wait_ms) in moments {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["child", "--exact", "--nocapture"])
            .env(URL, database.url())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stderr.take().ok_or("its output is piped")?).lines();
        ran += lines.map_while(Result::ok).filter(|line| line.starts_with("at ")).take(news).count();
        std::thread::sleep(Duration::from_millis(wait_ms));
        child.kill()?;
        killed += usize::from(!child.wait()?.success());
    }
    assert!(killed >= 12 && ran > 20, "{killed} {ran}");
    assert!(database.execute("SELECT max(sequence) FROM gateway_sessions").parse::<u64>()? < FRAMES);
    run(database.url(), |_| {})?;
    for (ours, calm) in dump(&database).into_iter().zip(dump(&calm)) {
        assert_eq!(ours, calm);
    }
    assert_eq!(PgStore::connect(database.url())?.verify()?, []);
    Ok(())
}
