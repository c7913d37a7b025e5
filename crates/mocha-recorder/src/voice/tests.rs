//! Checks properties of the tracker that hold for every history.

use std::collections::BTreeMap;

use mocha_schema::{GuildId, VoiceEventType, VoiceInterval, VoiceState};
use proptest::prelude::*;

use super::{
    days,
    rows::{Entry, Row},
    tracker::{Arrival, Tracker},
};
use crate::{
    Person,
    event::{ShardChanged, ShardStatus, SnapshotVoice, VoiceSnapshot},
};

const BRIDGE_MS: i64 = 300_000;
const DAY_MS: i64 = 86_400_000;

/// The file's contents after the rows.
#[derive(Debug, Default)]
struct File {
    intervals: BTreeMap<(Person, i64), VoiceInterval>,
    log: Vec<Entry>,
}

impl File {
    fn apply(&mut self, rows: Vec<Row>) {
        for row in rows {
            match row {
                Row::Ended { person, started_at_ms, ended_at_ms } => {
                    let mut interval = self.intervals.remove(&(person, started_at_ms)).expect("it is open");
                    assert_eq!(interval.ended_at_ms, None, "it ends once");
                    interval.ended_at_ms = Some(ended_at_ms);
                    if ended_at_ms > started_at_ms {
                        self.intervals.insert((person, started_at_ms), interval);
                    }
                }
                Row::Interval(interval) => {
                    let person = Person { guild_id: interval.guild_id, user_id: interval.user_id };
                    let before = self.intervals.insert((person, interval.started_at_ms), interval);
                    assert_eq!(before, None, "nobody is in two places at once");
                }
                Row::Logged(entry) => self.log.push(entry),
            }
        }
    }

    /// From when to when, and whether it is assumed.
    fn of(&self, user: u64) -> Vec<(i64, Option<i64>, bool)> {
        let of_user = self.intervals.values().filter(|interval| interval.user_id.get() == user);
        of_user.map(|interval| (interval.started_at_ms, interval.ended_at_ms, interval.assumed)).collect()
    }

    fn kinds(&self) -> Vec<(VoiceEventType, i64)> {
        self.log.iter().map(|entry| (entry.kind, entry.at_ms)).collect()
    }
}

fn guild() -> GuildId {
    1.try_into().expect("not zero")
}

fn person(user: u64) -> Person {
    Person { guild_id: guild(), user_id: user.try_into().expect("not zero") }
}

fn muted() -> VoiceState {
    VoiceState { self_mute: true, ..VoiceState::default() }
}

fn voice(user: u64, channel: u64) -> SnapshotVoice {
    SnapshotVoice {
        channel_id: channel.try_into().expect("not zero"),
        state: VoiceState::default(),
        user_id: person(user).user_id,
    }
}

fn shard(at_ms: i64, status: ShardStatus) -> ShardChanged {
    let at = chrono::DateTime::from_timestamp_millis(at_ms).expect("it exists");
    ShardChanged { at, shard_count: 1, shard_id: 0, status }
}

fn arrival(at_ms: i64) -> Arrival {
    Arrival { at: chrono::DateTime::from_timestamp_millis(at_ms).expect("it exists"), is_new: false }
}

fn changed(tracker: &mut Tracker, file: &mut File, user: u64, channel: Option<u64>, state: VoiceState, at_ms: i64) {
    let channel = channel.map(|channel| channel.try_into().expect("not zero"));
    file.apply(tracker.changed(person(user), channel, state, arrival(at_ms)));
}

use VoiceEventType::{Join, Leave, Move};

#[test]
fn a_move_and_a_mute_do_not_end_a_session() {
    let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
    // The first event about a user may be a mute, and a leave may come twice or without a join.
    changed(&mut tracker, &mut file, 9, None, muted(), 500);
    changed(&mut tracker, &mut file, 9, Some(1), muted(), 1000);
    changed(&mut tracker, &mut file, 9, Some(2), muted(), 2000);
    changed(&mut tracker, &mut file, 9, Some(2), VoiceState::default(), 3000);
    changed(&mut tracker, &mut file, 9, Some(2), VoiceState::default(), 3500);
    changed(&mut tracker, &mut file, 9, None, VoiceState::default(), 4000);
    changed(&mut tracker, &mut file, 9, None, VoiceState::default(), 4500);
    assert_eq!(file.kinds(), [(Join, 1000), (Move, 2000), (Leave, 4000)]);
    assert_eq!(file.of(9), [(1000, Some(2000), false), (2000, Some(3000), false), (3000, Some(4000), false)]);
    assert!(file.log.iter().all(|entry| entry.session_started_at_ms == 1000));
}

