//! A case for the judge: the truth about a guild, and what a recorder received of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use mocha_schema::{GuildId, UserId};
use mocha_store::{Event, Frame};

use crate::{
    Step,
    delivery::{guild_of, user_of},
};

/// One of the things that happened to a recorder.
#[derive(Clone, Debug)]
pub(super) enum Cue {
    /// Something arrived that changes nothing in the guild: time passes. A frame shows that the guild's connection is alive.
    /// Frames of other shards, and those that were delivered before, do not count as such.
    Elsewhere { event: Event, is_framed: bool },
    /// The process did not run for so many milliseconds.
    Freeze(i64),
    /// An event arrived for the first time. `is_framed` says that it came in a frame.
    Heard { event: Event, is_framed: bool },
    /// So many milliseconds passed.
    Pass(i64),
    /// Events that may say that somebody left voice were refused.
    Refused,
    /// The process ended.
    Stopped,
}

/// The truth about a guild, and the cues.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) cues: Vec<Cue>,
    /// Whether time passes by itself, and not with the events.
    pub(super) is_live: bool,
    pub(super) truth: Vec<Event>,
}

/// A second leave within this time, without a join between, repeats the first one.
const SAME_LEAVE_MS: i64 = 3_600_000;

impl Case {
    pub(super) fn of(guild_id: GuildId, truth: &[Event], steps: &[&Step]) -> Self {
        let serves =
            |shard_id: u32, shard_count: u32| (guild_id.get() >> 22) % u64::from(shard_count) == u64::from(shard_id);
        let is_ours = |event: &Event| match event {
            Event::ShardChanged(change) => serves(change.shard_id, change.shard_count),
            event => guild_of(event).is_none_or(|id| id == guild_id),
        };
        let mut cues = Vec::new();
        let (mut frames, mut events, mut left) = (HashSet::new(), HashSet::new(), BTreeMap::new());
        let mut arrived = |cues: &mut Vec<Cue>, frame: Option<&Frame>, event: &Event| {
            let is_framed = frame.is_some_and(|frame| frame.sequence().is_some());
            let is_known = !is_framed && is_repeated(&mut events, &mut left, event);
            let shard = frame.and_then(Frame::shard);
            let is_ours = is_ours(event) && shard.is_none_or(|(id, count)| serves(id, count));
            cues.push(if is_known || !is_ours {
                Cue::Elsewhere { event: event.clone(), is_framed: false }
            } else {
                Cue::Heard { event: event.clone(), is_framed: frame.is_some() }
            });
        };
        for step in steps {
            match step {
                Step::Crash | Step::Stop => cues.push(Cue::Stopped),
                Step::Deliver(event) => arrived(&mut cues, None, event),
                Step::Freeze { ms, .. } => cues.push(Cue::Freeze(*ms)),
                Step::Pass(ms) => cues.push(Cue::Pass(*ms)),
                Step::Receive(frame, again) if frame.sequence().is_some() && !frames.insert(frame.clone()) => {
                    cues.extend(again.iter().cloned().map(|event| Cue::Elsewhere { event, is_framed: false }));
                }
                Step::Receive(frame, events) => events.iter().for_each(|event| arrived(&mut cues, Some(frame), event)),
                Step::Refused(events) if events.iter().any(ends_voice) => cues.push(Cue::Refused),
                Step::ClockSet(_)
                | Step::Flush
                | Step::Forget(_)
                | Step::Lock
                | Step::Refused(_)
                | Step::Start
                | Step::Unlock => {}
            }
        }
        let is_live = cues.iter().any(|cue| matches!(cue, Cue::Pass(_)));
        Self { cues, is_live, truth: truth.iter().filter(|event| is_ours(event)).cloned().collect() }
    }

    /// Returns the events that were heard, each once.
    pub(super) fn heard(&self) -> impl Iterator<Item = &Event> {
        self.cues.iter().filter_map(|cue| if let Cue::Heard { event, .. } = cue { Some(event) } else { None })
    }

    /// Returns the case without these people. Their events only show that the connection is alive.
    pub(super) fn without(&self, people: &BTreeSet<UserId>) -> Self {
        let is_theirs = |event: &Event| user_of(event).is_some_and(|user_id| people.contains(&user_id));
        let strip = |mut event: Event| {
            if let Event::VoiceSnapshot(snapshot) = &mut event {
                snapshot.voices.retain(|voice| !people.contains(&voice.user_id));
            }
            event
        };
        let cues = self.cues.iter().cloned().map(|cue| match cue {
            Cue::Heard { event, is_framed } if is_theirs(&event) => Cue::Elsewhere { event, is_framed },
            Cue::Heard { event, is_framed } => Cue::Heard { event: strip(event), is_framed },
            cue => cue,
        });
        let truth = self.truth.iter().filter(|event| !is_theirs(event)).cloned().map(strip);
        Self { cues: cues.collect(), is_live: self.is_live, truth: truth.collect() }
    }
}

/// Returns whether an event without a place in a session repeats an earlier one: exactly the same event, or the leave of
/// somebody who left a short time ago.
fn is_repeated(events: &mut HashSet<String>, left: &mut BTreeMap<(GuildId, UserId), i64>, event: &Event) -> bool {
    if !events.insert(format!("{event:?}")) {
        return true;
    }
    match event {
        Event::MemberJoined(event) => {
            left.remove(&(event.guild_id, event.user_id));
            false
        }
        Event::MemberLeft(event) => {
            let at_ms = event.at.timestamp_millis();
            let before_ms = left.insert((event.guild_id, event.user_id), at_ms);
            before_ms.is_some_and(|before_ms| at_ms - before_ms <= SAME_LEAVE_MS)
        }
        _ => false,
    }
}

/// Returns whether an event may say that somebody left voice.
fn ends_voice(event: &Event) -> bool {
    matches!(
        event,
        Event::ChannelRemoved(_)
            | Event::GuildOutage(_)
            | Event::GuildRemoved(_)
            | Event::MemberLeft(_)
            | Event::ShardChanged(_)
            | Event::VoiceSnapshot(_)
            | Event::VoiceStateChanged(_)
    )
}
