//! Gateway sessions that a later recorder resumes, and shards that one recorder takes over from another.

mod support;

use std::{path::Path, sync::OnceLock};

use mocha_schema::UserId;
use mocha_store::{
    ErrorKind, Event, Frame, Recorder, ShardClaim, Store, StoredSession,
    event::{GuildOutage, ShardChanged, ShardStatus},
};
use support::*;

const BOT: u64 = 80;
const INTENTS: u64 = 129;
const URL: &str = "wss://gateway.example";

/// Returns the time this many milliseconds before the tests began, as milliseconds since [`START`].
fn ago(ms: i64) -> i64 {
    static BEGUN_MS: OnceLock<i64> = OnceLock::new();
    BEGUN_MS.get_or_init(|| chrono::Utc::now().timestamp_millis()) - START - ms
}

fn bot() -> UserId {
    id(BOT)
}

fn frame(session: &str, sequence: u64) -> Frame {
    Frame::new().of_bot(bot()).of_shard(0, 1).in_session(session, sequence)
}

fn ready(session: &str) -> Frame {
    frame(session, 1).begins_session(INTENTS, URL)
}

fn shard(ms: i64, status: ShardStatus) -> Event {
    ShardChanged { at: at(ms), shard_count: 1, shard_id: 0, status }.into()
}

const fn claim() -> ShardClaim {
    ShardClaim::new(0, 1, INTENTS)
}

/// Opens the file and returns the place up to which a session can be resumed.
fn claimed(path: &Path, claim: ShardClaim) -> TestResult<Option<(String, u64)>> {
    let stored = Store::open(path)?.recorder()?.claim_shard(claim)?;
    Ok(stored.map(|StoredSession { sequence, session_id, .. }| (session_id, sequence)))
}

/// Begins a session in which a user is in voice.
fn begin(recorder: &Recorder, session: &str, ms: i64) -> TestResult {
    recorder.record_frame(ready(session), vec![shard(ms, ShardStatus::Ready)])?;
    recorder.record_frame(frame(session, 2), vec![snapshot(ms, &[(40, 20)])])?;
    Ok(recorder.flush()?)
}

/// The spans in voice, rounded to seconds and counted from the first one. Midnight does not cut them.
const SPANS: &str = "\
    WITH cut AS (
        SELECT *, NOT (started_at_ms % 86400000 = 0 AND lag(ended_at_ms) OVER of_user IS started_at_ms) AS begins
        FROM voice_intervals WINDOW of_user AS (PARTITION BY user_id ORDER BY started_at_ms)
    ), numbered AS (
        SELECT *, sum(begins) OVER (PARTITION BY user_id ORDER BY started_at_ms) AS number FROM cut
    ), whole AS (
        SELECT min(started_at_ms) AS started_at_ms, iif(count(*) = count(ended_at_ms), max(ended_at_ms), NULL) AS ended_at_ms,
            assumed
        FROM numbered GROUP BY user_id, number
    )
    SELECT ((started_at_ms - first + 500) / 1000) || '-' || coalesce(((ended_at_ms - first + 500) / 1000), 'open')
        || iif(assumed, ' assumed', '') AS line
    FROM whole, (SELECT min(started_at_ms) AS first FROM whole)
    WHERE ended_at_ms IS NULL OR ended_at_ms > started_at_ms + 100 ORDER BY started_at_ms";

#[test]
fn a_session_is_resumed_where_the_file_stops() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    assert_eq!(claimed(&path, claim())?, None);
    let recorder = Store::open(&path)?.recorder()?;
    begin(&recorder, "s", ago(60_000))?;
    // A frame without events advances the position too.
    recorder.record_frame(frame("s", 3), vec![])?;
    recorder.flush()?;
    // This one is lost in the crash.
    recorder.record_frame(frame("s", 4), vec![voice(ago(30_000), 40, None)])?;
    recorder.abort();

    let stored = Store::open(&path)?.recorder()?.claim_shard(claim())?.ok_or("no session")?;
    assert_eq!((stored.bot_id, stored.resume_url.as_str()), (bot(), URL));
    assert_eq!((stored.session_id.as_str(), stored.sequence), ("s", 3));
    Ok(())
}

