//! The judge finds what is wrong, and nothing else.

use std::collections::BTreeMap;

use mocha_schema::{PresenceStatus, UserId, VoiceInterval, VoiceState};
use mocha_store::event::{
    GuildSeen, MemberLeft, MemberSeen, MembersListed, MessageSent, PresenceChanged, PresencesListed, ShardChanged,
    ShardStatus, SnapshotVoice, VoiceSnapshot, VoiceStateChanged,
};

use super::*;
use crate::{MessageTotals, traffic::time};

const LIMIT_MS: i64 = 300_000;
const DAY_MS: i64 = 86_400_000;

fn id<I: TryFrom<u64>>(number: u64) -> I {
    I::try_from(number).ok().expect("not zero")
}

fn voice(at_ms: i64, channel: Option<u64>) -> Event {
    let channel_id = channel.map(id);
    VoiceStateChanged { at: time(at_ms), channel_id, guild_id: id(1), state: VoiceState::default(), user_id: id(9) }
        .into()
}

fn snapshot(at_ms: i64, channel: Option<u64>) -> Event {
    let state = VoiceState::default();
    let voices = channel.map(|channel| SnapshotVoice { channel_id: id(channel), state, user_id: id(9) });
    VoiceSnapshot { at: time(at_ms), guild_id: id(1), voices: voices.into_iter().collect() }.into()
}

fn shard(at_ms: i64, status: ShardStatus) -> Event {
    ShardChanged { at: time(at_ms), shard_count: 1, shard_id: 0, status }.into()
}

fn message(at_ms: i64) -> Event {
    let (channel_id, guild_id, message_id) = (id(2), id(1), id(7));
    MessageSent { at: time(at_ms), channel_id, content: None, guild_id, kind: 0, message_id, user_id: id(8) }.into()
}

fn delivered(events: &[Event]) -> Vec<Step> {
    let mut steps: Vec<Step> = events.iter().cloned().map(Step::Deliver).collect();
    steps.push(Step::Flush);
    steps
}

fn interval(started_at_ms: i64, ended_at_ms: i64, assumed: bool) -> VoiceInterval {
    VoiceInterval {
        guild_id: id(1),
        user_id: id(9),
        started_at_ms,
        ended_at_ms: Some(ended_at_ms),
        seen_at_ms: ended_at_ms,
        session_started_at_ms: 1_000,
        channel_id: Some(id(5)),
        state: VoiceState::default(),
        assumed,
    }
}

/// A file that has these intervals of one session, ended or open, and the message.
fn file(intervals: Vec<VoiceInterval>) -> Found {
    let mut found = Found { intervals, ..Found::default() };
    if let Some(ended_at_ms) = found.intervals.last().and_then(|last| last.ended_at_ms) {
        found.sessions = vec![Session { user_id: id(9), started_at_ms: 1_000, ended_at_ms }];
        let activity = VoiceActivity { session_count: 1, total_voice_time: ended_at_ms - 1_000 };
        found.voice_activity.insert(id(9), activity);
    }
    found.messages.insert(id(8), MessageTotals { messages: 1, ..MessageTotals::default() });
    found
}

fn open(interval: VoiceInterval) -> VoiceInterval {
    VoiceInterval { ended_at_ms: None, ..interval }
}

/// Makes something wrong.
type Doctor = fn(&mut Found);

#[test]
fn the_judge_accepts_the_truth_and_nothing_else() {
    let truth = [voice(1_000, Some(5)), message(2_000), voice(60_000, None)];
    let steps = delivered(&truth);
    let judge_it = |found: &Found| judge(id(1), &truth, &steps, LIMIT_MS, found);
    let right = file(vec![interval(1_000, 60_000, false)]);
    assert_eq!(judge_it(&right), [""; 0]);

    let doctored: [(&str, Doctor); 9] = [
        ("a millisecond more", |found| *found = file(vec![interval(1_000, 60_001, false)])),
        ("a millisecond less", |found| *found = file(vec![interval(1_000, 59_999, false)])),
        ("a hole", |found| *found = file(vec![interval(1_000, 2_000, false), interval(3_000, 60_000, false)])),
        ("an overlap", |found| *found = file(vec![interval(1_000, 3_000, false), interval(2_000, 60_000, false)])),
        ("a leave twice", |found| found.sessions.extend(found.sessions.clone())),
        ("no leave", |found| found.sessions.clear()),
        ("another channel", |found| found.intervals.iter_mut().for_each(|interval| interval.channel_id = Some(id(6)))),
        ("no message", |found| found.messages.clear()),
        ("a join", |found| found.joins.extend([(id(9), 1)])),
    ];
    for (name, doctor) in doctored {
        let mut found = right.clone();
        doctor(&mut found);
        assert!(!judge_it(&found).is_empty(), "{name}");
    }
}

