//! How many people were online over time.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use mocha_schema::{GuildId, PresenceStatus};

use super::scope::{Read, Scope};
use crate::{
    Bots, Database, Error, Period, Window,
    error::instant,
    periods::{self, Counts, Touched},
};

/// A question about how many people in a guild were online, hour by hour, or by day, week or month
/// of a zone.
///
/// Online is who is online, idle or not to be disturbed, as [`PresenceTime`](crate::PresenceTime)
/// has it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct OnlineSeries {
    period: Period,
    scope: Scope,
    zone: Tz,
}

/// How many people were online over time.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct OnlineSeriesAnswer {
    /// Every period from the window's start to its end, oldest first, without gaps. Without a start
    /// the list begins with the first row, and without an end it ends with the last instant that is
    /// known. If neither is there, it is empty.
    pub periods: Vec<OnlinePeriod>,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// A period of an [`OnlineSeriesAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct OnlinePeriod {
    /// The first instant of the period, even if the window starts later. Only the time inside the
    /// window counts.
    pub start: DateTime<Tz>,
    /// Whether only a part of the period is counted: the window starts or ends in it, it is not
    /// over, or Mocha no longer keeps all of its events.
    pub is_partial: bool,
    /// How much of it lies in the window and can be known. 0 if it is yet to come.
    #[cfg_attr(feature = "serde", serde(rename = "length_ms", serialize_with = "crate::duration::milliseconds"))]
    pub length: Duration,
    /// How many were online at once, at most.
    pub max_user_count: u64,
    /// The time of all users who were online. Divided by `length`, it is how many were online on
    /// average.
    #[cfg_attr(feature = "serde", serde(rename = "online_ms", serialize_with = "crate::duration::milliseconds"))]
    pub online_time: Duration,
}

impl OnlineSeries {
    /// Asks about this guild. Defaults: all time, by day, in UTC, humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self { period: Period::Day, scope: Scope::of(guild), zone: Tz::UTC }
    }

    /// Counts only what lies in this window, to the millisecond. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.scope.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.scope.bots = bots;
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
    /// Reads what [`PresenceTime::load`](crate::PresenceTime::load) reads; memory grows with
    /// people, with joins and leaves, with the seconds in which somebody came online or went, and
    /// with the periods.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `window`: it has more than a million periods.
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id or time.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{OnlineSeries, Period, Window};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # mod presence { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/presence/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = presence::seeded()?;
    /// let monday = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// // One is online from eight on, another from nine to eleven; after that nothing is known.
    /// let noon = Window::between(monday + TimeDelta::minutes(8 * 60 + 30), monday + TimeDelta::hours(12))?;
    /// let series = OnlineSeries::of(GuildId::try_from(1)?).by(Period::Hour).within(noon).load(&mut conn)?;
    /// let [eight, nine, ten, eleven] = series.periods[..] else { return Err("four hours".into()) };
    /// let (half_an_hour, hour) = (Duration::from_mins(30), Duration::from_hours(1));
    /// assert_eq!((eight.max_user_count, eight.online_time, eight.length), (1, half_an_hour, half_an_hour));
    /// assert_eq!((nine.max_user_count, nine.online_time, nine.length), (2, 2 * hour, hour));
    /// assert_eq!((ten.max_user_count, ten.online_time), (2, 2 * hour));
    /// assert_eq!((eleven.max_user_count, eleven.online_time, eleven.length), (0, Duration::ZERO, Duration::ZERO));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<OnlineSeriesAnswer, Error> {
        periods::check(self.period, self.scope.window)?;
        let mut changes = BTreeMap::<i64, i64>::new();
        let read = self.scope.scan(conn, |spell| {
            if spell.status.is_some_and(|status| status != PresenceStatus::Offline) {
                *changes.entry(spell.from_ms).or_default() += 1;
                *changes.entry(spell.to_ms).or_default() -= 1;
            }
        })?;
        self.answer(read, &levels(&changes))
    }

    fn answer(self, Read { from_ms, known, data_since }: Read, levels: &[Level]) -> Result<OnlineSeriesAnswer, Error> {
        let window = self.scope.window;
        let known_to = known.map(|known| instant(known.to_ms)).transpose()?;
        let first = from_ms.map(instant).transpose()?;
        let (start, end) = (window.start().or(first), window.listed_until(known_to));
        let touched = periods::touched(self.period, self.zone, start, end, Counts::of(window, data_since))?;
        let ends = touched.iter().skip(1).map(|period| period.start.timestamp_millis()).chain([i64::MAX]);
        let (mut periods, mut levels) = (Vec::with_capacity(touched.len()), levels.iter().peekable());
        for (Touched { start, is_partial, .. }, end_ms) in touched.iter().zip(ends) {
            let part = known.map(|known| (start.timestamp_millis().max(known.from_ms), end_ms.min(known.to_ms)));
            let (from_ms, to_ms) = part.unwrap_or_default();
            let mut period = OnlinePeriod {
                start: *start,
                is_partial: *is_partial,
                length: Duration::from_millis(between(from_ms, to_ms)),
                max_user_count: 0,
                online_time: Duration::ZERO,
            };
            let mut online_ms: u64 = 0;
            while let Some(level) = levels.peek() {
                let time_ms = between(level.from_ms.max(from_ms), level.to_ms.min(to_ms));
                if time_ms > 0 {
                    period.max_user_count = period.max_user_count.max(level.users);
                    online_ms = online_ms.saturating_add(time_ms.saturating_mul(level.users));
                }
                if level.to_ms > to_ms {
                    break;
                }
                levels.next();
            }
            period.online_time = Duration::from_millis(online_ms);
            periods.push(period);
        }
        Ok(OnlineSeriesAnswer { periods, data_since, window })
    }
}