#[test]
fn a_session_is_known_even_if_its_first_frames_have_no_events() -> TestResult {
    let store = Store::builder().open_in_memory()?;
    let recorder = store.recorder()?;
    recorder.record_frame(ready("s"), vec![])?;
    recorder.record_frame(frame("s", 2), vec![])?;
    recorder.record_frame(frame("s", 3), vec![])?;
    assert_eq!(recorder.claim_shard(claim())?.ok_or("no session")?.sequence, 3);
    Ok(())
}

#[test]
fn voice_continues_over_a_resume_without_assumed_time() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let recorder = Store::open(&path)?.recorder()?;
    begin(&recorder, "s", ago(3_600_000))?;
    recorder.abort();

    let store = Store::open(&path)?;
    let recorder = store.recorder()?;
    assert!(recorder.claim_shard(claim())?.is_some());
    recorder.record_frame(frame("s", 3), vec![message(ago(10), 30, 21, 41)])?;
    recorder.record_frame(frame("s", 4), vec![voice(ago(0), 40, None)])?;
    recorder.flush()?;
    assert_eq!(lines(&store, SPANS)?, ["0-3600"]);
    Ok(())
}

/// Many frames, such as those about typing, are not recorded.
#[test]
fn a_resume_that_begins_with_frames_without_events_is_no_gap() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let recorder = Store::open(&path)?.recorder()?;
    begin(&recorder, "s", ago(60_000))?;
    recorder.abort();

    let store = Store::open(&path)?;
    let recorder = store.recorder()?;
    assert!(recorder.claim_shard(claim())?.is_some());
    for sequence in 3..10 {
        recorder.record_frame(frame("s", sequence), vec![])?;
    }
    recorder.record_frame(frame("s", 10), vec![voice(ago(0), 40, None)])?;
    recorder.flush()?;
    assert_eq!(lines(&store, SPANS)?, ["0-60"]);
    assert_eq!(claimed(&path, claim())?, Some(("s".into(), 10)));
    Ok(())
}

#[test]
fn a_new_session_instead_of_a_resume_is_a_gap() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let recorder = Store::open(&path)?.recorder()?;
    begin(&recorder, "s", ago(60_000))?;
    recorder.abort();

    let store = Store::open(&path)?;
    let recorder = store.recorder()?;
    assert!(recorder.claim_shard(claim())?.is_some());
    begin(&recorder, "t", ago(0))?;
    assert_eq!(lines(&store, SPANS)?, ["0-60 assumed", "60-open"]);
    assert_eq!(claimed(&path, claim())?, Some(("t".into(), 2)));
    Ok(())
}

/// Discord can no longer deliver all events, so the caller should begin a new session.
#[test]
fn a_resume_with_missing_events_is_a_gap() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let recorder = Store::open(&path)?.recorder()?;
    begin(&recorder, "s", ago(60_000))?;
    recorder.abort();

    let store = Store::open(&path)?;
    let recorder = store.recorder()?;
    assert!(recorder.claim_shard(claim())?.is_some());
    recorder.record_frame(frame("s", 4), vec![message(ago(10), 30, 21, 41)])?;
    recorder.record_frame(frame("s", 5), vec![voice(ago(0), 40, None)])?;
    recorder.flush()?;
    assert_eq!(lines(&store, SPANS)?, ["0-60 assumed"]);
    Ok(())
}

/// The bot crashes before the guild's snapshot arrives.
#[test]
fn a_resume_does_not_confirm_a_guild_whose_snapshot_is_missing() -> TestResult {
    let outage: Event = GuildOutage { at: at(ago(30_000)), guild_id: id(GUILD) }.into();
    for (what, frame_of_gap) in [(shard(ago(30_000), ShardStatus::Ready), ready("t")), (outage, frame("s", 3))] {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("stats.db");
        let recorder = Store::open(&path)?.recorder()?;
        begin(&recorder, "s", ago(60_000))?;
        recorder.record_frame(frame_of_gap, vec![what.clone()])?;
        recorder.flush()?;
        recorder.abort();

        let store = Store::open(&path)?;
        let recorder = store.recorder()?;
        let resumed = recorder.claim_shard(claim())?.ok_or("no session")?;
        let next = |number| frame(&resumed.session_id, resumed.sequence + number);
        recorder.record_frame(next(1), vec![message(ago(10), 30, 21, 41)])?;
        recorder.record_frame(next(2), vec![snapshot(ago(0), &[(40, 20)])])?;
        // From here on the guild's events arrive again.
        recorder.flush()?;
        assert_eq!(lines(&store, SPANS)?, ["0-60 assumed", "60-open"], "{what:?}");
        assert_eq!(lines(&store, "SELECT guild_id AS line FROM unheard_guilds")?, [""; 0]);
    }
    Ok(())
}

