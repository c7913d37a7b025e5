//! The activity of a server by hour and weekday.

use std::ops::Range;

use chrono::{DateTime, Datelike, Timelike, Utc};

use crate::{dice::Dice, traffic::time};

/// The share of each hour in a day, in thousandths. Activity is lowest at four and highest at eight in the evening.
const HOURS: [u64; 24] = [22, 14, 9, 6, 5, 6, 10, 18, 28, 36, 42, 46, 50, 50, 52, 55, 58, 64, 74, 86, 92, 84, 62, 31];

/// The share of each weekday from Monday, in hundredths of an average day.
const WEEKDAYS: [u64; 7] = [92, 90, 92, 96, 108, 118, 104];

/// Returns the activity at this time: the share of the hour times the share of the weekday.
fn share(at: DateTime<Utc>) -> u64 {
    let hour = usize::try_from(at.hour()).ok().and_then(|hour| HOURS.get(hour)).copied().unwrap_or(0);
    let day = usize::try_from(at.weekday().num_days_from_monday()).ok().and_then(|day| WEEKDAYS.get(day));
    hour * day.copied().unwrap_or(100)
}

/// Picks an instant of this span. Active hours are more likely. Returns the start if the span is empty.
pub(crate) fn instant(dice: &mut Dice, span_ms: &Range<i64>) -> i64 {
    // A span at night needs more tries.
    const LIVELIEST: u64 = 92 * 118;
    loop {
        let at_ms = dice.ms_between(span_ms.start, span_ms.end);
        if dice.below(LIVELIEST) < share(time(at_ms)) {
            return at_ms;
        }
    }
}

/// Picks the number of actions in the hour that begins at this time. `per_day` is the number on an average day.
///
/// It varies by half in either direction. A fraction is the probability of one more.
pub(crate) fn in_hour(dice: &mut Dice, at: DateTime<Utc>, per_day: u64) -> u64 {
    const WHOLE: u64 = 1_000 * 100 * 100;
    let parts = per_day * share(at) * (50 + dice.below(101));
    parts / WHOLE + u64::from(dice.below(WHOLE) < parts % WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_add_up() {
        assert_eq!(HOURS.iter().sum::<u64>(), 1_000);
        assert_eq!(WEEKDAYS.iter().sum::<u64>(), 700);
    }

    #[test]
    fn a_week_has_the_activity_of_seven_average_days() {
        let mut dice = Dice::new(3);
        for per_day in [1, 40, 5_000] {
            let weeks = 100;
            let hours = (0..weeks * 7 * 24).filter_map(|hour| DateTime::from_timestamp(hour * 3_600, 0));
            let sum: u64 = hours.map(|at| in_hour(&mut dice, at, per_day)).sum();
            let expected = per_day * 7 * 100;
            assert!(sum.abs_diff(expected) * 10 < expected, "{sum} instead of {expected}");
        }
    }
}