#[test]
fn midnight_cuts_what_is_open_and_what_ends() {
    let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
    changed(&mut tracker, &mut file, 9, Some(1), muted(), DAY_MS - 10);
    tracker.confirm(DAY_MS + 5);
    file.apply(tracker.settle());
    assert_eq!(file.of(9), [(DAY_MS - 10, Some(DAY_MS), false), (DAY_MS, None, false)]);
    changed(&mut tracker, &mut file, 9, None, muted(), 2 * DAY_MS + 7);
    let ends: Vec<_> = file.of(9).into_iter().map(|(_, end, _)| end).collect();
    assert_eq!(ends, [Some(DAY_MS), Some(2 * DAY_MS), Some(2 * DAY_MS + 7)]);
}

#[test]
fn a_short_gap_is_assumed_and_a_long_one_ends_the_session_at_its_last_proof() {
    for (gap_ms, bridged) in [(BRIDGE_MS, true), (BRIDGE_MS + 1, false)] {
        let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
        changed(&mut tracker, &mut file, 9, Some(1), muted(), 1000);
        tracker.confirm(5000);
        tracker.shard_changed(shard(5000, ShardStatus::Lost), false);
        tracker.confirm(5000 + gap_ms);
        file.apply(tracker.snapshot(
            guild(),
            &[SnapshotVoice { state: muted(), ..voice(9, 1) }],
            arrival(5000 + gap_ms),
        ));
        let back = 5000 + gap_ms;
        if bridged {
            assert_eq!(file.kinds(), [(Join, 1000)]);
            assert_eq!(file.of(9), [(1000, Some(5000), false), (5000, Some(back), true), (back, None, false)]);
        } else {
            assert_eq!(file.kinds(), [(Join, 1000), (Leave, 5000), (Join, back)]);
            assert_eq!(file.of(9), [(1000, Some(5000), false), (back, None, false)]);
        }
    }
}

#[test]
fn a_resumed_connection_leaves_no_gap_for_members_who_stayed() {
    let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
    changed(&mut tracker, &mut file, 8, Some(1), muted(), 1000);
    changed(&mut tracker, &mut file, 9, Some(1), muted(), 1000);
    tracker.confirm(5000);
    tracker.shard_changed(shard(5000, ShardStatus::Lost), false);
    tracker.confirm(9000);
    // The event arrives late, so its time is unknown.
    changed(&mut tracker, &mut file, 9, None, muted(), 9000);
    tracker.shard_changed(shard(9000, ShardStatus::Resumed), false);
    changed(&mut tracker, &mut file, 8, None, muted(), 10_000);
    assert_eq!(file.of(8), [(1000, Some(10_000), false)]);
    assert_eq!(file.of(9), [(1000, Some(5000), false), (5000, Some(9000), true)]);
}

#[test]
fn a_session_that_is_resumed_late_after_the_process_stood_still_leaves_no_gap() {
    let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
    changed(&mut tracker, &mut file, 9, Some(1), muted(), 1000);
    tracker.confirm(5000);
    tracker.interrupted(55_000);
    file.apply(tracker.shard_changed(shard(58_000, ShardStatus::Lost), true));
    tracker.confirm(650_000);
    file.apply(tracker.settle());
    file.apply(tracker.shard_changed(shard(650_000, ShardStatus::Resumed), true));
    changed(&mut tracker, &mut file, 9, None, muted(), 700_000);
    assert_eq!(file.of(9), [(1000, Some(700_000), false)]);
}

