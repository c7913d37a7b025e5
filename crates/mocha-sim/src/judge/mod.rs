//! The judge: what must hold of a file, by what was true and what the recorder was told of it.

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

/// How long a bot may take to write that people in voice are still there, with what it takes to look at the clock and to
/// notice that a connection is dead, and with a freeze too short to be noticed.
const LIVE_SLACK_MS: i64 = 240_000;

/// Judges what a file says of a guild: by the undisturbed events, by the steps that a recorder was led through, as
/// [`play`](crate::play()) returned them, and by the recorder's bridge limit. The answer is every contradiction, so none if
/// all is well.
///
/// * Messages, joins and leaves: exactly those that were delivered and made sure of, each once. Somebody of whom a
///   coming or going was missed may have fewer joins and leaves than that.
/// * Members and presences: what a list of all said, and what was delivered since. The guild has as many members as Discord
///   said last, and those who came and went since. Nobody is taken to have left unheard who did not.
/// * Voice: outside what was missed, exactly the truth, to the millisecond, channel and state included, and each session once.
///   What was missed counts at most as far as it may be bridged. With a clock of its own a recorder may stop counting
///   somewhat earlier. Once the clock was set, only the sums are judged: they are wrong by no more than the clock was,
///   and with a clock of its own a recorder counts no time that did not pass, but for what may be bridged.
/// * Of users who were erased, nothing. They may have come and gone, which counts without their names.
/// * Always: no time is negative, counted twice, or lies across midnight, the intervals of a session add up
///   to it, and the specification's voice query answers the same.
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

/// The steps without what a crash took; nothing of what came after the last flush.
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

/// By how much sums may be wrong because the clock was set. A recorder with a clock of its own bridges no more than the
/// limit when the clock steps ahead, and lets no time pass when it steps back; some seconds are a time server's.
fn clock_wrong_by(steps: &[&Step], is_live: bool, limit_ms: i64) -> i64 {
    const DRIFT_MS: i64 = 6_000;
    let set = steps.iter().filter_map(|step| if let Step::ClockSet(by_ms) = step { Some(*by_ms) } else { None });
    set.map(|by_ms| if is_live { by_ms.clamp(0, limit_ms) + DRIFT_MS } else { by_ms.abs() }).sum()
}
