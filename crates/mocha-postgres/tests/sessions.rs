//! Gateway sessions that a later recorder resumes from the database.
#![cfg(feature = "libpq")]

mod support;

use chrono::{DateTime, TimeDelta, Utc};
use mocha_postgres::PgStore;
use mocha_recorder::{
    Event, Frame, Recorder, ShardClaim,
    event::{GuildOutage, ShardChanged, ShardStatus, SnapshotVoice, VoiceSnapshot},
};
use mocha_schema::{UserId, VoiceState};
use mocha_test_postgres::Database;
use support::{TestResult, connect, id};

const INTENTS: u64 = 129;

fn bot() -> UserId {
    id(80)
}

fn frame(session: &str, sequence: u64) -> Frame {
    Frame::new().of_bot(bot()).of_shard(0, 1).in_session(session, sequence)
}

fn ready(session: &str, at: DateTime<Utc>) -> (Frame, Event) {
    let frame = frame(session, 1).begins_session(INTENTS, "wss://gateway.example");
    (frame, ShardChanged { at, shard_count: 1, shard_id: 0, status: ShardStatus::Ready }.into())
}

/// User 40 is in voice.
fn snapshot(at: DateTime<Utc>) -> Event {
    let voices = vec![SnapshotVoice { channel_id: id(20), state: VoiceState::default(), user_id: id(40) }];
    VoiceSnapshot { at, guild_id: id(10), voices }.into()
}

/// Begins a session in which a user is in voice.
fn begin(recorder: &Recorder, at: DateTime<Utc>) -> TestResult {
    let (frame_of_ready, event) = ready("s", at);
    recorder.record_frame(frame_of_ready, vec![event])?;
    recorder.record_frame(frame("s", 2), vec![snapshot(at)])?;
    Ok(recorder.flush()?)
}

/// Continues the stored session with another recorder, up to a snapshot in which the user is still in voice.
fn resume(database: &Database) -> TestResult {
    let recorder = connect(PgStore::builder(), database.url())?.recorder()?;
    let claim = ShardClaim::new(0, 1, INTENTS).of_bot(bot());
    let session = recorder.claim_shard(claim)?.ok_or("no session")?;
    let resumed = ShardChanged { at: Utc::now(), shard_count: 1, shard_id: 0, status: ShardStatus::Resumed };
    recorder.record_frame(frame(&session.session_id, session.sequence + 1), vec![resumed.into()])?;
    recorder.record_frame(frame(&session.session_id, session.sequence + 2), vec![snapshot(Utc::now())])?;
    Ok(recorder.shutdown()?)
}

/// Returns whether any time is assumed, and how many guilds wait for a snapshot.
fn assumed(database: &Database) -> String {
    // On Citus one statement cannot ask for both.
    let [assumed, unheard] = ["SELECT bool_or(assumed) FROM voice_intervals", "SELECT count(*) FROM unheard_guilds"]
        .map(|question| database.execute(question));
    format!("{assumed}|{unheard}")
}

#[test]
fn a_resume_after_a_crash_leaves_no_gap() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let recorder = connect(PgStore::builder(), database.url())?.recorder()?;
    begin(&recorder, Utc::now() - TimeDelta::minutes(1))?;
    recorder.abort();
    resume(&database)?;
    assert_eq!(assumed(&database), "f|0");
    Ok(())
}

/// The bot crashes before the guild's snapshot arrives.
#[test]
fn a_resume_does_not_confirm_a_guild_whose_snapshot_is_missing() -> TestResult {
    let later = Utc::now() - TimeDelta::seconds(30);
    let outage = (frame("s", 3), GuildOutage { at: later, guild_id: id(10) }.into());
    for (frame_of_gap, event) in [ready("t", later), outage] {
        let Some(database) = Database::create() else { return Ok(()) };
        let recorder = connect(PgStore::builder(), database.url())?.recorder()?;
        begin(&recorder, later - TimeDelta::seconds(30))?;
        recorder.record_frame(frame_of_gap, vec![event])?;
        recorder.flush()?;
        recorder.abort();
        assert_eq!(assumed(&database), "f|1");
        resume(&database)?;
        assert_eq!(assumed(&database), "t|0");
    }
    Ok(())
}
