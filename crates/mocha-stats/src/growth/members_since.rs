//! When the present members joined.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use mocha_schema::{EVENTS_END, GuildId};

use crate::{
    Bots, Database, Error, Period, Window,
    database::{Source, snapshot},
    period::Label,
    periods::{self, Counts, Touched},
    statement::Statement,
};

/// A question about when a guild's present members joined, by hour, day, week or month: growth from
/// before Mocha recorded it.
///
/// Discord says when each present member last joined, and nothing about members who left. So each
/// number is a **lower bound**: members who left since are missing, and members who came back count
/// from their return on. [`Growth`](crate::Growth) has the true numbers of the time that Mocha
/// recorded.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[doc(alias("joined_at", "retroactive growth"))]
#[must_use = "a question does nothing until it is loaded"]
pub struct MembersSince {
    bots: Bots,
    guild: GuildId,
    period: Period,
    window: Window,
    zone: Tz,
}

/// When the present members joined.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MembersSinceAnswer {
    /// Every period from the window's start to its end, oldest first, without gaps. Without a start
    /// the list begins with the first join, and without an end it ends with the last join.
    pub periods: Vec<MembersSincePeriod>,
    /// How many are members now and joined before the window's end.
    pub members: u64,
    /// How many present members have no known time of joining: none, or one before 1970 or from
    /// 2084-01-29 on. They are in no other number.
    pub unknown: u64,
    /// The window that was asked about.
    pub window: Window,
}

/// A period of a [`MembersSinceAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MembersSincePeriod {
    /// The first instant of the period, even if the window starts later. Only the time inside the
    /// window counts.
    pub start: DateTime<Tz>,
    /// Whether only a part of the period is counted: the window starts or ends in it, or it is not
    /// over.
    pub is_partial: bool,
    /// How many of the present members joined in it.
    pub joined: u64,
    /// How many of the present members had joined by the end of the period, or of the window if
    /// that is earlier. There were at least this many members.
    pub members: u64,
}

