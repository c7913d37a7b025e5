//! On which days people were active, by the roll-ups' months.

use std::ops::Range;

use mocha_schema::{GuildId, UserId};

use crate::{
    Bots, Error,
    database::{Dialect, Source},
    message_scan::{Column, MessageScan},
    rollup::{Sources, Span},
    statement::{Statement, rollup_of},
};

/// The days of a month of the roll-ups.
const DAYS: i64 = 30;

/// The lower bit of each day.
const EACH_DAY: u64 = u64::MAX / 3;

/// On which days of a month somebody was active, each with up to three messages. Two bits are a
/// day, the first one's lowest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ActiveMonth {
    /// The lower bit of each day on which it was.
    active: u64,
    /// The messages of each day, of which 3 is three or more.
    messages: u64,
    pub(crate) month: i64,
}

/// A day on which somebody was active.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ActiveOn {
    pub(crate) day: i64,
    /// How many messages, of which 3 is three or more.
    pub(crate) messages: u64,
}

impl ActiveMonth {
    /// As `active_months` has it.
    const fn written(month: i64, messages: u64) -> Self {
        Self { active: (messages | messages >> 1) & EACH_DAY, messages, month }
    }

    /// As `voice_months` has it.
    const fn talked(month: i64, days: u64) -> Self {
        Self { active: days & EACH_DAY, messages: 0, month }
    }

    /// A day, with so many messages or none.
    pub(crate) fn of_day(day: i64, messages: u64) -> Self {
        let bit = day.rem_euclid(DAYS) * 2;
        Self { active: 1 << bit, messages: messages.min(3) << bit, month: day.div_euclid(DAYS) }
    }

    /// Adds another part of the same month.
    pub(crate) fn add(&mut self, other: Self) {
        self.active |= other.active;
        let mut days = other.messages;
        while days != 0 {
            let bit = days.trailing_zeros() & !1;
            let sum = (self.messages >> bit & 3) + (days >> bit & 3);
            self.messages = self.messages & !(3 << bit) | sum.min(3) << bit;
            days &= !(3 << bit);
        }
    }

    /// How many days.
    pub(crate) fn count(self) -> u64 {
        self.active.count_ones().into()
    }

    /// The days, in order.
    pub(crate) fn days(self) -> impl Iterator<Item = ActiveOn> {
        let mut left = self.active;
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| left.trailing_zeros())?;
            left &= left - 1;
            Some(self.on(bit))
        })
    }

    /// How many messages there are at least: three of a day that has more.
    pub(crate) fn messages(self) -> u64 {
        let count = |bits: u64| u64::from((bits & EACH_DAY).count_ones());
        count(self.messages) + 2 * count(self.messages >> 1)
    }

    /// The first day.
    pub(crate) fn first(self) -> Option<i64> {
        Some(self.days().next()?.day)
    }

    /// The last day.
    pub(crate) fn last(self) -> Option<i64> {
        let bit = self.active.checked_ilog2()?;
        Some(self.on(bit).day)
    }

    fn on(self, bit: u32) -> ActiveOn {
        let day = self.month.saturating_mul(DAYS).saturating_add(i64::from(bit / 2));
        ActiveOn { day, messages: self.messages >> bit & 3 }
    }
}

/// When each of some people was active.
#[derive(Debug, Default)]
pub(crate) struct ActiveMonths(Vec<(UserId, ActiveMonth)>);

impl ActiveMonths {
    pub(crate) fn add(&mut self, user: UserId, month: ActiveMonth) {
        match self.0.last_mut() {
            // A user who writes in several channels has several rows in a row.
            Some((last, same)) if *last == user && same.month == month.month => same.add(month),
            _ => self.0.push((user, month)),
        }
    }

