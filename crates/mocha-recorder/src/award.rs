//! Awards: the spans of time in which a user gets one.

use std::time::Duration;

use crate::{Error, ErrorKind};

const DAY: i64 = 86_400;

/// Returns the length of the span of an award in seconds.
///
/// # Errors
///
/// [`ErrorKind::InvalidSetting`] of `span`: it is no whole number of seconds that divides a day.
///
/// ```
/// use std::time::Duration;
///
/// use mocha_recorder::{ErrorKind, award_seconds};
///
/// assert_eq!(award_seconds(Duration::from_mins(1))?, 60);
/// let error = award_seconds(Duration::from_secs(7)).unwrap_err();
/// assert_eq!(error.kind(), &ErrorKind::InvalidSetting { name: "span" });
/// # Ok::<(), mocha_recorder::Error>(())
/// ```
#[doc(hidden)]
pub fn award_seconds(span: Duration) -> Result<i64, Error> {
    let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    if seconds == 0 || span.subsec_nanos() > 0 || DAY % seconds != 0 {
        let why = "`span` must be a whole number of seconds that divides a day, such as a minute";
        return Err(Error::new(ErrorKind::InvalidSetting { name: "span" }, why));
    }
    Ok(seconds)
}
