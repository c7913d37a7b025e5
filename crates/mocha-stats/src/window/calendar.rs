//! Windows of whole days, weeks and months.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use mocha_schema::check_time;

use super::{
    Window, check,
    stretch::{Stretch, Unit},
};
use crate::Error;

impl Window {
    /// The last `n` days of a zone: the day that `now` lies in, to its end, and the days before it.
    /// Days that the zone left out are not counted.
    ///
    /// It has the same edges all day long, and includes events that happen while you ask. Series
    /// and means leave out the part that has not passed. The [`previous`](Self::previous) window
    /// has passed completely, so a comparison favours it, unless you cut the window with
    /// [`to_date`](Self::to_date).
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `now`: before 1970, or its day does not end before
    /// the year 10000; of `n`: zero, or reaching back before 1970.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta, Utc};
    /// use chrono_tz::Europe::Berlin;
    /// use mocha_stats::Window;
    ///
    /// // In the evening of the Sunday on which the clocks went back.
    /// let now: DateTime<Utc> = "2026-10-25T19:30:00Z".parse()?;
    /// let today = Window::last_days(1, Berlin, now)?;
    /// assert_eq!(today.start(), Some("2026-10-25T00:00:00+02:00".parse()?));
    /// assert_eq!(today.end(), Some("2026-10-26T00:00:00+01:00".parse()?));
    /// assert_eq!(Window::last_days(7, Berlin, now)?.start(), Some("2026-10-19T00:00:00+02:00".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn last_days(n: u32, zone: Tz, now: DateTime<Utc>) -> Result<Self, Error> {
        Self::last_units(Unit::Day, n, zone, now)
    }

    /// The last `n` weeks of a zone, from Monday on: the week that `now` lies in, to its end, and
    /// the weeks before it.
    ///
    /// # Errors
    ///
    /// As [`last_days`](Self::last_days).
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono_tz::Asia::Kathmandu;
    /// use mocha_stats::Window;
    ///
    /// // A Sunday, and in Kathmandu Monday already.
    /// let weeks = Window::last_weeks(2, Kathmandu, "2026-10-25T18:15:00Z".parse()?)?;
    /// assert_eq!(weeks.start(), Some("2026-10-19T00:00:00+05:45".parse()?));
    /// assert_eq!(weeks.end(), Some("2026-11-02T00:00:00+05:45".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn last_weeks(n: u32, zone: Tz, now: DateTime<Utc>) -> Result<Self, Error> {
        Self::last_units(Unit::Week, n, zone, now)
    }

    /// The last `n` months of a zone: the month that `now` lies in, to its end, and the months
    /// before it.
    ///
    /// # Errors
    ///
    /// As [`last_days`](Self::last_days).
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono_tz::Tz;
    /// use mocha_stats::Window;
    ///
    /// let quarter = Window::last_months(3, Tz::UTC, "2026-03-31T12:00:00Z".parse()?)?;
    /// assert_eq!(quarter.start(), Some("2026-01-01T00:00:00Z".parse()?));
    /// assert_eq!(quarter.end(), Some("2026-04-01T00:00:00Z".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn last_months(n: u32, zone: Tz, now: DateTime<Utc>) -> Result<Self, Error> {
        Self::last_units(Unit::Month, n, zone, now)
    }

    /// A day of a zone.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `date`: not all of it lies between 1970 and 9999 in UTC.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{NaiveDate, TimeDelta};
    /// use chrono_tz::America::Santiago;
    /// use mocha_stats::Window;
    ///
    /// // Chile turns its clocks forward at midnight.
    /// let spring = Window::day("2026-09-06".parse()?, Santiago)?;
    /// assert_eq!(spring.start(), Some("2026-09-06T01:00:00-03:00".parse()?));
    /// assert_eq!(spring.end(), Some("2026-09-07T00:00:00-03:00".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn day(date: NaiveDate, zone: Tz) -> Result<Self, Error> {
        Self::unit(Unit::Day, date, zone)
    }

    /// The week of a zone, from Monday on, that a date lies in.
    ///
    /// # Errors
    ///
    /// As [`day`](Self::day), of the whole week.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono_tz::Tz;
    /// use mocha_stats::Window;
    ///
    /// let week = Window::week("2026-10-25".parse()?, Tz::UTC)?;
    /// assert_eq!(week.start(), Some("2026-10-19T00:00:00Z".parse()?));
    /// assert_eq!(week, Window::week("2026-10-19".parse()?, Tz::UTC)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn week(date: NaiveDate, zone: Tz) -> Result<Self, Error> {
        Self::unit(Unit::Week, date, zone)
    }

    /// The month of a zone that a date lies in.
    ///
    /// # Errors
    ///
    /// As [`day`](Self::day), of the whole month.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono_tz::Tz;
    /// use mocha_stats::Window;
    ///
    /// let february = Window::month("2028-02-29".parse()?, Tz::UTC)?;
    /// assert_eq!(february.start(), Some("2028-02-01T00:00:00Z".parse()?));
    /// assert_eq!(february.end(), Some("2028-03-01T00:00:00Z".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn month(date: NaiveDate, zone: Tz) -> Result<Self, Error> {
        Self::unit(Unit::Month, date, zone)
    }

    /// Returns the part of the window that has passed, to compare it with the same part of the
    /// window before.
    ///
    /// It ends with the instant `now` from which [`last_days`](Self::last_days) or a sibling made
    /// the window. Its [`previous`](Self::previous) window ends as many days into its own last day,
    /// week or month, at the same time of the zone's clock: on a Wednesday at noon the week so far
    /// is compared with the last week up to Wednesday noon. A shorter month ends earlier. Any other
    /// window has passed, and is returned as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono_tz::Europe::Berlin;
    /// use mocha_stats::Window;
    ///
    /// // Thursday noon, four days after the clocks went back.
    /// let week = Window::last_weeks(1, Berlin, "2026-10-29T11:00:00Z".parse()?)?.to_date();
    /// assert_eq!(week.start(), Some("2026-10-26T00:00:00+01:00".parse()?));
    /// assert_eq!(week.end(), Some("2026-10-29T12:00:00+01:00".parse()?));
    ///
    /// let before = week.previous().ok_or("there is a week before")?;
    /// assert_eq!(before.start(), Some("2026-10-19T00:00:00+02:00".parse()?));
    /// assert_eq!(before.end(), Some("2026-10-22T12:00:00+02:00".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias("month to date", "MTD", "so far"))]
    #[must_use]
    pub fn to_date(self) -> Self {
        let Some((now, _)) = self.now.zip(self.end).filter(|(now, end)| now < end) else { return self };
        Self { end: Some(now), calendar: self.calendar.and_then(|stretch| stretch.until(now)), ..self }
    }

    fn last_units(unit: Unit, n: u32, zone: Tz, now: DateTime<Utc>) -> Result<Self, Error> {
        check("now", now)?;
        if n == 0 {
            return Err(Error::invalid("n", "must not be zero"));
        }
        let holding = Stretch::holding(unit, now.with_timezone(&zone).date_naive(), zone);
        let current = holding.filter(|stretch| stretch.edges().is_some_and(|(_, end)| check_time(end).is_ok()));
        let current = current.ok_or(Error::invalid("now", "must lie so that its day, week or month ends by 9999"))?;
        let window = current.with_earlier(n).and_then(Self::of);
        let window = window.ok_or(Error::invalid("n", "must not reach back before 1970"))?;
        Ok(Self { now: Some(now), ..window })
    }

    fn unit(unit: Unit, date: NaiveDate, zone: Tz) -> Result<Self, Error> {
        let window = Stretch::holding(unit, date, zone).and_then(Self::of);
        window.ok_or(Error::invalid("date", "must lie between 1970 and 9999 with its whole day, week or month"))
    }

    /// `None` if not all of it lies between 1970 and 9999.
    pub(super) fn of(stretch: Stretch) -> Option<Self> {
        let (start, end) = stretch.edges()?;
        (check_time(start).is_ok() && check_time(end).is_ok()).then_some(Self {
            start: Some(start),
            end: Some(end),
            calendar: Some(stretch),
            now: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use chrono_tz::{America::New_York, Europe::Berlin, Pacific::Apia};
    use mocha_schema::MAX_SECONDS;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        random,
        window::tests::{at, date, field},
    };

    #[test]
    fn bad_input_names_its_field() {
        let (early, late) = (at(-1, 999_999_999), at(MAX_SECONDS + 1, 0));
        for (window, expected) in [
            (Window::last_days(1, Tz::UTC, at(5, 0)), None),
            (Window::last_days(0, Tz::UTC, at(5, 0)), Some("n")),
            (Window::last_days(2, Tz::UTC, at(5, 0)), Some("n")),
            (Window::last_days(1, Berlin, at(5, 0)), Some("n")),
            (Window::last_days(20_000, New_York, at(20_000 * 86_400 - 1, 0)), None),
            (Window::last_days(20_001, New_York, at(20_000 * 86_400 - 1, 0)), Some("n")),
            (Window::last_days(u32::MAX, Tz::UTC, at(5, 0)), Some("n")),
            (Window::last_weeks(u32::MAX, Tz::UTC, at(5, 0)), Some("n")),
            (Window::last_months(u32::MAX, Tz::UTC, at(5, 0)), Some("n")),
            (Window::last_months(1, Tz::UTC, at(5, 0)), None),
            (Window::last_weeks(1, Tz::UTC, at(5, 0)), Some("n")),
            (Window::last_days(1, Tz::UTC, early), Some("now")),
            (Window::last_days(1, Tz::UTC, late), Some("now")),
            (Window::last_days(1, Tz::UTC, at(MAX_SECONDS, 0)), Some("now")),
            (Window::last_days(1, Berlin, at(MAX_SECONDS - 7_200, 0)), None),
            (Window::day(date(1970, 1, 1), Tz::UTC), None),
            (Window::day(date(1970, 1, 1), New_York), None),
            (Window::day(date(1970, 1, 1), Berlin), Some("date")),
            (Window::day(date(9999, 12, 31), Tz::UTC), Some("date")),
            (Window::day(NaiveDate::MAX, Tz::UTC), Some("date")),
            (Window::week(NaiveDate::MIN, Tz::UTC), Some("date")),
            (Window::month(NaiveDate::MIN, Tz::UTC), Some("date")),
            (Window::month(NaiveDate::MAX, Tz::UTC), Some("date")),
        ] {
            let shown = format!("{window:?}");
            assert_eq!(field(window), expected, "{shown}");
        }
    }

    #[test]
    fn a_skipped_day_is_empty_and_between_its_neighbours() -> Result<(), Error> {
        // Samoa went from the 29th to the 31st of December 2011.
        let [before, none, after] = [29, 30, 31]
            .map(|day| Window::day(date(2011, 12, day), Apia))
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?[..]
        else {
            unreachable!("three days")
        };
        assert_eq!((before.end(), none.start(), none.end()), (after.start(), after.start(), after.start()));
        assert_eq!((none.previous(), after.previous()), (Some(before), Some(before)));
        let now = after.end().unwrap() - TimeDelta::nanoseconds(1);
        assert_eq!(Window::last_days(2, Apia, now)?.start(), before.start());
        assert_eq!(Window { now: None, ..Window::last_days(1, Apia, now)? }, after);
        Ok(())
    }

    #[cfg(feature = "serde")]
    #[test]
    fn the_json_of_a_window_has_only_its_start_and_end() -> Result<(), Box<dyn std::error::Error>> {
        let expected = serde_json::json!({ "start": "1970-01-01T00:00:00Z", "end": "1970-01-02T00:00:00Z" });
        assert_eq!(serde_json::to_value(Window::day(date(1970, 1, 1), Tz::UTC)?)?, expected);
        Ok(())
    }

    /// The same days of the calendar and the same time of the clock, unless the period before is shorter or its clock
    /// never showed that time.
    fn to_date_is_compared_with_as_much(window: Window, zone: Tz, now: DateTime<Utc>) -> Result<(), TestCaseError> {
        let (so_far, whole) = (window.to_date(), window.previous().unwrap());
        let before = so_far.previous().unwrap();
        prop_assert_eq!((so_far.start, so_far.end, so_far.to_date()), (window.start, Some(now), so_far));
        prop_assert_eq!(before.start, whole.start);
        prop_assert!(before.start <= before.end && before.end <= whole.end);
        let before = before.end.unwrap();
        let local = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local();
        let unit = window.calendar.unwrap().unit();
        let start_of = |at| Stretch::holding(unit, local(at).date(), zone).unwrap().edges().unwrap().0;
        // The unit that goes on, and the last one before the window.
        let (current, last) = (start_of(now), start_of(whole.end.unwrap() - TimeDelta::nanoseconds(1)));
        let passed = |from: DateTime<Utc>, to: DateTime<Utc>| {
            ((local(to).date() - local(from).date()).num_days(), local(to).time())
        };
        if before < whole.end.unwrap() && passed(last, before) != passed(current, now) {
            // Only where the clock was turned within a day.
            let [a, b] =
                [before - TimeDelta::hours(3), before + TimeDelta::hours(3)].map(|at| local(at) - at.naive_utc());
            prop_assert_ne!(a, b, "{} {}", before, now);
        }
        Ok(())
    }

    #[test]
    fn a_month_to_date_is_compared_with_a_shorter_one_as_far_as_that_goes() -> Result<(), Error> {
        let march = Window::last_months(1, Tz::UTC, at(1_774_915_200, 0))?;
        assert_eq!(march.end().map(|end| end.date_naive()), Some(date(2026, 4, 1)));
        // On the 31st of March.
        let before = march.to_date().previous().unwrap();
        assert_eq!((before.start, before.end), (march.previous().unwrap().start, march.start));
        // One that has passed is whole, and one that was not made of the calendar is as it was.
        let february = Window::month(date(2026, 2, 1), Tz::UTC)?;
        assert_eq!((february.to_date(), Window::all().to_date()), (february, Window::all()));
        Ok(())
    }

    proptest! {
        #[test]
        fn the_last_periods_end_with_the_current_one(
            second in 1_000_000_000..2_000_000_000_i64, zone in random::zone(), n in 1..30_u32, which in 0..3_usize
        ) {
            let now = at(second, 0);
            let today = now.with_timezone(&zone).date_naive();
            let last = [Window::last_days, Window::last_weeks, Window::last_months][which];
            let one = [Window::day, Window::week, Window::month][which];
            let (window, current) = (last(n, zone, now).unwrap(), one(today, zone).unwrap());
            prop_assert!(current.start <= Some(now) && Some(now) < current.end);
            prop_assert_eq!(window.end, current.end);
            let ones = std::iter::successors(Some(current), |one| one.previous());
            prop_assert_eq!(window.start, ones.take(usize::try_from(n).unwrap()).last().unwrap().start);
            let last = |n, now| Window { now: None, ..last(n, zone, now).unwrap() };
            to_date_is_compared_with_as_much(window, zone, now)?;
            let window = Window { now: None, ..window };
            prop_assert_eq!(last(1, now), current);
            // All day long it is the same.
            let end = current.end.unwrap();
            prop_assert_eq!(last(n, current.start.unwrap()), window);
            prop_assert_eq!(last(n, end - TimeDelta::nanoseconds(1)), window);
            prop_assert_ne!(last(n, end), window);
        }
    }
}
