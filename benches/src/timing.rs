//! Measures and prints times.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use crate::{Failure, is_test, median};

/// The shortest time of a measurement. Faster queries are repeated within it.
const ROUND: Duration = Duration::from_millis(100);

/// Repeats a query for a tenth of a second, or runs it once in a test. Returns the time of a run, and the last answer.
///
/// # Errors
///
/// Returns the error of the query.
pub fn time<T>(mut ask: impl FnMut() -> Result<T, Failure>) -> Result<(Duration, T), Failure> {
    let (start, mut times) = (Instant::now(), 0);
    loop {
        let answer = black_box(ask()?);
        times += 1;
        let elapsed = start.elapsed();
        if elapsed >= ROUND || is_test() {
            return Ok((elapsed / times, answer));
        }
    }
}

/// Returns a time in milliseconds, with three digits after the point.
///
/// ```
/// assert_eq!(mocha_benches::timing::millis(std::time::Duration::from_micros(1_205)), "1.205");
/// ```
#[must_use]
pub fn millis(time: Duration) -> String {
    format!("{}.{:03}", time.as_millis(), time.as_micros() % 1_000)
}

/// Returns how many times as long the first time is, with two digits after the point.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(mocha_benches::timing::ratio(Duration::from_millis(21), Duration::from_millis(20)), "1.05");
/// ```
#[must_use]
pub fn ratio(long: Duration, short: Duration) -> String {
    let hundredths = long.as_nanos() * 100 / short.as_nanos().max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Returns how many things a second were handled, if each of these times is that of so many.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(mocha_benches::timing::rate(500, &[Duration::from_millis(250)]), 2_000);
/// ```
#[must_use]
pub fn rate(len: usize, times: &[Duration]) -> u128 {
    let time = median(times.to_vec()).unwrap_or_default();
    u128::try_from(len).unwrap_or(0) * 1_000_000_000 / time.as_nanos().max(1)
}

/// Returns how fast `count` times as much was handled as in the bare form of the same round, in percent, as the median of all
/// rounds.
///
/// ```
/// use std::time::Duration;
///
/// let (bare, own) = ([Duration::from_millis(30)], [Duration::from_millis(40)]);
/// assert_eq!(mocha_benches::timing::percent(&bare, 1, &own), " 75.0 %");
/// ```
#[must_use]
pub fn percent(bare: &[Duration], count: usize, times: &[Duration]) -> String {
    let count = u128::try_from(count).unwrap_or(1);
    let ratios = bare.iter().zip(times).map(|(bare, time)| bare.as_nanos() * count * 1_000 / time.as_nanos().max(1));
    let ratio = median(ratios.collect()).unwrap_or(0);
    format!("{:>3}.{} %", ratio / 10, ratio % 10)
}
