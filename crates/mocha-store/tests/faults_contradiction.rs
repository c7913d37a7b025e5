//! A history that contradicts the file. The recorded one stays, and the writer continues.

mod support;

use diesel::connection::SimpleConnection;
use mocha_store::{Clock, Event, Store};
use proptest::prelude::*;
use support::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Counts overlapping intervals of one user.
const OVERLAPS: &str = "SELECT count(*) || '' AS line FROM voice_intervals AS a JOIN voice_intervals AS b \
                        USING (guild_id, user_id) WHERE a.started_at_ms < b.started_at_ms \
                        AND coalesce(a.ended_at_ms, 9e18) > b.started_at_ms";

#[test]
fn a_second_history_of_the_same_days_is_ignored() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    record(&store, [voice(0, 40, Some(20)), voice(2 * DAY, 40, None), voice(30 * DAY, 41, Some(20))])?;
    let before = dump(&store)?;
    record(&store, [voice(HOUR, 40, Some(21)), voice(3 * HOUR, 40, None), voice(DAY, 41, Some(21))])?;
    let expected: Vec<String> = before.into_iter().filter(|row| row.starts_with("voice_")).collect();
    let found: Vec<String> = dump(&store)?.into_iter().filter(|row| row.starts_with("voice_")).collect();
    assert_eq!(found, expected);
    let stats = recorder.stats();
    assert_eq!((stats.written, stats.duplicate, stats.rejected), (3, 3, 0));
    // The recorder continues.
    record(&store, [voice(31 * DAY, 41, None), message(31 * DAY, 30, 20, 40)])?;
    assert_eq!(recorder.stats().written, 5);
    recorder.shutdown()?;
    Ok(())
}

#[test]
fn a_failed_stamp_does_not_drop_an_event() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    record(&store, [voice(0, 40, Some(20))])?;
    store.write(|conn| {
        conn.batch_execute(
            "CREATE TRIGGER refuse BEFORE UPDATE ON voice_intervals BEGIN SELECT RAISE(ABORT, 'no stamp'); END",
        )
    })?;
    record(&store, [message(1000, 30, 20, 40), message(2000, 31, 20, 40)])?;
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events ORDER BY id")?, ["30", "31"]);
    let stats = recorder.stats();
    assert_eq!((stats.written, stats.rejected, stats.pending), (3, 0, 0));
    assert!(stats.last_error.is_some(), "the stamp's failure is reported");
    store.write(|conn| conn.batch_execute("DROP TRIGGER refuse"))?;
    record(&store, [voice(HOUR, 40, None)])?;
    recorder.shutdown()?;
    let duration = "SELECT duration || '' AS line FROM voice_events WHERE event_type = 'leave'";
    assert_eq!(lines(&store, duration)?, [HOUR.to_string()]);
    Ok(())
}

fn history() -> impl Strategy<Value = Vec<Event>> {
    let step = (1..2_000_i64, 1..4_u64, proptest::option::weighted(0.7, 1..4_u64), 0..10_u64);
    proptest::collection::vec(step, 1..40).prop_map(|steps| {
        let mut minutes = 0;
        let event = |(pause, user, channel, lost): (i64, u64, Option<u64>, u64)| {
            minutes += pause;
            let ms = minutes * 60_000;
            if lost == 0 { snapshot(ms, &[(user, 2)]) } else { voice(ms, 40 + user, channel) }
        };
        steps.into_iter().map(event).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// For any two or three histories of the same users and days, and any clock, each event is written or ignored.
    #[test]
    fn no_history_stops_the_writer(histories in proptest::collection::vec(history(), 2..4), system in any::<bool>()) {
        let clock = if system { Clock::System } else { Clock::Events };
        let store = Store::builder().clock(clock).readers(1).open_in_memory()?;
        let recorder = store.recorder()?;
        for history in histories {
            recorder.record_all(history)?;
            recorder.flush()?;
        }
        let stats = recorder.stats();
        prop_assert_eq!((stats.rejected, stats.dropped, stats.pending), (0, 0, 0), "{:?}", stats.last_error);
        recorder.shutdown()?;
        if !system {
            let overlaps = lines(&store, OVERLAPS)?;
            prop_assert_eq!(overlaps.first().map(String::as_str), Some("0"));
        }
    }
}
