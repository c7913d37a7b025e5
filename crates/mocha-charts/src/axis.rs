//! Ticks of axes.

use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;

use crate::{
    dates,
    number::{pixels, real},
    texts::Texts,
    unit::{HOUR, MINUTE, SECOND, Unit},
};

/// Returns about `count` round values. The first is at most `low`, and the last is at least `high`.
pub(crate) fn value_ticks((low, high): (f64, f64), unit: Unit, count: usize) -> Vec<f64> {
    // Closer values could not be distinguished.
    let least = ((high - low) / real(count.max(1))).max(high.abs().max(low.abs()) * 1e-9);
    let step = match unit {
        Unit::Count | Unit::Percent => decimal(least).max(1.0),
        Unit::Time => time_step(least),
    };
    let first = (low / step).floor();
    let steps = ((high / step).ceil() - first).max(1.0);
    (0..=pixels(steps)).map(|tick| (first + real(tick)) * step).collect()
}

/// Returns the smallest of 1, 2, 2.5 and 5 times a power of ten that is at least `least`. Above 10 it is a whole number.
fn decimal(least: f64) -> f64 {
    // Logarithms differ between platforms in their last digit, and pictures must not.
    let (least, mut power) = (least.max(1e-9), 1e-9);
    while power * 10.0 <= least * (1.0 + 1e-9) {
        power *= 10.0;
    }
    let quarter = (power >= 10.0).then_some(2.5);
    let mut times = [Some(1.0), Some(2.0), quarter, Some(5.0)].into_iter().flatten();
    let times = times.find(|times| times * power >= least * (1.0 - 1e-9));
    times.unwrap_or(10.0) * power
}

fn time_step(least: f64) -> f64 {
    let seconds = [1.0, 5.0, 15.0, 30.0].map(|n| n * SECOND);
    let minutes = [1.0, 5.0, 15.0, 30.0].map(|n| n * MINUTE);
    let hours = [1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0].map(|n| n * HOUR);
    let steps = seconds.into_iter().chain(minutes).chain(hours);
    steps.into_iter().find(|step| *step >= least).unwrap_or_else(|| decimal(least / HOUR) * HOUR)
}

/// Returns the periods that get a label, and the labels: as many as fit into `room` if each takes `width`.
pub(crate) fn time_ticks(starts: &[DateTime<Tz>], room: f64, width: f64, texts: &Texts) -> Vec<(usize, String)> {
    let (Some(first), Some(last)) = (starts.first(), starts.last()) else { return Vec::new() };
    let label = label(*last - *first, starts);
    let mut labels: Vec<(usize, String)> = starts.iter().map(|start| label(*start, texts)).enumerate().collect();
    // Only the first period of each date or month.
    labels.dedup_by(|one, other| one.1 == other.1);
    let fitting = (room / width).floor().max(1.0);
    let every = nice((real(labels.len()) / fitting).ceil());
    labels.into_iter().enumerate().filter(|(index, _)| index.is_multiple_of(every)).map(|(_, label)| label).collect()
}

/// Returns how the start of a period is written.
fn label(span: TimeDelta, starts: &[DateTime<Tz>]) -> fn(DateTime<Tz>, &Texts) -> String {
    let step = starts.iter().zip(starts.iter().skip(1)).map(|(one, next)| *next - *one).max();
    let step = step.unwrap_or_default();
    if step < TimeDelta::days(1) && span <= TimeDelta::hours(36) && !step.is_zero() {
        |start, _| start.format("%H:%M").to_string()
    } else if step > TimeDelta::days(27) || span > TimeDelta::days(400) {
        dates::month_year
    } else {
        dates::day_month
    }
}

/// Returns the smallest number of at least `every` in which people count time.
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
    fn ticks_are_round() {
        assert_eq!(value_ticks((0.0, 0.0), Unit::Count, 5), [0.0, 1.0]);
        assert_eq!(value_ticks((-7.0, 12.0), Unit::Count, 4), [-10.0, -5.0, 0.0, 5.0, 10.0, 15.0]);
        assert_eq!(value_ticks((0.0, 3.0), Unit::Count, 5), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(value_ticks((0.0, 930.0), Unit::Count, 5), [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0]);
        assert_eq!(value_ticks((0.0, 2.5 * HOUR), Unit::Time, 3), [0.0, HOUR, 2.0 * HOUR, 3.0 * HOUR]);
    }

    #[test]
    fn labels_of_periods_have_room() {
        let texts = Texts::default();
        let starts = |n: i64, step: TimeDelta| -> Vec<DateTime<Tz>> {
            let first = Tz::UTC.with_ymd_and_hms(2026, 10, 19, 0, 0, 0).unwrap();
            (0..n).map(|index| first + step * i32::try_from(index).unwrap()).collect()
        };
        let labels = |ticks: Vec<(usize, String)>| ticks.into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        let hours = time_ticks(&starts(24, TimeDelta::hours(1)), 700.0, 60.0, &texts);
        assert_eq!(hours.iter().map(|(index, _)| *index).take(3).collect::<Vec<_>>(), [0, 3, 6]);
        assert_eq!(labels(hours)[..3], ["00:00", "03:00", "06:00"]);
        assert_eq!(labels(time_ticks(&starts(7, TimeDelta::days(1)), 700.0, 60.0, &texts))[..2], ["19 Oct", "20 Oct"]);
        assert_eq!(
            labels(time_ticks(&starts(10_000, TimeDelta::days(1)), 700.0, 80.0, &texts))[..2],
            ["Oct 2026", "Oct 2030"]
        );
        assert_eq!(labels(time_ticks(&starts(1, TimeDelta::days(1)), 700.0, 60.0, &texts)), ["19 Oct"]);
        assert!(time_ticks(&[], 700.0, 60.0, &texts).is_empty());
    }

    proptest! {
        #[test]
        fn ticks_enclose_all_values_and_are_few(low in 0.0..9e18_f64, more in 0.0..9e18_f64, count in 1..8_usize) {
            let texts = Texts::default();
            for (unit, low) in [(Unit::Count, low), (Unit::Count, -low), (Unit::Count, 0.0), (Unit::Time, 0.0)] {
                let high = low.max(0.0) + more;
                let ticks = value_ticks((low, high), unit, count);
                prop_assert!(ticks[0] <= low && ticks.last().unwrap() >= &high && ticks.len() <= count + 3, "{ticks:?}");
                let step = ticks[1] - ticks[0];
                prop_assert!(step > 0.0);
                let mut labels: Vec<String> = ticks.iter().map(|tick| unit.tick(*tick, step, &texts)).collect();
                labels.dedup();
                prop_assert_eq!(labels.len(), ticks.len());
            }
        }
    }
}
