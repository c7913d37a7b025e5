//! Ranks.

use std::{cmp::Reverse, ops::Range};

use mocha_schema::UserId;

use super::{PreviousRank, Rank};
use crate::per_user::value_of;

/// The rows in these places, in order of value, greatest first, then of user id as a number, each with its `RANK()`: equal values
/// share the rank, and the next one is as high as if they had not. Sorts no more than what is listed.
pub(crate) fn ranked<T>(
    mut rows: Vec<T>,
    listed: Range<usize>,
    value: impl Fn(&T) -> u64,
    user: impl Fn(&T) -> UserId,
) -> Vec<(u64, T)> {
    let order = |row: &T| (Reverse(value(row)), user(row));
    if listed.end < rows.len() {
        rows.select_nth_unstable_by_key(listed.end, order);
        rows.truncate(listed.end);
    }
    if (1..rows.len()).contains(&listed.start) {
        rows.select_nth_unstable_by_key(listed.start, order);
    }
    let mut before = rows;
    let mut listed = before.split_off(listed.start.min(before.len()));
    listed.sort_unstable_by_key(order);
    let mut last = listed.first().map(|first| {
        let greater = before.iter().filter(|row| value(row) > value(first)).count();
        (value(first), rank(greater))
    });
    let ranks = listed.into_iter().enumerate().map(|(place, row)| {
        let own = match last {
            Some((value_before, own)) if value_before == value(&row) => own,
            _ => rank(before.len() + place),
        };
        last = Some((value(&row), own));
        (own, row)
    });
    ranks.collect()
}

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
            let user = |row: &(u64, u64)| UserId::try_from(row.0).unwrap();
            let mut reversed = rows.clone();
            reversed.reverse();
            let board = ranked(reversed.clone(), 0..usize::MAX, |row| row.1, user);
            prop_assert_eq!(board.len(), rows.len());
            let listed = ranked(reversed, start..start + length, |row| row.1, user);
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
