//! The judge: what must hold of a file, by what was true and what the recorder was told of it.

mod delivered;
mod found;
mod listed;
#[cfg(test)]
mod tests;
mod timeline;
mod voice;
mod voices;

use mocha_store::Event;

pub use self::found::{Found, Session, VoiceActivity};
use self::{delivered::Delivered, voices::Voices};
use crate::Step;

/// Judges what a file says of a guild: by the undisturbed events, by the steps that a recorder with the clock of the
/// events was led through, and by its bridge limit. The answer is every contradiction, so none if all is well.
///
/// * Messages, joins and leaves: exactly those that were delivered and made sure of, each once. Somebody of whom a
///   coming or going was missed may have fewer joins and leaves than that.
/// * Members and presences: what a list of all said, and what was delivered since. The guild has as many members as Discord
///   said last, and those who came and went since. Nobody is taken to have left unheard who did not.
/// * Voice: outside what was missed, exactly the truth, to the millisecond, channel and state included, and each session once.
///   What was missed counts at most as far as it may be bridged. Once the clock was set, only the sums are
///   judged: they are wrong by no more than the clock was.
/// * Always: no time is negative, counted twice, or lies across midnight, the intervals of a session add up
///   to it, and the specification's voice query answers the same.
#[must_use]
pub fn judge(truth: &[Event], steps: &[Step], limit_ms: i64, found: &Found) -> Vec<String> {
    let steps = confirmed(steps);
    let mut contradictions = found.flaws(limit_ms);
    let delivered = Delivered::of(&steps);
    let clock_ms = clock_wrong_by(&steps);
    contradictions.extend(delivered.message_contradictions(found));
    if clock_ms == 0 {
        contradictions.extend(delivered.member_contradictions(truth, found));
        contradictions.extend(listed::contradictions(truth, &steps, found));
    }
    contradictions.extend(Voices::of(truth, &steps, limit_ms, |_, _| ()).contradictions(found, clock_ms, |_| ()));
    if clock_ms == 0 {
        let voices = Voices::of(truth, &steps, limit_ms, |channel_id, state| (Some(channel_id), state));
        contradictions.extend(voices.contradictions(found, clock_ms, |interval| (interval.channel_id, interval.state)));
    }
    contradictions
}

/// The steps without what a crash took; nothing of what came after the last flush.
fn confirmed(steps: &[Step]) -> Vec<&Step> {
    let mut sure = Vec::new();
    let mut unsure: Vec<&Step> = Vec::new();
    for step in steps {
        match step {
            Step::Crash => unsure.retain(|step| !matches!(step, Step::Deliver(_))),
            Step::Flush | Step::Stop => sure.append(&mut unsure),
            Step::ClockSet(_) | Step::Deliver(_) | Step::Start => {}
        }
        unsure.push(step);
    }
    sure.append(&mut unsure);
    sure
}

fn clock_wrong_by(steps: &[&Step]) -> i64 {
    steps.iter().map(|step| if let Step::ClockSet(by_ms) = step { by_ms.abs() } else { 0 }).sum()
}
