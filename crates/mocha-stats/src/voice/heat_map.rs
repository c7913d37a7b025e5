//! When people talk.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use mocha_schema::{GuildId, UserId};

use super::{
    VoiceFilter,
    interval::{Stay, VoiceTime},
    scope::{Fold, Scope},
};
use crate::{Bots, Database, Error, Window, heat_map::Week};

/// A question about when in a week people are in voice: by weekday and hour.
///
/// Each person's time counts: two people in a channel for an hour are two hours.
/// [`HeatMap`](crate::HeatMap) says when messages are written.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct VoiceHeatMap {
    scope: Scope,
    zone: Tz,
}

/// When people were in voice.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceHeatMapAnswer {
    /// Time in voice by weekday, Monday first, and by hour from 0 to 23, of the zone that the
    /// question names: observed, assumed or both, as the filter's [`Assumed`](crate::Assumed) says.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::duration::weekly_milliseconds"))]
    pub hours: [[Duration; 24]; 7],
    /// Time in all of them.
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

impl VoiceHeatMap {
    /// Asks about this guild. Defaults: all time, in UTC, humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self { scope: Scope::of(guild), zone: Tz::UTC }
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

    /// Sets the time zone of the weekdays and hours. The default is UTC.
    ///
    /// On a day of 23 hours, one hour gets nothing. On a day of 25, one hour gets the time of two.
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's intervals of the window and of the day before it through an index, in one
    /// transaction. Memory does not grow.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mocha_schema::GuildId;
    /// use mocha_stats::VoiceHeatMap;
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // Two came on Monday at nine in UTC; one stayed until half past, one until ten.
    /// let utc = VoiceHeatMap::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// assert_eq!((utc.hours[0][9], utc.voice_time), (Duration::from_mins(90), Duration::from_mins(90)));
    ///
    /// let kathmandu = VoiceHeatMap::of(GuildId::try_from(1)?).zone(chrono_tz::Asia::Kathmandu).load(&mut conn)?;
    /// assert_eq!((kathmandu.hours[0][14], kathmandu.hours[0][15]), (Duration::from_mins(30), Duration::from_mins(60)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<VoiceHeatMapAnswer, Error> {
        let fold = |_| Hours { question: self, time: VoiceTime::default(), week: Week::of(self.zone) };
        let (Hours { time, week, .. }, data_since) = self.scope.load(conn, fold)?;
        Ok(VoiceHeatMapAnswer {
            hours: week.hours().map(|day| day.map(Duration::from_millis)),
            voice_time: time.counted(self.scope.filter.assumed),
            observed: time.observed(),
            assumed: time.assumed(),
            data_since,
            window: self.scope.window,
        })
    }
}

const QUARTER_MS: i64 = 900_000;

/// Time by weekday and hour.
#[derive(Debug)]
struct Hours<'a> {
    question: &'a VoiceHeatMap,
    /// All of it.
    time: VoiceTime,
    week: Week,
}

impl Fold for Hours<'_> {
    fn stay(&mut self, stay: Stay) {
        self.time.add(stay.time());
        let mut rest = stay.counted(self.question.scope.filter.assumed);
        while let Some(stay) = rest {
            let quarter = stay.from_ms.div_euclid(QUARTER_MS);
            let end_ms = quarter.saturating_add(1).saturating_mul(QUARTER_MS);
            if let Some(part) = stay.part(stay.from_ms, end_ms) {
                self.week.add(quarter, part.time().all_ms());
            }
            rest = stay.part(end_ms, stay.to_ms);
        }
    }
}

#[cfg(test)]
mod tests {
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

    /// The same in plain Rust, tick by tick.
    fn expected(question: &VoiceHeatMap, voice: &Voice) -> TestResult<([[Duration; 24]; 7], Duration, Duration)> {
        let Scope { ref filter, user, window, .. } = question.scope;
        let (mut hours, mut all) = ([[Duration::ZERO; 24]; 7], (Duration::ZERO, Duration::ZERO));
        for tick in voice.ticks(window) {
            let there = voice.counted(window, filter, tick).into_iter();
            let there: Vec<_> = there.filter(|there| user.is_none_or(|user| user.get() == there.talk.user)).collect();
            let (observed, assumed) = voice.time(&there);
            let at =
                DateTime::from_timestamp_millis(voice.at(tick)).ok_or("no such time")?.with_timezone(&question.zone);
            let (weekday, hour): (usize, usize) =
                (at.format("%u").to_string().parse()?, at.format("%H").to_string().parse()?);
            hours[weekday - 1][hour] += truth::by_policy(filter.assumed, observed, assumed);
            all = (all.0 + observed, all.1 + assumed);
        }
        Ok((hours, all.0, all.1))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn it_is_what_plain_rust_counts(
            (voice, window) in truth::voice_of(SATURDAY_MS, FIVE_MINUTES_MS, THREE_DAYS), filter in truth::filter(),
            zone in random::zone(), user in prop::option::weighted(0.3, random::any_user())
        ) {
            let mut conn = empty().unwrap();
            voice.insert(&mut conn).unwrap();
            let guild = random::GUILD.try_into().unwrap();
            let mut question = VoiceHeatMap::of(guild).within(window).bots(filter.bots).filter(filter).zone(zone);
            if let Some(user) = user {
                question = question.user(user.try_into().unwrap());
            }
            let answer = question.load(&mut conn).unwrap();
            let (hours, observed, assumed) = expected(&question, &voice).unwrap();
            prop_assert_eq!((answer.hours, answer.observed, answer.assumed), (hours, observed, assumed));
            prop_assert_eq!(answer.voice_time, answer.hours.iter().flatten().sum::<Duration>());
        }
    }
}
