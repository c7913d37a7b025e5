//! Voice while the clock is set or the process is frozen.

mod support;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use mocha_schema::VoiceState;
use mocha_store::{
    Event, Frame, Maintenance, Recorder, Store,
    event::{ShardChanged, ShardStatus, VoiceStateChanged},
};
use support::*;

const SECOND: Duration = Duration::from_secs(1);

/// A bot whose clocks the test moves.
struct Bot {
    clocks: Clocks,
    recorder: Recorder,
    sequence: u64,
    store: Store,
}

impl Bot {
    fn start() -> TestResult<Self> {
        let clocks = Clocks::new();
        let source = Arc::new(clocks.clone());
        let store = Store::builder().maintenance(Maintenance::off()).time_source(source).open_in_memory()?;
        let mut bot = Self { clocks, recorder: store.recorder()?, sequence: 0, store };
        bot.shard(ShardStatus::Ready)?;
        bot.frame(snapshot(bot.now(), &[]))?;
        Ok(bot)
    }

    /// Returns the recorder's time in milliseconds since [`START`].
    fn now(&self) -> i64 {
        self.recorder.now().timestamp_millis() - START
    }

    fn shard(&self, status: ShardStatus) -> TestResult {
        let at = self.recorder.now();
        self.recorder.record_all_blocking(vec![ShardChanged { at, shard_count: 1, shard_id: 0, status }.into()])?;
        Ok(self.recorder.flush()?)
    }

    /// Delivers an event over the connection.
    fn frame(&mut self, event: Event) -> TestResult {
        self.sequence += 1;
        let frame = Frame::new().of_shard(0, 1).in_session("session", self.sequence);
        self.recorder.record_frame_blocking(frame, vec![event])?;
        Ok(self.recorder.flush()?)
    }

    fn voice(&mut self, user: u64, channel: Option<u64>) -> TestResult {
        self.frame(voice(self.now(), user, channel))
    }

    /// Lets time pass on both clocks. The writer reads them as often as it would by itself.
    fn pass(&self, seconds: u64) -> TestResult {
        for _ in 0..seconds.div_ceil(10) {
            self.clocks.pass(10 * SECOND, TimeDelta::seconds(10));
            self.recorder.flush()?;
        }
        Ok(())
    }

    /// Returns a user's time in voice in seconds: observed + assumed.
    fn voice_seconds(&self, user: u64) -> TestResult<String> {
        let sql = format!(
            "SELECT coalesce(sum(iif(assumed, 0, ms)) / 1000, 0) || ' + ' || coalesce(sum(iif(assumed, ms, 0)) / 1000, 0) AS line \
             FROM (SELECT assumed, coalesce(ended_at_ms, seen_at_ms) - started_at_ms AS ms FROM voice_intervals \
             WHERE user_id = '{user}')"
        );
        Ok(lines(&self.store, &sql)?.remove(0))
    }

    fn leaves(&self, user: u64) -> TestResult<Vec<String>> {
        let sql = "SELECT (duration / 1000) || ' s' AS line FROM voice_events WHERE event_type = 'leave' AND user_id =";
        Ok(lines(&self.store, &format!("{sql} '{user}' ORDER BY created_at"))?)
    }
}

#[test]
fn a_clock_that_is_a_month_ahead_for_a_while_adds_no_time() -> TestResult {
    let mut bot = Bot::start()?;
    for user in [40, 41] {
        bot.voice(user, Some(20))?;
    }
    bot.pass(30)?;
    bot.clocks.pass(Duration::ZERO, TimeDelta::days(30));
    bot.pass(40)?;
    // The connection stays alive.
    bot.voice(41, Some(21))?;
    bot.pass(40)?;
    bot.clocks.pass(Duration::ZERO, TimeDelta::days(-30));
    bot.pass(40)?;
    for user in [40, 41] {
        bot.voice(user, None)?;
    }
    // 150 seconds passed. Time between a clock step and the next reading is unknown. An interval that begins in the
    // future by the right clock is dropped.
    for (user, expected) in [(40, "60 + 0"), (41, "90 + 0")] {
        assert_eq!(bot.voice_seconds(user)?, expected, "{user}");
    }
    let days =
        "SELECT day || ': ' || sum(voice_ms) / 1000 AS line FROM voice_days GROUP BY day HAVING sum(voice_ms) > 150000";
    assert_eq!(lines(&bot.store, days)?, [""; 0]);
    Ok(())
}

