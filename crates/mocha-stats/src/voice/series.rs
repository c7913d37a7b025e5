//! Voice time over time.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use mocha_schema::{GuildId, UserId};

use super::{
    VoiceFilter,
    interval::{Stay, VoiceTime},
    scope::{Fold, Scope},
};
use crate::{
    Bots, Database, Error, Period, Window,
    period::Label,
    periods::{self, Counts, Touched},
    quarter,
};

/// A question about how long everybody in a guild, or one user, was in voice, hour by hour, or by
/// day, week or month of a zone.
///
/// Each person's time counts: two people in a channel for an hour are two hours.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct VoiceSeries {
    period: Period,
    scope: Scope,
    zone: Tz,
}

/// Voice time over time.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceSeriesAnswer {
    /// Every period from the window's start to its end, oldest first, without gaps. Without a start
    /// the list begins with the first time in voice, and without an end it ends with the last time
    /// in voice. A window without an end and without voice has no periods.
    pub periods: Vec<VoicePeriod>,
    /// Time in all of them: observed, assumed or both, as the filter's
    /// [`Assumed`](crate::Assumed) says.
    #[cfg_attr(feature = "serde", serde(rename = "voice_ms", serialize_with = "crate::duration::milliseconds"))]
    pub voice_time: Duration,
    /// The observed part of it.
    #[cfg_attr(feature = "serde", serde(rename = "observed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub observed: Duration,
    /// The assumed part of it: time that bridges a gap, or follows the last confirmation of the
    /// connection.
    #[cfg_attr(feature = "serde", serde(rename = "assumed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub assumed: Duration,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// A period of a [`VoiceSeriesAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoicePeriod {
    /// The first instant of the period, even if the window starts later. Only the time inside the
    /// window counts.
    pub start: DateTime<Tz>,
    /// Whether only a part of the period is counted: the window starts or ends in it, it is not
    /// over, or Mocha no longer keeps all of its events.
    pub is_partial: bool,
    /// Time in voice: observed, assumed or both, as the filter's
    /// [`Assumed`](crate::Assumed) says.
    #[cfg_attr(feature = "serde", serde(rename = "voice_ms", serialize_with = "crate::duration::milliseconds"))]
    pub voice_time: Duration,
    /// The observed part of it.
    #[cfg_attr(feature = "serde", serde(rename = "observed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub observed: Duration,
    /// The assumed part of it: time that bridges a gap, or follows the last confirmation of the
    /// connection.
    #[cfg_attr(feature = "serde", serde(rename = "assumed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub assumed: Duration,
}

impl VoiceSeries {
    /// Asks about this guild. Defaults: all time, by day, in UTC, humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self { period: Period::Day, scope: Scope::of(guild), zone: Tz::UTC }
    }

    /// Counts only what lies in this window, to the millisecond. The default is all time.
    ///
    /// A member who is still in voice counts up to the window's end, for at most
    /// [`ASSUMED_TAIL`](crate::ASSUMED_TAIL) after Mocha last confirmed the connection. If
    /// the window has no end, the time counts up to that confirmation.
    pub const fn within(mut self, window: Window) -> Self {
        self.scope.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.scope.filter.bots = bots;
        self
    }

    /// Counts only the voice time that this filter lets through. The default is all time.
    pub fn filter(mut self, filter: VoiceFilter) -> Self {
        self.scope.filter = filter.bots(self.scope.filter.bots);
        self
    }

    /// Counts only this user's time. The default is everybody's.
    pub const fn user(mut self, user: UserId) -> Self {
        self.scope.user = Some(user);
        self
    }

    /// Sets the length of the periods. The default is [`Period::Day`].
    pub const fn by(mut self, period: Period) -> Self {
        self.period = period;
        self
    }

    /// Sets the time zone of the periods. The default is UTC. A day that the zone skipped, as Samoa
    /// did once, is not listed.
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's intervals of the window and of the day before it through an index, in one
    /// transaction; memory grows with the quarter hours in which somebody was in voice, and with
    /// the periods.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `window`: it has more than a million periods.
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{Period, VoiceSeries};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // Two came at nine in UTC; one stayed until half past, one until ten.
    /// let series = VoiceSeries::of(GuildId::try_from(1)?).by(Period::Hour).zone(chrono_tz::Asia::Kathmandu);
    /// let answer = series.load(&mut conn)?;
    /// let [first, second] = answer.periods[..] else { return Err("two hours".into()) };
    /// assert_eq!((first.start.to_rfc3339().as_str(), first.voice_time), ("2026-10-19T14:00:00+05:45", Duration::from_mins(30)));
    /// assert_eq!((second.start.to_rfc3339().as_str(), second.voice_time), ("2026-10-19T15:00:00+05:45", Duration::from_hours(1)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<VoiceSeriesAnswer, Error> {
        periods::check(self.period, self.scope.window)?;
        let (times, data_since) = self.scope.load(conn, |_| Times::of(self))?;
        self.answer(&times, data_since)
    }

    fn answer(
        &self,
        Times { by_label, edges, .. }: &Times<'_>,
        data_since: Option<DateTime<Utc>>,
    ) -> Result<VoiceSeriesAnswer, Error> {
        let policy = self.scope.filter.assumed;
        let mut all = VoiceTime::default();
        for time in by_label.values() {
            all.add(*time);
        }
        let local = |quarter: i64| quarter::local(quarter, self.zone);
        let first = edges.and_then(|(first, _)| local(first));
        let last = edges.and_then(|(_, last)| local(last));
        let periods = self.periods(first, last, data_since)?.into_iter().map(|Touched { label, start, is_partial }| {
            let time = by_label.get(&label).copied().unwrap_or_default();
            let (voice_time, observed, assumed) = (time.counted(policy), time.observed(), time.assumed());
            VoicePeriod { start, is_partial, voice_time, observed, assumed }
        });
        Ok(VoiceSeriesAnswer {
            periods: periods.collect(),
            voice_time: all.counted(policy),
            observed: all.observed(),
            assumed: all.assumed(),
            data_since,
            window: self.scope.window,
        })
    }

    /// The periods of the window, which ends with the first and last voice where it is open.
    fn periods(
        &self,
        first: Option<DateTime<Tz>>,
        last: Option<DateTime<Tz>>,
        data_since: Option<DateTime<Utc>>,
    ) -> Result<Vec<Touched>, Error> {
        let window = self.scope.window;
        let start = window.start().or(first.map(|first| first.to_utc()));
        let end = window.listed_until(last.map(|last| last.to_utc() + TimeDelta::nanoseconds(1)));
        periods::touched(self.period, self.zone, start, end, Counts::of(window, data_since))
    }
}

