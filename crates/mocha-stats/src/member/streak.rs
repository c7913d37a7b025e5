//! Days in a row.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate};

use crate::rollup::DAY;

/// Days in UTC in a row, at least one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Streak {
    /// How many.
    pub days: u64,
    /// The first of them.
    pub first: NaiveDate,
    /// The last of them.
    pub last: NaiveDate,
}

/// The date of a day's number; `None` if no calendar reaches there.
pub(super) fn date(day: i64) -> Option<NaiveDate> {
    Some(DateTime::from_timestamp(day.checked_mul(DAY)?, 0)?.date_naive())
}

/// The longest streak of these days, of several as long the last; and the one that reaches `today`
/// or the day before it.
pub(super) fn streaks(days: &BTreeSet<i64>, today: i64) -> (Option<Streak>, Option<Streak>) {
    let (mut longest, mut current, mut first) = (None, None, None);
    for &day in days {
        let goes_on = day.checked_sub(1).is_some_and(|before| days.contains(&before));
        let start = first.filter(|_| goes_on).unwrap_or(day);
        first = Some(start);
        let streak = (day.saturating_sub(start), day);
        longest = longest.max(Some(streak));
        if day == today || day.checked_add(1) == Some(today) {
            current = Some(streak);
        }
    }
    (longest.and_then(streak), current.and_then(streak))
}

/// The streak of which the last day comes so many days after the first.
fn streak((later, last): (i64, i64)) -> Option<Streak> {
    let days = u64::try_from(later).ok()?.saturating_add(1);
    Some(Streak { days, first: date(last.checked_sub(later)?)?, last: date(last)? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn streaks_are_what_plain_rust_finds(days in prop::collection::btree_set(0..25_i64, 0..25), today in -2..28_i64) {
            let all = |first: i64, last: i64| (first..=last).all(|day| days.contains(&day));
            let spans = (0..25).flat_map(|first| (first..25).map(move |last| (first, last)));
            let longest = spans.filter(|(first, last)| all(*first, *last)).max_by_key(|(first, last)| (last - first, *last));
            let last = [today, today - 1].into_iter().find(|day| days.contains(day));
            let current = last.map(|last| ((0..=last).find(|first| all(*first, last)).unwrap(), last));
            let streak = |(first, last): (i64, i64)| Streak {
                days: u64::try_from(last - first + 1).unwrap(),
                first: date(first).unwrap(),
                last: date(last).unwrap(),
            };
            prop_assert_eq!(streaks(&days, today), (longest.map(streak), current.map(streak)));
        }
    }
}
