//! Ticks of axes.

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;

use crate::number::{HOUR, MINUTE, SECOND, Unit, pixels, real};

/// Round values, the first of them no more than `low` and the last no less than `high`; about so many as `count` says.
pub(crate) fn value_ticks((low, high): (f64, f64), unit: Unit, count: usize) -> Vec<f64> {
    // Not so close that they could not be told apart.
    let least = ((high - low) / real(count.max(1))).max(high.abs().max(low.abs()) * 1e-9);
    let step = match unit {
        Unit::Count => decimal(least).max(1.0),
        Unit::Time => time_step(least),
    };
    let first = (low / step).floor();
    let steps = ((high / step).ceil() - first).max(1.0);
    (0..=pixels(steps)).map(|tick| (first + real(tick)) * step).collect()
}

/// The next of 1, 2 and 5, times a power of ten.
fn decimal(least: f64) -> f64 {
    let power = 10_f64.powf(least.max(1e-9).log10().floor());
    let times = [1.0, 2.0, 5.0].into_iter().find(|times| times * power >= least * (1.0 - 1e-9));
    times.unwrap_or(10.0) * power
}

fn time_step(least: f64) -> f64 {
    let seconds = [1.0, 5.0, 15.0, 30.0].map(|n| n * SECOND);
    let minutes = [1.0, 5.0, 15.0, 30.0].map(|n| n * MINUTE);
    let hours = [1.0, 2.0, 6.0, 12.0].map(|n| n * HOUR);
    let steps = seconds.into_iter().chain(minutes).chain(hours);
    steps.into_iter().find(|step| *step >= least).unwrap_or_else(|| decimal(least / HOUR) * HOUR)
}

/// The periods under which something is written, and what, as many as find room when each takes `width` of `room`.
pub(crate) fn time_ticks(starts: &[DateTime<Tz>], room: f64, width: f64) -> Vec<(usize, String)> {
    let (Some(first), Some(last)) = (starts.first(), starts.last()) else { return Vec::new() };
    let format = format(*last - *first, starts);
    let mut labels: Vec<(usize, String)> =
        starts.iter().map(|start| start.format(format).to_string()).enumerate().collect();
    // Of each date or month the first period.
    labels.dedup_by(|one, other| one.1 == other.1);
    // Unless a first one of which only an end is seen crowds the second.
    let fitting = (room / width).floor().max(1.0);
    let every = nice((real(labels.len()) / fitting).ceil());
    labels.into_iter().enumerate().filter(|(index, _)| index.is_multiple_of(every)).map(|(_, label)| label).collect()
}

fn format(span: TimeDelta, starts: &[DateTime<Tz>]) -> &'static str {
    let step = starts.iter().zip(starts.iter().skip(1)).map(|(one, next)| *next - *one).max();
    let step = step.unwrap_or_default();
    if step < TimeDelta::days(1) && span <= TimeDelta::hours(36) && !step.is_zero() {
        "%H:%M"
    } else if step > TimeDelta::days(27) || span > TimeDelta::days(400) {
        "%b %Y"
    } else {
        "%-d %b"
    }
}

/// As many, or the next more that people count time by.
fn nice(every: f64) -> usize {
    let steps = [1_usize, 2, 3, 4, 6, 7, 12, 14, 24, 28, 36, 48, 60, 120, 240, 600, 1200];
    steps.into_iter().find(|step| real(*step) >= every).unwrap_or_else(|| pixels(every))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_round() {
        assert_eq!(value_ticks((0.0, 0.0), Unit::Count, 5), [0.0, 1.0]);
        assert_eq!(value_ticks((-7.0, 12.0), Unit::Count, 4), [-10.0, -5.0, 0.0, 5.0, 10.0, 15.0]);
        assert_eq!(value_ticks((0.0, 3.0), Unit::Count, 5), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(value_ticks((0.0, 930.0), Unit::Count, 5), [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]);
        assert_eq!(value_ticks((0.0, 2.5 * HOUR), Unit::Time, 3), [0.0, HOUR, 2.0 * HOUR, 3.0 * HOUR]);
    }

    #[test]
    fn times_find_room() {
        let starts = |n: i64, step: TimeDelta| -> Vec<DateTime<Tz>> {
            let first = Tz::UTC.with_ymd_and_hms(2026, 10, 19, 0, 0, 0).unwrap();
            (0..n).map(|index| first + step * i32::try_from(index).unwrap()).collect()
        };
        let labels = |ticks: Vec<(usize, String)>| ticks.into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        let hours = time_ticks(&starts(24, TimeDelta::hours(1)), 700.0, 60.0);
        assert_eq!(hours.iter().map(|(index, _)| *index).take(3).collect::<Vec<_>>(), [0, 3, 6]);
        assert_eq!(labels(hours)[..3], ["00:00", "03:00", "06:00"]);
        assert_eq!(labels(time_ticks(&starts(7, TimeDelta::days(1)), 700.0, 60.0))[..2], ["19 Oct", "20 Oct"]);
        assert_eq!(labels(time_ticks(&starts(10_000, TimeDelta::days(1)), 700.0, 80.0))[..2], ["Oct 2026", "Oct 2030"]);
        assert_eq!(labels(time_ticks(&starts(1, TimeDelta::days(1)), 700.0, 60.0)), ["19 Oct"]);
        assert!(time_ticks(&[], 700.0, 60.0).is_empty());
    }

    proptest! {
        #[test]
        fn ticks_hold_all_values_and_are_few(low in 0.0..9e18_f64, more in 0.0..9e18_f64, count in 1..8_usize) {
            for (unit, low) in [(Unit::Count, low), (Unit::Count, -low), (Unit::Count, 0.0), (Unit::Time, 0.0)] {
                let high = low.max(0.0) + more;
                let ticks = value_ticks((low, high), unit, count);
                prop_assert!(ticks[0] <= low && ticks.last().unwrap() >= &high && ticks.len() <= count + 3, "{ticks:?}");
                let step = ticks[1] - ticks[0];
                prop_assert!(step > 0.0);
                let mut labels: Vec<String> = ticks.iter().map(|tick| unit.short(*tick, step)).collect();
                labels.dedup();
                prop_assert_eq!(labels.len(), ticks.len());
            }
        }
    }
}
