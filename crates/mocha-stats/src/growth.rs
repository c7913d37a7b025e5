//! Who came and went.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool},
};
use mocha_schema::GuildId;

use crate::{
    Bots, Error, Window,
    period::exists,
    quarter,
    scan::{self, Unsigned},
};

/// The question how a guild grew, by day.
///
/// Each join and each leave counts, also of somebody who comes and goes and comes again.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct Growth {
    bots: Bots,
    guild: GuildId,
    window: Window,
    zone: Tz,
}

/// How a guild grew.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GrowthAnswer {
    /// Every day, oldest first, without gaps: from the window's start, or the first event if it has none, to the window's
    /// end, or the last event. A window without an end and without events has no days.
    pub days: Vec<GrowthDay>,
    /// All joins.
    pub joins: u64,
    /// All leaves.
    pub leaves: u64,
    /// Joins less leaves.
    pub net: i64,
    /// The window that was asked about.
    pub window: Window,
}

/// A day of a [`GrowthAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GrowthDay {
    /// The day, in the zone that was asked for; at the window's edges only what lies in the window is counted.
    pub day: NaiveDate,
    /// How many joined.
    pub joins: u64,
    /// How many left.
    pub leaves: u64,
    /// Joins less leaves.
    pub net: i64,
}

impl Growth {
    /// Asks about this guild; of all time, in UTC and with bots, until told otherwise.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Include, guild, window: Window::all(), zone: Tz::UTC }
    }

    /// Counts only what lies in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Whether bots count. The default is [`Bots::Include`]: Discord's own member count has them too.
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Whose days. The default is UTC. A day that the zone left out, as Samoa did once, is not listed.
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Asks the file.
    ///
    /// Reads the guild's joins and leaves of the window through an index, in one statement; memory grows with the quarter
    /// hours in which somebody came or went, and with the days.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): SQLite refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::Growth;
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let growth = Growth::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// assert_eq!((growth.joins, growth.leaves, growth.net), (4, 1, 3));
    /// let [monday, tuesday, wednesday] = growth.days[..] else { return Err("three days".into()) };
    /// assert_eq!((monday.day.to_string().as_str(), monday.joins), ("2026-10-19", 4));
    /// assert_eq!((tuesday.joins, tuesday.leaves), (0, 0));
    /// assert_eq!(wednesday.net, -1);
    ///
    /// // Who joined at six in the morning in UTC joined the evening before in Honolulu.
    /// let honolulu = Growth::of(GuildId::try_from(1)?).zone(chrono_tz::Pacific::Honolulu).load(&mut conn)?;
    /// assert_eq!(honolulu.days.first().map(|first| first.day.to_string()).as_deref(), Some("2026-10-18"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut SqliteConnection) -> Result<GrowthAnswer, Error> {
        let rows = scan::events(SQL, self.guild, self.window).load(conn).map_err(Error::database)?;
        Ok(self.fold(rows))
    }

    fn fold(self, rows: Vec<Row>) -> GrowthAnswer {
        let (mut by_day, mut all) = (BTreeMap::<NaiveDate, Count>::new(), Count::default());
        for row in rows.into_iter().filter(|row| self.bots.counts(row.bot)) {
            // Always there: the scan stays between 1970 and 9999.
            let Some(at) = quarter::local(row.quarter, self.zone) else { continue };
            let day = by_day.entry(at.date_naive()).or_default();
            for count in [day, &mut all] {
                count.joins += row.joins;
                count.leaves += row.leaves;
            }
        }
        let days = self.days(&by_day).into_iter().map(|day| {
            let count = by_day.get(&day).copied().unwrap_or_default();
            GrowthDay { day, joins: count.joins, leaves: count.leaves, net: count.net() }
        });
        GrowthAnswer { days: days.collect(), joins: all.joins, leaves: all.leaves, net: all.net(), window: self.window }
    }

    /// The days from the first of the window and of the events to the last.
    fn days(self, by_day: &BTreeMap<NaiveDate, Count>) -> Vec<NaiveDate> {
        let (start, end) = (self.window.start(), self.window.end());
        if start.is_some() && start == end {
            return Vec::new();
        }
        let first_of_window = start.map(|start| start.with_timezone(&self.zone).date_naive());
        let last_of_window = end.map(|end| (end - TimeDelta::nanoseconds(1)).with_timezone(&self.zone).date_naive());
        let first = first_of_window.into_iter().chain(by_day.keys().next().copied()).min();
        let last = last_of_window.into_iter().chain(by_day.keys().next_back().copied()).max();
        let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
        first.iter_days().take_while(|day| *day <= last).filter(|day| exists(*day, self.zone)).collect()
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    joins: u64,
    leaves: u64,
}