#[test]
fn a_short_gap_is_counted_and_a_long_one_is_not() {
    for (gap_ms, bridged) in [(LIMIT_MS, true), (LIMIT_MS + 1, false)] {
        let (lost_ms, back_ms) = (10_000, 10_000 + gap_ms);
        let truth = [voice(1_000, Some(5)), message(2_000)];
        let news = [shard(lost_ms, ShardStatus::Lost), shard(back_ms, ShardStatus::Ready), snapshot(back_ms, Some(5))];
        let steps = delivered(&[&truth[..], &news[..]].concat());
        let whole = file(vec![
            interval(1_000, lost_ms, false),
            interval(lost_ms, back_ms, true),
            open(interval(back_ms, back_ms, false)),
        ]);
        assert_eq!(judge(id(1), &truth, &steps, LIMIT_MS, &whole).is_empty(), bridged);
        let mut cut = file(vec![interval(1_000, lost_ms, false)]);
        cut.intervals.push(open(VoiceInterval { session_started_at_ms: back_ms, ..interval(back_ms, back_ms, false) }));
        assert_eq!(judge(id(1), &truth, &steps, LIMIT_MS, &cut).is_empty(), !bridged);
    }
}

#[test]
fn an_unheard_leave_has_the_time_of_the_last_confirmation() {
    let truth = [voice(1_000, Some(5)), message(2_000), voice(20_000, None)];
    let heard = [shard(10_000, ShardStatus::Lost), shard(30_000, ShardStatus::Ready), snapshot(30_000, None)];
    let steps = delivered(&[&truth[..2], &heard[..]].concat());
    for (end_ms, holds) in [(10_000, true), (10_001, false), (9_999, false), (30_000, false)] {
        let found = file(vec![interval(1_000, end_ms, false)]);
        assert_eq!(judge(id(1), &truth, &steps, LIMIT_MS, &found).is_empty(), holds, "{end_ms}");
    }
    // Told late by a resumed connection, the time of the gap counts.
    let told = [shard(10_000, ShardStatus::Lost), voice(30_000, None), shard(30_000, ShardStatus::Resumed)];
    let steps = delivered(&[&truth[..2], &told[..]].concat());
    for (end_ms, holds) in [(30_000, true), (30_001, false)] {
        let found = file(vec![interval(1_000, 10_000, false), interval(10_000, end_ms, true)]);
        assert_eq!(judge(id(1), &truth, &steps, LIMIT_MS, &found).is_empty(), holds, "{end_ms}");
    }
}

#[test]
fn events_lost_in_a_crash_are_not_expected() {
    let truth = [voice(1_000, Some(5)), message(2_000), voice(60_000, None)];
    let [voice, message, left] = truth.clone().map(Step::Deliver);
    let found = Found { messages: BTreeMap::new(), ..file(vec![open(interval(1_000, 1_000, false))]) };
    let lost = [voice.clone(), Step::Flush, message.clone(), left, Step::Crash];
    assert_eq!(judge(id(1), &truth, &lost, LIMIT_MS, &found), [""; 0]);
    assert_ne!(judge(id(1), &truth, &[voice, message, Step::Flush, Step::Crash], LIMIT_MS, &found), [""; 0]);
}