#[test]
fn a_session_of_another_bot_shard_or_intents_is_not_resumed() -> TestResult {
    let folder = tempfile::tempdir()?;
    for (number, other) in [
        claim().of_bot(id(81)),
        ShardClaim::new(0, 2, INTENTS).of_bot(bot()),
        ShardClaim::new(1, 2, INTENTS).of_bot(bot()),
        ShardClaim::new(0, 1, INTENTS + 2).of_bot(bot()),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("{number}.db"));
        let recorder = Store::open(&path)?.recorder()?;
        begin(&recorder, "s", ago(60_000))?;
        recorder.shutdown()?;
        assert_eq!(claimed(&path, other)?, None, "{other:?}");
    }
    Ok(())
}

#[test]
fn two_bots_share_a_file_but_not_a_recorder() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let (one, other) = (Store::open(&path)?.recorder()?, Store::open(&path)?.recorder()?);
    begin(&one, "s", ago(1000))?;
    let theirs = Frame::new().of_bot(id(81)).of_shard(0, 1).in_session("t", 1).begins_session(INTENTS, URL);
    other.record_frame(theirs, vec![message(ago(0), 30, 21, 41)])?;
    other.flush()?;
    assert!(one.holds_shard(0, 1)? && other.holds_shard(0, 1)?);
    let error = one.claim_shard(claim().of_bot(id(81))).expect_err("another bot");
    assert_eq!(error.kind(), &ErrorKind::OtherBot);
    // With two bots in the file, the claim has to name the bot.
    assert_eq!(claimed(&path, claim())?, None);
    assert_eq!(claimed(&path, claim().of_bot(bot()))?, Some(("s".into(), 2)));
    assert_eq!(claimed(&path, claim().of_bot(id(81)))?, Some(("t".into(), 1)));
    Ok(())
}

#[test]
fn a_later_recorder_takes_the_shard_over_where_the_first_one_stops() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let old = Store::open(&path)?.recorder()?;
    begin(&old, "s", ago(60_000))?;
    let store = Store::open(&path)?;
    let new = store.recorder()?;
    // The new one was opened before this.
    old.record_frame(frame("s", 3), vec![voice(ago(30_000), 41, Some(20))])?;
    old.flush()?;
    assert_eq!(new.claim_shard(claim())?.ok_or("no session")?.sequence, 3);
    // Both recorders receive the event: the old one late and with its own time.
    old.record_frame(frame("s", 4), vec![voice(ago(0), 41, None)])?;
    new.record_frame(frame("s", 4), vec![voice(ago(0), 41, None)])?;
    new.record_frame(frame("s", 5), vec![voice(ago(0), 40, None)])?;
    old.flush()?;
    new.flush()?;
    assert!(!old.holds_shard(0, 1)? && new.holds_shard(0, 1)?);
    assert_eq!((old.stats().dropped, new.stats().dropped), (1, 0));
    old.shutdown()?;
    assert_eq!(lines(&store, SPANS)?, ["0-60", "30-60"]);
    let log = "SELECT event_type || ' ' || user_id AS line FROM voice_events ORDER BY rowid";
    assert_eq!(lines(&store, log)?, ["join 40", "join 41", "leave 41", "leave 40"]);
    Ok(())
}

#[test]
fn another_number_of_shards_ends_the_earlier_shards() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let (old, new) = (Store::open(&path)?.recorder()?, Store::open(&path)?.recorder()?);
    begin(&old, "s", ago(60_000))?;
    assert_eq!(new.claim_shard(ShardClaim::new(0, 2, INTENTS).of_bot(bot()))?, None);
    assert!(!old.holds_shard(0, 1)?);
    old.record_frame(frame("s", 3), vec![message(ago(0), 30, 21, 41)])?;
    old.flush()?;
    assert_eq!(old.stats().dropped, 1);
    Ok(())
}

