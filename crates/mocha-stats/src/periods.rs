//! What series have in common: the periods that they list.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{Error, Period, Window, period::Label};

/// No series has more; nobody reads so many, and they would fill the memory.
const MAX_PERIODS: i64 = 1_000_000;

/// Refuses a window of more periods than anybody can want, before anything is read.
pub(crate) fn check(period: Period, window: Window) -> Result<(), Error> {
    check_between(period, window.start(), window.end())
}

pub(crate) fn check_between(
    period: Period,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let shortest = match period {
        Period::Hour => TimeDelta::hours(1),
        Period::Day => TimeDelta::days(1),
        Period::Week => TimeDelta::days(7),
        Period::Month => TimeDelta::days(28),
    };
    match start.zip(end) {
        Some((start, end)) if (end - start).num_seconds() / shortest.num_seconds() > MAX_PERIODS => {
            Err(Error::invalid("window", "must not have more than a million of the periods"))
        }
        _ => Ok(()),
    }
}

/// Every period that the time from one instant to another touches, and the first instant of each; none if either instant is
/// missing or the time is empty. Refuses as [`check`] does what an open window ends with: a row may be stamped with any time.
pub(crate) fn touched(
    period: Period,
    zone: Tz,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
) -> Result<Vec<(Label, DateTime<Tz>)>, Error> {
    check_between(period, start, end)?;
    Ok(match start.zip(end) {
        Some((start, end)) if start < end => {
            let last = end - TimeDelta::nanoseconds(1);
            period.between(start.with_timezone(&zone), last.with_timezone(&zone))
        }
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use diesel::connection::SimpleConnection;

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

    /// An open window ends with the last row, which some program may have stamped with a time of its own.
    #[test]
    fn an_open_window_of_too_many_periods_is_refused_too() -> TestResult {
        let (mut conn, guild) = (seeded()?, 1.try_into()?);
        let last = "UPDATE message_events SET created_at = 253402300799 WHERE user_id = '100';
            UPDATE member_events SET created_at = 253402300799 WHERE user_id = '100' AND event_type = 'leave';
            INSERT INTO presence_events (id, guild_id, user_id, status, created_at) VALUES
                ('1', '1', '20', 'online', 1792368000), ('2', '1', '20', 'idle', 253402300799);
            INSERT INTO voice_intervals SELECT guild_id, user_id, 253402300799000, 253402300799001, 0, 0, channel_id,
                0, 0, 0, 0, 0, 0, 0, 0 FROM voice_intervals LIMIT 1";
        conn.batch_execute(last)?;
        for (name, error) in [
            ("messages", MessageSeries::of(guild).by(Period::Hour).load(&mut conn).err()),
            ("voice", VoiceSeries::of(guild).by(Period::Hour).load(&mut conn).err()),
            ("growth", Growth::of(guild).by(Period::Hour).load(&mut conn).err()),
            ("online", OnlineSeries::of(guild).by(Period::Hour).load(&mut conn).err()),
            ("active members", ActiveMembers::of(guild).load(&mut conn).err()),
        ] {
            let kind = error.map(|error| error.kind().clone());
            assert_eq!(kind, Some(ErrorKind::InvalidInput { field: "window" }), "{name}");
        }
        Ok(())
    }

    /// The recorder cuts intervals at midnight; another program may write one that is open for centuries.
    #[test]
    fn an_open_interval_of_centuries_has_too_many_hours() -> TestResult {
        const YEAR_MS: i64 = 31_557_600_000;
        let (mut conn, guild) = (seeded()?, 1.try_into()?);
        conn.batch_execute(&format!(
            "DELETE FROM voice_intervals;
            INSERT INTO voice_intervals VALUES
                ('1', '20', {YEAR_MS}, NULL, {}, {YEAR_MS}, '3000', 0, 0, 0, 0, 0, 0, 0, 0)",
            331 * YEAR_MS
        ))?;
        let hours = VoiceSeries::of(guild).by(Period::Hour).load(&mut conn).err().map(|error| error.kind().clone());
        assert_eq!(hours, Some(ErrorKind::InvalidInput { field: "window" }));
        // A window in it can be asked about.
        let end = DateTime::from_timestamp_millis(3 * YEAR_MS).ok_or("no such time")?;
        let months = VoiceSeries::of(guild).by(Period::Month).within(Window::until(end)?).load(&mut conn)?;
        assert_eq!(months.voice_ms, 2 * YEAR_MS.cast_unsigned());
        assert_eq!(months.periods.iter().map(|month| month.voice_ms).sum::<u64>(), months.voice_ms);
        Ok(())
    }
}
