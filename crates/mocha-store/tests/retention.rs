//! Retention deletes exactly the rows that are too old.

mod support;

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use mocha_schema::PresenceStatus;
use mocha_store::{Error, ErrorKind, Event, Keep, Retained, RetentionPolicy, Rollup, Store};
use proptest::prelude::*;
use support::*;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const DAY: i64 = 86_400_000;

/// The midnight before [`START`], in unix seconds.
const MIDNIGHT: i64 = START / DAY * 86_400;

fn retain(store: &Store, retention: &RetentionPolicy, now: DateTime<Utc>) -> Result<Retained, Error> {
    store.apply_retention_at(retention, now).run()
}

/// A policy that keeps everything. A test sets the exceptions.
fn nothing() -> RetentionPolicy {
    let keep = Keep::Forever;
    RetentionPolicy::default().members(keep).messages(keep).presences(keep).voice(keep)
}

/// Returns events of each kind on each of this many days.
fn events(days: i64) -> Result<Vec<Event>, Failure> {
    let mut events = Vec::new();
    for day in 0..days {
        let ms = day * DAY;
        let number = u64::try_from(day)?;
        let status = if day % 2 == 0 { PresenceStatus::Online } else { PresenceStatus::Idle };
        events.extend([
            message(ms, 1000 + number, 20, 40 + number % 3),
            joined(ms + 1000, 200 + number, ms + 1000),
            presence(ms + 2000, 40, status, None),
            voice(ms + 3000, 41, Some(22)),
            voice(ms + 63_000, 41, None),
        ]);
    }
    Ok(events)
}

fn filled(days: i64) -> Result<Store, Failure> {
    let store = store()?;
    store.count_awards(id(10), std::time::Duration::from_mins(1))?;
    record(&store, events(days)?)?;
    Ok(store)
}

fn count(store: &Store, table: &str) -> Result<u64, Failure> {
    let counts = lines(store, &format!("SELECT count(*) || '' AS line FROM {table}"))?;
    Ok(counts.first().ok_or("a count is a row")?.parse()?)
}

/// Returns the rows of the roll-ups.
fn rollups(store: &Store) -> Result<Vec<String>, Error> {
    let mut rows = dump(store)?;
    rows.retain(|row| Rollup::ALL.iter().any(|rollup| row.starts_with(&format!("{rollup} "))));
    Ok(rows)
}

fn verify(store: &Store) -> TestResult {
    for rollup in Rollup::ALL {
        let verification = store.verify(rollup).run()?;
        assert_eq!(verification.differences, [], "{rollup}");
    }
    Ok(())
}

#[test]
fn the_documented_statement_empties_the_table_and_retention_does_not() -> TestResult {
    let now = at(400 * DAY);
    let store = filled(400)?;
    let retained = retain(&store, &RetentionPolicy::default(), now)?;
    assert!(retained.complete);
    // Days 35 to 399 have one each. Day 400 is today and has none.
    assert_eq!(retained.message_events, 35);
    assert_eq!(count(&store, "message_events")?, 365);

    // In SQLite an integer is less than every text.
    store.write(|conn| {
        conn.batch_execute("DELETE FROM message_events WHERE created_at < datetime('now', '-1000 year')")
    })?;
    assert_eq!(count(&store, "message_events")?, 0);
    Ok(())
}

#[test]
fn each_table_has_a_limit_of_its_own_and_roll_ups_stay() -> TestResult {
    let store = filled(100)?;
    let before = rollups(&store)?;
    let retention =
        nothing().messages(Keep::Days(10)).voice(Keep::Days(20)).members(Keep::Days(30)).presences(Keep::Days(40));
    let retained = retain(&store, &retention, at(99 * DAY))?;
    assert_eq!(
        (retained.message_events, retained.voice_events, retained.voice_intervals),
        (89, 158, 79),
        "{retained:?}"
    );
    assert_eq!((retained.member_events, retained.presence_events, retained.rollups), (69, 59, 0), "{retained:?}");
    assert_eq!(retained.rows(), 89 + 158 + 79 + 69 + 59);
    let horizons = "SELECT concat_ws(' ', messages_from, voice_from, members_from, presences_from, rollups_from) AS line \
                    FROM horizons";
    let day = |day: i64| MIDNIGHT + day * 86_400;
    assert_eq!(lines(&store, horizons)?, [format!("{} {} {} {} 0", day(89), day(79), day(69), day(59))]);
    assert_eq!(rollups(&store)?, before);
    verify(&store)?;

    // A second run has nothing to do, and an earlier time moves no horizon back.
    assert_eq!(retain(&store, &retention, at(99 * DAY))?.rows(), 0);
    assert_eq!(retain(&store, &retention, at(10 * DAY))?.rows(), 0);
    assert_eq!(retain(&store, &nothing(), at(99 * DAY))?.rows(), 0);
    assert_eq!(lines(&store, horizons)?, [format!("{} {} {} {} 0", day(89), day(79), day(69), day(59))]);
    Ok(())
}