#[test]
fn nobody_is_confirmed_while_the_process_was_frozen() -> TestResult {
    let mut bot = Bot::start()?;
    for user in [40, 41, 42] {
        bot.voice(user, Some(20))?;
    }
    bot.pass(60)?;
    // User 40 leaves after five minutes, when Discord has long closed the connection.
    bot.clocks.pass(345 * SECOND, TimeDelta::seconds(345));
    // A frame that waited in the socket confirms nobody.
    bot.frame(message(bot.now() - 340_000, 30, 20, 50))?;
    bot.voice(42, Some(21))?;
    bot.clocks.pass(SECOND, TimeDelta::seconds(1));
    bot.shard(ShardStatus::Lost)?;
    bot.shard(ShardStatus::Ready)?;
    bot.frame(snapshot(bot.now(), &[(41, 20), (42, 21)]))?;
    bot.pass(30)?;
    assert_eq!(bot.voice_seconds(40)?, "60 + 0");
    // The gap is too long to be bridged.
    assert_eq!(bot.voice_seconds(41)?, "90 + 0");
    assert_eq!(bot.leaves(41)?, ["60 s"]);
    Ok(())
}

#[test]
fn a_session_that_is_resumed_after_the_process_was_frozen_has_no_gap() -> TestResult {
    let mut bot = Bot::start()?;
    bot.voice(40, Some(20))?;
    bot.pass(60)?;
    bot.clocks.pass(345 * SECOND, TimeDelta::seconds(345));
    bot.shard(ShardStatus::Lost)?;
    bot.shard(ShardStatus::Resumed)?;
    bot.pass(10)?;
    bot.voice(40, None)?;
    assert_eq!((bot.voice_seconds(40)?.as_str(), bot.leaves(40)?), ("415 + 0", vec!["415 s".to_owned()]));
    Ok(())
}

#[test]
fn a_resumed_session_does_not_fill_a_clock_jump_of_a_month() -> TestResult {
    let mut bot = Bot::start()?;
    bot.voice(40, Some(20))?;
    bot.pass(60)?;
    bot.clocks.pass(SECOND, TimeDelta::days(30));
    bot.shard(ShardStatus::Lost)?;
    bot.shard(ShardStatus::Resumed)?;
    bot.pass(30)?;
    bot.voice(40, None)?;
    assert_eq!((bot.voice_seconds(40)?, bot.leaves(40)?), ("90 + 0".into(), vec!["60 s".into(), "30 s".into()]));
    Ok(())
}

#[test]
fn a_connection_that_survives_a_short_sleep_of_the_machine_leaves_an_assumed_gap() -> TestResult {
    let mut bot = Bot::start()?;
    bot.voice(40, Some(20))?;
    bot.pass(60)?;
    // The monotonic clock stands still while the machine sleeps.
    bot.clocks.pass(Duration::ZERO, TimeDelta::seconds(50));
    bot.recorder.flush()?;
    bot.pass(20)?;
    bot.frame(message(bot.now(), 30, 20, 50))?;
    bot.pass(10)?;
    assert_eq!(bot.voice_seconds(40)?, "90 + 50");
    bot.voice(40, None)?;
    assert_eq!(bot.leaves(40)?, ["140 s"]);
    Ok(())
}

#[test]
fn a_clock_that_is_set_back_splits_no_session() -> TestResult {
    let mut bot = Bot::start()?;
    bot.voice(40, Some(20))?;
    bot.pass(10)?;
    bot.clocks.pass(SECOND, TimeDelta::hours(-1));
    bot.pass(40)?;
    bot.shard(ShardStatus::Ready)?;
    bot.frame(snapshot(bot.now(), &[(40, 20)]))?;
    bot.pass(10)?;
    bot.voice(40, None)?;
    // The new gateway session does not confirm the time since the last stamp.
    assert_eq!((bot.voice_seconds(40)?, bot.leaves(40)?), ("41 + 20".into(), vec!["61 s".into()]));
    Ok(())
}

