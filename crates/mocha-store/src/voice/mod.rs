//! Voice: who is connected where, as a pure state machine, and how its findings reach the file.

mod connections;
mod gap;
mod hearing;
mod recent;
#[cfg(test)]
mod tests;
mod tracker;
mod write;

pub(crate) use self::{
    connections::Shard,
    tracker::{Mark, Person, Row, Told, Tracker},
    write::{apply, learn, load_open, stamp},
};

const DAY_MS: i64 = 86_400_000;

/// The parts of `[from, to)` that lie in one UTC day each; none if it is empty.
pub(crate) fn days(from: i64, to: i64) -> impl Iterator<Item = (i64, i64)> {
    let mut next = from;
    std::iter::from_fn(move || {
        if next >= to {
            return None;
        }
        let start = next;
        let midnight = start.div_euclid(DAY_MS).saturating_add(1).saturating_mul(DAY_MS);
        next = midnight.min(to);
        Some((start, next))
    })
}