const QUARTER_MS: i64 = 900_000;

/// Time by period.
#[derive(Debug)]
struct Times<'a> {
    by_label: BTreeMap<Label, VoiceTime>,
    /// The first and the last quarter of an hour with voice time.
    edges: Option<(i64, i64)>,
    /// The quarter before and its period: many come in a row.
    last: Option<(i64, Label)>,
    question: &'a VoiceSeries,
}

impl<'a> Times<'a> {
    const fn of(question: &'a VoiceSeries) -> Self {
        Self { by_label: BTreeMap::new(), edges: None, last: None, question }
    }

    /// Whether the series is still short enough to be answered, with a stay between these quarters
    /// too.
    fn reaches(&mut self, first: i64, last: i64) -> bool {
        let (before, after) = self.edges.unwrap_or((first, last));
        let (first, last) = (first.min(before), last.max(after));
        self.edges = Some((first, last));
        let instant = |quarter| quarter::local(quarter, Tz::UTC).map(|at| at.to_utc());
        periods::check_between(self.question.period, instant(first), instant(last)).is_ok()
    }

    fn add(&mut self, quarter: i64, time: VoiceTime) {
        let label = match self.last {
            Some((last, label)) if last == quarter => label,
            _ => {
                // Always there: the window starts in 1970, and no recorder writes what lies after 9999.
                let Some(at) = quarter::local(quarter, self.question.zone) else { return };
                self.question.period.label(at)
            }
        };
        self.last = Some((quarter, label));
        self.by_label.entry(label).or_default().add(time);
    }
}

