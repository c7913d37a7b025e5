//! Sums by user, in order of user id.

use std::collections::hash_map::Entry;

use foldhash::{HashMap, HashMapExt};
use mocha_schema::UserId;

/// Sums by user. What comes in order of user id, as sums of all time do, is only appended: of tens
/// of thousands of people that takes a third of the time that a map does.
#[derive(Debug)]
pub(crate) struct PerUser<T> {
    add: fn(&mut T, T),
    /// The values that came in order, up to the first that did not.
    in_order: Vec<(UserId, T)>,
    rest: HashMap<UserId, T>,
}

impl<T> PerUser<T> {
    /// With what adds one value of a user to another.
    pub(crate) fn new(add: fn(&mut T, T)) -> Self {
        Self { add, in_order: Vec::new(), rest: HashMap::new() }
    }

    pub(crate) fn add(&mut self, user: UserId, value: T) {
        if self.rest.is_empty() {
            match self.in_order.last_mut() {
                Some((last, sum)) if *last == user => return (self.add)(sum, value),
                Some((last, _)) if *last > user => {}
                _ => return self.in_order.push((user, value)),
            }
        }
        match self.rest.entry(user) {
            Entry::Occupied(mut sum) => (self.add)(sum.get_mut(), value),
            Entry::Vacant(place) => {
                place.insert(value);
            }
        }
    }

    /// Each user once, in order of user id.
    pub(crate) fn finish(self) -> Vec<(UserId, T)> {
        let Self { add, in_order: mut rows, rest } = self;
        if rest.is_empty() {
            return rows;
        }
        rows.extend(rest);
        // Stable sorting finds what is in order.
        rows.sort_by_key(|(user, _)| *user);
        let mut finished: Vec<(UserId, T)> = Vec::with_capacity(rows.len());
        for (user, value) in rows {
            match finished.last_mut() {
                Some((last, sum)) if *last == user => add(sum, value),
                _ => finished.push((user, value)),
            }
        }
        finished
    }
}

impl PerUser<u64> {
    // Saturating: a file that somebody else wrote into must not be able to make it panic.
    pub(crate) fn of_numbers() -> Self {
        Self::new(|sum, value| *sum = sum.saturating_add(value))
    }
}

/// A user's value among those in order of user id.
pub(crate) fn value_of(sorted: &[(UserId, u64)], user: UserId) -> Option<u64> {
    let place = sorted.binary_search_by_key(&user, |row| row.0).ok()?;
    sorted.get(place).map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_sums_match_those_of_a_map(
            rows in prop::collection::vec((1..40_u64, 0..9_u64), 0..60), in_order in 0..60_usize
        ) {
            let (mut sums, mut map) = (PerUser::of_numbers(), BTreeMap::new());
            let mut rows = rows;
            let in_order = in_order.min(rows.len());
            rows[..in_order].sort_unstable();
            for (user, value) in &rows {
                let user = UserId::try_from(*user).unwrap();
                sums.add(user, *value);
                *map.entry(user).or_insert(0) += value;
            }
            let sorted = sums.finish();
            for user in 1..41 {
                let user = UserId::try_from(user).unwrap();
                prop_assert_eq!(value_of(&sorted, user), map.get(&user).copied());
            }
            prop_assert_eq!(sorted, map.into_iter().collect::<Vec<_>>());
        }
    }
}
