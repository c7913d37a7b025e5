//! Counts and durations as text.

use std::time::Duration;

use crate::{
    number::{float, whole},
    texts::{Counted, Texts, fill},
};

pub(crate) const SECOND: f64 = 1_000.0;
pub(crate) const MINUTE: f64 = 60.0 * SECOND;
pub(crate) const HOUR: f64 = 60.0 * MINUTE;

/// The unit of a chart's values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unit {
    Count,
    /// A part of something, in whole percent.
    Percent,
    /// A duration in milliseconds.
    Time,
}

impl Unit {
    /// Returns the value as exactly as a reader wants it.
    pub(crate) fn exact(self, value: u64, texts: &Texts) -> String {
        match self {
            // Nobody reads more digits than these.
            Self::Count if value >= 1_000_000_000_000 => compact(float(value), texts),
            Self::Count => grouped(value, texts),
            Self::Percent => fill(&texts.percent, &Self::Count.exact(value, texts)),
            Self::Time => duration(value, false, texts),
        }
    }

    /// Returns the label of a tick, without its sign: as short as possible, but different from that of a tick one `step` away.
    pub(crate) fn tick(self, value: f64, step: f64, texts: &Texts) -> String {
        let value = value.abs();
        match self {
            // `compact` shows three digits, and these ticks differ in later ones.
            Self::Count if step < value / 100.0 => grouped(whole(value), texts),
            Self::Count => compact(value, texts),
            Self::Percent => fill(&texts.percent, &Self::Count.tick(value, step, texts)),
            Self::Time if value == 0.0 => "0".to_owned(),
            Self::Time if value >= 1e6 * HOUR && step >= value / 100.0 => {
                fill(&texts.hours, &compact(value / HOUR, texts))
            }
            Self::Time => duration(whole(value), step < MINUTE, texts),
        }
    }
}

/// Returns a duration as a value of [`Unit::Time`].
pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Returns for example `1 message` or `2 messages`.
pub(crate) fn counted(value: u64, noun: &Counted, texts: &Texts) -> String {
    noun.with(value, &Unit::Count.exact(value, texts))
}

/// Returns a rank, or a number of ranks, in few digits.
pub(crate) fn ranks(value: u64, texts: &Texts) -> String {
    if value < 100_000 { grouped(value, texts) } else { compact(float(value), texts) }
}

/// Returns for example `12,345`.
pub(crate) fn grouped(value: u64, texts: &Texts) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push_str(&texts.thousands);
        }
        text.push(digit);
    }
    text
}