#[test]
fn a_shard_that_is_silent_from_the_start_is_not_confirmed_if_another_shard_was_acknowledged() {
    let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
    let of_two = |shard_id, change: ShardChanged| ShardChanged { shard_count: 2, shard_id, ..change };
    file.apply(tracker.shard_changed(of_two(0, shard(1000, ShardStatus::Ready)), true));
    file.apply(tracker.snapshot(guild(), &[voice(9, 1)], arrival(1000)));
    let event = VoiceSnapshot { at: arrival(4000).at, guild_id: guild(), voices: vec![voice(9, 1)] }.into();
    file.apply(tracker.heard(&event, Some((0, 2)), true));
    file.apply(tracker.shard_changed(of_two(1, shard(6000, ShardStatus::Heard)), true));
    tracker.confirm(90_000);
    assert_eq!(tracker.stamp_ms(guild()), 4000);
    let back = 4001 + BRIDGE_MS;
    tracker.confirm(back);
    file.apply(tracker.shard_changed(of_two(0, shard(back, ShardStatus::Ready)), true));
    file.apply(tracker.snapshot(guild(), &[voice(9, 1)], arrival(back)));
    assert_eq!(file.of(9), [(1000, Some(4000), false), (back, None, false)]);
}

#[test]
fn members_missing_from_the_snapshot_left_when_last_confirmed() {
    let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
    changed(&mut tracker, &mut file, 8, Some(1), muted(), 1000);
    changed(&mut tracker, &mut file, 9, Some(1), muted(), 1000);
    tracker.confirm(5000);
    tracker.guild_unreachable(guild(), arrival(5000));
    tracker.confirm(6000);
    file.apply(tracker.snapshot(guild(), &[voice(8, 2), voice(7, 2)], arrival(6000)));
    assert_eq!(file.of(9), [(1000, Some(5000), false)]);
    assert_eq!(file.kinds(), [(Join, 1000), (Join, 1000), (Leave, 5000), (Move, 6000), (Join, 6000)]);
}

#[test]
fn a_clock_that_steps_back_makes_no_negative_time() {
    let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
    changed(&mut tracker, &mut file, 9, Some(1), muted(), 1000);
    changed(&mut tracker, &mut file, 9, Some(2), muted(), 400);
    changed(&mut tracker, &mut file, 9, None, muted(), 500);
    assert_eq!(file.kinds(), [(Join, 1000), (Move, 1000), (Leave, 1000)]);
    assert_eq!(file.of(9), []);
    // An event that is delivered again is not a step of the clock.
    changed(&mut tracker, &mut file, 9, Some(1), muted(), 1000);
    changed(&mut tracker, &mut file, 9, Some(2), muted(), 400);
    assert_eq!(file.log.len(), 3);
}

#[test]
fn a_clock_that_was_years_ahead_freezes_nobody() {
    let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
    tracker.learn(person(8), None, Some(1000 * DAY_MS));
    changed(&mut tracker, &mut file, 9, Some(1), muted(), 1000 * DAY_MS);
    for user in [8, 9] {
        changed(&mut tracker, &mut file, user, Some(1), muted(), 5000);
        changed(&mut tracker, &mut file, user, None, muted(), 9000);
        assert_eq!(file.of(user), [(5000, Some(9000), false)]);
    }
}

#[test]
fn history_that_is_delivered_again_after_a_restart_changes_nothing() {
    let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
    tracker.learn(person(9), None, Some(5000));
    tracker.replay_after(6000);
    changed(&mut tracker, &mut file, 9, Some(1), muted(), 4000);
    changed(&mut tracker, &mut file, 9, None, muted(), 5000);
    assert_eq!(file.kinds(), []);
    changed(&mut tracker, &mut file, 9, Some(1), muted(), 7000);
    assert_eq!(file.kinds(), [(Join, 7000)]);
}

#[test]
fn a_guild_that_never_comes_back_is_given_up_at_its_last_proof() {
    let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
    changed(&mut tracker, &mut file, 9, Some(1), muted(), 1000);
    tracker.confirm(5000);
    tracker.guild_unreachable(guild(), arrival(5000));
    tracker.confirm(5000 + 600_000);
    file.apply(tracker.settle());
    assert_eq!(file.kinds(), [(Join, 1000)]);
    tracker.confirm(5001 + 600_000);
    file.apply(tracker.settle());
    assert_eq!(file.kinds(), [(Join, 1000), (Leave, 5000)]);
}

