//! The boosts of a guild over time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use mocha_schema::{EVENTS_END, GuildId};

use crate::{
    Database, Error, Period, Window,
    database::{Source, snapshot},
    period::Label,
    periods::{self, Counts, Touched},
    rollup::Horizon,
    statement::Statement,
};

/// A question about how many members boosted a guild, by hour, day, week or month.
///
/// A boost counts from the time that Discord says until Mocha sees the member without it, or sees
/// the member leave. The limits:
///
/// * Boosts that ended before Mocha recorded the guild are missing, so the numbers of that time are
///   **lower bounds**. Boosts that go on, or ended later, count from their true beginning.
/// * A boost may have ended earlier than the answer says, while the bot was down or the guild was
///   too large to see every member.
/// * A member with several boosts counts once, because Discord says only since when the member
///   boosts.
///
/// It needs the intent `GUILD_MEMBERS`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[doc(alias("premium_since", "boosts"))]
#[must_use = "a question does nothing until it is loaded"]
pub struct Boosters {
    guild: GuildId,
    period: Period,
    window: Window,
    zone: Tz,
}

/// How many members boosted a guild over time.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BoostersAnswer {
    /// Every period from the window's start to its end, oldest first, without gaps. Without a start
    /// the list begins with the first boost, and without an end it ends with the last change.
    pub periods: Vec<BoostersPeriod>,
    /// How many members boosted at the window's end.
    pub boosters: u64,
    /// Where the data on boosts that ended starts, if the window begins before it. Boosts that
    /// ended earlier are deleted, and missing in all numbers.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// A period of a [`BoostersAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BoostersPeriod {
    /// The first instant of the period, even if the window starts later. Only the time inside the
    /// window counts.
    pub start: DateTime<Tz>,
    /// Whether only a part of the period is counted: the window starts or ends in it, or it is not
    /// over.
    pub is_partial: bool,
    /// How many members began to boost in it.
    pub started: u64,
    /// How many members stopped boosting in it, as far as Mocha noticed.
    pub ended: u64,
    /// How many members boosted at the end of the period, or at the window's end if that is
    /// earlier.
    pub boosters: u64,
}

/// When boosts began and ended, each in order.
#[derive(Clone, Debug, Default)]
struct Changes {
    ended: Vec<DateTime<Utc>>,
    started: Vec<DateTime<Utc>>,
}

impl Boosters {
    /// Asks about this guild. Defaults: all time, by day, in UTC.
    pub const fn of(guild: GuildId) -> Self {
        Self { guild, period: Period::Day, window: Window::all(), zone: Tz::UTC }
    }

    /// Lists only the periods of this window. Boosts that began before it are in
    /// [`boosters`](BoostersPeriod::boosters). The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
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
    /// Reads the guild's members and the boosts that ended, each through an index, in one
    /// transaction. Memory grows with boosts and periods.
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
    /// use mocha_stats::{Boosters, Period};
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// # for user in [20, 30] { fixture::insert_member(&mut conn, 1, user)?; }
    /// # conn.batch_execute("UPDATE members SET premium_since = 1788220800 WHERE user_id = '20'")?;
    /// # conn.batch_execute("UPDATE ended_boosts SET started_at = 1788220800")?;
    /// // Two began on 1 September, and one of them ended on 19 October.
    /// let answer = Boosters::of(GuildId::try_from(1)?).by(Period::Month).load(&mut conn)?;
    /// let months: Vec<_> = answer.periods.iter().map(|month| (month.started, month.ended, month.boosters)).collect();
    /// assert_eq!(months, [(2, 0, 2), (0, 1, 1)]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<BoostersAnswer, Error> {
        periods::check(self.period, self.window)?;
        let (changes, members_from) = snapshot(conn, |conn| {
            let members_from = Horizon::load(conn)?.members_from;
            Ok((self.changes(conn, members_from)?, members_from))
        })?;
        self.answer(&changes, Horizon::data_since(self.window, members_from))
    }

    fn changes(self, conn: &mut dyn Source, members_from: i64) -> Result<Changes, Error> {
        let mut changes = Changes::default();
        // Another program may have written any time.
        let time = |second: Option<i64>| {
            let second = second.filter(|second| (0..EVENTS_END).contains(second));
            second.and_then(|second| DateTime::from_timestamp(second, 0))
        };
        let mut present = Statement::new(conn.dialect());
        present.select(["premium_since"]).push(" FROM members").indexed_by("idx_members_guild_id").push(" WHERE ");
        present.is_id("guild_id", self.guild.get()).push(" AND premium_since IS NOT NULL").are_ids(["user_id"]);
        conn.rows(&present, &mut |row| {
            changes.started.extend(time(row.optional(0)));
            Ok(())
        })?;
        let mut past = Statement::new(conn.dialect());
        past.select(["started_at", "ended_at"]).push(" FROM ended_boosts").indexed_by("idx_ended_boosts_guild_time");
        past.push(" WHERE guild_id = ? AND ended_at >= ?").bind_id(self.guild.get()).bind(members_from);
        conn.rows(&past, &mut |row| {
            if let Some((started, ended)) = time(row.optional(0)).zip(time(row.optional(1))) {
                changes.started.push(started);
                changes.ended.push(ended);
            }
            Ok(())
        })?;
        changes.started.sort_unstable();
        changes.ended.sort_unstable();
        Ok(changes)
    }

    fn answer(self, changes: &Changes, data_since: Option<DateTime<Utc>>) -> Result<BoostersAnswer, Error> {
        let Self { period, window, zone, .. } = self;
        let Changes { ended, started } = changes;
        let (before, started) = split(started, window);
        let (ended_before, ended) = split(ended, window);
        let mut by_label = BTreeMap::<Label, (u64, u64)>::new();
        for at in started {
            by_label.entry(period.label(at.with_timezone(&zone))).or_default().0 += 1;
        }
        for at in ended {
            by_label.entry(period.label(at.with_timezone(&zone))).or_default().1 += 1;
        }
        let start = window.start().or(started.first().copied().into_iter().chain(ended.first().copied()).min());
        let last = started.last().copied().max(ended.last().copied());
        let end = window.listed_until(last.map(|last| last + TimeDelta::nanoseconds(1)));
        // A boost begins before it ends, so no difference is negative.
        let mut boosters = count(before.len()).saturating_sub(count(ended_before.len()));
        let touched = periods::touched(period, zone, start, end, Counts::of(window, None))?;
        let periods: Vec<_> = touched
            .into_iter()
            .map(|Touched { label, start, is_partial }| {
                let (started, ended) = by_label.get(&label).copied().unwrap_or_default();
                boosters = (boosters + started).saturating_sub(ended);
                BoostersPeriod { start, is_partial, started, ended, boosters }
            })
            .collect();
        let all = (before.len() + started.len()).saturating_sub(ended_before.len() + ended.len());
        Ok(BoostersAnswer { periods, boosters: count(all), data_since, window })
    }
}

