//! The contents of a file, and what must always hold of them.

use std::collections::{BTreeMap, BTreeSet};

use mocha_schema::{PresenceStatus, UserId, VoiceInterval};

use crate::MessageTotals;

const DAY_MS: i64 = 86_400_000;

/// The contents of a file about one guild. The test that reads the file fills it in.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The intervals of voice, in any order.
    pub intervals: Vec<VoiceInterval>,
    /// The log's joins, by user.
    pub joins: BTreeMap<UserId, u64>,
    /// The log's inferred leaves, by user.
    pub inferred_leaves: BTreeMap<UserId, u64>,
    /// The log's other leaves, by user.
    pub leaves: BTreeMap<UserId, u64>,
    /// The number of members, if the file has it.
    pub member_count: Option<u64>,
    /// The members.
    pub members: BTreeSet<UserId>,
    /// Messages of every type, by author.
    pub messages: BTreeMap<UserId, MessageTotals>,
    /// The last status of each user; `None` if it is unknown.
    pub presences: BTreeMap<UserId, Option<PresenceStatus>>,
    /// The voice log's leaves, in any order.
    pub sessions: Vec<Session>,
    /// The answer of the documented voice query for all time.
    pub voice_activity: BTreeMap<UserId, VoiceActivity>,
}

/// A session in voice that has ended.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Session {
    /// The user.
    pub user_id: UserId,
    /// Its first millisecond.
    pub started_at_ms: i64,
    /// The first millisecond after it.
    pub ended_at_ms: i64,
}

/// A row of the documented voice query.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct VoiceActivity {
    /// The number of leaves.
    pub session_count: u64,
    /// The length of the sessions that they end, in milliseconds.
    pub total_voice_time: i64,
}

impl Found {
    /// Returns the contradictions within the file.
    pub(super) fn flaws(&self, limit_ms: i64) -> Vec<String> {
        let mut flaws = Vec::new();
        let mut intervals: Vec<&VoiceInterval> = self.intervals.iter().collect();
        intervals.sort_by_key(|interval| (interval.user_id, interval.started_at_ms));
        for interval in &intervals {
            flaws.extend(flaw(interval, limit_ms).map(|flaw| format!("{flaw}: {interval:?}")));
        }
        for pair in intervals.windows(2) {
            let [before, after] = pair else { continue };
            let overlap = before.ended_at_ms.is_none_or(|ended_at_ms| ended_at_ms > after.started_at_ms);
            if before.user_id == after.user_id && overlap {
                flaws.push(format!("nobody is in two places at once: {before:?} {after:?}"));
            }
        }
        flaws.extend(self.sum_flaws());
        flaws
    }

    /// Returns what the file still has of users who were erased.
    pub(super) fn traces_of(&self, erased: &BTreeSet<UserId>) -> Vec<String> {
        let (intervals, sessions) = (self.intervals.iter(), self.sessions.iter());
        let everybody = [
            ("intervals", intervals.map(|interval| interval.user_id).collect::<BTreeSet<_>>()),
            ("joins", self.joins.keys().copied().collect()),
            ("leaves", self.leaves.keys().chain(self.inferred_leaves.keys()).copied().collect()),
            ("members", self.members.clone()),
            ("messages", self.messages.keys().copied().collect()),
            ("presences", self.presences.keys().copied().collect()),
            ("sessions", sessions.map(|session| session.user_id).collect()),
        ];
        let traces =
            everybody.iter().flat_map(|(kind, users)| users.intersection(erased).map(move |user| (kind, user)));
        traces.map(|(kind, user_id)| format!("{user_id} was erased and has {kind}")).collect()
    }

    /// Returns the sessions that are not the sum of their intervals.
    fn sum_flaws(&self) -> Vec<String> {
        let mut flaws = Vec::new();
        let mut parts = BTreeMap::<(UserId, i64), (i64, bool)>::new();
        for interval in &self.intervals {
            let (sum, open) = parts.entry((interval.user_id, interval.session_started_at_ms)).or_default();
            *sum += interval.ended_at_ms.map_or(0, |ended_at_ms| ended_at_ms - interval.started_at_ms);
            *open |= interval.ended_at_ms.is_none();
        }
        let mut wholes = BTreeMap::<(UserId, i64), i64>::new();
        let mut activity = BTreeMap::<UserId, VoiceActivity>::new();
        for session in &self.sessions {
            let whole_ms = session.ended_at_ms - session.started_at_ms;
            if whole_ms < 0 {
                flaws.push(format!("time is not negative: {session:?}"));
            }
            // An empty session may begin at the same time as the next one.
            *wholes.entry((session.user_id, session.started_at_ms)).or_default() += whole_ms;
            let sum = activity.entry(session.user_id).or_default();
            sum.session_count += 1;
            sum.total_voice_time += whole_ms;
        }
        for ((user_id, started_at_ms), (parts_ms, open)) in &parts {
            let whole_ms = wholes.remove(&(*user_id, *started_at_ms)).unwrap_or(0);
            // A session that goes on has no leave.
            if if *open { whole_ms != 0 } else { whole_ms != *parts_ms } {
                flaws.push(format!(
                    "the log has {whole_ms} ms of {user_id} from {started_at_ms}, its parts {parts_ms}, open: {open}"
                ));
            }
        }
        wholes.retain(|_, whole_ms| *whole_ms != 0);
        flaws.extend(wholes.iter().map(|(key, whole_ms)| format!("a session of {whole_ms} ms without parts: {key:?}")));
        if activity != self.voice_activity {
            flaws.push(format!("the voice query answers {:?} instead of {activity:?}", self.voice_activity));
        }
        flaws
    }
}

/// Returns what is wrong with an interval by itself.
fn flaw(interval: &VoiceInterval, limit_ms: i64) -> Option<&'static str> {
    let VoiceInterval { started_at_ms, ended_at_ms, seen_at_ms, session_started_at_ms, assumed, .. } = *interval;
    let last_ms = ended_at_ms.unwrap_or(seen_at_ms);
    if last_ms < started_at_ms || ended_at_ms == Some(started_at_ms) || session_started_at_ms > started_at_ms {
        return Some("time is not negative");
    }
    if last_ms > started_at_ms && started_at_ms.div_euclid(DAY_MS) != (last_ms - 1).div_euclid(DAY_MS) {
        return Some("midnight cuts");
    }
    if assumed && (ended_at_ms.is_none() || last_ms - started_at_ms > limit_ms) {
        return Some("more is assumed than may be");
    }
    None
}