#[test]
fn a_snapshot_older_than_the_last_stamp_continues_the_session() -> TestResult {
    for back_ms in [-1000, 201] {
        let bot = Bot::start()?;
        bot.recorder.record(voice(bot.now(), 40, Some(20)))?;
        bot.pass(30)?;
        bot.recorder.shutdown()?;
        let recorder = bot.store.recorder()?;
        // A store that is opened again has another clock, which may be behind.
        let at_ms = bot.now() - back_ms;
        let ready = ShardChanged { at: at(at_ms), shard_count: 1, shard_id: 0, status: ShardStatus::Ready };
        recorder.record_all(vec![ready.into(), snapshot(at_ms, &[(40, 20)])])?;
        recorder.flush()?;
        bot.clocks.pass(10 * SECOND, TimeDelta::seconds(10));
        recorder.shutdown()?;
        let open =
            "SELECT session_started_at_ms || '-' || seen_at_ms AS line FROM voice_intervals WHERE ended_at_ms IS NULL";
        assert_eq!(lines(&bot.store, open)?, [format!("{START}-{}", START + 40_000)], "{back_ms}");
        assert_eq!(bot.leaves(40)?, [""; 0], "{back_ms}");
    }
    Ok(())
}

#[test]
fn joins_and_leaves_within_one_millisecond_all_count() -> TestResult {
    let bot = Bot::start()?;
    let change = |micros: i64, channel: Option<u64>| VoiceStateChanged {
        at: at(1000) + TimeDelta::microseconds(micros),
        channel_id: channel.map(id),
        guild_id: id(GUILD),
        state: VoiceState::default(),
        user_id: id(40),
    };
    let recorder = &bot.recorder;
    for (micros, channel) in [(0, Some(20)), (100, None), (200, Some(20)), (300, None)] {
        recorder.record(change(micros, channel))?;
    }
    recorder.flush()?;
    assert_eq!(lines(&bot.store, "SELECT user_id AS line FROM voice_intervals WHERE ended_at_ms IS NULL")?, [""; 0]);
    Ok(())
}

#[test]
fn an_erasure_has_the_time_of_the_events_however_the_clock_was_set() -> TestResult {
    let mut bot = Bot::start()?;
    bot.voice(40, Some(20))?;
    bot.clocks.pass(SECOND, TimeDelta::hours(-1));
    bot.pass(60)?;
    let before = voice(bot.now(), 40, Some(21));
    bot.clocks.pass(SECOND, TimeDelta::seconds(1));
    assert!(bot.store.forget_user(id(40)).run()?.rows_gone);
    // An event from before the erasure stays withheld, although the wall clock says that it is later.
    bot.frame(before)?;
    assert_eq!(lines(&bot.store, "SELECT id AS line FROM users")?, [""; 0]);
    bot.clocks.pass(SECOND, TimeDelta::seconds(1));
    bot.voice(40, Some(22))?;
    assert_eq!(lines(&bot.store, "SELECT id AS line FROM users")?, ["40"]);
    Ok(())
}

#[test]
fn a_replay_of_messages_after_quiet_days_fills_the_roll_ups_of_all_time() -> TestResult {
    const DAY_MS: i64 = 86_400_000;
    let store = store()?;
    // Without it each call of `record` would be a replay of its own.
    let recorder = store.recorder()?;
    let watermark = || lines(&store, "SELECT messages_to || '' AS line FROM watermarks");
    for n in 0..5 {
        record(&store, [message(n * 20 * DAY_MS, 30 + n.unsigned_abs(), 20, 40)])?;
    }
    let first_day = START / DAY_MS;
    // The newest message alone shows no time, because it may have a wrong one.
    assert_eq!(watermark()?, [(first_day + 60).to_string()]);
    record(&store, [message(4000 * DAY_MS, 50, 20, 40), message(81 * DAY_MS, 51, 20, 40)])?;
    assert_eq!(watermark()?, [(first_day + 81).to_string()]);
    assert_eq!(lines(&store, "SELECT messages || '' AS line FROM message_totals")?, ["5"]);
    recorder.shutdown()?;
    Ok(())
}