impl MembersSince {
    /// Asks about this guild. Defaults: all time, by day, in UTC, humans only.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, period: Period::Day, window: Window::all(), zone: Tz::UTC }
    }

    /// Lists only the periods of this window. Members who joined before it are in
    /// [`members`](MembersSincePeriod::members). The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Sets the length of the periods. The default is [`Period::Day`].
    pub const fn by(mut self, period: Period) -> Self {
        self.period = period;
        self
    }

    /// Sets the time zone of the periods. The default is UTC.
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's members through an index, in one transaction. Memory grows with members
    /// and periods.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `window`: it has more than a million periods.
    /// [`Database`](crate::ErrorKind::Database): the database failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use diesel::connection::SimpleConnection;
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{MembersSince, Period};
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// # for user in [20, 30] { fixture::insert_member(&mut conn, 1, user)?; }
    /// # conn.batch_execute("UPDATE members SET joined_at = CASE user_id WHEN '20' THEN 1788220800 ELSE 1792368000 END")?;
    /// // One joined on 1 September, one on 19 October.
    /// let answer = MembersSince::of(GuildId::try_from(1)?).by(Period::Month).load(&mut conn)?;
    /// let months: Vec<_> = answer.periods.iter().map(|month| (month.joined, month.members)).collect();
    /// assert_eq!(months, [(1, 1), (1, 2)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<MembersSinceAnswer, Error> {
        periods::check(self.period, self.window)?;
        let (joins, unknown) = snapshot(conn, |conn| self.joins(conn))?;
        self.answer(&joins, unknown)
    }

    /// When each joined, in order, and for how many this is unknown.
    fn joins(self, conn: &mut dyn Source) -> Result<(Vec<DateTime<Utc>>, u64), Error> {
        let (mut joins, mut unknown) = (Vec::new(), 0);
        let mut statement = Statement::new(conn.dialect());
        statement.select(["joined_at"]).push(" FROM members").indexed_by("idx_members_guild_id").push(" WHERE ");
        statement.is_id("guild_id", self.guild.get()).are_ids(["user_id"]).of_bots(self.bots);
        conn.rows(&statement, &mut |row| {
            // Another program may have written any time.
            let joined = row.optional(0).filter(|second| (0..EVENTS_END).contains(second));
            match joined.and_then(|second| DateTime::from_timestamp(second, 0)) {
                Some(at) => joins.push(at),
                None => unknown += 1,
            }
            Ok(())
        })?;
        joins.sort_unstable();
        Ok((joins, unknown))
    }

    fn answer(self, joins: &[DateTime<Utc>], unknown: u64) -> Result<MembersSinceAnswer, Error> {
        let Self { period, window, zone, .. } = self;
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let before = window.start().map_or(0, |start| joins.partition_point(|at| *at < start));
        let joins = joins.get(..window.end().map_or(joins.len(), |end| joins.partition_point(|at| *at < end)));
        let joins = joins.unwrap_or_default();
        let inside = joins.get(before..).unwrap_or_default();
        let mut by_label = BTreeMap::<Label, u64>::new();
        for at in inside {
            *by_label.entry(period.label(at.with_timezone(&zone))).or_default() += 1;
        }
        let start = window.start().or(inside.first().copied());
        let end = window.listed_until(inside.last().map(|last| *last + TimeDelta::nanoseconds(1)));
        let mut members = count(before.min(joins.len()));
        let touched = periods::touched(period, zone, start, end, Counts::of(window, None))?;
        let periods = touched.into_iter().map(|Touched { label, start, is_partial }| {
            let joined = by_label.get(&label).copied().unwrap_or_default();
            members += joined;
            MembersSincePeriod { start, is_partial, joined, members }
        });
        Ok(MembersSinceAnswer { periods: periods.collect(), members: count(joins.len()), unknown, window })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fixture::{MONDAY, insert_guild, insert_member},
        random,
    };

    const TEN_WEEKS: i64 = 70 * 86_400;

    /// A name for the period of a second in the zone; two names are equal only in the same period.
    fn name(question: MembersSince, second: i64) -> String {
        let at = DateTime::from_timestamp(second, 0).unwrap().with_timezone(&question.zone);
        let format = match question.period {
            Period::Hour => "%F %H %z",
            Period::Day => "%F",
            Period::Week => "%G-%V",
            Period::Month => "%Y-%m",
        };
        at.format(format).to_string()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn it_is_what_plain_rust_counts(
            joined in prop::collection::btree_map(random::user(), prop::option::weighted(0.8, 0..TEN_WEEKS), 0..5),
            window in random::window(TEN_WEEKS), bots in random::bots(), zone in random::zone(),
            period in prop::sample::select([Period::Hour, Period::Day, Period::Week, Period::Month].as_slice())
        ) {
            let mut conn = crate::test_file::empty().unwrap();
            random::insert_users(&mut conn).unwrap();
            insert_guild(&mut conn, random::GUILD).unwrap();
            for (user, second) in &joined {
                insert_member(&mut conn, random::GUILD, *user).unwrap();
                let second = second.map_or("NULL".to_owned(), |second| (MONDAY + second).to_string());
                conn.execute(format!("UPDATE members SET joined_at = {second} WHERE user_id = '{user}'")).unwrap();
            }
            let question = MembersSince::of(random::GUILD.try_into().unwrap()).within(window).bots(bots).by(period).zone(zone);
            let answer = question.load(&mut conn).unwrap();
            let counted = joined.iter().filter(|(user, _)| random::counts(bots, **user)).map(|(_, second)| *second);
            let unknown = counted.clone().filter(Option::is_none).count();
            prop_assert_eq!(answer.unknown, u64::try_from(unknown).unwrap());
            let known: Vec<i64> = counted.flatten().map(|second| MONDAY + second).collect();
            let ended = |second: &&i64| window.end().is_none_or(|end| DateTime::from_timestamp(**second, 0).unwrap() < end);
            prop_assert_eq!(answer.members, u64::try_from(known.iter().filter(ended).count()).unwrap());
            for (place, row) in answer.periods.iter().enumerate() {
                let own = name(question, row.start.timestamp());
                let inside = known.iter().filter(|second| random::holds(window, **second * 1000));
                let joined = inside.filter(|second| name(question, **second) == own).count();
                prop_assert_eq!(row.joined, u64::try_from(joined).unwrap());
                let next = answer.periods.get(place + 1).map(|next| next.start.timestamp());
                let until = known.iter().filter(ended).filter(|second| next.is_none_or(|next| **second < next)).count();
                prop_assert_eq!(row.members, u64::try_from(until).unwrap());
            }
            let listed: u64 = answer.periods.iter().map(|row| row.joined).sum();
            let inside = known.iter().filter(|second| random::holds(window, **second * 1000)).count();
            prop_assert_eq!(listed, u64::try_from(inside).unwrap());
        }
    }
}