impl Fold for Times<'_> {
    fn stay(&mut self, stay: Stay) {
        let last_ms = stay.to_ms.saturating_sub(1).max(stay.from_ms);
        if !self.reaches(stay.from_ms.div_euclid(QUARTER_MS), last_ms.div_euclid(QUARTER_MS)) {
            return;
        }
        let mut rest = Some(stay);
        while let Some(stay) = rest {
            let quarter = stay.from_ms.div_euclid(QUARTER_MS);
            let end_ms = quarter.saturating_add(1).saturating_mul(QUARTER_MS);
            if let Some(part) = stay.part(stay.from_ms, end_ms) {
                self.add(quarter, part.time());
            }
            rest = stay.part(end_ms, stay.to_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::{Datelike, Timelike};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::TestResult,
        random,
        test_file::empty,
        voice::truth::{self, Voice},
    };

    /// Saturday, 24 October 2026, midnight UTC: the next night the clocks of Berlin go back.
    const SATURDAY_MS: i64 = (crate::fixture::MONDAY + 5 * 86_400) * 1000;
    const FIVE_MINUTES_MS: i64 = 300_000;
    const THREE_DAYS: i64 = 3 * 288;

    /// A name for the period of a tick in the zone; two names are equal only in the same period.
    fn name(question: &VoiceSeries, voice: &Voice, tick: i64) -> String {
        let at = DateTime::from_timestamp_millis(voice.at(tick)).unwrap().with_timezone(&question.zone);
        match question.period {
            Period::Hour => format!("{} {} {}", at.date_naive(), at.hour(), at.format("%z")),
            Period::Day => at.date_naive().to_string(),
            Period::Week => format!("{:?}", at.iso_week()),
            Period::Month => at.format("%Y-%m").to_string(),
        }
    }

    /// The same in plain Rust, tick by tick. A period is known by its name.
    fn expected(question: &VoiceSeries, voice: &Voice) -> Vec<(String, Duration, Duration, Duration)> {
        let Scope { ref filter, user, window, .. } = question.scope;
        let there = voice.ticks(window).flat_map(|tick| voice.counted(window, filter, tick));
        let there: Vec<_> = there.filter(|there| user.is_none_or(|user| user.get() == there.talk.user)).collect();
        let seen: BTreeSet<i64> = there.iter().map(|there| there.tick).collect();
        let ticks: Vec<i64> = voice.ticks(window).collect();
        let first = window.start().and(ticks.first()).or(seen.first());
        let last = window.end().and(ticks.last()).or(seen.last());
        let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
        let mut names: Vec<String> = (*first..=*last).map(|tick| name(question, voice, tick)).collect();
        names.dedup();
        let periods = names.into_iter().map(|period| {
            let own: Vec<_> =
                there.iter().filter(|there| name(question, voice, there.tick) == period).copied().collect();
            let (observed, assumed) = voice.time(&own);
            (period, truth::by_policy(filter.assumed, observed, assumed), observed, assumed)
        });
        periods.collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn the_answer_matches_plain_rust(
            (voice, window) in truth::voice_of(SATURDAY_MS, FIVE_MINUTES_MS, THREE_DAYS), filter in truth::filter(),
            zone in random::zone(), user in prop::option::weighted(0.3, random::any_user()),
            period in prop::sample::select([Period::Hour, Period::Day, Period::Week, Period::Month].as_slice())
        ) {
            let mut conn = empty().unwrap();
            voice.insert(&mut conn).unwrap();
            let guild = random::GUILD.try_into().unwrap();
            let question = VoiceSeries::of(guild).within(window).bots(filter.bots).filter(filter).by(period).zone(zone);
            let question = match user {
                Some(user) => question.user(user.try_into().unwrap()),
                None => question,
            };
            let answer = question.load(&mut conn).unwrap();
            let tick = |start: DateTime<Tz>| (start.timestamp_millis() - voice.origin_ms).div_euclid(voice.tick_ms);
            let periods: Vec<_> = answer.periods.iter().map(|period| {
                let name = name(&question, &voice, tick(period.start));
                (name, period.voice_time, period.observed, period.assumed)
            }).collect();
            prop_assert_eq!(periods, expected(&question, &voice));
            let sum = |value: fn(&VoicePeriod) -> Duration| answer.periods.iter().map(value).sum::<Duration>();
            prop_assert_eq!(answer.voice_time, sum(|period| period.voice_time));
            prop_assert_eq!(answer.observed, sum(|period| period.observed));
            prop_assert_eq!(answer.assumed, sum(|period| period.assumed));
        }
    }

    #[test]
    fn time_is_cut_at_the_edge_to_the_millisecond() -> TestResult {
        let mut conn = empty()?;
        let edge = SATURDAY_MS + 7 * 900_000;
        crate::fixture::insert_interval(&mut conn, crate::fixture::interval(1, 2, None, edge - 1, Some(edge + 2))?)?;
        let zone = chrono_tz::Asia::Kathmandu;
        // A quarter to two in UTC is half past seven there; the hour began at a quarter past one.
        let answer = VoiceSeries::of(1.try_into()?).by(Period::Hour).zone(zone).load(&mut conn)?;
        let hours: Vec<_> =
            answer.periods.iter().map(|hour| (hour.start.hour(), hour.voice_time.as_millis())).collect();
        assert_eq!(hours, [(7, 3)]);
        let utc = VoiceSeries::of(1.try_into()?).by(Period::Hour);
        let quarter = DateTime::from_timestamp_millis(edge).ok_or("no such time")?;
        let window = Window::between(quarter, quarter + TimeDelta::hours(2))?;
        let answer = utc.within(window).load(&mut conn)?;
        let hours: Vec<_> =
            answer.periods.iter().map(|hour| (hour.start.hour(), hour.voice_time.as_millis())).collect();
        assert_eq!(hours, [(1, 2), (2, 0), (3, 0)]);
        Ok(())
    }
}