#[test]
fn an_event_from_before_the_horizon_is_not_counted_and_is_deleted_by_the_next_run() -> TestResult {
    let store = filled(50)?;
    let retention = RetentionPolicy::default().messages(Keep::Days(10)).rollups(Keep::Forever);
    retain(&store, &retention, at(49 * DAY))?;
    let before = rollups(&store)?;
    record(&store, [message(3 * DAY, 1_000_003, 20, 40)])?;
    assert_eq!(count(&store, "message_events")?, 12);
    assert_eq!(rollups(&store)?, before);
    assert_eq!(retain(&store, &retention, at(49 * DAY))?.message_events, 1);
    assert_eq!(rollups(&store)?, before);
    verify(&store)
}

#[test]
fn an_interrupted_run_has_moved_the_horizon_and_the_next_run_completes_it() -> TestResult {
    let store = filled(300)?;
    let before = rollups(&store)?;
    let retention = RetentionPolicy::default().messages(Keep::Days(1)).voice(Keep::Days(1));
    let retained = store.apply_retention_at(&retention, at(299 * DAY)).on_progress(|_| ControlFlow::Break(())).run()?;
    assert!(!retained.complete);
    assert!((1..298).contains(&retained.message_events), "{retained:?}");
    assert_eq!(rollups(&store)?, before);
    verify(&store)?;

    let rest = retain(&store, &retention, at(299 * DAY))?;
    assert!(rest.complete);
    assert_eq!(retained.message_events + rest.message_events, 298);
    assert_eq!(rollups(&store)?, before);
    verify(&store)
}

#[test]
fn an_open_interval_stays_and_counts_once_it_is_closed() -> TestResult {
    let store = store()?;
    // After two days without an event, the interval of the first day is closed.
    let recorder = store.recorder()?;
    recorder.record(voice(0, 40, Some(22)))?;
    recorder.flush()?;
    store.write(|conn| {
        conn.batch_execute(&format!("UPDATE voice_intervals SET seen_at_ms = {}", START + 2 * DAY - 1))
    })?;
    let retention = nothing().voice(Keep::Days(0));
    let retained = retain(&store, &retention, at(DAY))?;
    assert_eq!(retained.voice_intervals, 0);
    assert_eq!(lines(&store, "SELECT voice_from || '' AS line FROM horizons")?, [MIDNIGHT.to_string()]);

    let midnight = (MIDNIGHT + 86_400) * 1000;
    store.write(|conn| conn.batch_execute(&format!("UPDATE voice_intervals SET ended_at_ms = {midnight}")))?;
    let (time, ms) = ("SELECT sum(voice_ms) || '' AS line FROM voice_days", (midnight - START).to_string());
    assert_eq!(lines(&store, time)?, [ms.as_str()]);
    assert_eq!(retain(&store, &retention, at(3 * DAY))?.voice_intervals, 1);
    assert_eq!(lines(&store, time)?, [ms]);
    recorder.abort();
    Ok(())
}

#[test]
fn an_open_interval_holds_the_horizon_of_roll_ups_back_too() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    recorder.record(voice(0, 40, Some(22)))?;
    recorder.flush()?;
    store
        .write(|conn| conn.batch_execute(&format!("UPDATE voice_intervals SET seen_at_ms = {}", START + 100 * DAY)))?;
    let none = Keep::Days(0);
    let retention = RetentionPolicy::default().members(none).messages(none).voice(none).rollups(none);
    retain(&store, &retention, at(90 * DAY))?;
    let horizons = "SELECT messages_from || ' ' || rollups_from || ' ' || voice_from AS line FROM horizons";
    let (month, messages) = (MIDNIGHT - MIDNIGHT % (30 * 86_400), MIDNIGHT + 90 * 86_400);
    assert_eq!(lines(&store, horizons)?, [format!("{messages} {month} {MIDNIGHT}")]);
    recorder.abort();
    Ok(())
}

#[test]
fn an_interval_confirmed_only_long_ago_does_not_hold_the_horizon_back() -> TestResult {
    let store = store()?;
    record(&store, [voice(0, 40, Some(22))])?;
    let retained = retain(&store, &nothing().voice(Keep::Days(10)), at(100 * DAY))?;
    assert_eq!((retained.voice_events, retained.voice_intervals), (1, 0));
    assert_eq!(count(&store, "voice_intervals WHERE ended_at_ms IS NULL")?, 1);
    Ok(())
}