/// The instants before the window, and those in it.
fn split(instants: &[DateTime<Utc>], window: Window) -> (&[DateTime<Utc>], &[DateTime<Utc>]) {
    let end = window.end().map_or(instants.len(), |end| instants.partition_point(|at| *at < end));
    let until_end = instants.get(..end).unwrap_or_default();
    let start = window.start().map_or(0, |start| until_end.partition_point(|at| *at < start));
    until_end.split_at(start)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        /// Plain Rust checks for each boost whether it held at the end of a period.
        #[test]
        fn the_answer_is_what_plain_rust_counts(
            present in prop::collection::btree_map(random::user(), prop::option::weighted(0.8, 0..TEN_WEEKS), 0..5),
            past in prop::collection::btree_map((random::user(), 0..TEN_WEEKS), 0..TEN_WEEKS, 0..6),
            window in random::window(TEN_WEEKS), zone in random::zone(), horizon in prop::option::of(0..70_i64),
            period in prop::sample::select([Period::Hour, Period::Day, Period::Week, Period::Month].as_slice())
        ) {
            let mut conn = crate::test_file::empty().unwrap();
            random::insert_users(&mut conn).unwrap();
            insert_guild(&mut conn, random::GUILD).unwrap();
            let from = horizon.map_or(0, |day| MONDAY + day * 86_400);
            conn.execute(format!("UPDATE horizons SET members_from = {from}")).unwrap();
            let mut boosts: Vec<(i64, Option<i64>)> = Vec::new();
            for (user, second) in &present {
                insert_member(&mut conn, random::GUILD, *user).unwrap();
                if let Some(second) = second {
                    let second = MONDAY + second;
                    boosts.push((second, None));
                    conn.execute(format!("UPDATE members SET premium_since = {second} WHERE user_id = '{user}'")).unwrap();
                }
            }
            for ((user, start), length) in &past {
                let (start, end) = (MONDAY + start, MONDAY + start + length);
                if end >= from {
                    boosts.push((start, Some(end)));
                }
                let guild = random::GUILD;
                conn.execute(format!("INSERT INTO ended_boosts VALUES ({guild}, {user}, {start}, {end})")).unwrap();
            }
            // This one is in another guild.
            conn.execute(format!("INSERT INTO ended_boosts VALUES (77, 20, {MONDAY}, {MONDAY})")).unwrap();
            let question = Boosters::of(random::GUILD.try_into().unwrap()).within(window).by(period).zone(zone);
            let answer = question.load(&mut conn).unwrap();
            let is_before = |second: i64, edge: Option<DateTime<Utc>>| {
                edge.is_none_or(|edge| DateTime::from_timestamp(second, 0).unwrap() < edge)
            };
            let held_before = |edge: Option<DateTime<Utc>>| {
                let held = boosts.iter().filter(|(start, end)| is_before(*start, edge) && !end.is_some_and(|end| is_before(end, edge)));
                u64::try_from(held.count()).unwrap()
            };
            prop_assert_eq!(answer.boosters, held_before(window.end()));
            let inside = |second: &i64| random::holds(window, second * 1000);
            for (place, row) in answer.periods.iter().enumerate() {
                let next = answer.periods.get(place + 1).map(|next| next.start.to_utc());
                prop_assert_eq!(row.boosters, held_before(next.or(window.end())));
                let in_it = |second: &i64| inside(second) && !is_before(*second, Some(row.start.to_utc())) && is_before(*second, next);
                let started = boosts.iter().filter(|boost| in_it(&boost.0)).count();
                let ended = boosts.iter().filter_map(|boost| boost.1).filter(in_it).count();
                prop_assert_eq!((row.started, row.ended), (u64::try_from(started).unwrap(), u64::try_from(ended).unwrap()));
            }
            let (started, ended) = answer.periods.iter().fold((0, 0), |sum, row| (sum.0 + row.started, sum.1 + row.ended));
            let all_started = boosts.iter().filter(|boost| inside(&boost.0)).count();
            let all_ended = boosts.iter().filter_map(|boost| boost.1).filter(inside).count();
            prop_assert_eq!((started, ended), (u64::try_from(all_started).unwrap(), u64::try_from(all_ended).unwrap()));
        }
    }
}
