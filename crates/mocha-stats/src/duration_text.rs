//! Durations as text.

use std::{fmt, time::Duration};

/// Writes a duration as people say it: `45 s`, `12 min`, `3 h 05 min`.
///
/// Time shorter than the last unit is cut off, so no text says more than there was. Hours are not
/// combined to days.
///
/// ```
/// use std::time::Duration;
///
/// use mocha_stats::DurationText;
///
/// let text = |seconds| DurationText(Duration::from_secs(seconds)).to_string();
/// assert_eq!([text(0), text(59), text(60), text(3_599)], ["0 s", "59 s", "1 min", "59 min"]);
/// assert_eq!([text(3_600), text(11_130), text(400_000)], ["1 h 00 min", "3 h 05 min", "111 h 06 min"]);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DurationText(pub Duration);

impl fmt::Display for DurationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let minutes = seconds / 60;
        match (seconds, minutes) {
            (0..60, _) => write!(f, "{seconds} s"),
            (_, 0..60) => write!(f, "{minutes} min"),
            _ => write!(f, "{} h {:02} min", minutes / 60, minutes % 60),
        }
    }
}
