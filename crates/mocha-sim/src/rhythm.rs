//! How lively a server is at which hour.

use std::ops::Range;

use chrono::{DateTime, Datelike, Timelike, Utc};

use crate::{dice::Dice, traffic::time};

/// The hours' shares of a day, in thousandths: asleep at four, most awake at eight in the evening.
const HOURS: [u64; 24] = [22, 14, 9, 6, 5, 6, 10, 18, 28, 36, 42, 46, 50, 50, 52, 55, 58, 64, 74, 86, 92, 84, 62, 31];

/// The weekdays' shares from Monday, in hundredths of an average day.
const WEEKDAYS: [u64; 7] = [92, 90, 92, 96, 108, 118, 104];

/// How often things happen at this time: the hour's share of a day times the weekday's of a week.
fn share(at: DateTime<Utc>) -> u64 {
    let hour = usize::try_from(at.hour()).ok().and_then(|hour| HOURS.get(hour)).copied().unwrap_or(0);
    let day = usize::try_from(at.weekday().num_days_from_monday()).ok().and_then(|day| WEEKDAYS.get(day));
    hour * day.copied().unwrap_or(100)
}

/// An instant of this span, the lively hours more often; its start if it is empty.
pub(crate) fn instant(dice: &mut Dice, span_ms: &Range<i64>) -> i64 {
    // In a span that is all at night one is found too, if later.
    const LIVELIEST: u64 = 92 * 118;
    loop {
        let at_ms = dice.ms_between(span_ms.start, span_ms.end);
        if dice.below(LIVELIEST) < share(time(at_ms)) {
            return at_ms;
        }
    }
}

/// How many things happen in the hour that begins at this time, of so many on an average day.
///
/// It varies by half in either direction; fractions become one more so much of the time.
pub(crate) fn in_hour(dice: &mut Dice, at: DateTime<Utc>, per_day: u64) -> u64 {
    const WHOLE: u64 = 1_000 * 100 * 100;
    let parts = per_day * share(at) * (50 + dice.below(101));
    parts / WHOLE + u64::from(dice.below(WHOLE) < parts % WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_whole() {
        assert_eq!(HOURS.iter().sum::<u64>(), 1_000);
        assert_eq!(WEEKDAYS.iter().sum::<u64>(), 700);
    }

    #[test]
    fn a_week_has_seven_days_worth_of_things() {
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
