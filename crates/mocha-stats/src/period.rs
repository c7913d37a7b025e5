//! Hours, days, weeks and months of a zone.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::quarter;

/// The length of the periods of a time series, in its time zone.
///
/// # Examples
///
/// ```
/// use chrono::{DateTime, TimeDelta};
/// use mocha_schema::GuildId;
/// use mocha_stats::{Period, VoiceSeries, Window};
///
/// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn = fixture::seeded()?;
/// // The Sunday on which the clocks of Berlin go back.
/// let sunday: DateTime<chrono::Utc> = "2026-10-24T22:00:00Z".parse()?;
/// let berlin = VoiceSeries::of(GuildId::try_from(1)?)
///     .within(Window::between(sunday, sunday + TimeDelta::hours(25))?)
///     .zone(chrono_tz::Europe::Berlin);
/// assert_eq!(berlin.clone().by(Period::Day).load(&mut conn)?.periods.len(), 1);
/// assert_eq!(berlin.by(Period::Hour).load(&mut conn)?.periods.len(), 25);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Period {
    /// An hour of the zone's clock. Where the clock is turned, an hour may be left out, come twice,
    /// or be shorter.
    Hour,
    /// A day, which may have 23 or 25 hours. The default.
    #[default]
    Day,
    /// A week from Monday on.
    Week,
    /// A month of the calendar.
    Month,
}

/// The key of a period of a zone, in order of time.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Label {
    /// The first quarter of an hour. It is needed because the clock shows an hour twice when it is
    /// turned back.
    Hour(i64),
    /// The first day of any other period.
    Day(NaiveDate),
}

impl Period {
    /// Returns the zone's period that contains an instant.
    pub(crate) fn label(self, at: DateTime<Tz>) -> Label {
        if self != Self::Hour {
            return Label::Day(self.first_day(day_of(at)));
        }
        let name = |at: DateTime<Tz>| (at.date_naive(), at.hour(), at.offset().fix());
        let last = quarter::of(at.timestamp());
        let quarters = (0..4).map(|back| last.saturating_sub(back));
        let hour = quarters.take_while(|quarter| {
            let start = quarter::local(*quarter, at.timezone());
            start.is_some_and(|start| name(start) == name(at))
        });
        Label::Hour(hour.last().unwrap_or(last))
    }

    fn first_day(self, day: NaiveDate) -> NaiveDate {
        let first = match self {
            Self::Hour | Self::Day => Some(day),
            Self::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Self::Month => day.with_day(1),
        };
        first.unwrap_or(day)
    }

    /// Returns the first instant after the period that starts here.
    pub(crate) fn end(self, start: DateTime<Tz>) -> Option<DateTime<Tz>> {
        let day = day_of(start);
        let next = match self {
            Self::Hour => {
                let (own, first) = (self.label(start), quarter::of(start.timestamp()));
                let instants =
                    (1..=4).filter_map(|after| quarter::local(first.saturating_add(after), start.timezone()));
                return instants.into_iter().find(|at| self.label(*at) != own);
            }
            Self::Day => day.checked_add_days(Days::new(1)),
            Self::Week => self.first_day(day).checked_add_days(Days::new(7)),
            Self::Month => self.first_day(day).checked_add_months(Months::new(1)),
        };
        midnight(next?, start.timezone())
    }

    /// Returns the periods from the one of an instant to the one of another, with the first instant
    /// of each.
    pub(crate) fn between(self, first: DateTime<Tz>, last: DateTime<Tz>) -> Vec<(Label, DateTime<Tz>)> {
        let zone = first.timezone();
        let mut periods: Vec<(Label, DateTime<Tz>)> = if self == Self::Hour {
            let (from, to) = (quarter::of(first.timestamp()), quarter::of(last.timestamp()));
            // The first hour may have begun up to three quarters earlier.
            let instants = (from.saturating_sub(3)..=to).filter_map(|quarter| quarter::local(quarter, zone));
            let (least, hours) = (self.label(first), instants.map(|at| (self.label(at), at)));
            hours.filter(|(label, _)| *label >= least).collect()
        } else {
            let last_day = day_of(last);
            let days = day_of(first).iter_days().take_while(|day| *day <= last_day);
            let firsts = days.filter(|day| exists(*day, zone)).map(|day| self.first_day(day));
            firsts.filter_map(|first| Some((Label::Day(first), midnight(first, zone)?))).collect()
        };
        periods.dedup_by_key(|(label, _)| *label);
        periods
    }
}

