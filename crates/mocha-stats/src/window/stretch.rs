//! Days, weeks and months of a zone, some in a row.

use std::iter;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::period;

/// The counted unit of the calendar.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Unit {
    Day,
    /// From Monday on.
    Week,
    Month,
}

/// Some days, weeks or months of a zone in a row, without days that the zone left out.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Stretch {
    count: u32,
    /// The first date after it.
    end: NaiveDate,
    start: NaiveDate,
    unit: Unit,
    /// The point in its last unit at which it ends, if that unit is not over.
    until: Option<Until>,
    zone: Tz,
}

/// The part of a unit that has passed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Until {
    /// Whole days of the calendar.
    days: i64,
    /// The times that the zone's clock shows.
    time: NaiveTime,
}

impl Unit {
    /// Returns the first date of the unit that contains a date.
    fn first(self, date: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => Some(date),
            Self::Week => date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into())),
            Self::Month => date.with_day(1),
        }
    }

    /// Returns the first date of the next unit, from the first date of a unit.
    fn next(self, first: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => first.succ_opt(),
            Self::Week => first.checked_add_days(Days::new(7)),
            Self::Month => first.checked_add_months(Months::new(1)),
        }
    }

    /// Returns the first date of the unit this many units earlier, from the first date of a unit.
    /// `None` if no window reaches it.
    fn before(self, first: NaiveDate, count: u32, zone: Tz) -> Option<NaiveDate> {
        /// The first instant of 1970 is in 1969 west of Greenwich.
        const FIRST_YEAR: i32 = 1969;
        match self {
            Self::Day => {
                let earlier = iter::successors(Some(first), NaiveDate::pred_opt).skip(1);
                let earlier = earlier.take_while(|date| date.year() >= FIRST_YEAR);
                let mut days = iter::once(first).chain(earlier.filter(|date| period::exists(*date, zone)));
                days.nth(usize::try_from(count).ok()?)
            }
            Self::Week => first.checked_sub_days(Days::new(7 * u64::from(count))),
            Self::Month => first.checked_sub_months(Months::new(count)),
        }
    }
}

impl Stretch {
    /// Returns the unit that contains a date.
    pub(super) fn holding(unit: Unit, date: NaiveDate, zone: Tz) -> Option<Self> {
        let start = unit.first(date)?;
        Some(Self { count: 1, end: unit.next(start)?, start, unit, until: None, zone })
    }

    /// Returns this many units, of which the last is this one.
    pub(super) fn with_earlier(self, count: u32) -> Option<Self> {
        let start = self.unit.before(self.start, count.checked_sub(1)?, self.zone)?;
        Some(Self { count, start, ..self })
    }

    /// Returns the part of it before an instant in its last unit.
    pub(super) fn until(self, now: DateTime<Utc>) -> Option<Self> {
        let (now, last) = (now.with_timezone(&self.zone).naive_local(), self.last()?);
        // A clock that is turned back over midnight shows the previous date for a while.
        let days = (now.date() - last).num_days();
        let until = if days < 0 { Until { days: 0, time: NaiveTime::MIN } } else { Until { days, time: now.time() } };
        Some(Self { until: Some(until), ..self })
    }

    /// Returns the first date of its last unit.
    fn last(self) -> Option<NaiveDate> {
        self.unit.before(self.end, 1, self.zone)
    }

    /// Returns the stretch of the same length right before it. It ends at the same point of its
    /// last unit.
    pub(super) fn previous(self) -> Option<Self> {
        let end = self.unit.next(self.unit.before(self.start, 1, self.zone)?)?;
        let start = self.unit.before(self.start, self.count, self.zone)?;
        Some(Self { end, start, ..self })
    }

    #[cfg(test)]
    pub(super) const fn unit(self) -> Unit {
        self.unit
    }