#[test]
fn midnight_cuts_and_a_clock_is_wrong_by_no_more_than_it_was_set() {
    let truth = [voice(1_000, Some(5)), message(2_000), voice(DAY_MS + 1, None)];
    let uncut = file(vec![interval(1_000, DAY_MS + 1, false)]);
    let cut = file(vec![interval(1_000, DAY_MS, false), interval(DAY_MS, DAY_MS + 1, false)]);
    let mut steps = delivered(&truth);
    assert_eq!(judge(id(1), &truth, &steps, LIMIT_MS, &cut), [""; 0]);
    assert_ne!(judge(id(1), &truth, &steps, LIMIT_MS, &uncut), [""; 0]);
    for (by_ms, holds) in [(499, false), (-500, true)] {
        steps.push(Step::ClockSet(by_ms));
        let found = file(vec![interval(1_000, DAY_MS - 499, false)]);
        assert_eq!(judge(id(1), &truth, &steps, LIMIT_MS, &found).is_empty(), holds);
        steps.pop();
    }
}

fn guild(at_ms: i64, member_count: u64) -> Event {
    let (at, member_count) = (time(at_ms), Some(member_count));
    GuildSeen { afk_channel_id: None, at, guild_id: id(1), icon: None, member_count, name: "Mocha".into() }.into()
}

fn member(at_ms: i64, user: u64) -> MemberSeen {
    let joined_at = Some(time(at_ms));
    MemberSeen {
        at: time(at_ms),
        guild_id: id(1),
        joined_at,
        nickname: None,
        premium_since: None,
        roles: None,
        user_id: id(user),
    }
}

fn online(at_ms: i64, user: u64) -> Event {
    let status = PresenceStatus::Online;
    PresenceChanged { activity: None, at: time(at_ms), guild_id: id(1), status, user_id: id(user) }.into()
}

#[test]
fn a_missed_leave_is_found_by_the_next_member_list() {
    let left = |at_ms, user| Event::from(MemberLeft { at: time(at_ms), guild_id: id(1), user_id: id(user) });
    let truth = [
        guild(0, 3),
        member(0, 7).into(),
        member(0, 8).into(),
        member(0, 9).into(),
        online(1_000, 8),
        online(1_000, 9),
        left(2_000, 7),
        PresenceChanged {
            activity: None,
            at: time(2_000),
            guild_id: id(1),
            status: PresenceStatus::Offline,
            user_id: id(8),
        }
        .into(),
    ];
    // Neither the leave nor that somebody went offline was heard, but lists came later.
    let (at, guild_id, user_ids) = (time(5_000), id(1), vec![id(8), id(9)]);
    let (member_count, nonce) = (Some(2), None);
    let lists = [
        guild(5_000, 2),
        MembersListed { at, chunk_count: 1, chunk_index: 0, guild_id, member_count, nonce, user_ids }.into(),
        PresencesListed { at, guild_id, is_complete: true, user_ids: vec![id(9)] }.into(),
    ];
    let steps = delivered(&[&truth[..6], &lists[..]].concat());
    let right = Found {
        inferred_leaves: [(id(7), 1)].into(),
        member_count: Some(2),
        members: [id(8), id(9)].into(),
        presences: [(id(8), Some(PresenceStatus::Offline)), (id(9), Some(PresenceStatus::Online))].into(),
        ..Found::default()
    };
    assert_eq!(judge(id(1), &truth, &steps, LIMIT_MS, &right), [""; 0]);
    let doctored: [(&str, Doctor); 8] = [
        ("a member more", |found| found.members.extend([id::<UserId>(7)])),
        ("a member less", |found| found.members.retain(|user_id| *user_id != id(8))),
        ("another count", |found| found.member_count = Some(3)),
        ("no count", |found| found.member_count = None),
        ("a leave of somebody who is there", |found| found.inferred_leaves.extend([(id(9), 1)])),
        ("two leaves of somebody who left once", |found| found.inferred_leaves.extend([(id(7), 2)])),
        ("somebody online who is not", |found| found.presences.extend([(id(8), Some(PresenceStatus::Online))])),
        ("a status that is not known", |found| found.presences.extend([(id(9), None)])),
    ];
    for (name, doctor) in doctored {
        let mut found = right.clone();
        doctor(&mut found);
        assert!(!judge(id(1), &truth, &steps, LIMIT_MS, &found).is_empty(), "{name}");
    }
    // Without lists nobody can know.
    let unlisted = delivered(&truth[..6]);
    let stale = Found { inferred_leaves: BTreeMap::new(), members: [id(7), id(8), id(9)].into(), ..right };
    assert_eq!(judge(id(1), &truth, &unlisted, LIMIT_MS, &Found { member_count: Some(3), ..stale }), [""; 0]);
}
