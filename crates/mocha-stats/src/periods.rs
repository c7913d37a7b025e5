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
        fixture::{MONDAY, TestResult, seeded},
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

    /// The recorder cuts intervals at midnight; another program may write one that is open for
    /// centuries.
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

    /// Which periods of each series are partial.
    fn partial(conn: &mut diesel::SqliteConnection, window: Window) -> TestResult<[Vec<bool>; 4]> {
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
        conn.batch_execute(&format!("UPDATE horizons SET voice_from = {tuesday}, members_from = {tuesday}"))?;
        let start = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
        let [messages, voice, growth, _] = partial(&mut conn, Window::between(start, start + TimeDelta::days(2))?)?;
        assert_eq!([messages, voice, growth], [[false, false], [true, false], [true, false]]);
        Ok(())
    }
}
