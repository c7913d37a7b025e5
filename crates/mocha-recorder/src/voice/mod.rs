//! Voice: a pure state machine that follows who is connected where, and its rows.

mod confirmation;
mod connections;
mod gap;
mod hearing;
mod open;
mod people;
mod recent;
mod rows;
#[cfg(test)]
mod tests;
mod tracker;

pub(crate) use self::{
    connections::Shard,
    rows::{Row, apply, learn, load_open, stamp, store_unheard},
    tracker::{Arrival, Mark, Tracker},
};

const DAY_MS: i64 = 86_400_000;

/// Returns the parts of `[from, to)`, in unix milliseconds, that lie in one UTC day each; none if it is empty.
///
/// Intervals of voice are cut like this, so that each counts for one day.
///
/// ```
/// const DAY_MS: i64 = 86_400_000;
/// let parts: Vec<_> = mocha_recorder::days(DAY_MS - 5, DAY_MS + 7).collect();
/// assert_eq!(parts, [(DAY_MS - 5, DAY_MS), (DAY_MS, DAY_MS + 7)]);
/// ```
pub fn days(from: i64, to: i64) -> impl Iterator<Item = (i64, i64)> {
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
