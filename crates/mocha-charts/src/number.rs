//! Numbers: converted in one place, and written for people.

/// What is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unit {
    Count,
    /// Milliseconds.
    Time,
}

impl Unit {
    /// The value as exactly as people want it.
    pub(crate) fn exact(self, value: u64) -> String {
        match self {
            // Beyond this nobody reads the digits.
            Self::Count if value >= 1_000_000_000_000 => compact(float(value)),
            Self::Count => grouped(value),
            Self::Time => duration(value),
        }
    }

    /// The value of a tick, as short as can be without looking like one that is a `step` away; without its sign.
    pub(crate) fn short(self, value: f64, step: f64) -> String {
        let value = value.abs();
        match self {
            // Three digits of the greatest are shown; more of them are needed.
            Self::Count if step < value / 100.0 => grouped(whole(value)),
            Self::Count => compact(value),
            Self::Time if value == 0.0 => "0".to_owned(),
            Self::Time if step < MINUTE => format!("{} s", compact(value / SECOND)),
            Self::Time if step < HOUR && value < HOUR => format!("{} min", compact(value / MINUTE)),
            Self::Time => format!("{} h", compact(value / HOUR)),
        }
    }
}

pub(crate) const SECOND: f64 = 1_000.0;
pub(crate) const MINUTE: f64 = 60.0 * SECOND;
pub(crate) const HOUR: f64 = 60.0 * MINUTE;

/// `1 message`, `2 messages`
pub(crate) fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", Unit::Count.exact(value), if value == 1 { one } else { many })
}

/// A rank, or how many ranks; few digits.
pub(crate) fn ranks(value: u64) -> String {
    if value < 1_000_000 { grouped(value) } else { compact(float(value)) }
}

/// `12,345`
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `950`, `1.5K`, `20M`, `1.84e19`
fn compact(value: f64) -> String {
    let (divisor, suffix) = match value {
        1e15.. => return format!("{value:.2e}"),
        1e12.. => (1e12, "T"),
        1e9.. => (1e9, "B"),
        1e6.. => (1e6, "M"),
        1e3.. => (1e3, "K"),
        _ => (1.0, ""),
    };
    // Cut, not rounded: 999,999 is not 1000K.
    let hundredths = (value / divisor * 100.0 + 1e-6).floor() / 100.0;
    let text = format!("{hundredths:.2}");
    format!("{}{suffix}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// `12 h 30 min`, `45 min`, `30 s`
fn duration(ms: u64) -> String {
    let (seconds, minutes, hours) = (ms / 1_000, ms / 60_000, ms / 3_600_000);
    match (hours, minutes % 60) {
        (0, 0) => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (100.., _) | (_, 0) => format!("{} h", grouped(hours)),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a picture need not be exact")]
pub(crate) const fn float(value: u64) -> f64 {
    value as f64
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a picture need not be exact")]
pub(crate) const fn real(value: usize) -> f64 {
    value as f64
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "it saturates, and NaN is zero")]
pub(crate) const fn pixel(value: f64) -> i32 {
    value as i32
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it saturates, and NaN is zero"
)]
pub(crate) const fn pixels(value: f64) -> usize {
    value as usize
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it saturates, and NaN is zero"
)]
const fn whole(value: f64) -> u64 {
    value as u64
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a picture need not be exact")]
pub(crate) const fn single(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        let exact = |value| Unit::Count.exact(value);
        assert_eq!([0, 999, 1_000, 1_234_567].map(exact), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([u64::MAX, 2_500_000_000_000].map(exact), ["1.84e19", "2.5T"]);
        let short = |value| Unit::Count.short(value, value / 5.0);
        assert_eq!([0.0, 20.0, 1_500.0, 999_999.0, 2e7].map(short), ["0", "20", "1.5K", "999.99K", "20M"]);
        let time = |value| Unit::Time.exact(value);
        assert_eq!([0, 59_999, 60_000, 3_600_000].map(time), ["0 s", "59 s", "1 min", "1 h"]);
        assert_eq!([45_000_000, u64::MAX].map(time), ["12 h 30 min", "5,124,095,576,030 h"]);
        let time = |value| Unit::Time.short(value, 30.0 * MINUTE);
        assert_eq!([0.0, 30.0 * MINUTE, 2.5 * HOUR].map(time), ["0", "30 min", "2.5 h"]);
        assert_eq!(Unit::Count.short(123_456.0, 2.0), "123,456");
        assert_eq!(Unit::Count.short(-20.0, 10.0), "20");
    }
}