impl Count {
    const fn net(self) -> i64 {
        self.joins.cast_signed() - self.leaves.cast_signed()
    }
}

const SQL: &str = "\
    SELECT created_at / 900 AS quarter, user_id IN (SELECT id FROM users WHERE bot = 1) AS bot, \
        SUM(event_type = 'join') AS joins, SUM(event_type = 'leave') AS leaves \
    FROM member_events INDEXED BY idx_member_events_guild_time \
    WHERE guild_id = ?1 AND created_at >= ?2 AND created_at < ?3 AND event_type IN ('join', 'leave') \
    GROUP BY quarter, bot";

#[derive(Clone, Copy, Debug, QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    quarter: i64,
    #[diesel(sql_type = Bool)]
    bot: bool,
    #[diesel(sql_type = BigInt, deserialize_as = Unsigned)]
    joins: u64,
    #[diesel(sql_type = BigInt, deserialize_as = Unsigned)]
    leaves: u64,
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use mocha_schema::MemberEventType;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::{MONDAY, TestResult, empty},
        random,
    };

    const TEN_DAYS: i64 = 10 * 86_400;

    type Event = (u64, u64, bool, i64);

    /// The same in plain Rust, event by event and to the second, walking through the zone's days hour by hour.
    fn expected(question: Growth, events: &[Event]) -> TestResult<GrowthAnswer> {
        let day_of = |second| {
            let utc = DateTime::from_timestamp(second, 0).ok_or("no such time")?;
            TestResult::Ok(utc.with_timezone(&question.zone).date_naive())
        };
        let mut counted: Vec<&Event> = events
            .iter()
            .filter(|event| event.0 == random::GUILD && random::counts(question.bots, event.1))
            .filter(|event| random::holds(question.window, event.3 * 1000))
            .collect();
        counted.sort_by_key(|event| event.3);
        let window = question.window;
        let first = window.start().map(|start| start.timestamp()).or(counted.first().map(|event| event.3));
        // The second of the last instant before the end.
        let end = window.end().map(|end| (end - TimeDelta::nanoseconds(1)).timestamp());
        let last = end.or(counted.last().map(|event| event.3));
        let mut dates: Vec<NaiveDate> = Vec::new();
        if let (Some(first), Some(last)) = (first, last)
            && (window.start() != window.end() || window.start().is_none())
        {
            let hours = (first..=last).step_by(3600).chain([last]);
            dates = hours.filter(|second| *second >= first).map(day_of).collect::<TestResult<_>>()?;
            dates.dedup();
        }
        let count = |join: bool, day: Option<NaiveDate>| -> TestResult<u64> {
            let mut number = 0;
            for event in counted.iter().filter(|event| event.2 == join) {
                number += u64::from(day.is_none_or(|day| day_of(event.3).is_ok_and(|own| own == day)));
            }
            Ok(number)
        };
        let net = |joins, leaves| TestResult::Ok(i64::try_from(joins)? - i64::try_from(leaves)?);
        let mut days = Vec::new();
        for day in dates {
            let (joins, leaves) = (count(true, Some(day))?, count(false, Some(day))?);
            days.push(GrowthDay { day, joins, leaves, net: net(joins, leaves)? });
        }
        let (joins, leaves) = (count(true, None)?, count(false, None)?);
        Ok(GrowthAnswer { days, joins, leaves, net: net(joins, leaves)?, window })
    }

    fn load(question: Growth, events: &[Event]) -> TestResult<GrowthAnswer> {
        let mut conn = empty()?;
        let mut rows = random::insert_users(&mut conn)?;
        for (guild, user, join, second) in events {
            let kind = if *join { MemberEventType::Join } else { MemberEventType::Leave };
            rows.member_event(&mut conn, *guild, *user, kind, *second)?;
        }
        Ok(question.load(&mut conn)?)
    }

    proptest! {
        #[test]
        fn it_is_what_plain_rust_counts(
            events in prop::collection::vec(
                (random::guild(), random::any_user(), any::<bool>(), MONDAY..MONDAY + TEN_DAYS), 0..30
            ),
            window in random::window(TEN_DAYS), bots in random::bots(), zone in random::zone()
        ) {
            let question = Growth::of(random::GUILD.try_into().unwrap()).within(window).bots(bots).zone(zone);
            prop_assert_eq!(load(question, &events).unwrap(), expected(question, &events).unwrap());
        }
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_zone() -> TestResult {
        // A quarter to midnight and midnight in Kathmandu, which is 5 hours and 45 minutes ahead.
        let midnight = MONDAY - (5 * 60 + 45) * 60;
        let events = [(1, 2, true, midnight - 1), (1, 10, true, midnight)];
        let growth = load(Growth::of(1.try_into()?).zone(chrono_tz::Asia::Kathmandu), &events)?;
        let days: Vec<_> = growth.days.iter().map(|day| (day.day.to_string(), day.joins)).collect();
        assert_eq!(days, [("2026-10-18".to_owned(), 1), ("2026-10-19".to_owned(), 1)]);
        Ok(())
    }

    #[test]
    fn days_are_those_that_the_window_touches() -> TestResult {
        let monday = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
        let day = TimeDelta::days(1);
        for (window, expected) in [
            (Window::between(monday, monday)?, 0),
            (Window::between(monday + day / 2, monday + day / 2)?, 0),
            (Window::between(monday, monday + TimeDelta::nanoseconds(1))?, 1),
            (Window::between(monday, monday + day)?, 1),
            (Window::between(monday, monday + day + TimeDelta::nanoseconds(1))?, 2),
            (Window::between(monday - TimeDelta::nanoseconds(1), monday + day)?, 2),
            (Window::since(monday)?, 0),
            (Window::all(), 0),
        ] {
            assert_eq!(load(Growth::of(1.try_into()?).within(window), &[])?.days.len(), expected, "{window:?}");
        }
        // The third day's event is of a bot, which counts until told otherwise.
        let events = [(1, 2, true, MONDAY), (1, 9, true, MONDAY + 2 * 86_400)];
        let sunday = Window::since(monday - day)?;
        let growth = Growth::of(1.try_into()?);
        assert_eq!(load(growth, &events)?.days.len(), 3);
        assert_eq!(load(growth.within(sunday), &events)?.days.len(), 4);
        assert_eq!(load(growth.within(sunday).bots(Bots::Exclude), &events)?.days.len(), 2);
        Ok(())
    }

    #[test]
    fn a_day_that_the_zone_left_out_is_not_listed() -> TestResult {
        // Samoa went from the 29th to the 31st of December 2011.
        let instant = |text: &str| text.parse::<DateTime<chrono::Utc>>();
        let window = Window::between(instant("2011-12-29T12:00:00Z")?, instant("2011-12-31T12:00:00Z")?)?;
        let growth = load(Growth::of(1.try_into()?).zone(chrono_tz::Pacific::Apia).within(window), &[])?;
        let days: Vec<String> = growth.days.iter().map(|day| day.day.to_string()).collect();
        assert_eq!(days, ["2011-12-29", "2011-12-31", "2012-01-01"]);
        Ok(())
    }

    #[test]
    fn an_event_of_another_kind_counts_for_nothing() -> TestResult {
        let mut conn = crate::fixture::seeded()?;
        let before = Growth::of(1.try_into()?).load(&mut conn)?;
        diesel::sql_query("INSERT INTO member_events VALUES ('ban', '1', '20', 'ban', NULL, 0)").execute(&mut conn)?;
        assert_eq!(Growth::of(1.try_into()?).load(&mut conn)?, before);
        Ok(())
    }
}
