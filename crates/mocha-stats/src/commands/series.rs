//! Uses of commands over time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use mocha_schema::{GuildId, UserId};

use super::Scope;
use crate::{
    Database, Error, Period, Window,
    database::{Source, snapshot},
    period::Label,
    periods::{self, Counts, Touched},
    statement::Statement,
};

/// A question about how often the bot's commands were used, by hour, day, week or month.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct CommandSeries {
    period: Period,
    scope: Scope,
    zone: Tz,
}

/// How often the bot's commands were used over time.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CommandSeriesAnswer {
    /// Every period from the window's start to its end, oldest first, without gaps. Without a start
    /// the list begins with the first use, and without an end it ends with the last use.
    pub periods: Vec<CommandPeriod>,
    /// How often commands were used.
    pub uses: u64,
    /// Where the data starts, if the window begins before it. Earlier uses are deleted and not
    /// counted.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// A period of a [`CommandSeriesAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CommandPeriod {
    /// The first instant of the period, even if the window starts later. Only the time inside the
    /// window counts.
    pub start: DateTime<Tz>,
    /// Whether only a part of the period is counted: the window starts or ends in it, it is not
    /// over, or uses of it are deleted.
    pub is_partial: bool,
    /// How often commands were used in it.
    pub uses: u64,
}

/// Beginnings of quarters of an hour with the uses in each.
type Quarters = Vec<(DateTime<Utc>, u64)>;

impl CommandSeries {
    /// Asks about this guild. Defaults: all time, by day, in UTC, all commands, all users.
    pub const fn of(guild: GuildId) -> Self {
        Self { period: Period::Day, scope: Scope::of(guild), zone: Tz::UTC }
    }

    /// Counts only uses of this command.
    pub fn command(mut self, name: impl Into<String>) -> Self {
        self.scope.command = Some(name.into());
        self
    }

    /// Counts only uses by this user.
    pub const fn user(mut self, user: UserId) -> Self {
        self.scope.user = Some(user);
        self
    }

    /// Lists only the periods of this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.scope.window = window;
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
    /// Reads each use in the window, through an index of guild and time.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `window`: it has more than a million periods.
    /// [`Database`](crate::ErrorKind::Database): the database failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::CommandSeries;
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = CommandSeries::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// let days: Vec<_> = answer.periods.iter().map(|day| day.uses).collect();
    /// assert_eq!(days, [2, 1]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<CommandSeriesAnswer, Error> {
        periods::check(self.period, self.scope.window)?;
        let (quarters, data_since) = snapshot(conn, |conn| self.read(conn))?;
        self.answer(&quarters, data_since)
    }

    /// Returns the uses by the quarter of an hour, in order. Every time zone is a multiple of it.
    fn read(&self, conn: &mut dyn Source) -> Result<(Quarters, Option<DateTime<Utc>>), Error> {
        let mut statement = Statement::new(conn.dialect());
        statement.select(["created_at / 900", "count(*)"]);
        let data_since = self.scope.read(conn, &mut statement)?;
        statement.push(" GROUP BY created_at / 900");
        let mut quarters = Vec::new();
        conn.rows(&statement, &mut |row| {
            let second = row.number(0)?.saturating_mul(900);
            let start =
                DateTime::from_timestamp(second, 0).ok_or_else(|| Error::row(format!("{second} is no time")))?;
            quarters.push((start, row.count(1)?));
            Ok(())
        })?;
        quarters.sort_unstable();
        Ok((quarters, data_since))
    }

    fn answer(
        &self,
        quarters: &[(DateTime<Utc>, u64)],
        data_since: Option<DateTime<Utc>>,
    ) -> Result<CommandSeriesAnswer, Error> {
        let Self { period, ref scope, zone } = *self;
        let window = scope.window;
        let mut by_label = BTreeMap::<Label, u64>::new();
        for (start, uses) in quarters {
            *by_label.entry(period.label(start.with_timezone(&zone))).or_default() += uses;
        }
        let start = window.start().or(quarters.first().map(|(start, _)| *start));
        let end = window.listed_until(quarters.last().map(|(last, _)| *last + TimeDelta::nanoseconds(1)));
        let touched = periods::touched(period, zone, start, end, Counts::of(window, data_since))?;
        let periods = touched.into_iter().map(|Touched { label, start, is_partial }| {
            let uses = by_label.get(&label).copied().unwrap_or_default();
            CommandPeriod { start, is_partial, uses }
        });
        let uses = quarters.iter().map(|(_, uses)| uses).sum();
        Ok(CommandSeriesAnswer { periods: periods.collect(), uses, data_since, window })
    }
}