/// So many people are online from one instant to another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Level {
    from_ms: i64,
    to_ms: i64,
    users: u64,
}

/// Returns the number of online users over time, from its change at each instant.
fn levels(changes: &BTreeMap<i64, i64>) -> Vec<Level> {
    let mut online = 0_i64;
    let levels = changes.iter().zip(changes.keys().skip(1)).map(|((from_ms, change), to_ms)| {
        online += change;
        Level { from_ms: *from_ms, to_ms: *to_ms, users: u64::try_from(online).unwrap_or(0) }
    });
    levels.collect()
}

/// Milliseconds from one instant to another; 0 if that is not later.
fn between(from_ms: i64, to_ms: i64) -> u64 {
    u64::try_from(to_ms.saturating_sub(from_ms)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Timelike};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        presence::truth::{self, History, Stretch},
        random,
    };

    const TEN_DAYS: i64 = 10 * 86_400;

    /// A name for the period of an instant in the zone; two names are equal only in the same
    /// period.
    fn name(question: OnlineSeries, ms: i64) -> String {
        let at = DateTime::from_timestamp_millis(ms).unwrap().with_timezone(&question.zone);
        match question.period {
            Period::Hour => format!("{} {} {}", at.date_naive(), at.hour(), at.format("%z")),
            Period::Day => at.date_naive().to_string(),
            Period::Week => at.format("%G-%V").to_string(),
            Period::Month => at.format("%Y-%m").to_string(),
        }
    }

    /// Name, length, most at once and time of a period.
    type Row = (String, Duration, u64, Duration);

    /// The same in plain Rust, walking through the zone's time quarter hour by quarter hour.
    fn expected(question: OnlineSeries, history: &History) -> Vec<Row> {
        const QUARTER_MS: i64 = 900_000;
        let window = question.scope.window;
        let (from_ms, to_ms) = history.known(question.scope);
        let end_ms = window.end().map_or(to_ms, |end| (end + TimeDelta::nanoseconds(999_999)).timestamp_millis());
        let Some(from_ms) = from_ms else { return Vec::new() };
        if from_ms >= end_ms {
            return Vec::new();
        }
        let quarters = from_ms.div_euclid(QUARTER_MS)..=(end_ms - 1).div_euclid(QUARTER_MS);
        let quarters: Vec<i64> = quarters.map(|quarter| quarter * QUARTER_MS).collect();
        let mut names: Vec<String> = quarters.iter().map(|ms| name(question, *ms)).collect();
        names.dedup();
        let online = |stretch: &Stretch| -> u64 {
            let online = |doing: &&truth::Doing| doing.status.is_some_and(|status| status != PresenceStatus::Offline);
            stretch.doings.iter().filter(online).count().try_into().unwrap()
        };
        let stretches = history.stretches(question.scope, quarters);
        let periods = names.into_iter().map(|period| {
            let own: Vec<&Stretch> =
                stretches.iter().filter(|stretch| name(question, stretch.from_ms) == period).collect();
            let length_ms = own.iter().map(|stretch| stretch.ms).sum();
            let online_ms = own.iter().map(|stretch| stretch.ms * online(stretch)).sum();
            let max_user_count = own.iter().map(|stretch| online(stretch)).max().unwrap_or(0);
            (period, Duration::from_millis(length_ms), max_user_count, Duration::from_millis(online_ms))
        });
        periods.collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_answer_matches_plain_rust(
            (history, window) in prop_oneof![Just(TEN_DAYS), Just(20)]
                .prop_flat_map(|seconds| (truth::history(seconds), random::window(seconds))),
            bots in random::bots(),
            zone in random::zone(),
            period in prop::sample::select([Period::Hour, Period::Day, Period::Week, Period::Month].as_slice())
        ) {
            let question = OnlineSeries::of(random::GUILD.try_into().unwrap());
            let question = question.within(window).bots(bots).zone(zone).by(period);
            let answer = question.load(&mut history.file().unwrap()).unwrap();
            let rows: Vec<Row> = answer.periods.iter().map(|period| {
                let name = name(question, period.start.timestamp_millis());
                (name, period.length, period.max_user_count, period.online_time)
            }).collect();
            prop_assert_eq!(rows, expected(question, &history));
        }
    }
}
