//! The judge: compares a file with the truth and with what the recorder received.

mod case;
mod delivered;
mod found;
mod listed;
#[cfg(test)]
mod tests;
mod timeline;
mod voice;
mod voices;

use std::collections::BTreeSet;

use mocha_schema::{GuildId, UserId};
use mocha_store::Event;

pub use self::found::{Found, Session, VoiceActivity};
use self::{
    case::Case,
    delivered::Delivered,
    voices::{Rules, Voices},
};
use crate::Step;

/// How far a live recorder's last confirmation may lag behind: the interval of its stamps, the time until it looks at the
/// clock, the time until it notices a dead connection, and a freeze that is too short to be noticed.
const LIVE_SLACK_MS: i64 = 240_000;

/// Judges what a file contains about a guild, and returns every contradiction.
///
/// `truth` has the undisturbed events, `steps` what happened to the recorder, as [`play`](crate::play()) returned it, and
/// `limit_ms` is the recorder's bridge limit.
///
/// * Messages, joins and leaves: the file has exactly those that were delivered and flushed, each once. If a join or leave
///   of a user was missed, the file may have fewer of that user. It may have a missed join after an inferred leave.
/// * Members and presences: the file has what the last list said, and what was delivered since. The member count is the last
///   one of Discord, changed by the joins and leaves since. Each inferred leave took place.
/// * Voice: outside what was missed, the file has exactly the truth, to the millisecond, with channel and state, and each
///   session once. What was missed counts only as far as it may be bridged. A recorder with a clock of its own may stop
///   counting somewhat earlier. Once the clock was set, only sums are judged. They are wrong by no more than the clock was.
///   A recorder with a clock of its own counts no time that did not pass, except what may be bridged.
/// * Erased users: the file has nothing. Their joins and leaves may count without their names.
/// * Always: no time is negative, counted twice, or lies across midnight. The intervals of a session add up to it, and the
///   documented voice query answers the same.
#[must_use]
pub fn judge(guild_id: GuildId, truth: &[Event], steps: &[Step], limit_ms: i64, found: &Found) -> Vec<String> {
    let steps = confirmed(steps);
    let mut contradictions = found.flaws(limit_ms);
    let erased: BTreeSet<UserId> =
        steps.iter().filter_map(|step| if let Step::Forget(user_id) = step { Some(*user_id) } else { None }).collect();
    contradictions.extend(found.traces_of(&erased));
    let everybody = Case::of(guild_id, truth, &steps);
    let case = everybody.without(&erased);
    let is_clock_set = steps.iter().any(|step| matches!(step, Step::ClockSet(_)));
    let delivered = Delivered::of(&case);
    contradictions.extend(delivered.message_contradictions(found));
    if !is_clock_set {
        contradictions.extend(delivered.member_contradictions(&case.truth, found));
        contradictions.extend(listed::count(&everybody, found));
        contradictions.extend(listed::contradictions(&case, found));
    }
    let rules = Rules {
        bridge_limit: limit_ms,
        clock_error: is_clock_set.then(|| clock_wrong_by(&steps, case.is_live, limit_ms)),
        slack: if case.is_live { LIVE_SLACK_MS } else { 0 },
    };
    contradictions.extend(Voices::of(&case, rules, |_, _| ()).contradictions(found, |_| ()));
    if !is_clock_set {
        let voices = Voices::of(&case, rules, |channel_id, state| (Some(channel_id), state));
        contradictions.extend(voices.contradictions(found, |interval| (interval.channel_id, interval.state)));
    }
    contradictions
}

/// Returns the steps without the events that a crash lost.
fn confirmed(steps: &[Step]) -> Vec<&Step> {
    let mut sure = Vec::new();
    let mut unsure: Vec<&Step> = Vec::new();
    for step in steps {
        match step {
            Step::Crash => {
                unsure.retain(|step| !matches!(step, Step::Deliver(_) | Step::Receive(..) | Step::Refused(_)));
            }
            Step::Flush | Step::Stop => sure.append(&mut unsure),
            _ => {}
        }
        unsure.push(step);
    }
    sure.append(&mut unsure);
    sure
}

/// Returns by how much sums may be wrong because the clock was set. If the clock steps ahead, a recorder with a clock of its
/// own bridges no more than the limit. If it steps back, no time passes. A time server may set it by some seconds.
fn clock_wrong_by(steps: &[&Step], is_live: bool, limit_ms: i64) -> i64 {
    const DRIFT_MS: i64 = 6_000;
    let set = steps.iter().filter_map(|step| if let Step::ClockSet(by_ms) = step { Some(*by_ms) } else { None });
    set.map(|by_ms| if is_live { by_ms.clamp(0, limit_ms) + DRIFT_MS } else { by_ms.abs() }).sum()
}
