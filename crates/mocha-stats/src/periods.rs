//! The periods that series list.

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

/// A period of a series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched {
    pub(crate) label: Label,
    pub(crate) start: DateTime<Tz>,
    /// Whether only a part of it is counted: the window starts or ends in it, it has not passed, or
    /// events of it are not kept.
    pub(crate) is_partial: bool,
}

/// The time that a series counts: from an instant to another, where the window has a start and an
/// end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
}

impl Counts {
    pub(crate) fn of(window: Window, data_since: Option<DateTime<Utc>>) -> Self {
        Self { start: window.start().max(data_since), end: window.passed() }
    }

    fn whole(self, start: DateTime<Utc>, end: Option<DateTime<Utc>>) -> bool {
        self.start.is_none_or(|first| first <= start)
            && self.end.is_none_or(|after_last| end.is_some_and(|end| end <= after_last))
    }
}

/// Every period that the time from one instant to another touches; none if either instant is
/// missing or the time is empty. Refuses as [`check`] does what an open window ends with: a row may
/// be stamped with any time.
pub(crate) fn touched(
    period: Period,
    zone: Tz,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    counts: Counts,
) -> Result<Vec<Touched>, Error> {
    check_between(period, start, end)?;
    let Some((start, end)) = start.zip(end).filter(|(start, end)| start < end) else { return Ok(Vec::new()) };
    let last = end - TimeDelta::nanoseconds(1);
    let periods = period.between(start.with_timezone(&zone), last.with_timezone(&zone));
    let after_last = periods.last().and_then(|(_, start)| period.end(*start));
    let ends = periods.iter().skip(1).map(|(_, start)| Some(*start)).chain([after_last]);
    let touched = periods.iter().zip(ends).map(|(&(label, start), end)| {
        let is_partial = !counts.whole(start.to_utc(), end.map(|end| end.to_utc()));
        Touched { label, start, is_partial }
    });
    Ok(touched.collect())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use diesel::connection::SimpleConnection;

    use super::*;
    use crate::{
        ActiveMembers, ErrorKind, Growth, MessageSeries, OnlineSeries, VoiceSeries,
        fixture::{MONDAY, TestResult},
        test_file::{File, seeded},
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

    /// An open window ends with the last row, which some program may have stamped with a time of
    /// its own.
    #[test]
    fn an_open_window_leaves_out_the_year_9999() -> TestResult {
        let (mut conn, guild) = (crate::fixture::seeded()?, 1.try_into()?);
        conn.batch_execute(
            "INSERT INTO presence_events (id, guild_id, user_id, status, created_at)
            VALUES ('1', '1', '20', 'online', 1792368000)",
        )?;
        let lengths = |conn: &mut diesel::SqliteConnection| -> TestResult<[usize; 5]> {
            Ok([
                MessageSeries::of(guild).by(Period::Hour).load(conn)?.periods.len(),
                VoiceSeries::of(guild).by(Period::Hour).load(conn)?.periods.len(),
                Growth::of(guild).by(Period::Hour).load(conn)?.periods.len(),
                OnlineSeries::of(guild).by(Period::Hour).load(conn)?.periods.len(),
                ActiveMembers::of(guild).load(conn)?.days.len(),
            ])
        };
        let before = lengths(&mut conn)?;
        assert_eq!(before, [1, 1, 43, 0, 1]);
        let last =
            "INSERT INTO message_events SELECT id || 'x', guild_id, channel_id, user_id, 0, 0, 0, 0, 0, 253402300000
                FROM message_events LIMIT 1;
            INSERT INTO member_events SELECT id || 'x', guild_id, user_id, 'leave', 1, 253402300000
                FROM member_events LIMIT 1;
            INSERT INTO presence_events (id, guild_id, user_id, status, created_at)
                VALUES ('2', '1', '20', 'idle', 253402300000);
            INSERT INTO voice_intervals SELECT guild_id, user_id, 253402300000000, 253402300000001, 0, 0, channel_id,
                0, 0, 0, 0, 0, 0, 0, 0 FROM voice_intervals LIMIT 1";
        conn.batch_execute(last)?;
        assert_eq!(lengths(&mut conn)?, before);
        // A window that reaches so far counts it.
        let far = DateTime::from_timestamp(253_402_300_000, 0).ok_or("no such time")?;
        let window = Window::between(far, far + TimeDelta::minutes(1))?;
        assert_eq!(MessageSeries::of(guild).within(window).load(&mut conn)?.written.messages, 1);
        Ok(())
    }

    /// The recorder cuts intervals at midnight; another program may write one that is open for
    /// centuries.
    #[test]
    fn an_open_interval_of_centuries_ends() -> TestResult {
        const YEAR_MS: i64 = 31_557_600_000;
        // In 2080.
        let start_ms = 110 * YEAR_MS;
        let (mut conn, guild) = (seeded()?, 1.try_into()?);
        conn.execute(format!(
            "DELETE FROM voice_intervals;
            INSERT INTO voice_intervals VALUES
                ('1', '20', {start_ms}, NULL, {}, {start_ms}, '3000', false, false, false, false, false, false, false, false)",
            start_ms + 331 * YEAR_MS
        ))?;
        // Without an end the window ends with the last possible event, which is less than a million hours after 1970.
        let years = VoiceSeries::of(guild).by(Period::Month).load(&mut conn)?.periods;
        let last = years.last().ok_or("there are months")?.start.to_string();
        assert_eq!((years.len(), last.as_str()), (4 * 12 + 1, "2084-01-01 00:00:00 UTC"));
        let end = DateTime::from_timestamp(mocha_schema::EVENTS_END, 0);
        assert!(check_between(Period::Hour, Some(DateTime::UNIX_EPOCH), end).is_ok());
        // A window in it can be asked about.
        let end = DateTime::from_timestamp_millis(start_ms + 2 * YEAR_MS).ok_or("no such time")?;
        let months = VoiceSeries::of(guild).by(Period::Month).within(Window::until(end)?).load(&mut conn)?;
        assert_eq!(months.voice_time, 2 * std::time::Duration::from_millis(YEAR_MS.cast_unsigned()));
        assert_eq!(months.periods.iter().map(|month| month.voice_time).sum::<std::time::Duration>(), months.voice_time);
        Ok(())
    }

    /// Which periods of each series are partial.
    fn partial(conn: &mut File, window: Window) -> TestResult<[Vec<bool>; 4]> {
        let guild = 1.try_into()?;
        let messages = MessageSeries::of(guild).within(window).load(conn)?.periods;
        let voice = VoiceSeries::of(guild).within(window).load(conn)?.periods;
        let growth = Growth::of(guild).within(window).load(conn)?.periods;
        let online = OnlineSeries::of(guild).within(window).load(conn)?.periods;
        Ok([
            messages.iter().map(|period| period.is_partial).collect(),
            voice.iter().map(|period| period.is_partial).collect(),
            growth.iter().map(|period| period.is_partial).collect(),
            online.iter().map(|period| period.is_partial).collect(),
        ])
    }

    #[test]
    fn a_period_is_partial_if_the_window_or_the_present_cuts_it() -> TestResult {
        let mut conn = seeded()?;
        let at = |hour: i64| DateTime::from_timestamp(MONDAY + hour * 3600, 0).ok_or("no such time");
        let of_all = |partial: [bool; 3]| [(); 4].map(|()| partial.to_vec());
        assert_eq!(partial(&mut conn, Window::between(at(0)?, at(72)?)?)?, of_all([false; 3]));
        assert_eq!(partial(&mut conn, Window::between(at(1)?, at(71)?)?)?, of_all([true, false, true]));
        assert_eq!(partial(&mut conn, Window::between(at(1)?, at(72)?)?)?, of_all([true, false, false]));
        // The last day of these goes on: it is noon.
        assert_eq!(partial(&mut conn, Window::last_days(3, Tz::UTC, at(60)?)?)?, of_all([false, false, true]));
        // An open window cuts nothing.
        assert!(partial(&mut conn, Window::all())?.iter().flatten().all(|is_partial| !is_partial));
        Ok(())
    }

    #[test]
    fn a_period_is_partial_if_events_of_it_are_deleted() -> TestResult {
        let mut conn = seeded()?;
        let tuesday = MONDAY + 86_400;
        conn.execute(format!("UPDATE horizons SET voice_from = {tuesday}, members_from = {tuesday}"))?;
        let start = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
        let [messages, voice, growth, _] = partial(&mut conn, Window::between(start, start + TimeDelta::days(2))?)?;
        assert_eq!([messages, voice, growth], [[false, false], [true, false], [true, false]]);
        Ok(())
    }
}
