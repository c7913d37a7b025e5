//! Ranks.

use std::{cmp::Reverse, ops::Range};

use mocha_schema::UserId;

use super::{PreviousRank, Rank};
use crate::per_user::value_of;

/// The rows in these places by value, greatest first; equals as they come, which is in order of
/// user id. Each with its `RANK()`: equal values share the rank, and the next one is as high as if
/// they had not. Sorts no more than what is listed.
pub(crate) fn ranked<T>(
    rows: &[T],
    listed: Range<usize>,
    value: impl Fn(&T) -> u64,
) -> impl Iterator<Item = (u64, &T)> {
    // Rows can be large, and sorting moves each a dozen times.
    let mut before: Vec<Place> = rows.iter().enumerate().map(|(place, row)| (Reverse(value(row)), place)).collect();
    if listed.end < before.len() {
        before.select_nth_unstable(listed.end);
        before.truncate(listed.end);
    }
    if (1..before.len()).contains(&listed.start) {
        before.select_nth_unstable(listed.start);
    }
    let mut listed = before.split_off(listed.start.min(before.len()));
    listed.sort_unstable();
    let mut last = listed.first().map(|&(first, _)| (first, rank(before.iter().filter(|row| row.0 < first).count())));
    (before.len()..).zip(listed).filter_map(move |(greater, (value, place))| {
        let own = match last {
            Some((value_before, own)) if value_before == value => own,
            _ => rank(greater),
        };
        last = Some((value, own));
        rows.get(place).map(|row| (own, row))
    })
}

/// A value, and the place of its row.
type Place = (Reverse<u64>, usize);

/// The `RANK()` of who has so many above.
fn rank(greater: usize) -> u64 {
    u64::try_from(greater).unwrap_or(u64::MAX).saturating_add(1)
}

/// Gives each entry its place among the values of the window before, which are in order of user id.
pub(crate) fn compare(entries: &mut [Rank], before: &[(UserId, u64)]) {
    let mut descending: Vec<Reverse<u64>> = before.iter().map(|row| Reverse(row.1)).collect();
    descending.sort_unstable();
    for entry in entries {
        entry.previous = value_of(before, entry.user_id)
            .map(|value| PreviousRank { rank: rank(descending.partition_point(|other| other.0 > value)), value });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_rank_is_one_more_than_how_many_are_better(
            values in prop::collection::vec(0..5_u64, 0..20), start in 0..25_usize, length in 0..25_usize
        ) {
            let rows: Vec<(u64, u64)> = (1..).zip(values).collect();
            let board: Vec<_> = ranked(&rows, 0..usize::MAX, |row| row.1).collect();
            prop_assert_eq!(board.len(), rows.len());
            let listed: Vec<_> = ranked(&rows, start..start + length, |row| row.1).collect();
            let expected: Vec<_> = board.iter().copied().skip(start).take(length).collect();
            prop_assert_eq!(listed, expected);
            for (rank, row) in &board {
                let better = rows.iter().filter(|other| other.1 > row.1).count();
                prop_assert_eq!(*rank, u64::try_from(better).unwrap() + 1);
            }
            prop_assert!(board.is_sorted_by_key(|(_, row)| (Reverse(row.1), row.0)));
        }
    }
}
