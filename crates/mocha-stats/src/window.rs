//! The time that a question is about.

use chrono::{DateTime, TimeDelta, Utc};
use mocha_schema::{MAX_SECONDS, check_time};

use crate::Error;

/// A half-open span of time, `start <= t < end`, between two instants in UTC; either side may be open.
///
/// Messages, voice log entries, joins and leaves are kept by the whole second, and such a row belongs to the window if its
/// second does: a window that starts at half past a second leaves that second out, one that ends there has it in. Voice
/// time is kept in milliseconds and is clipped to the window exactly; parts of a millisecond are rounded up on both sides.
///
/// # Examples
///
/// ```
/// use chrono::{DateTime, TimeDelta};
/// use mocha_stats::Window;
///
/// let now = DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?;
/// let week = Window::last(TimeDelta::weeks(1), now)?;
/// assert_eq!(week, Window::between(now - TimeDelta::days(7), now)?);
/// assert_eq!(week.end(), Some(now));
/// assert_eq!(Window::all().start(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Window {
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
}

impl Window {
    /// All time.
    #[must_use]
    pub const fn all() -> Self {
        Self { start: None, end: None }
    }

    /// From `start` on, without an end.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `start`: before 1970 or after 9999.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_stats::Window;
    ///
    /// let window = Window::since(DateTime::UNIX_EPOCH)?;
    /// assert_eq!((window.start(), window.end()), (Some(DateTime::UNIX_EPOCH), None));
    /// assert!(Window::since(DateTime::UNIX_EPOCH - TimeDelta::seconds(1)).is_err());
    /// # Ok::<(), mocha_stats::Error>(())
    /// ```
    pub fn since(start: DateTime<Utc>) -> Result<Self, Error> {
        check("start", start)?;
        Ok(Self { start: Some(start), end: None })
    }

    /// From `start`, included, to `end`, excluded. If they are equal, the window is empty.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `start` or `end`: before 1970 or after 9999; of `end`: before
    /// `start`.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_stats::{ErrorKind, Window};
    ///
    /// let start = DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?;
    /// let error = Window::between(start, start - TimeDelta::seconds(1)).unwrap_err();
    /// assert_eq!(error.kind(), &ErrorKind::InvalidInput { field: "end" });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn between(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, Error> {
        check("start", start)?;
        check("end", end)?;
        if end < start {
            return Err(Error::invalid("end", "must not be before `start`"));
        }
        Ok(Self { start: Some(start), end: Some(end) })
    }

    /// The time of this length before `until`, which is excluded.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `until`: before 1970 or after 9999; of `length`: negative, or
    /// reaching back before 1970.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_stats::{ErrorKind, Window};
    ///
    /// let now = DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?;
    /// assert_eq!(Window::last(TimeDelta::days(30), now)?.start(), Some(now - TimeDelta::days(30)));
    ///
    /// let error = Window::last(TimeDelta::days(36_500), now).unwrap_err();
    /// assert_eq!(error.kind(), &ErrorKind::InvalidInput { field: "length" });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn last(length: TimeDelta, until: DateTime<Utc>) -> Result<Self, Error> {
        check("until", until)?;
        if length < TimeDelta::zero() {
            return Err(Error::invalid("length", "must not be negative"));
        }
        let start = until.checked_sub_signed(length).filter(|start| check_time(*start).is_ok());
        let start = start.ok_or(Error::invalid("length", "must not reach back before 1970"))?;
        Ok(Self { start: Some(start), end: Some(until) })
    }

    /// The first instant that belongs to it; `None` if it has no start.
    #[must_use]
    pub const fn start(self) -> Option<DateTime<Utc>> {
        self.start
    }

    /// The first instant after it; `None` if it has no end.
    #[must_use]
    pub const fn end(self) -> Option<DateTime<Utc>> {
        self.end
    }

    /// The first unix second in it.
    pub(crate) fn start_second(self) -> i64 {
        self.start.map_or(0, seconds_up)
    }

    /// The first unix second after it.
    pub(crate) fn end_second(self) -> i64 {
        self.end.map_or(MAX_SECONDS + 1, seconds_up)
    }

    /// The first unix millisecond in it.
    pub(crate) fn start_ms(self) -> i64 {
        self.start.map_or(0, millis_up)
    }

    /// The first unix millisecond after it; `None` if it has no end.
    pub(crate) fn end_ms(self) -> Option<i64> {
        self.end.map(millis_up)
    }
}

fn check(field: &'static str, time: DateTime<Utc>) -> Result<(), Error> {
    check_time(time).map_err(|_| Error::invalid(field, "must lie between 1970 and 9999"))
}

fn seconds_up(time: DateTime<Utc>) -> i64 {
    time.timestamp() + i64::from(time.timestamp_subsec_nanos() > 0)
}

fn millis_up(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis() + i64::from(!time.timestamp_subsec_nanos().is_multiple_of(1_000_000))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;

    fn at(seconds: i64, nanos: u32) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, nanos).unwrap()
    }

    fn field(window: Result<Window, Error>) -> Option<&'static str> {
        match window.err()?.kind() {
            ErrorKind::InvalidInput { field } => Some(field),
            ErrorKind::Database => None,
        }
    }

    #[test]
    fn bad_input_names_its_field() {
        let (early, late) = (at(-1, 999_999_999), at(MAX_SECONDS + 1, 0));
        for (window, expected) in [
            (Window::between(at(5, 0), at(5, 0)), None),
            (Window::between(at(5, 1), at(5, 0)), Some("end")),
            (Window::between(early, at(5, 0)), Some("start")),
            (Window::between(late, late), Some("start")),
            (Window::between(at(5, 0), late), Some("end")),
            (Window::between(at(0, 0), at(MAX_SECONDS, 999_999_999)), None),
            (Window::since(early), Some("start")),
            (Window::since(late), Some("start")),
            (Window::last(TimeDelta::seconds(5), at(5, 0)), None),
            (Window::last(TimeDelta::zero(), at(5, 0)), None),
            (Window::last(TimeDelta::nanoseconds(-1), at(5, 0)), Some("length")),
            (Window::last(TimeDelta::MIN, at(5, 0)), Some("length")),
            (Window::last(TimeDelta::MAX, at(5, 0)), Some("length")),
            (Window::last(TimeDelta::seconds(6), at(5, 0)), Some("length")),
            (Window::last(TimeDelta::seconds(1), late), Some("until")),
        ] {
            let shown = format!("{window:?}");
            assert_eq!(field(window), expected, "{shown}");
        }
    }

    proptest! {
        #[test]
        fn a_whole_second_or_millisecond_is_in_it_if_its_instant_is(
            start in 0..4_000_000_000_i64, length in 0..4_000_000_000_i64
        ) {
            let start = DateTime::from_timestamp_nanos(start);
            let window = Window::between(start, start + TimeDelta::nanoseconds(length)).unwrap();
            let holds = |time: DateTime<Utc>| window.start.unwrap() <= time && time < window.end.unwrap();
            for edge in [start, window.end.unwrap()] {
                for offset in -2..=2 {
                    let (second, ms) = (edge.timestamp() + offset, edge.timestamp_millis() + offset);
                    let seconds = window.start_second()..window.end_second();
                    prop_assert_eq!(seconds.contains(&second), holds(at(second, 0)));
                    let instant = DateTime::from_timestamp_millis(ms).unwrap();
                    prop_assert_eq!((window.start_ms()..window.end_ms().unwrap()).contains(&ms), holds(instant));
                }
            }
        }
    }
}
