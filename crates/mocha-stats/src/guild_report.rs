//! The week of a guild.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use mocha_schema::GuildId;

use crate::{
    Bots, Database, Error, Growth, GrowthAnswer, GuildOverview, GuildOverviewAnswer, HeatMap, HeatMapAnswer,
    Leaderboard, LeaderboardAnswer, MessageSeries, MessageSeriesAnswer, VoiceSeries, VoiceSeriesAnswer, Window,
    database::snapshot,
};

/// A question for a report of a guild, as a bot posts it on Monday: a week, or any other window, in
/// numbers, day by day, and with the members who did most.
///
/// It asks the questions that its answer names in one transaction, so that they agree with each
/// other. `Chart::report` of mocha-charts draws the answer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[doc(alias("weekly report", "digest"))]
#[must_use = "a question does nothing until it is loaded"]
pub struct GuildReport {
    bots: Bots,
    guild: GuildId,
    limit: usize,
    window: Window,
    zone: Tz,
}

/// A report of a guild.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GuildReportAnswer {
    /// The numbers, each with that of the window before.
    pub overview: GuildOverviewAnswer,
    /// Messages by day of the zone.
    pub messages: MessageSeriesAnswer,
    /// The same in the window before, if there is one.
    pub messages_before: Option<MessageSeriesAnswer>,
    /// Voice time by day of the zone.
    pub voice: VoiceSeriesAnswer,
    /// Joins, leaves and members by day of the zone.
    pub growth: GrowthAnswer,
    /// Messages by weekday and hour of the zone.
    pub heat_map: HeatMapAnswer,
    /// The members with most messages, compared with the window before.
    pub writers: LeaderboardAnswer,
    /// The members with most voice time, compared with the window before.
    pub speakers: LeaderboardAnswer,
    /// The time zone of the report.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub zone: Tz,
}

impl GuildReport {
    /// Asks about this guild in this window. Defaults: in UTC, humans only, ten members.
    ///
    /// Pass a window of days, weeks or months ([`Window::last_weeks`] and its siblings), of the same
    /// zone as [`zone`](Self::zone).
    pub const fn of(guild: GuildId, window: Window) -> Self {
        Self { bots: Bots::Exclude, guild, limit: 10, window, zone: Tz::UTC }
    }

    /// Asks about the last week that is over, from Monday to Sunday of a zone.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `now`: before 1970, or its week does not end before
    /// the year 10000; of `n`: the week before begins before 1970.
    pub fn last_week(guild: GuildId, zone: Tz, now: DateTime<Utc>) -> Result<Self, Error> {
        let current = Window::last_weeks(1, zone, now)?;
        let before = current.previous().ok_or(Error::invalid("n", "must not reach back before 1970"))?;
        Ok(Self::of(guild, before).zone(zone))
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`], of joins and leaves too.
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Lists this many members. The default is 10.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = n;
        self
    }

    /// Sets the time zone of the days and hours. The default is UTC.
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Runs the query.
    ///
    /// Reads what the questions in the answer read, some of them also of the window before, in one
    /// transaction.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `window`: it has more than a million days.
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id or count.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use chrono_tz::Tz;
    /// use mocha_schema::GuildId;
    /// use mocha_stats::GuildReport;
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // On the Monday after.
    /// let now = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")? + TimeDelta::days(7);
    /// let report = GuildReport::last_week(GuildId::try_from(1)?, Tz::UTC, now)?.load(&mut conn)?;
    /// assert_eq!((report.overview.messages.value, report.overview.messages.previous), (6, Some(0)));
    /// let days: Vec<u64> = report.messages.periods.iter().map(|day| day.written.messages).collect();
    /// assert_eq!(days, [6, 0, 0, 0, 0, 0, 0]);
    /// assert_eq!(report.writers.entries[0].user_id.get(), 20);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<GuildReportAnswer, Error> {
        let Self { bots, guild, limit, window, zone } = self;
        let messages = |window| MessageSeries::of(guild).bots(bots).within(window).zone(zone);
        let top = |board: Leaderboard| board.bots(bots).within(window).compare().limit(limit);
        snapshot(conn, |conn| {
            Ok(GuildReportAnswer {
                overview: GuildOverview::of(guild).bots(bots).within(window).load(conn)?,
                messages: messages(window).load(conn)?,
                messages_before: window.previous().map(|before| messages(before).load(conn)).transpose()?,
                voice: VoiceSeries::of(guild).bots(bots).within(window).zone(zone).load(conn)?,
                growth: Growth::of(guild).bots(bots).within(window).zone(zone).load(conn)?,
                heat_map: HeatMap::of(guild).bots(bots).within(window).zone(zone).load(conn)?,
                writers: top(Leaderboard::messages(guild)).load(conn)?,
                speakers: top(Leaderboard::voice_time(guild)).load(conn)?,
                zone,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::MONDAY,
        random,
        test_file::empty,
        world::{self, SPAN, world},
    };

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn it_is_what_the_questions_say_one_by_one(
            world in world(), zone in random::zone(), second in 0..SPAN + 14 * 86_400, bots in random::bots(),
            limit in 0..4_usize
        ) {
            let mut conn = empty().unwrap();
            world::insert(&mut conn, &world).unwrap();
            let (now, guild) = (DateTime::from_timestamp(MONDAY + second, 0).unwrap(), random::GUILD.try_into().unwrap());
            let report = GuildReport::last_week(guild, zone, now).unwrap().bots(bots).limit(limit).load(&mut conn).unwrap();
            let window = report.overview.window;
            // Seven days that are over.
            let local = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
            let (start, end) = (window.start().unwrap(), window.end().unwrap());
            prop_assert!(end <= now && (local(now) - local(end)).num_days() < 7);
            prop_assert_eq!((local(end) - local(start)).num_days(), 7);
            prop_assert_eq!(report.messages.periods.len(), 7);
            prop_assert_eq!(report.overview, GuildOverview::of(guild).bots(bots).within(window).load(&mut conn).unwrap());
            let before = window.previous().unwrap();
            let series = |conn: &mut _, window| MessageSeries::of(guild).bots(bots).zone(zone).within(window).load(conn).unwrap();
            prop_assert_eq!(report.messages, series(&mut conn, window));
            prop_assert_eq!(report.messages_before, Some(series(&mut conn, before)));
            let voice = VoiceSeries::of(guild).bots(bots).zone(zone).within(window);
            prop_assert_eq!(report.voice, voice.load(&mut conn).unwrap());
            let growth = Growth::of(guild).bots(bots).zone(zone).within(window);
            prop_assert_eq!(report.growth, growth.load(&mut conn).unwrap());
            let heat_map = HeatMap::of(guild).bots(bots).zone(zone).within(window);
            prop_assert_eq!(report.heat_map, heat_map.load(&mut conn).unwrap());
            let writers = Leaderboard::messages(guild).bots(bots).within(window).compare().limit(limit);
            prop_assert_eq!(report.writers, writers.load(&mut conn).unwrap());
            let speakers = Leaderboard::voice_time(guild).bots(bots).within(window).compare().limit(limit);
            prop_assert_eq!(report.speakers, speakers.load(&mut conn).unwrap());
        }
    }
}