/// Returns for example `950`, `1.5K`, `20M` or `1.84e19`.
pub(crate) fn compact(value: f64, texts: &Texts) -> String {
    let steps = [1e3, 1e6, 1e9, 1e12];
    if value >= 1e15 {
        return format!("{value:.2e}").replace('.', &texts.decimal);
    }
    let step = steps.into_iter().zip(&texts.suffixes).rev().find(|(divisor, _)| value >= *divisor);
    let (divisor, suffix) = step.map_or((1.0, ""), |(divisor, suffix)| (divisor, suffix.as_str()));
    // This cuts and does not round, so that 999,999 does not become 1000K.
    let hundredths = (value / divisor * 100.0 + 1e-6).floor() / 100.0;
    let text = format!("{hundredths:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.').replace('.', &texts.decimal);
    format!("{text}{suffix}")
}

/// Returns for example `12 h 30 min`, `45 min` or `30 s`. All charts write durations like this. `with_seconds` adds the seconds
/// to minutes.
fn duration(ms: u64, with_seconds: bool, texts: &Texts) -> String {
    let (seconds, minutes, hours) = (ms / 1_000, ms / 60_000, ms / 3_600_000);
    let hours_text = || fill(&texts.hours, &grouped(hours, texts));
    let minutes_text = |minutes: u64| fill(&texts.minutes, &minutes.to_string());
    let seconds_text = |seconds: u64| fill(&texts.seconds, &seconds.to_string());
    match (hours, minutes % 60) {
        (0, 0) => seconds_text(seconds),
        (0, minutes) if with_seconds && seconds % 60 > 0 => {
            format!("{} {}", minutes_text(minutes), seconds_text(seconds % 60))
        }
        (0, minutes) => minutes_text(minutes),
        // From this many hours on minutes do not matter.
        (100.., _) | (_, 0) => hours_text(),
        (_, minutes) => format!("{} {}", hours_text(), minutes_text(minutes)),
    }
}

/// Returns how much more or less it is in percent, for example `+12%`; `None` if there was nothing before.
pub(crate) fn change(before: u64, now: u64, texts: &Texts) -> Option<String> {
    let percent = ((float(now) - float(before)) / float(before) * 100.0).round();
    let sign = if percent < 0.0 { "−" } else { "+" };
    (before > 0 && percent.abs() < 100_000.0).then(|| format!("{sign}{}%", grouped(whole(percent.abs()), texts)))
}

/// Returns a number with its sign.
pub(crate) fn signed(value: i64, texts: &Texts) -> String {
    let sign = match value {
        ..0 => "−",
        0 => "±",
        1.. => "+",
    };
    format!("{sign}{}", Unit::Count.exact(value.unsigned_abs(), texts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_and_large_ones_shortened() {
        let texts = Texts::default();
        let exact = |value| Unit::Count.exact(value, &texts);
        assert_eq!([0, 999, 1_000, 1_234_567].map(exact), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([u64::MAX, 2_500_000_000_000].map(exact), ["1.84e19", "2.5T"]);
        let tick = |value: f64| Unit::Count.tick(value, value / 5.0, &texts);
        assert_eq!([0.0, 20.0, 1_500.0, 999_999.0, 2e7].map(tick), ["0", "20", "1.5K", "999.99K", "20M"]);
        assert_eq!(Unit::Count.tick(123_456.0, 2.0, &texts), "123,456");
        assert_eq!(Unit::Count.tick(-20.0, 10.0, &texts), "20");
    }

    #[test]
    fn values_and_ticks_write_durations_alike() {
        let texts = Texts::default();
        let exact = |value| Unit::Time.exact(value, &texts);
        assert_eq!([0, 59_999, 60_000, 3_600_000].map(exact), ["0 s", "59 s", "1 min", "1 h"]);
        assert_eq!([45_000_000, u64::MAX].map(exact), ["12 h 30 min", "5,124,095,576,030 h"]);
        for ms in [30.0 * SECOND, 5.0 * MINUTE, 30.0 * MINUTE, 2.5 * HOUR, 500.0 * HOUR] {
            assert_eq!(Unit::Time.tick(ms, ms, &texts), exact(whole(ms)));
        }
        assert_eq!(Unit::Time.tick(0.0, HOUR, &texts), "0");
        assert_eq!(Unit::Time.tick(90.0 * SECOND, 30.0 * SECOND, &texts), "1 min 30 s");
    }

    #[test]
    fn numbers_follow_the_language() {
        let texts = Texts {
            thousands: ".".to_owned(),
            decimal: ",".to_owned(),
            suffixes: [" Tsd.", " Mio.", " Mrd.", " Bio."].map(str::to_owned),
            hours: "{} Std.".to_owned(),
            ..Texts::default()
        };
        assert_eq!(Unit::Count.exact(12_345, &texts), "12.345");
        assert_eq!(Unit::Count.tick(1_500.0, 500.0, &texts), "1,5 Tsd.");
        assert_eq!(Unit::Time.exact(9_000_000, &texts), "2 Std. 30 min");
    }

    #[test]
    fn a_change_is_given_only_if_there_was_something_before() {
        let texts = Texts::default();
        assert_eq!(change(100, 112, &texts).as_deref(), Some("+12%"));
        assert_eq!(change(4, 1, &texts).as_deref(), Some("−75%"));
        assert_eq!(change(1000, 999, &texts).as_deref(), Some("+0%"));
        assert_eq!(change(0, 5, &texts), None);
        assert_eq!([-5, 0, 1_200].map(|value| signed(value, &texts)), ["−5", "±0", "+1,200"]);
    }
}
