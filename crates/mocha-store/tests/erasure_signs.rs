//! Events that end an erasure, and events that are recorded without ending it.

mod support;

use std::ops::ControlFlow;

use mocha_schema::VoiceState;
use mocha_store::{Event, Store, privacy::Erasure};
use support::{TestResult, guild, id, joined, later, left, lines, record, snapshot, voice_state};

const PERSON: u64 = 40;
const MUTED: VoiceState = VoiceState {
    server_mute: true,
    server_deaf: false,
    self_mute: false,
    self_deaf: false,
    stream: false,
    video: false,
    suppress: false,
};

fn run(erasure: Erasure) -> Result<bool, mocha_store::Error> {
    Ok(erasure.run()?.is_complete())
}

fn now() -> i64 {
    chrono::Utc::now().timestamp_millis() - support::START
}

fn in_voice(store: &Store) -> Result<Vec<String>, mocha_store::Error> {
    lines(store, "SELECT user_id AS line FROM voice_intervals WHERE ended_at_ms IS NULL")
}

fn member_count(store: &Store) -> Result<Vec<String>, mocha_store::Error> {
    lines(store, "SELECT member_count || '' AS line FROM guilds")
}

fn voice(ms: i64, state: VoiceState) -> Event {
    voice_state(ms, PERSON, Some(70), state)
}

#[test]
fn a_moderators_mute_does_not_end_an_erasure_but_the_users_own_mute_does() -> TestResult {
    let store = support::store()?;
    let _recorder = store.recorder()?;
    record(&store, [voice(now(), VoiceState::default())])?;
    assert!(run(store.forget_user(id(PERSON)))?);
    record(&store, [voice(later(0), MUTED), voice(later(1), VoiceState { suppress: true, ..MUTED })])?;
    assert_eq!(lines(&store, "SELECT id AS line FROM users")?, [""; 0]);
    assert_eq!(in_voice(&store)?, [""; 0]);
    record(&store, [voice(later(2), VoiceState { self_mute: true, ..MUTED })])?;
    assert_eq!(in_voice(&store)?, [PERSON.to_string()]);
    Ok(())
}

#[test]
fn after_a_restart_a_mute_does_not_end_the_erasure_of_a_user_in_a_snapshot() -> TestResult {
    let store = support::store()?;
    assert!(run(store.forget_user(id(PERSON)))?);
    let _recorder = store.recorder()?;
    record(&store, [snapshot(later(0), &[(PERSON, 70)]), voice(later(1), MUTED)])?;
    assert_eq!(in_voice(&store)?, [""; 0]);
    record(&store, [voice_state(later(2), PERSON, None, MUTED), voice(later(3), MUTED)])?;
    assert_eq!(in_voice(&store)?, [PERSON.to_string()]);
    Ok(())
}

#[test]
fn joins_and_leaves_of_withheld_members_change_the_member_count() -> TestResult {
    let store = support::store()?;
    let _recorder = store.recorder()?;
    record(&store, [guild(0, 5), joined(1_000, PERSON, 1_000)])?;
    assert!(run(store.opt_out_user(id(PERSON)))?);
    record(&store, [joined(1_000, PERSON, 1_000)])?;
    assert_eq!(member_count(&store)?, ["6"]);
    // Discord delivers the leave twice.
    let gone = left(later(0), PERSON);
    record(&store, [gone.clone(), gone])?;
    assert_eq!(member_count(&store)?, ["5"]);
    let back = joined(later(1_000), PERSON, later(1_000));
    record(&store, [back.clone(), back])?;
    assert_eq!(member_count(&store)?, ["6"]);
    assert_eq!(lines(&store, "SELECT user_id AS line FROM member_events")?, [""; 0]);
    Ok(())
}

#[test]
fn a_leave_that_is_written_after_the_erasure_still_lowers_the_count() -> TestResult {
    let store = support::store()?;
    let _recorder = store.recorder()?;
    record(&store, [guild(0, 5), joined(1_000, PERSON, 1_000)])?;
    let heard = left(now(), PERSON);
    assert!(run(store.forget_user(id(PERSON)))?);
    record(&store, [heard])?;
    assert_eq!(member_count(&store)?, ["5"]);
    Ok(())
}

/// The remaining rows stay unchanged until the opt-out is run again.
#[test]
fn an_interrupted_opt_out_stops_the_users_open_session() -> TestResult {
    let store = support::store()?;
    let recorder = store.recorder()?;
    let begun = now();
    let messages = (0..600).map(|n| support::message(begun - 1_000 * n, 100 + n.cast_unsigned(), 20, PERSON));
    record(&store, messages.chain([voice(begun, VoiceState::default()), voice_state(begun, 41, Some(70), MUTED)]))?;
    let receipt = store.opt_out_user(id(PERSON)).on_progress(|_| ControlFlow::Break(())).run()?;
    assert!(!receipt.rows_gone);
    record(&store, [support::message(begun + 30_000, 99, 20, 50)])?;
    recorder.shutdown()?;
    let seen = "SELECT user_id || ' ' || (seen_at_ms - started_at_ms) AS line FROM voice_intervals ORDER BY user_id";
    assert_eq!(lines(&store, seen)?, ["40 0", "41 30000"]);
    Ok(())
}
