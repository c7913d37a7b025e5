//! Hours, days and periods of a zone whose clock differs from UTC by whole hours.

use chrono::{DateTime, Datelike as _, Days, NaiveDate};
use mocha_stats::{Period, chrono_tz::Tz};

/// Returns the beginning of an hour, which is counted since 1970 in UTC.
pub(crate) fn local(hour: i64, zone: Tz) -> DateTime<Tz> {
    DateTime::from_timestamp(hour * 3_600, 0).unwrap_or_default().with_timezone(&zone)
}

/// Returns a number that names a day, in order of time.
pub(crate) fn day(date: NaiveDate) -> i64 {
    date.num_days_from_ce().into()
}

/// Returns a number that names the period of an hour, in order of time.
pub(crate) fn period(hour: i64, period: Period, zone: Tz) -> i64 {
    let date = local(hour, zone).date_naive();
    let since_monday = u64::from(date.weekday().num_days_from_monday());
    match period {
        Period::Hour => hour,
        Period::Week => day(date.checked_sub_days(Days::new(since_monday)).unwrap_or(date)),
        Period::Month => day(date.with_day(1).unwrap_or(date)),
        _ => day(date),
    }
}