#[test]
fn an_undone_transaction_leaves_no_trace() {
    let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
    changed(&mut tracker, &mut file, 9, Some(1), muted(), 1000);
    tracker.commit();
    let mark = tracker.mark();
    tracker.confirm(9000);
    let _ = tracker.changed(person(9), None, muted(), arrival(2000));
    let _ = tracker.changed(person(8), Some(3.try_into().expect("not zero")), muted(), arrival(2000));
    tracker.undo_to(mark);
    changed(&mut tracker, &mut file, 8, None, muted(), 3000);
    changed(&mut tracker, &mut file, 9, None, muted(), 3000);
    assert_eq!(file.of(9), [(1000, Some(3000), false)]);
    assert_eq!(tracker.last_confirmed_ms(), i64::MIN);
}

/// A step of the test, with the milliseconds that pass before it.
#[derive(Clone, Debug)]
enum Step {
    Changed(u64, Option<u64>, bool),
    Lost,
    Snapshot(Vec<(u64, u64)>),
    /// An event from before: so many milliseconds.
    Stale(u64, Option<u64>, i64),
}

fn step() -> impl Strategy<Value = Step> {
    let channel = || proptest::option::weighted(0.7, 1..4_u64);
    prop_oneof![
        6 => (1..5_u64, channel(), any::<bool>()).prop_map(|(user, channel, mute)| Step::Changed(user, channel, mute)),
        1 => Just(Step::Lost),
        1 => proptest::collection::btree_map(1..5_u64, 1..4_u64, 0..4).prop_map(|map| Step::Snapshot(map.into_iter().collect())),
        1 => (1..5_u64, channel(), 1..100_000_i64).prop_map(|(user, channel, ago)| Step::Stale(user, channel, ago)),
    ]
}

proptest! {
    #[test]
    fn time_is_never_negative_doubled_or_lost(steps in proptest::collection::vec((0..40_000_000_i64, step()), 0..60)) {
        let (mut tracker, mut file) = (Tracker::new(BRIDGE_MS), File::default());
        let mut now = 0;
        for (pause, step) in steps {
            now += pause;
            tracker.confirm(now);
            let state = |mute| if mute { muted() } else { VoiceState::default() };
            match step {
                Step::Changed(user, channel, mute) => changed(&mut tracker, &mut file, user, channel, state(mute), now),
                Step::Lost => file.apply(tracker.shard_changed(shard(now, ShardStatus::Lost), false)),
                Step::Snapshot(voices) => {
                    let voices: Vec<_> = voices.into_iter().map(|(user, channel)| voice(user, channel)).collect();
                    file.apply(tracker.snapshot(guild(), &voices, arrival(now)));
                }
                Step::Stale(user, channel, ago) => changed(&mut tracker, &mut file, user, channel, state(false), now - ago),
            }
            file.apply(tracker.settle());
        }
        let mut ends: BTreeMap<Person, i64> = BTreeMap::new();
        let mut sessions: BTreeMap<(Person, i64), i64> = BTreeMap::new();
        for ((person, start), interval) in &file.intervals {
            let end = interval.ended_at_ms.unwrap_or(now).max(*start);
            prop_assert!(ends.insert(*person, end).is_none_or(|before| before <= *start), "overlap");
            prop_assert_eq!(days(*start, interval.ended_at_ms.unwrap_or(*start)).count() <= 1, true, "across midnight");
            if interval.assumed {
                prop_assert!(end - start <= BRIDGE_MS);
            }
            *sessions.entry((*person, interval.session_started_at_ms)).or_default() += end - start;
        }
        // The parts of a session add up to its length in the log.
        for entry in file.log.iter().filter(|entry| entry.kind == Leave) {
            let parts = sessions.remove(&(entry.person, entry.session_started_at_ms)).unwrap_or(0);
            prop_assert_eq!(parts, entry.at_ms - entry.session_started_at_ms);
        }
        // The remaining intervals are open, one for each person.
        let mut open: Vec<Person> = sessions.into_keys().map(|(person, _)| person).collect();
        let all = open.len();
        open.dedup();
        prop_assert_eq!(all, open.len());
    }
}
