//! Ranks.

use std::{cmp::Reverse, collections::HashMap};

use mocha_schema::UserId;

use super::{PreviousRank, Rank};

/// Sorts by value, greatest first, then by user id as a number, and gives each its `RANK()`: equal values share
/// the rank, and the next one is as high as if they had not.
pub(crate) fn ranked<T>(mut rows: Vec<T>, value: impl Fn(&T) -> u64, user: impl Fn(&T) -> UserId) -> Vec<(u64, T)> {
    rows.sort_unstable_by_key(|row| (Reverse(value(row)), user(row)));
    let mut last = None;
    let ranks = (1..).zip(rows).map(|(place, row)| {
        let rank = match last {
            Some((value_before, rank)) if value_before == value(&row) => rank,
            _ => place,
        };
        last = Some((value(&row), rank));
        (rank, row)
    });
    ranks.collect()
}

/// Gives each entry its place among the values of the window before.
pub(crate) fn compare(entries: &mut [Rank], before: impl IntoIterator<Item = (UserId, u64)>) {
    let before = ranked(before.into_iter().collect(), |row: &(UserId, u64)| row.1, |row| row.0).into_iter();
    let before: HashMap<UserId, PreviousRank> =
        before.map(|(rank, (user, value))| (user, PreviousRank { rank, value })).collect();
    for entry in entries {
        entry.previous = before.get(&entry.user_id).copied();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_rank_is_one_more_than_how_many_are_better(values in prop::collection::vec(0..5_u64, 0..20)) {
            let rows: Vec<(u64, u64)> = (1..).zip(values).collect();
            let user = |row: &(u64, u64)| UserId::try_from(row.0).unwrap();
            let mut reversed = rows.clone();
            reversed.reverse();
            let board = ranked(reversed, |row| row.1, user);
            prop_assert_eq!(board.len(), rows.len());
            for (rank, row) in &board {
                let better = rows.iter().filter(|other| other.1 > row.1).count();
                prop_assert_eq!(*rank, u64::try_from(better).unwrap() + 1);
            }
            prop_assert!(board.is_sorted_by_key(|(_, row)| (Reverse(row.1), row.0)));
        }
    }
}