/// Returns the day of an instant. A day lasts from the first instant at which the clock shows its
/// date to the first instant of the next day. So when a clock is turned back over midnight, it
/// shows the date of a day that is over.
pub(crate) fn day_of(at: DateTime<Tz>) -> NaiveDate {
    /// No clock is turned back by more after 1970.
    const LAST_HOURS: u32 = 20;
    let day = at.date_naive();
    let next = day.succ_opt().filter(|_| at.hour() >= LAST_HOURS);
    next.filter(|next| midnight(*next, at.timezone()).is_some_and(|start| start <= at)).unwrap_or(day)
}

/// Returns whether the zone has this day. Some zones left out a day when they crossed the date
/// line.
pub(crate) fn exists(day: NaiveDate, zone: Tz) -> bool {
    day.and_hms_opt(12, 0, 0).is_some_and(|noon| zone.from_local_datetime(&noon).earliest().is_some())
}

/// Returns the first instant of a day. If the zone left out its midnight, or the whole day, returns
/// the first instant after that.
pub(crate) fn midnight(day: NaiveDate, zone: Tz) -> Option<DateTime<Tz>> {
    const QUARTERS_OF_TWO_DAYS: i64 = 192;
    let mut quarters =
        (0..QUARTERS_OF_TWO_DAYS).map(|quarter| day.and_time(NaiveTime::MIN) + TimeDelta::minutes(15 * quarter));
    quarters.find_map(|local| zone.from_local_datetime(&local).earliest())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::{MONDAY, TestResult},
        random,
    };

    fn at(text: &str, zone: Tz) -> TestResult<DateTime<Tz>> {
        Ok(text.parse::<DateTime<chrono::Utc>>()?.with_timezone(&zone))
    }

    /// Returns the starts of the periods, as the zone's clock shows them.
    fn starts(period: Period, zone: Tz, first: &str, last: &str) -> TestResult<Vec<String>> {
        let periods = period.between(at(first, zone)?, at(last, zone)?);
        Ok(periods.into_iter().map(|(_, start)| start.format("%F %R %:z").to_string()).collect())
    }

    #[test]
    fn a_day_has_as_many_hours_as_its_zone_gave_it() -> TestResult {
        use chrono_tz::{Australia::Lord_Howe, Europe::Berlin};
        assert_eq!(starts(Period::Hour, Berlin, "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z")?.len(), 23);
        assert_eq!(starts(Period::Hour, Berlin, "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z")?.len(), 25);
        assert_eq!(
            starts(Period::Day, Berlin, "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z")?,
            ["2026-10-25 00:00 +02:00"]
        );
        assert_eq!(
            starts(Period::Hour, Berlin, "2026-10-25T00:10:00Z", "2026-10-25T02:10:00Z")?,
            ["2026-10-25 02:00 +02:00", "2026-10-25 02:00 +01:00", "2026-10-25 03:00 +01:00"]
        );
        // The Chatham Islands turn theirs back from a quarter to four to a quarter to three.
        assert_eq!(
            starts(Period::Hour, chrono_tz::Pacific::Chatham, "2026-04-04T13:00:00Z", "2026-04-04T14:30:00Z")?,
            [
                "2026-04-05 02:00 +13:45",
                "2026-04-05 03:00 +13:45",
                "2026-04-05 02:45 +12:45",
                "2026-04-05 03:00 +12:45"
            ]
        );
        // Lord Howe Island turns its clocks by half an hour.
        assert_eq!(
            starts(Period::Hour, Lord_Howe, "2026-04-04T14:50:00Z", "2026-04-04T15:40:00Z")?,
            ["2026-04-05 01:00 +11:00", "2026-04-05 01:30 +10:30", "2026-04-05 02:00 +10:30"]
        );
        Ok(())
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_their_first() -> TestResult {
        use chrono_tz::{Asia::Kathmandu, Pacific::Apia};
        assert_eq!(
            starts(Period::Week, Kathmandu, "2026-12-27T18:14:59Z", "2026-12-27T18:15:00Z")?,
            ["2026-12-21 00:00 +05:45", "2026-12-28 00:00 +05:45"]
        );
        assert_eq!(
            starts(Period::Month, Kathmandu, "2026-12-31T12:00:00Z", "2027-02-01T00:00:00Z")?,
            ["2026-12-01 00:00 +05:45", "2027-01-01 00:00 +05:45", "2027-02-01 00:00 +05:45"]
        );
        // Samoa went from the 29th to the 31st of December 2011.
        assert_eq!(
            starts(Period::Day, Apia, "2011-12-29T12:00:00Z", "2011-12-31T09:00:00Z")?,
            ["2011-12-29 00:00 -10:00", "2011-12-31 00:00 +14:00"]
        );
        // Chile turns its clocks forward at midnight.
        assert_eq!(
            starts(Period::Day, chrono_tz::America::Santiago, "2026-09-06T12:00:00Z", "2026-09-06T12:00:00Z")?,
            ["2026-09-06 01:00 -03:00"]
        );
        Ok(())
    }

    /// In 2010 the clock of St. John's went from 00:01 back to 23:01, so that the 7th of November
    /// began twice.
    #[test]
    fn a_day_that_begins_twice_lasts_from_its_first_beginning() -> TestResult {
        use chrono_tz::America::St_Johns;
        let (from, to) = (at("2010-11-06T12:00:00Z", St_Johns)?, at("2010-11-08T12:00:00Z", St_Johns)?);
        let quarters = quarter::of(from.timestamp())..=quarter::of(to.timestamp());
        let instants: Vec<_> = quarters.filter_map(|number| quarter::local(number, St_Johns)).collect();
        for period in [Period::Hour, Period::Day, Period::Week, Period::Month] {
            let labels: Vec<Label> = instants.iter().map(|at| period.label(*at)).collect();
            for (first, label) in instants.iter().zip(&labels) {
                let listed = period.between(*first, *instants.last().ok_or("there are quarters")?);
                assert_eq!(listed.first().map(|(label, _)| *label), Some(*label), "{first}");
                let missing = instants
                    .iter()
                    .zip(&labels)
                    .find(|(at, label)| *at >= first && !listed.iter().any(|(listed, _)| listed == *label));
                assert_eq!(missing, None, "{period:?} from {first}");
            }
            assert!(labels.is_sorted(), "{period:?}");
        }
        let starts = starts(Period::Day, St_Johns, "2010-11-07T02:30:00Z", "2010-11-07T02:59:59Z")?;
        assert_eq!(starts, ["2010-11-07 00:00 -02:30"]);
        Ok(())
    }

    proptest! {
        #[test]
        fn periods_begin_where_they_say_and_leave_nothing_out(
            from in -400 * 96..400 * 96_i64, length in 0..40 * 96_i64, zone in random::zone(),
            period in prop::sample::select([Period::Hour, Period::Day, Period::Week, Period::Month].as_slice())
        ) {
            let quarter = |number| quarter::local(MONDAY / 900 + number, zone).unwrap();
            let periods = period.between(quarter(from), quarter(from + length));
            prop_assert!(periods.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1));
            for (label, start) in &periods {
                prop_assert_eq!(period.label(*start), *label);
                prop_assert_ne!(period.label(*start - TimeDelta::seconds(1)), *label);
            }
            for (period_of, next) in periods.iter().zip(periods.iter().skip(1)) {
                prop_assert_eq!(period.end(period_of.1), Some(next.1));
            }
            let mut labels: Vec<Label> = (from..=from + length).map(|number| period.label(quarter(number))).collect();
            labels.dedup();
            prop_assert_eq!(periods.into_iter().map(|(label, _)| label).collect::<Vec<_>>(), labels);
        }
    }
}
