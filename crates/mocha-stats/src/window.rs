//! The time that a question is about.

mod calendar;
mod stretch;

use chrono::{DateTime, TimeDelta, Utc};
use mocha_schema::{EVENTS_END, check_time};

use self::stretch::Stretch;
use crate::Error;

/// A half-open span of time, `start <= t < end`, between two instants in UTC; either side may be
/// open.
///
/// Messages, voice log entries, joins and leaves are kept by the whole second, and such a row
/// belongs to the window if its second does: a window that starts at half past a second leaves that
/// second out, one that ends there has it in. Voice time is kept in milliseconds and is clipped to
/// the window exactly; parts of a millisecond are rounded up on both sides.
///
/// A window without an end leaves out what is stamped with 2084-01-29 or later: no bot recorded it.
///
/// A window of days, weeks or months of a zone knows what it was made of, for its
/// [`previous`](Self::previous) one; it is not equal to one of the same two instants that was made
/// otherwise. One that was made of the last days, weeks or months knows what of it has passed:
/// series and means end with the period that goes on, and who is in voice gathers no time that is
/// yet to come. A day begins at the first instant at which the zone's clock shows its date, and may
/// have 23 or 25 hours. A day that the zone left out is empty.
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
///
/// let days = Window::last_days(7, chrono_tz::Europe::Berlin, now)?;
/// assert_eq!(days.start(), Some("2023-11-08T00:00:00+01:00".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Window {
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    /// The calendar units from which it was made.
    #[cfg_attr(feature = "serde", serde(skip))]
    calendar: Option<Stretch>,
    /// The present instant, if the window may go on. Later time has not passed.
    #[cfg_attr(feature = "serde", serde(skip))]
    now: Option<DateTime<Utc>>,
}

impl Window {
    /// All time.
    #[must_use]
    pub const fn all() -> Self {
        Self { start: None, end: None, calendar: None, now: None }
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
        Ok(Self { start: Some(start), ..Self::all() })
    }

