//! The numbers on a card of one member.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use mocha_schema::{GuildId, UserId};

use crate::{
    Database, Error, MemberStatistics, MemberStatisticsAnswer, MessageSeries, MessageSeriesAnswer, Streak, Window,
    database::snapshot, member::streaks_of,
};

/// A question for a member's card, as `/rank` shows it: the last days of one user in numbers and
/// day by day, and the streak.
///
/// It asks [`MemberStatistics`] and [`MessageSeries`] in one transaction, so that they agree with
/// each other. `Chart::member_card` of mocha-charts draws the answer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[doc(alias("rank card", "rank"))]
#[must_use = "a question does nothing until it is loaded"]
pub struct MemberCard {
    days: u32,
    guild: GuildId,
    now: DateTime<Utc>,
    user: UserId,
    zone: Tz,
}

/// The numbers on a member's card.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MemberCardAnswer {
    /// The user in the last days: messages, voice, places, active days.
    pub statistics: MemberStatisticsAnswer,
    /// Messages of the user by day of the zone in the last days.
    pub messages: MessageSeriesAnswer,
    /// The streak of active days that reaches today or yesterday. Unlike that of
    /// [`statistics`](Self::statistics) it may have begun before the last days.
    pub current_streak: Option<Streak>,
    /// The longest streak of all time. If several are equally long, the last one.
    pub longest_streak: Option<Streak>,
}

impl MemberCard {
    /// Asks about this user in this guild at this instant. Defaults: 30 days, in UTC.
    pub const fn of(guild: GuildId, user: UserId, now: DateTime<Utc>) -> Self {
        Self { days: 30, guild, now, user, zone: Tz::UTC }
    }

    /// Asks about this many days, of which the last is today. The default is 30.
    pub const fn days(mut self, days: u32) -> Self {
        self.days = days;
        self
    }

    /// Sets the time zone of the days. The default is UTC.
    ///
    /// Roll-ups of members are by day in UTC. In another zone the query reads all single messages
    /// of the user for the streak. Deleted ones do not count.
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Runs the query.
    ///
    /// Reads what [`MemberStatistics`] and [`MessageSeries::user`] read of the last days, and the
    /// user's days of all time, in one transaction.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `now`: before 1970 or after 9999; of `n`: no days,
    /// or so many that they reach back before 1970.
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id or count.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::MemberCard;
    ///
    /// # mod fixture { include!("fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let tuesday = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")? + TimeDelta::days(1);
    /// let card = MemberCard::of(GuildId::try_from(1)?, UserId::try_from(20)?, tuesday).load(&mut conn)?;
    /// assert_eq!((card.statistics.written.messages, card.messages.periods.len()), (3, 30));
    /// assert_eq!(card.current_streak.map(|streak| streak.days), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<MemberCardAnswer, Error> {
        let Self { days, guild, now, user, zone } = self;
        let window = Window::last_days(days, zone, now)?;
        snapshot(conn, |conn| {
            let (longest_streak, current_streak) = streaks_of(conn, guild, user, zone, now)?;
            Ok(MemberCardAnswer {
                statistics: MemberStatistics::of(guild, user).within(window).zone(zone).load(conn)?,
                messages: MessageSeries::of(guild).user(user).within(window).zone(zone).load(conn)?,
                current_streak,
                longest_streak,
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
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn it_is_what_the_questions_say_one_by_one(
            world in world(), user in random::any_user(), zone in random::zone(), second in 0..SPAN, days in 1..40_u32,
            filled_to in 0..80_i64
        ) {
            let mut conn = empty().unwrap();
            world::insert(&mut conn, &world).unwrap();
            random::fill_to(&mut conn, filled_to).unwrap();
            let now = DateTime::from_timestamp(MONDAY + second, 0).unwrap();
            let (guild, user) = (random::GUILD.try_into().unwrap(), user.try_into().unwrap());
            let card = MemberCard::of(guild, user, now).zone(zone).days(days).load(&mut conn).unwrap();
            let window = Window::last_days(days, zone, now).unwrap();
            let all = MemberStatistics::of(guild, user).zone(zone).now(now).load(&mut conn).unwrap();
            let statistics = MemberStatistics::of(guild, user).within(window).zone(zone).load(&mut conn).unwrap();
            prop_assert_eq!(card.statistics, statistics);
            prop_assert_eq!(card.messages, MessageSeries::of(guild).user(user).within(window).zone(zone).load(&mut conn).unwrap());
            prop_assert_eq!((card.current_streak, card.longest_streak), (all.current_streak, all.longest_streak));
        }
    }
}
