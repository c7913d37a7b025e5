//! Everybody's voice: what was true, what was told, and what is found.

use std::collections::{BTreeMap, BTreeSet};

use mocha_schema::{ChannelId, UserId, VoiceState};
use mocha_store::{Event, event::ShardStatus};

use super::{
    Found, Session,
    timeline::Timeline,
    voice::{Doubt, Told, pieces},
};
use crate::{Step, World};

/// Everybody's voice, in what is kept of a connection to voice.
pub(super) struct Voices<T> {
    end_ms: i64,
    people: BTreeMap<UserId, Voice<T>>,
}

struct Voice<T> {
    doubts: Vec<Doubt>,
    truth: Timeline<T>,
}

impl<T: Copy + Eq + std::fmt::Debug> Voices<T> {
    pub(super) fn of(
        truth: &[Event],
        steps: &[&Step],
        limit_ms: i64,
        keep: impl Fn(ChannelId, VoiceState) -> T,
    ) -> Self {
        let truths = truths(truth, &keep);
        let mut told: BTreeMap<UserId, Told<T>> = truths.keys().map(|user_id| (*user_id, Told::default())).collect();
        let silence = Timeline::default();
        let (mut proof_ms, mut outage, mut known) = (i64::MIN, false, BTreeSet::new());
        for step in steps {
            let event = match step {
                Step::Deliver(event) => event,
                // Before anything was told there is nothing to lose.
                Step::Crash | Step::Stop if proof_ms == i64::MIN => continue,
                Step::Crash | Step::Stop => {
                    outage = false;
                    lose(&mut told, proof_ms);
                    continue;
                }
                Step::ClockSet(_) | Step::Flush | Step::Start => continue,
            };
            let at_ms = event.at().timestamp_millis();
            // A message has the time at which it was sent, which a damaged digit may put days ahead of all else.
            let far_off = proof_ms > i64::MIN && at_ms - proof_ms > 24 * 60 * 60 * 1000;
            if !(far_off && matches!(event, Event::MessageSent(_))) {
                proof_ms = proof_ms.max(at_ms);
            }
            let mut hear = |user_id: UserId, value, snapshot| {
                let truth = truths.get(&user_id).unwrap_or(&silence);
                told.entry(user_id).or_default().hear(truth, value, at_ms, snapshot, limit_ms);
            };
            match event {
                Event::VoiceStateChanged(event) if known.insert(format!("{event:?}")) => {
                    hear(event.user_id, event.channel_id.map(|channel_id| keep(channel_id, event.state)), false);
                }
                Event::MemberLeft(event) if known.insert(format!("{event:?}")) => hear(event.user_id, None, false),
                Event::VoiceSnapshot(event) if known.insert(format!("{event:?}")) => {
                    outage = false;
                    let voices = event.voices.iter();
                    let voices: BTreeMap<_, _> =
                        voices.map(|voice| (voice.user_id, keep(voice.channel_id, voice.state))).collect();
                    let users: BTreeSet<UserId> = truths.keys().chain(voices.keys()).copied().collect();
                    for user_id in users {
                        hear(user_id, voices.get(&user_id).copied(), true);
                    }
                }
                Event::GuildOutage(_) => {
                    outage = true;
                    lose(&mut told, at_ms);
                }
                Event::ShardChanged(event) => match event.status {
                    // A connection says nothing about a guild that cannot be reached.
                    ShardStatus::Resumed if outage => {}
                    ShardStatus::Resumed => told.values_mut().for_each(Told::resume),
                    ShardStatus::Closed | ShardStatus::Lost | ShardStatus::Ready => lose(&mut told, at_ms),
                    // A sign of life, and whatever else there may be.
                    _ => {}
                },
                _ => {}
            }
        }
        let people = told.into_iter().map(|(user_id, told)| {
            let truth = truths.get(&user_id).cloned().unwrap_or_default();
            (user_id, Voice { doubts: told.doubts(&truth, proof_ms), truth })
        });
        Self { end_ms: proof_ms, people: people.collect() }
    }

    pub(super) fn contradictions(
        &self,
        found: &Found,
        clock_ms: i64,
        keep: impl Fn(&mocha_schema::VoiceInterval) -> T,
    ) -> Vec<String> {
        let mut contradictions = Vec::new();
        let mut counted = BTreeMap::<UserId, Vec<(i64, i64, T)>>::new();
        for interval in &found.intervals {
            // What is open counts as far as it is proved.
            let to_ms = interval.ended_at_ms.unwrap_or(interval.seen_at_ms);
            counted.entry(interval.user_id).or_default().push((interval.started_at_ms, to_ms, keep(interval)));
        }
        let users: BTreeSet<UserId> = self.people.keys().chain(counted.keys()).copied().collect();
        for user_id in users {
            let (unknown, nothing) = (Voice { doubts: Vec::new(), truth: Timeline::default() }, Vec::new());
            let voice = self.people.get(&user_id).unwrap_or(&unknown);
            let counted = counted.get(&user_id).unwrap_or(&nothing);
            let wrong = if clock_ms > 0 {
                voice.wrong_sum(counted, self.end_ms, clock_ms).into_iter().collect()
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

/// Nothing is heard of anybody from here on.
fn lose<T: Copy + Eq>(told: &mut BTreeMap<UserId, Told<T>>, proof_ms: i64) {
    for told in told.values_mut() {
        told.lose(proof_ms);
    }
}

/// What was true of everybody's voice.
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
    /// Where what is counted is not what is true, though it could be known; and what counts too much of what could not.
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
        if let Some(beyond) = counted.iter().find(|(_, to_ms, _)| *to_ms > end_ms) {
            wrong.push(format!("{beyond:?} goes on after {end_ms}"));
        }
        wrong
    }

    /// A session that nothing doubtful touches is there once, and nothing else is there but where something is doubtful.
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

    /// A sum that is wrong by more than what was missed and what the clock was.
    fn wrong_sum(&self, counted: &[(i64, i64, T)], end_ms: i64, clock_ms: i64) -> Option<String> {
        let got: i64 = counted.iter().map(|(from_ms, to_ms, _)| to_ms - from_ms).sum();
        let doubtful: i64 = self.doubts.iter().map(|doubt| doubt.to_ms - doubt.from_ms).sum();
        let stretches = self.truth.stretches().into_iter();
        let truth: i64 = stretches.map(|(from_ms, to_ms)| (to_ms.unwrap_or(end_ms) - from_ms).max(0)).sum();
        ((got - truth).abs() > clock_ms + doubtful)
            .then(|| format!("{got} ms instead of {truth}, by {clock_ms} and {doubtful}"))
    }
}
