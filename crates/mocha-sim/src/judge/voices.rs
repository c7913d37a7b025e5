//! Everybody's voice: the truth, what was reported, and what is found.

use std::collections::{BTreeMap, BTreeSet};

use mocha_schema::{ChannelId, UserId, VoiceState};
use mocha_store::{Event, event::ShardStatus};

use super::{
    Found, Session,
    case::{Case, Cue},
    timeline::Timeline,
    voice::{Doubt, Reported, pieces},
};
use crate::World;

/// The limits of a recorder, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// The length of the longest gap that is bridged.
    pub(super) bridge_limit: i64,
    /// The largest error of sums after the clock was set; `None` if nobody set it.
    pub(super) clock_error: Option<i64>,
    /// The largest distance between the recorder's last confirmation and the last event.
    pub(super) slack: i64,
}

/// Everybody's voice. `T` is what is compared of a connection.
pub(super) struct Voices<T> {
    end_ms: i64,
    people: BTreeMap<UserId, Voice<T>>,
    rules: Rules,
}

struct Voice<T> {
    doubts: Vec<Doubt>,
    /// The file has nothing after this time.
    last_ms: i64,
    truth: Timeline<T>,
}

/// Discord closes a connection on which it hears nothing for so long.
const DEAF_MS: i64 = 60_000;

const DAY_MS: i64 = 86_400_000;