    /// Returns all time before `end`, which is excluded, to ask for a board as it was then.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `end`: before 1970 or after 9999.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::DateTime;
    /// use mocha_stats::Window;
    ///
    /// let end = DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?;
    /// let window = Window::until(end)?;
    /// assert_eq!((window.start(), window.end(), window.previous()), (None, Some(end), None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn until(end: DateTime<Utc>) -> Result<Self, Error> {
        check("end", end)?;
        Ok(Self { end: Some(end), ..Self::all() })
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
        Ok(Self { start: Some(start), end: Some(end), ..Self::all() })
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
        Ok(Self { start: Some(start), end: Some(until), ..Self::all() })
    }

    /// The window of the same length right before it, which ends where this one starts.
    ///
    /// Before one of whole days, weeks or months of a zone come as many of them, so that before
    /// March comes all of February, and days begin at midnight though the clock was turned between;
    /// before any other comes the same duration. `None` if it has no start or no end, and if the
    /// one before would reach back before 1970.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::TimeDelta;
    /// use chrono_tz::Europe::Berlin;
    /// use mocha_stats::Window;
    ///
    /// let march = Window::month("2026-03-01".parse()?, Berlin)?;
    /// assert_eq!(march.previous(), Some(Window::month("2026-02-01".parse()?, Berlin)?));
    ///
    /// let hour = Window::last(TimeDelta::hours(1), "2026-03-29T01:00:00Z".parse()?)?;
    /// assert_eq!(hour.previous(), Some(Window::last(TimeDelta::hours(1), "2026-03-29T00:00:00Z".parse()?)?));
    /// assert_eq!(Window::all().previous(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        if let Some(stretch) = self.calendar {
            return Self::of(stretch.previous()?);
        }
        let (start, end) = (self.start?, self.end?);
        Self::last(end - start, start).ok()
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

    /// Returns its part from this second on; all of it if the second is 0. A window that ends
    /// before the second becomes empty.
    pub(crate) fn not_before(self, second: i64) -> Self {
        let from = DateTime::from_timestamp(second, 0).filter(|_| second > 0);
        match from.filter(|from| self.start.is_none_or(|start| start < *from)) {
            Some(from) => Self { start: Some(self.end.map_or(from, |end| end.min(from))), calendar: None, ..self },
            None => self,
        }
    }

    /// The first unix second in it.
    pub(crate) fn start_second(self) -> i64 {
        self.start.map_or(0, seconds_up)
    }

    /// The first unix second after it. Without an end it is that after the last possible event.
    pub(crate) fn end_second(self) -> i64 {
        self.end.map_or_else(|| EVENTS_END.max(self.start_second()), seconds_up)
    }

    /// The first unix millisecond in it.
    pub(crate) fn start_ms(self) -> i64 {
        self.start.map_or(0, millis_up)
    }

    /// The first unix millisecond after it; `None` if it has no end.
    pub(crate) fn end_ms(self) -> Option<i64> {
        self.end.map(millis_up)
    }

    /// The first unix millisecond after it. Without an end it is that after the last possible event.
    pub(crate) fn counted_until_ms(self) -> i64 {
        self.end_ms().unwrap_or_else(|| self.end_second().saturating_mul(1000))
    }

    /// Returns the first instant that it does not contain or that has not passed; `None` if it has
    /// no end.
    pub(crate) fn passed(self) -> Option<DateTime<Utc>> {
        let end = self.end?;
        Some(self.now.map_or(end, |now| now.min(end)))
    }

    /// Returns the present instant of a question: `now` if it is given, else the one that the
    /// window was made from, else the system clock's.
    pub(crate) fn asked_at(self, now: Option<DateTime<Utc>>) -> DateTime<Utc> {
        now.or(self.now).unwrap_or_else(Utc::now)
    }

    /// The first unix millisecond after what of it has passed; `None` if it has no end.
    pub(crate) fn passed_ms(self) -> Option<i64> {
        let end = self.end?;
        Some(millis_up(self.now.map_or(end, |now| now.min(end))))
    }

    /// The first instant after what a series lists: the window's end; but of one that goes on now,
    /// or, if that is later, the first instant after the last thing that happened; which it also is
    /// without an end.
    pub(crate) fn listed_until(self, after_last: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let Some(end) = self.end else { return after_last };
        let Some(now) = self.now else { return Some(end) };
        // The period that has just begun is listed too.
        Some((now + TimeDelta::nanoseconds(1)).max(after_last.unwrap_or(now)).min(end))
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
pub(super) mod tests {
    use chrono::NaiveDate;
    use chrono_tz::{America::New_York, Tz};
    use mocha_schema::MAX_SECONDS;
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;

    pub(super) fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    pub(super) fn at(seconds: i64, nanos: u32) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, nanos).unwrap()
    }

    pub(super) fn field(window: Result<Window, Error>) -> Option<&'static str> {
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
            (Window::until(early), Some("end")),
            (Window::until(late), Some("end")),
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

    #[test]
    fn nothing_comes_before_1970_and_nothing_before_what_is_open() -> Result<(), Error> {
        assert_eq!(Window::between(at(5, 0), at(11, 0))?.previous(), None);
        assert_eq!(Window::between(at(5, 0), at(10, 0))?.previous(), Some(Window::between(at(0, 0), at(5, 0))?));
        assert_eq!(Window::between(at(5, 0), at(5, 0))?.previous(), Some(Window::between(at(5, 0), at(5, 0))?));
        assert_eq!(Window::since(at(5, 0))?.previous(), None);
        assert_eq!(Window::month(date(1970, 1, 1), Tz::UTC)?.previous(), None);
        assert_eq!(Window::day(date(1970, 1, 1), New_York)?.previous(), None);
        let february = Window::month(date(1970, 2, 1), Tz::UTC)?;
        assert_eq!(february.previous(), Some(Window::month(date(1970, 1, 1), Tz::UTC)?));
        Ok(())
    }

    proptest! {
        #[test]
        fn the_previous_window_touches_and_is_as_long(start in 0..100_000_i64, length in 0..60_000_i64) {
            let window = Window::between(at(start, 0), at(start + length, 0)).unwrap();
            let expected = (start >= length).then(|| Window::between(at(start - length, 0), at(start, 0)).unwrap());
            prop_assert_eq!(window.previous(), expected);
        }

        #[test]
        fn a_second_or_millisecond_is_in_a_window_if_its_first_instant_is(
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
