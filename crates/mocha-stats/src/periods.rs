//! What series have in common: the periods that they list.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{Error, Period, Window, period::Label};

/// No series has more; nobody reads so many, and they would fill the memory.
const MAX_PERIODS: i64 = 1_000_000;

/// Refuses a window of more periods than anybody can want.
pub(crate) fn check(period: Period, window: Window) -> Result<(), Error> {
    let shortest = match period {
        Period::Hour => TimeDelta::hours(1),
        Period::Day => TimeDelta::days(1),
        Period::Week => TimeDelta::days(7),
        Period::Month => TimeDelta::days(28),
    };
    match window.start().zip(window.end()) {
        Some((start, end)) if (end - start).num_seconds() / shortest.num_seconds() > MAX_PERIODS => {
            Err(Error::invalid("window", "must not have more than a million of the periods"))
        }
        _ => Ok(()),
    }
}

/// Every period that the time from one instant to another touches, and the first instant of each; none if either instant is
/// missing or the time is empty.
pub(crate) fn touched(
    period: Period,
    zone: Tz,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
) -> Vec<(Label, DateTime<Tz>)> {
    match start.zip(end) {
        Some((start, end)) if start < end => {
            let last = end - TimeDelta::nanoseconds(1);
            period.between(start.with_timezone(&zone), last.with_timezone(&zone))
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::{
        ActiveMembers, ErrorKind, Growth, MessageSeries, OnlineSeries, VoiceSeries,
        fixture::{TestResult, seeded},
    };

    #[test]
    fn a_window_of_too_many_periods_names_itself() -> TestResult {
        let at = |second| DateTime::from_timestamp(second, 0).ok_or("no such time");
        let (mut conn, guild) = (seeded()?, 1.try_into()?);
        let hours = Window::between(at(0)?, at((MAX_PERIODS + 1) * 3600)?)?;
        let days = Window::between(at(0)?, at((MAX_PERIODS + 1) * 86_400)?)?;
        assert!(check(Period::Hour, Window::between(at(0)?, at(MAX_PERIODS * 3600)?)?).is_ok());
        assert!(check(Period::Day, hours).is_ok() && check(Period::Month, days).is_ok());
        for error in [
            MessageSeries::of(guild).by(Period::Hour).within(hours).load(&mut conn).err(),
            VoiceSeries::of(guild).by(Period::Hour).within(hours).load(&mut conn).err(),
            Growth::of(guild).by(Period::Hour).within(hours).load(&mut conn).err(),
            OnlineSeries::of(guild).by(Period::Hour).within(hours).load(&mut conn).err(),
            ActiveMembers::of(guild).within(days).load(&mut conn).err(),
        ] {
            let kind = error.ok_or("it is refused")?.kind().clone();
            assert_eq!(kind, ErrorKind::InvalidInput { field: "window" });
        }
        Ok(())
    }
}
