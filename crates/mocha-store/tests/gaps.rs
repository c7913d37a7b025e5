//! Gaps in which nothing is heard of people in voice.

mod support;

use diesel::RunQueryDsl;
use mocha_store::{
    Event,
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
fn a_connection_resumed_during_an_outage_says_nothing_of_the_guild() -> TestResult {
    let store = store()?;
    let outage = outage(5000);
    let resumed = [shard(6000, ShardStatus::Lost), shard(7000, ShardStatus::Resumed)];
    record(&store, [voice(1000, 40, Some(20)), outage].into_iter().chain(resumed).chain([snapshot(900_000, &[])]))?;
    assert_eq!(lines(&store, INTERVALS)?, ["40 1000-5000 seen 5000"]);
    Ok(())
}

#[test]
fn an_outage_told_by_a_connection_that_resumes_goes_on_after_it() -> TestResult {
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
fn what_was_proved_before_a_gap_outlives_a_crash_in_it() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    // Heard all the time, and lost in the same transaction.
    record(&store, [voice(1000, 40, Some(20)), message(600_000, 30, 21, 41), shard(601_000, ShardStatus::Lost)])?;
    recorder.abort();
    record(&store, [shard(700_000, ShardStatus::Ready), snapshot(700_000, &[(40, 20)])])?;
    let expected = ["40 1000-601000 seen 601000", "40 601000-700000 seen 700000", "40 700000-open seen 700000"];
    assert_eq!(lines(&store, INTERVALS)?, expected);
    Ok(())
}

#[test]
fn a_stamp_reads_nothing_but_what_is_open() -> TestResult {
    // The statement that stamps, as `voice/write.rs` has it.
    let source = include_str!("../src/voice/write.rs");
    let (_, rest) = source.split_once("\"UPDATE voice_intervals INDEXED BY").ok_or("the stamp is elsewhere")?;
    let (statement, _) = rest.split_once("\",").ok_or("no end")?;
    let statement = format!("UPDATE voice_intervals INDEXED BY{}", statement.replace("\\\n", " "));
    let store = store()?;
    let plan = store.read(|conn| diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load::<Plan>(conn))?;
    let details: Vec<String> = plan.into_iter().map(|plan| plan.detail).collect();
    assert!(
        details.iter().any(|detail| detail.contains("USING INDEX idx_voice_intervals_open (guild_id=?)")),
        "{details:?}"
    );
    assert!(!details.iter().any(|detail| detail.starts_with("SCAN voice_intervals")), "{details:?}");
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Plan {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

#[test]
fn a_history_of_gaps_told_again_ends_nobodys_session() -> TestResult {
    let store = store()?;
    let minute = 60_000;
    // Midnight, 107 minutes after the start, cuts the interval: what is told before it is older than what is open.
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
