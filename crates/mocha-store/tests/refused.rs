//! After an event about voice that was never written, nobody whom it may concern is confirmed.

mod support;

use std::{thread, time::Duration};

use chrono::{DateTime, Utc};
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_schema::VoiceState;
use mocha_store::{
    Clock, ErrorKind, Event, Store,
    event::{MemberLeft, VoiceStateChanged},
};
use support::*;

const SEEN: &str = "SELECT user_id || ' ' || (seen_at_ms - 1700000000000) AS line FROM voice_intervals \
                    WHERE ended_at_ms IS NULL ORDER BY 1";

/// Returns the last confirmation of two users in voice, after a trigger refused an event alone or together with others.
fn seen_after_a_refusal(event: &Event, alone: bool) -> TestResult<Vec<String>> {
    let store = store()?;
    let recorder = store.recorder()?;
    record(&store, [voice(0, 40, Some(20)), voice(0, 41, Some(20)), message(30_000, 30, 20, 50)])?;
    store.write(|conn| {
        conn.batch_execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON voice_events WHEN new.event_type = 'leave' AND new.user_id = '40' \
             BEGIN SELECT RAISE(ABORT, 'not this one'); END",
        )
    })?;
    if alone {
        record(&store, [event.clone()])?;
        record(&store, [message(300_000, 31, 20, 50)])?;
    } else {
        recorder.record_all(vec![event.clone(), message(300_000, 31, 20, 50)])?;
    }
    recorder.shutdown()?;
    assert_eq!((recorder.stats().rejected, recorder.stats().written), (1, 4));
    Ok(lines(&store, SEEN)?)
}

#[test]
fn only_the_users_of_a_refused_event_are_lost() -> TestResult {
    for alone in [true, false] {
        let leave = voice(60_000, 40, None);
        assert_eq!(seen_after_a_refusal(&leave, alone)?, ["40 30000", "41 300000"]);
        let left = Event::from(MemberLeft { at: at(60_000), guild_id: id(GUILD), user_id: id(40) });
        assert_eq!(seen_after_a_refusal(&left, alone)?, ["40 30000", "41 300000"]);
        // A refused snapshot concerns everybody in the guild.
        assert_eq!(seen_after_a_refusal(&snapshot(60_000, &[(41, 20)]), alone)?, ["40 30000", "41 30000"]);
    }
    Ok(())
}

#[test]
fn a_leave_with_an_invalid_time_counts_as_missed() -> TestResult {
    let Event::VoiceStateChanged(leave) = voice(0, 40, None) else { return Err("no voice".into()) };
    let before_1970 = DateTime::from_timestamp(-1, 0).ok_or("no such time")?;
    let leave = Event::from(VoiceStateChanged { at: before_1970, ..leave });
    for together in [false, true] {
        let store = store()?;
        let recorder = store.recorder()?;
        record(&store, [voice(0, 40, Some(20)), message(30_000, 30, 20, 50)])?;
        let result = if together {
            recorder.record_all(vec![leave.clone(), message(30_000, 31, 20, 50)])
        } else {
            recorder.record(leave.clone())
        };
        assert_eq!(result.expect_err("a time").kind(), &ErrorKind::InvalidEvent { field: "at" });
        record(&store, [message(300_000, 32, 20, 50)])?;
        recorder.shutdown()?;
        assert_eq!(lines(&store, SEEN)?, ["40 30000"]);
    }
    Ok(())
}

/// A leave arrives while the bot stops, and the recorder refuses it.
#[test]
fn a_stop_does_not_confirm_a_user_beyond_a_refused_leave() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::builder().clock(Clock::System).busy_timeout(Duration::from_mins(1)).open(&path)?;
    let recorder = store.recorder()?;
    let state = |at, channel: Option<u64>| VoiceStateChanged {
        at,
        channel_id: channel.map(id),
        guild_id: id(GUILD),
        state: VoiceState::default(),
        user_id: id(40),
    };
    recorder.record(state(Utc::now(), Some(20)))?;
    recorder.flush()?;
    let leave = state(Utc::now(), None);
    while Utc::now().timestamp_millis() <= leave.at.timestamp_millis() {
        thread::yield_now();
    }
    let mut other = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    other.batch_execute("BEGIN IMMEDIATE")?;
    let stopping = thread::spawn({
        let recorder = recorder.clone();
        move || recorder.shutdown()
    });
    while recorder.record(user(0, 40, "ferris")).is_ok() {}
    assert_eq!(recorder.record(leave).expect_err("closed").kind(), &ErrorKind::Closed);
    other.batch_execute("ROLLBACK")?;
    stopping.join().map_err(|_| "a panic")??;
    let seen_ms: i64 = lines(&store, "SELECT seen_at_ms || '' AS line FROM voice_intervals")?.concat().parse()?;
    assert!(seen_ms <= leave.at.timestamp_millis(), "confirmed for {} ms", seen_ms - leave.at.timestamp_millis());
    Ok(())
}