#[test]
fn the_shard_belongs_to_the_recorder_that_began_its_last_session() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::open(&path)?;
    let (one, other) = (store.recorder()?, Store::open(&path)?.recorder()?);
    begin(&one, "s", ago(60_000))?;
    begin(&other, "t", ago(30_000))?;
    assert!(!one.holds_shard(0, 1)?);
    begin(&one, "u", ago(0))?;
    assert!(one.holds_shard(0, 1)? && !other.holds_shard(0, 1)?);
    assert_eq!(lines(&store, SPANS)?, ["0-30 assumed", "30-60 assumed", "60-open"]);
    Ok(())
}

#[test]
fn the_position_never_passes_a_refused_frame() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::builder().queue_len(1).flush_interval(std::time::Duration::from_mins(1)).open(&path)?;
    let recorder = store.recorder()?;
    begin_one_by_one(&recorder)?;
    let locked = store.write(|_| {
        recorder.record_frame(frame("s", 3), vec![message(ago(0), 30, 21, 41)])?;
        let refused = frame("s", 4).redelivered_if_refused();
        let refused = recorder.record_frame(refused, vec![voice(ago(0), 40, None)]);
        assert!(refused.is_err_and(|error| error.is_queue_full()));
        assert!(!recorder.has_room());
        // A frame without events does not advance the position either.
        recorder.record_frame(frame("s", 5), vec![])?;
        Ok::<_, mocha_store::Error>(())
    });
    locked?;
    recorder.flush()?;
    recorder.abort();

    let store = Store::open(&path)?;
    let recorder = store.recorder()?;
    assert_eq!(recorder.claim_shard(claim())?.ok_or("no session")?.sequence, 3);
    // Discord delivers the frame again, and nobody was lost meanwhile.
    recorder.record_frame(frame("s", 4), vec![voice(ago(0), 40, None)])?;
    recorder.flush()?;
    assert_eq!(lines(&store, SPANS)?, ["0-60"]);
    Ok(())
}

fn begin_one_by_one(recorder: &Recorder) -> TestResult {
    recorder.record_frame(ready("s"), vec![shard(ago(60_000), ShardStatus::Ready)])?;
    recorder.flush()?;
    recorder.record_frame(frame("s", 2), vec![snapshot(ago(60_000), &[(40, 20)])])?;
    Ok(recorder.flush()?)
}

#[test]
fn a_frame_is_written_in_one_transaction() -> TestResult {
    let store = Store::builder().batch_len(2).open_in_memory()?;
    let recorder = store.recorder()?;
    let events = (0..7).map(|number| message(0, 30 + number, 21, 41)).collect();
    recorder.record_frame(frame("s", 2), events)?;
    recorder.flush()?;
    assert_eq!((recorder.stats().written, recorder.stats().commits), (7, 1));
    Ok(())
}

/// One program records shard 0 of 2 and dies. Another one records shard 1 of the same bot and lives.
#[test]
fn each_shard_has_a_last_sign_of_life_of_its_own() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let (dead, alive) = (Store::open(&path)?.recorder()?, Store::open(&path)?.recorder()?);
    let heard = |shard_id, ms| {
        let event: Event = ShardChanged { at: at(ms), shard_count: 2, shard_id, status: ShardStatus::Heard }.into();
        (Frame::new().of_shard(shard_id, 2), vec![event])
    };
    let (last, now) = (ago(600_000), ago(0));
    for (recorder, (frame, events)) in [(&dead, heard(0, last)), (&alive, heard(1, now))] {
        recorder.record_frame(frame, events)?;
        recorder.shutdown()?;
    }
    let seen = "SELECT shard_id || ' ' || (seen_at_ms - 1700000000000) AS line FROM recorder_states ORDER BY shard_id";
    assert_eq!(lines(&Store::open(&path)?, seen)?, [format!("0 {last}"), format!("1 {now}")]);
    Ok(())
}

#[test]
fn presences_of_one_millisecond_are_all_recorded() -> TestResult {
    use mocha_schema::PresenceStatus::{Idle, Offline, Online};
    let store = Store::builder().open_in_memory()?;
    let recorder = store.recorder()?;
    let now = ago(0);
    for (number, status) in (2..).zip([Online, Idle, Offline, Online]) {
        recorder.record_frame(frame("s", number), vec![presence(now, 40, status, None)])?;
    }
    recorder.flush()?;
    let log = "SELECT status AS line FROM presence_events ORDER BY id";
    assert_eq!(lines(&store, log)?, ["online", "idle", "offline", "online"]);
    Ok(())
}