    /// In order of user and month, none twice.
    pub(crate) fn finish(self) -> Vec<(UserId, ActiveMonth)> {
        let Self(mut months) = self;
        // Stable sorting finds what is in order: the people of each month are, and mostly the months.
        if months.is_sorted_by_key(|(_, month)| month.month) {
            months.sort_by_key(|(user, _)| *user);
        } else {
            months.sort_by_key(|(user, month)| (*user, month.month));
        }
        months.dedup_by(|(user, later), (same, month)| {
            let same = *user == *same && later.month == month.month;
            if same {
                month.add(*later);
            }
            same
        });
        months
    }
}

/// Calls `f` with the days on which users wrote, in any channel. The order is undefined, and a
/// month may come several times. Months and all time have the days before `filled_to`.
pub(crate) fn written(
    conn: &mut dyn Source,
    scan: MessageScan,
    span: Span,
    filled_to: i64,
    mut f: impl FnMut(UserId, ActiveMonth),
) -> Result<(), Error> {
    let mut sources = Sources::by_month(span, filled_to);
    for months in std::mem::take(&mut sources.months) {
        let statement = months_of(conn.dialect(), "active_months", scan.guild, scan.bots, scan.user, &months);
        conn.rows(&statement, &mut |row| {
            f(row.id(0)?, ActiveMonth::written(row.number(1)?, row.count(2)?));
            Ok(())
        })?;
    }
    let columns = [Column::User, Column::Day, Column::Messages];
    let statement = scan.read(conn.dialect(), &columns, &sources);
    conn.rows(&statement, &mut |row| {
        f(row.id(0)?, ActiveMonth::of_day(row.number(1)?, row.count(2)?));
        Ok(())
    })
}

/// Calls `f` with the days of some whole months that have voice time of closed intervals, in any
/// channel and state. A month may come several times.
pub(crate) fn talked(
    conn: &mut dyn Source,
    guild: GuildId,
    bots: Bots,
    user: Option<UserId>,
    months: &Range<i64>,
    mut f: impl FnMut(UserId, ActiveMonth),
) -> Result<(), Error> {
    let mut statement = months_of(conn.dialect(), "voice_months", guild, bots, user, months);
    // Months may have sessions alone.
    statement.push(" AND days <> 0");
    conn.rows(&statement, &mut |row| {
        f(row.id(0)?, ActiveMonth::talked(row.number(1)?, row.count(2)?));
        Ok(())
    })
}

fn months_of(
    dialect: Dialect,
    table: &str,
    guild: GuildId,
    bots: Bots,
    user: Option<UserId>,
    months: &Range<i64>,
) -> Statement {
    let mut statement = Statement::new(dialect);
    statement.select(["user_id", "month", "days"]).push(" FROM ");
    rollup_of(&mut statement, table, guild, user, bots, Some(("month", months)));
    statement
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn added_days_are_in_the_month(parts in prop::collection::vec((0..30_i64, 0..6_u64), 1..40), month in 0..700_i64) {
            let mut added = ActiveMonth::of_day(month * 30 + parts[0].0, parts[0].1);
            for (day, messages) in &parts[1..] {
                added.add(ActiveMonth::of_day(month * 30 + day, *messages));
            }
            let mut expected = BTreeMap::<i64, u64>::new();
            for (day, messages) in parts {
                *expected.entry(month * 30 + day).or_default() += messages;
            }
            let days: Vec<(i64, u64)> = added.days().map(|active| (active.day, active.messages)).collect();
            prop_assert_eq!(&days, &expected.iter().map(|(day, messages)| (*day, (*messages).min(3))).collect::<Vec<_>>());
            prop_assert_eq!(added.last(), days.last().map(|day| day.0));
            prop_assert_eq!(added.count(), u64::try_from(days.len()).unwrap());
            prop_assert_eq!(added.messages(), days.iter().map(|day| day.1).sum::<u64>());
            // Users who only talked are not in the roll-up.
            let wrote = ActiveMonth::written(month, added.messages).days().map(|active| (active.day, active.messages));
            prop_assert_eq!(wrote.collect::<Vec<_>>(), days.into_iter().filter(|day| day.1 > 0).collect::<Vec<_>>());
        }
    }
}