    /// Returns its first instant, and the first instant after it.
    pub(super) fn edges(self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let (start, end) = (self.first_instant(self.start)?, self.first_instant(self.end)?);
        let Some(Until { days, time }) = self.until else { return Some((start, end)) };
        let date = self.last()?.checked_add_signed(TimeDelta::try_days(days)?)?;
        Some((start, first_instant(date.and_time(time), self.zone)?.clamp(start, end)))
    }

    fn first_instant(self, date: NaiveDate) -> Option<DateTime<Utc>> {
        first_instant(date.and_time(NaiveTime::MIN), self.zone)
    }
}

/// Returns the first instant at which the clock of a zone shows a date and time, or a later time if
/// the zone left them out.
fn first_instant(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    if let Some(instant) = zone.from_local_datetime(&local).earliest() {
        return Some(instant.to_utc());
    }
    // The clock jumped over it, by a day at most and to any second. Around the jump the clock only
    // runs forward.
    let day = TimeDelta::days(1);
    let (mut before, mut after) =
        ((local - day - day).and_utc().timestamp(), (local + day + day).and_utc().timestamp());
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        let shown = DateTime::from_timestamp(middle, 0)?.with_timezone(&zone).naive_local();
        if shown < local { before = middle } else { after = middle }
    }
    DateTime::from_timestamp(after, 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono_tz::{Africa, America, Antarctica, Asia, Atlantic, Australia, Europe, Pacific, TZ_VARIANTS};
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Zones that changed their clock at a midnight, with the date.
    const TURNED: [(Tz, &str); 16] = [
        // The clock went back over midnight at one past twelve, so that two dates alternated.
        (America::St_Johns, "2009-11-01"),
        (America::Goose_Bay, "1999-10-31"),
        // The first hour of a day came twice.
        (Atlantic::Azores, "2026-10-25"),
        // It was left out.
        (America::Santiago, "2026-09-06"),
        (America::Sao_Paulo, "2018-11-04"),
        (Asia::Beirut, "2026-03-29"),
        (America::Havana, "2026-03-08"),
        // Three quarters of it, nearly.
        (Africa::Monrovia, "1972-01-07"),
        // A whole day was.
        (Pacific::Apia, "2011-12-30"),
        (Pacific::Kiritimati, "1994-12-31"),
        (Pacific::Kwajalein, "1993-08-21"),
        // Others, for comparison.
        (Antarctica::Vostok, "1994-11-01"),
        (Antarctica::Casey, "2020-10-04"),
        (Australia::Lord_Howe, "2026-10-04"),
        (Europe::Berlin, "2026-10-25"),
        (Asia::Kathmandu, "1986-01-01"),
    ];

    fn zone_and_day() -> impl Strategy<Value = (Tz, NaiveDate)> {
        let near = (prop::sample::select(TURNED.as_slice()), -3..40_i64)
            .prop_map(|((zone, day), days)| (zone, date(day) + TimeDelta::days(days)));
        let any = (prop::sample::select(TZ_VARIANTS.as_slice()), 0..24_000_i64)
            .prop_map(|(zone, days)| (zone, date("1971-01-01") + TimeDelta::days(days)));
        prop_oneof![2 => near, 1 => any]
    }

    /// Reads the clock of the zone at regular steps, from some days before a date on.
    fn clock(zone: Tz, from: NaiveDate, days: i64, step: usize) -> impl Iterator<Item = (DateTime<Utc>, NaiveDate)> {
        let start = from.and_time(NaiveTime::MIN).and_utc().timestamp();
        (start..start + days * 86_400).step_by(step).map(move |second| {
            let instant = DateTime::from_timestamp(second, 0).unwrap();
            (instant, instant.with_timezone(&zone).date_naive())
        })
    }

    /// No zone has turned its clock at a time that half a minute does not divide, since 1971.
    fn begins_when_the_clock_first_shows_it(zone: Tz, day: NaiveDate) -> Result<(), TestCaseError> {
        let seen = clock(zone, day - TimeDelta::days(2), 5, 30).find(|(_, shown)| *shown >= day);
        let seen = seen.ok_or(TestCaseError::fail("the day never comes"))?;
        prop_assert_eq!(first_instant(day.and_time(NaiveTime::MIN), zone), Some(seen.0), "{} {}", zone, day);
        prop_assert_eq!(period::exists(day, zone), seen.1 == day, "{} {}", zone, day);
        Ok(())
    }

    #[test]
    fn a_date_around_which_the_clock_was_turned_begins_when_it_first_shows_it() -> Result<(), TestCaseError> {
        let mut days =
            TURNED.iter().flat_map(|(zone, day)| (-1..=1).map(|days| (*zone, date(day) + TimeDelta::days(days))));
        days.try_for_each(|(zone, day)| begins_when_the_clock_first_shows_it(zone, day))
    }

    proptest! {
        #[test]
        fn a_date_begins_when_the_clock_first_shows_it((zone, day) in zone_and_day()) {
            begins_when_the_clock_first_shows_it(zone, day)?;
        }

        #[test]
        fn days_are_counted_as_the_clock_showed_them((zone, day) in zone_and_day(), count in 1..60_u32) {
            let shown: BTreeSet<NaiveDate> =
                clock(zone, day - TimeDelta::days(130), 132, 900).map(|(_, shown)| shown).filter(|shown| *shown <= day).collect();
            let expected = |back: u32| shown.iter().rev().nth(usize::try_from(back).unwrap() - 1).copied();
            prop_assume!(shown.contains(&day));
            let days = Stretch::holding(Unit::Day, day, zone).unwrap().with_earlier(count).unwrap();
            prop_assert_eq!(Some(days.start), expected(count));
            prop_assert_eq!(days.previous().map(|days| days.start), expected(2 * count));
        }

        #[test]
        fn consecutive_stretches_touch(
            (zone, day) in zone_and_day(), unit in prop::sample::select([Unit::Day, Unit::Week, Unit::Month].as_slice()),
            count in 1..5_u32
        ) {
            let stretch = Stretch::holding(unit, day, zone).unwrap().with_earlier(count).unwrap();
            let mut ones = vec![Stretch::holding(unit, day, zone).unwrap()];
            ones.extend((1..count).scan(ones[0], |one, _| { *one = one.previous()?; Some(*one) }));
            let edges: Vec<_> = ones.iter().rev().map(|one| one.edges().unwrap()).collect();
            prop_assert!(edges.windows(2).all(|pair| pair[0].1 == pair[1].0), "{:?}", edges);
            prop_assert_eq!(stretch.edges().unwrap(), (edges[0].0, edges[edges.len() - 1].1));
            prop_assert_eq!(stretch.previous().unwrap().edges().unwrap().1, edges[0].0);
        }
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_their_first() {
        for (unit, day, start, end) in [
            (Unit::Week, "2026-12-28", "2026-12-28", "2027-01-04"),
            (Unit::Week, "2027-01-03", "2026-12-28", "2027-01-04"),
            (Unit::Month, "2028-02-29", "2028-02-01", "2028-03-01"),
            (Unit::Month, "2026-12-01", "2026-12-01", "2027-01-01"),
        ] {
            let stretch = Stretch::holding(unit, date(day), Tz::UTC).unwrap();
            assert_eq!((stretch.start, stretch.end), (date(start), date(end)), "{day}");
        }
    }

    #[test]
    fn dates_beyond_the_calendar_are_none() {
        let month = |day| Stretch::holding(Unit::Month, date(day), Tz::UTC).unwrap();
        assert_eq!(month("2026-01-01").with_earlier(u32::MAX), None);
        assert_eq!(Stretch::holding(Unit::Day, NaiveDate::MAX, Tz::UTC), None);
        assert_eq!(Stretch::holding(Unit::Week, NaiveDate::MIN, Tz::UTC), None);
        let today = Stretch::holding(Unit::Day, date("2026-01-01"), Tz::UTC).unwrap();
        assert_eq!((today.with_earlier(0), today.with_earlier(u32::MAX)), (None, None));
    }
}