impl<T: Copy + Eq + std::fmt::Debug> Voices<T> {
    pub(super) fn of(case: &Case, rules: Rules, keep: impl Fn(ChannelId, VoiceState) -> T) -> Self {
        let truths = truths(&case.truth, &keep);
        let mut reported: BTreeMap<UserId, Reported<T>> =
            truths.keys().map(|user_id| (*user_id, Reported::default())).collect();
        let silence = Timeline::default();
        let (mut confirmed_ms, mut heard_ms) = (i64::MIN, i64::MIN);
        let mut lost = false;
        // The true time, of a recorder with a clock of its own.
        let mut now_ms = case.truth.first().map_or(i64::MIN, |event| event.at().timestamp_millis());
        for cue in &case.cues {
            let (event, is_framed, is_new) = match cue {
                Cue::Elsewhere { event, is_framed } => (event, *is_framed, false),
                Cue::Heard { event, is_framed } => (event, *is_framed, true),
                Cue::Freeze(ms) => {
                    if *ms >= DEAF_MS {
                        lose(&mut reported, stamped_ms(case, confirmed_ms, heard_ms), rules);
                    } else if heard_ms > i64::MIN {
                        // The connection survives, so the recorder may bridge this time.
                        heard_ms += ms;
                    }
                    now_ms += ms;
                    continue;
                }
                Cue::Pass(ms) => {
                    now_ms += ms;
                    if rules.clock_error.is_none() {
                        confirmed_ms = confirmed_ms.max(now_ms);
                    }
                    continue;
                }
                // Before the first event there is nothing to lose.
                Cue::Refused | Cue::Stopped if confirmed_ms == i64::MIN => continue,
                Cue::Refused => {
                    miss(&mut reported, confirmed_ms, stamped_ms(case, confirmed_ms, heard_ms), rules);
                    continue;
                }
                Cue::Stopped => {
                    lost = false;
                    let stamped_ms = stamped_ms(case, confirmed_ms, heard_ms);
                    for reported in reported.values_mut() {
                        reported.stop(stamped_ms, rules);
                    }
                    continue;
                }
            };
            let at_ms = event.at().timestamp_millis();
            let is_ready = is_ready(event);
            if shows_life(event, confirmed_ms) {
                confirmed_ms = confirmed_ms.max(at_ms);
            }
            if is_framed && !is_ready {
                heard_ms = heard_ms.max(at_ms);
                // The session goes on, and nothing was missed.
                if lost && !matches!(event, Event::ShardChanged(_)) {
                    lost = false;
                    reported.values_mut().for_each(Reported::resume);
                }
            }
            if !is_new {
                continue;
            }
            let mut hear = |user_id: UserId, value, snapshot| {
                let truth = truths.get(&user_id).unwrap_or(&silence);
                let reported = reported.entry(user_id).or_default();
                if is_framed {
                    reported.change(at_ms);
                }
                reported.hear(truth, value, at_ms, snapshot, rules);
            };
            match event {
                Event::VoiceStateChanged(event) => {
                    hear(event.user_id, event.channel_id.map(|channel_id| keep(channel_id, event.state)), false);
                }
                Event::MemberLeft(event) => hear(event.user_id, None, false),
                Event::VoiceSnapshot(event) => {
                    let voices = event.voices.iter();
                    let voices: BTreeMap<_, _> =
                        voices.map(|voice| (voice.user_id, keep(voice.channel_id, voice.state))).collect();
                    let users: BTreeSet<UserId> = truths.keys().chain(voices.keys()).copied().collect();
                    for user_id in users {
                        hear(user_id, voices.get(&user_id).copied(), true);
                    }
                }
                Event::GuildOutage(_) => {
                    for reported in reported.values_mut() {
                        reported.lose_guild(at_ms, rules);
                    }
                }
                Event::ShardChanged(event) => {
                    lost = matches!(event.status, ShardStatus::Closed | ShardStatus::Lost)
                        || lost && event.status == ShardStatus::Heard;
                    match event.status {
                        ShardStatus::Resumed => reported.values_mut().for_each(Reported::resume),
                        // Nothing was heard since the last frame, or, without frames, since the connection was lost.
                        ShardStatus::Ready if is_framed && heard_ms > i64::MIN => lose(&mut reported, heard_ms, rules),
                        ShardStatus::Closed | ShardStatus::Lost | ShardStatus::Ready => {
                            lose(&mut reported, at_ms, rules);
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        let end_ms = if rules.clock_error.is_some() && case.is_live { now_ms } else { confirmed_ms };
        Self::judged(reported, &truths, end_ms, rules)
    }

    /// Compares what was delivered about each user with the truth.
    fn judged(
        reported: BTreeMap<UserId, Reported<T>>,
        truths: &BTreeMap<UserId, Timeline<T>>,
        end_ms: i64,
        rules: Rules,
    ) -> Self {
        let people = reported.into_iter().map(|(user_id, reported)| {
            let truth = truths.get(&user_id).cloned().unwrap_or_default();
            let mut doubts = reported.doubts(&truth, end_ms, rules);
            if rules.slack > 0 {
                // Nothing was written since the last stamp.
                let (from_ms, most_ms) = (end_ms - rules.slack, rules.slack);
                doubts.push(Doubt { from_ms, to_ms: end_ms, most_ms });
            }
            let last_ms = reported.last_ms().max(end_ms);
            (user_id, Voice { doubts, last_ms, truth })
        });
        Self { end_ms, people: people.collect(), rules }
    }

    pub(super) fn contradictions(
        &self,
        found: &Found,
        keep: impl Fn(&mocha_schema::VoiceInterval) -> T,
    ) -> Vec<String> {
        let mut contradictions = Vec::new();
        let mut counted = BTreeMap::<UserId, Vec<(i64, i64, T)>>::new();
        for interval in &found.intervals {
            // An open interval counts up to its last confirmation.
            let to_ms = interval.ended_at_ms.unwrap_or(interval.seen_at_ms);
            counted.entry(interval.user_id).or_default().push((interval.started_at_ms, to_ms, keep(interval)));
        }
        let users: BTreeSet<UserId> = self.people.keys().chain(counted.keys()).copied().collect();
        for user_id in users {
            let (unknown, nothing) =
                (Voice { doubts: Vec::new(), last_ms: self.end_ms, truth: Timeline::default() }, Vec::new());
            let voice = self.people.get(&user_id).unwrap_or(&unknown);
            let counted = counted.get(&user_id).unwrap_or(&nothing);
            let wrong = if let Some(clock_ms) = self.rules.clock_error {
                let is_live = self.rules.slack > 0;
                voice.wrong_sum(counted, self.end_ms, clock_ms, is_live).into_iter().collect()
            } else {
                let sessions = found.sessions.iter().filter(|session| session.user_id == user_id);
                let mut wrong = voice.wrong_time(counted, self.end_ms);
                wrong.extend(voice.wrong_sessions(sessions.copied().collect(), user_id, self.end_ms));
                wrong
            };
            contradictions.extend(wrong.into_iter().map(|wrong| format!("voice of {user_id}: {wrong}")));
        }
        contradictions
    }
}

/// Notes that an event will never be heard. It may be about anybody. The file confirms people until `stamped_ms`, and if the
/// process ends now, no longer than that.
fn miss<T: Copy + Eq>(reported: &mut BTreeMap<UserId, Reported<T>>, confirmed_ms: i64, stamped_ms: i64, rules: Rules) {
    for reported in reported.values_mut() {
        // A recorder with a clock of its own stamps at once.
        let stamped_ms = if rules.slack > 0 { confirmed_ms } else { stamped_ms };
        reported.miss(confirmed_ms, stamped_ms, rules);
    }
}

/// Notes that nothing is heard of anybody from here on.
fn lose<T: Copy + Eq>(reported: &mut BTreeMap<UserId, Reported<T>>, confirmed_ms: i64, rules: Rules) {
    for reported in reported.values_mut() {
        reported.lose(confirmed_ms, rules);
    }
}

/// Returns until when the file confirms people whose shard was last heard at `heard_ms`, if it ever was.
///
/// A recorder with a clock of its own confirms them until then. A replay goes on, because silence is no gap, but not beyond
/// the midnight after it.
fn stamped_ms(case: &Case, confirmed_ms: i64, heard_ms: i64) -> i64 {
    match heard_ms {
        i64::MIN => confirmed_ms,
        _ if case.is_live => confirmed_ms.min(heard_ms),
        _ => confirmed_ms.min((heard_ms.div_euclid(DAY_MS) + 1) * DAY_MS),
    }
}

fn is_ready(event: &Event) -> bool {
    matches!(event, Event::ShardChanged(change) if change.status == ShardStatus::Ready)
}

/// Returns whether the event confirms everybody up to its time. READY shows nothing about the time before it. A message has
/// the time at which it was sent, which a damaged digit may put days ahead.
fn shows_life(event: &Event, confirmed_ms: i64) -> bool {
    let far_off = confirmed_ms > i64::MIN && event.at().timestamp_millis() - confirmed_ms > DAY_MS;
    !(is_ready(event) || far_off && matches!(event, Event::MessageSent(_)))
}

/// Returns the truth about everybody's voice.
fn truths<T: Copy + Eq>(events: &[Event], keep: &impl Fn(ChannelId, VoiceState) -> T) -> BTreeMap<UserId, Timeline<T>> {
    let mut world = World::default();
    let mut truths = BTreeMap::<UserId, Timeline<T>>::new();
    for event in events {
        world.observe(event);
        let users: Vec<UserId> = match event {
            Event::VoiceStateChanged(event) => vec![event.user_id],
            Event::MemberLeft(event) => vec![event.user_id],
            Event::VoiceSnapshot(event) => event.voices.iter().map(|voice| voice.user_id).collect(),
            _ => continue,
        };
        for user_id in users {
            let value = world.voice_of(user_id).map(|(channel_id, state)| keep(channel_id, state));
            truths.entry(user_id).or_default().push(event.at().timestamp_millis(), value);
        }
    }
    truths
}

impl<T: Copy + Eq + std::fmt::Debug> Voice<T> {
    /// Returns the spans that differ from the truth although it could be known, and doubtful spans that count too much.
    fn wrong_time(&self, counted: &[(i64, i64, T)], end_ms: i64) -> Vec<String> {
        let mut wrong = Vec::new();
        let edges = counted.iter().flat_map(|(from_ms, to_ms, _)| [*from_ms, *to_ms]);
        let doubts = self.doubts.iter().flat_map(|doubt| [doubt.from_ms, doubt.to_ms]);
        for (from_ms, to_ms) in pieces(edges.chain(doubts).chain(self.truth.instants()), end_ms) {
            let doubtful = self.doubts.iter().any(|doubt| (doubt.from_ms..doubt.to_ms).contains(&from_ms));
            let got = counted.iter().find(|(from, to, _)| (*from..*to).contains(&from_ms)).map(|(_, _, value)| *value);
            if !doubtful && got != self.truth.at(from_ms) {
                wrong.push(format!("from {from_ms} to {to_ms} {got:?} instead of {:?}", self.truth.at(from_ms)));
            }
        }
        for doubt in &self.doubts {
            let inside = |(from, to, _): &(i64, i64, T)| (*to).min(doubt.to_ms) - (*from).max(doubt.from_ms);
            let got: i64 = counted.iter().map(inside).filter(|ms| *ms > 0).sum();
            if got > doubt.most_ms {
                wrong.push(format!("{got} ms in {doubt:?}"));
            }
        }
        if let Some(beyond) = counted.iter().find(|(_, to_ms, _)| *to_ms > self.last_ms) {
            wrong.push(format!("{beyond:?} goes on after {}", self.last_ms));
        }
        wrong
    }

    /// Returns a contradiction unless each session without doubts is there once, and all other sessions are doubtful.
    fn wrong_sessions(&self, mut got: Vec<Session>, user_id: UserId, end_ms: i64) -> Vec<String> {
        let sure = |session: &Session| {
            let touches = |doubt: &Doubt| doubt.from_ms <= session.ended_at_ms && session.started_at_ms <= doubt.to_ms;
            !self.doubts.iter().any(touches)
        };
        let ended = self.truth.stretches().into_iter();
        let ended = ended.filter_map(|(started_at_ms, ended_at_ms)| {
            Some(Session {
                user_id,
                started_at_ms,
                ended_at_ms: ended_at_ms.filter(|ended_at_ms| *ended_at_ms <= end_ms)?,
            })
        });
        let expected: Vec<Session> = ended.filter(sure).collect();
        got.retain(sure);
        got.sort_unstable();
        if got == expected { Vec::new() } else { vec![format!("sessions {got:?} instead of {expected:?}")] }
    }

    /// Returns a sum that is wrong by more than what was missed and what the clock was. A recorder with a clock of its own
    /// may count less, because times are unknown while its clock is wrong.
    fn wrong_sum(&self, counted: &[(i64, i64, T)], end_ms: i64, clock_ms: i64, is_live: bool) -> Option<String> {
        let got: i64 = counted.iter().map(|(from_ms, to_ms, _)| to_ms - from_ms).sum();
        let stretches = self.truth.stretches().into_iter();
        let truth: i64 = stretches.map(|(from_ms, to_ms)| (to_ms.unwrap_or(end_ms) - from_ms).max(0)).sum();
        let doubtful: i64 = if is_live { 0 } else { self.doubts.iter().map(|doubt| doubt.to_ms - doubt.from_ms).sum() };
        let is_wrong = if is_live { got - truth > clock_ms } else { (got - truth).abs() > clock_ms + doubtful };
        is_wrong.then(|| format!("{got} ms instead of {truth}, by {clock_ms} and {doubtful}"))
    }
}
