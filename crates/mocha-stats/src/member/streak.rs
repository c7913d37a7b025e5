//! Days in a row.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::daily_activity::LocalDays;

/// A streak: days in a row, at least one. A date that the zone left out does not end it.
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

/// Days in a row by their numbers.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Run {
    days: u64,
    last: i64,
    first: i64,
}

/// Returns the longest streak of these days, the last one if several are equally long, and the
/// streak that reaches `today` or the day before it.
pub(super) fn streaks(days: &BTreeSet<i64>, zone: LocalDays, today: i64) -> (Option<Streak>, Option<Streak>) {
    let (mut longest, mut current, mut run) = (None::<Run>, None, None::<Run>);
    for &day in days {
        let before = run.filter(|run| run.last == zone.before(day));
        let own = before.map_or(Run { days: 1, last: day, first: day }, |run| Run {
            days: run.days.saturating_add(1),
            last: day,
            ..run
        });
        run = Some(own);
        longest = longest.max(run);
        if day == today || day == zone.before(today) {
            current = run;
        }
    }
    (longest.and_then(streak), current.and_then(streak))
}

fn streak(Run { days, last, first }: Run) -> Option<Streak> {
    Some(Streak { days, first: LocalDays::date(first)?, last: LocalDays::date(last)? })
}

#[cfg(test)]
mod tests {
    use chrono_tz::{Pacific::Apia, Tz};
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
                first: LocalDays::date(first).unwrap(),
                last: LocalDays::date(last).unwrap(),
            };
            prop_assert_eq!(streaks(&days, LocalDays(Tz::UTC), today), (longest.map(streak), current.map(streak)));
        }
    }

    #[test]
    fn a_day_that_a_zone_left_out_ends_no_streak() {
        // Samoa went from the 29th to the 31st of December 2011.
        let number = |text: &str| (text.parse::<NaiveDate>().unwrap() - NaiveDate::default()).num_days();
        let (before, after) = (number("2011-12-29"), number("2011-12-31"));
        for (zone, days) in [(Apia, 2), (Tz::UTC, 1)] {
            let (longest, current) = streaks(&BTreeSet::from([before, after]), LocalDays(zone), after + 1);
            assert_eq!((longest.unwrap().days, current.unwrap().days), (days, days));
        }
        assert_eq!(streaks(&BTreeSet::from([before]), LocalDays(Apia), after).1.unwrap().days, 1);
    }
}