#[test]
fn roll_ups_are_deleted_by_whole_months_and_the_rest_is_correct() -> TestResult {
    let store = filled(200)?;
    let days = Keep::Days(50);
    let retention = RetentionPolicy::default().members(days).messages(days).voice(days).rollups(days);
    let before = rollups(&store)?;
    let retained = retain(&store, &retention, at(199 * DAY))?;
    assert!(retained.rollups > 0);
    // Months of thirty days since 1970.
    let month = (MIDNIGHT / 86_400 + 149) / 30;
    let from = "SELECT rollups_from || '' AS line FROM horizons";
    assert_eq!(lines(&store, from)?, [(month * 30 * 86_400).to_string()]);
    for rollup in Rollup::ALL {
        let (period, bound) = match rollup.table().rsplit('_').next() {
            Some("days") => ("day", month * 30),
            Some("thirds") => ("third", month * 3),
            Some("months") => ("month", month),
            Some("quarters") if rollup == Rollup::PackedQuarters => ("month", month),
            Some("quarters") => ("quarter", month * 30 * 96),
            // The verification below checks these.
            _ => continue,
        };
        assert_eq!(count(&store, &format!("{rollup} WHERE {period} < {bound}"))?, 0, "{rollup}");
        assert!(count(&store, &format!("{rollup} WHERE {period} >= {bound}"))? > 0, "{rollup}");
    }
    let of_periods = |rows: Vec<String>| -> Vec<String> {
        let totals = ["award_totals", "message_totals", "voice_totals"];
        rows.into_iter().filter(|row| !totals.iter().any(|table| row.starts_with(table))).collect()
    };
    let (before, after) = (of_periods(before), of_periods(rollups(&store)?));
    assert!(after.iter().all(|row| before.contains(row)));
    assert_eq!(u64::try_from(before.len() - after.len())?, retained.rollups);
    verify(&store)
}

#[test]
fn roll_ups_cannot_be_kept_shorter_than_their_events() -> TestResult {
    let store = store()?;
    for retention in [
        RetentionPolicy::default().rollups(Keep::Days(364)),
        nothing().rollups(Keep::Days(1000)),
        RetentionPolicy::default().members(Keep::Forever).rollups(Keep::Days(400)),
        RetentionPolicy::default().voice(Keep::Forever).rollups(Keep::Days(400)),
    ] {
        let error = retain(&store, &retention, at(0)).expect_err("it is refused");
        assert_eq!(error.kind(), &ErrorKind::InvalidSetting { name: "rollups" });
        let maintenance = mocha_store::Maintenance::default().retention(retention);
        let error = Store::builder().maintenance(maintenance).open_in_memory().expect_err("it is refused");
        assert_eq!(error.kind(), &ErrorKind::InvalidSetting { name: "rollups" });
    }
    assert!(retain(&store, &RetentionPolicy::default().rollups(Keep::Days(365)), at(0))?.complete);
    Ok(())
}

/// Generates the time and the kind of an event, and the number of its user.
fn event() -> impl Strategy<Value = (i64, u8, u64)> {
    (0..100 * DAY, 0..5_u8, 1..4_u64)
}

fn keep() -> impl Strategy<Value = Keep> {
    prop_oneof![Just(Keep::Forever), (0..120_u32).prop_map(Keep::Days)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn recent_events_and_all_roll_ups_stay(
        mut happened in prop::collection::vec(event(), 0..60), now in 60..110_i64,
        messages in keep(), voices in keep(), members in keep(), presences in keep()
    ) {
        happened.sort_unstable();
        let store = store().unwrap();
        let events = happened.into_iter().zip(100..).map(|((ms, kind, user), number)| match kind {
            0 => message(ms, number, 20 + number % 2, user),
            1 => joined(ms, number, ms),
            2 => presence(ms, user, PresenceStatus::Online, Some(&number.to_string())),
            3 => voice(ms, user, Some(22)),
            _ => voice(ms, user, None),
        });
        record(&store, events.chain([snapshot(120 * DAY, &[])])).unwrap();
        let (sums, members_before) = (rollups(&store).unwrap(), count(&store, "members").unwrap());
        let horizon = |keep| match keep {
            Keep::Days(days) => MIDNIGHT + ((now * DAY + START) / DAY - START / DAY - i64::from(days)) * 86_400,
            _ => i64::MIN / 1000,
        };
        let rows = |from: bool| -> Vec<Vec<String>> {
            [
                ("message_events", "created_at", horizon(messages)),
                ("voice_events", "created_at", horizon(voices)),
                ("voice_intervals", "started_at_ms", horizon(voices) * 1000),
                ("member_events", "created_at", horizon(members)),
                ("presence_events", "created_at", horizon(presences)),
            ]
            .into_iter()
            .map(|(table, time, horizon)| {
                let bound = if from { horizon } else { i64::MIN };
                let id = if table == "voice_intervals" { "user_id || ' ' || started_at_ms" } else { "id" };
                lines(&store, &format!("SELECT {id} AS line FROM {table} WHERE {time} >= {bound} ORDER BY 1")).unwrap()
            })
            .collect()
        };
        let (expected, all) = (rows(true), rows(false));
        let retention = RetentionPolicy::default().messages(messages).voice(voices).members(members).presences(presences);
        let retained = retain(&store, &retention, at(now * DAY)).unwrap();
        prop_assert!(retained.complete);
        let gone = [retained.message_events, retained.voice_events, retained.voice_intervals,
            retained.member_events, retained.presence_events];
        for ((expected, all), gone) in expected.iter().zip(&all).zip(gone) {
            prop_assert_eq!(all.len() - expected.len(), usize::try_from(gone).unwrap());
        }
        prop_assert_eq!(rows(false), expected);
        prop_assert_eq!(rollups(&store).unwrap(), sums);
        prop_assert_eq!(count(&store, "members").unwrap(), members_before);
        verify(&store).unwrap();
    }
}
