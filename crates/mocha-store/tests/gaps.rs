//! Gaps in voice.

mod support;

use std::time::Duration;

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{
    Clock, Event, Store,
    event::{GuildOutage, ShardChanged, ShardStatus},
};
use support::*;

const INTERVALS: &str = "SELECT user_id || ' ' || (started_at_ms - 1700000000000) || '-' || coalesce(ended_at_ms - 1700000000000, 'open') || \
                         ' seen ' || (seen_at_ms - 1700000000000) AS line FROM voice_intervals ORDER BY user_id, started_at_ms";

fn shard(ms: i64, status: ShardStatus) -> Event {
    ShardChanged { at: at(ms), shard_count: 1, shard_id: 0, status }.into()
}

fn outage(ms: i64) -> Event {
    GuildOutage { at: at(ms), guild_id: id(GUILD) }.into()
}

#[test]
fn a_connection_resumed_during_an_outage_does_not_confirm_the_guilds_members() -> TestResult {
    let store = store()?;
    let outage = outage(5000);
    let resumed = [shard(6000, ShardStatus::Lost), shard(7000, ShardStatus::Resumed)];
    record(&store, [voice(1000, 40, Some(20)), outage].into_iter().chain(resumed).chain([snapshot(900_000, &[])]))?;
    assert_eq!(lines(&store, INTERVALS)?, ["40 1000-5000 seen 5000"]);
    Ok(())
}

#[test]
fn an_outage_that_begins_during_a_resume_continues_after_it() -> TestResult {
    let store = store()?;
    let events = [
        voice(1000, 40, Some(20)),
        shard(5000, ShardStatus::Lost),
        outage(6000),
        shard(7000, ShardStatus::Resumed),
        snapshot(900_000, &[]),
    ];
    record(&store, events)?;
    assert_eq!(lines(&store, INTERVALS)?, ["40 1000-5000 seen 5000"]);
    Ok(())
}

#[test]
fn time_confirmed_before_a_gap_survives_a_crash_in_it() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    // The members are confirmed until 601 s and lost in the same transaction.
    record(&store, [voice(1000, 40, Some(20)), message(600_000, 30, 21, 41), shard(601_000, ShardStatus::Lost)])?;
    recorder.abort();
    record(&store, [shard(700_000, ShardStatus::Ready), snapshot(700_000, &[(40, 20)])])?;
    let expected = ["40 1000-601000 seen 601000", "40 601000-700000 seen 700000", "40 700000-open seen 700000"];
    assert_eq!(lines(&store, INTERVALS)?, expected);
    Ok(())
}

#[test]
fn gaps_that_are_delivered_again_end_no_session() -> TestResult {
    let store = store()?;
    let minute = 60_000;
    // Midnight, 107 minutes after the start, cuts the interval. Earlier events are then older than the open interval.
    let events = [
        shard(30 * minute, ShardStatus::Resumed),
        outage(60 * minute),
        snapshot(90 * minute, &[(40, 20)]),
        shard(240 * minute, ShardStatus::Resumed),
        user(300 * minute, 41, "ferris"),
    ];
    record(&store, events.clone())?;
    let before = dump(&store)?;
    record(&store, events)?;
    assert_eq!(dump(&store)?, before);
    Ok(())
}

#[test]
fn after_an_event_that_found_the_queue_full_nobody_is_confirmed() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::builder()
        .clock(Clock::Events)
        .busy_timeout(Duration::from_millis(30))
        .flush_interval(Duration::from_millis(1))
        .queue_len(100)
        .open(&path)?;
    let recorder = store.recorder()?;
    record(&store, [voice(0, 40, Some(20)), voice(0, 41, Some(20)), voice(0, 42, Some(20))])?;
    let mut other = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    other.batch_execute("BEGIN IMMEDIATE")?;
    let mut ms = 0;
    while recorder.record(message(ms + 1000, 100_000 + ms.unsigned_abs(), 20, 50)).is_ok() {
        ms += 1000;
    }
    // A refused message does not affect voice, but a refused leave does.
    assert!(recorder.record(voice(ms + 1000, 40, None)).expect_err("it is full").is_queue_full());
    other.batch_execute("ROLLBACK")?;
    while recorder.flush().is_err() {}
    // A resumed connection does not make up for events that the queue refused.
    let resumed = [shard(ms + 2000, ShardStatus::Lost), shard(ms + 3000, ShardStatus::Resumed)];
    record(&store, resumed.into_iter().chain([voice(ms + 60_000, 41, None), message(ms + 7_200_000, 7, 20, 50)]))?;
    recorder.shutdown()?;
    let expected = [
        format!("40 0-{ms} seen {ms}"),
        format!("41 0-{ms} seen {ms}"),
        format!("41 {ms}-{} seen {0}", ms + 60_000),
        format!("42 0-{ms} seen {ms}"),
    ];
    assert_eq!(lines(&store, INTERVALS)?, expected);
    Ok(())
}
