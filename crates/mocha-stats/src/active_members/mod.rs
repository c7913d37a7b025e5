//! How many take part.

mod activity;
mod count;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use mocha_schema::GuildId;

use self::activity::Activity;
use crate::{Bots, Database, Error, Period, Window, database::snapshot, periods, share::share};

/// A member with this many messages in a period is a communicator, as in Discord's own statistics.
pub const COMMUNICATOR_MESSAGES: u64 = 3;

/// The days of [`ActiveDay::weekly`] and [`ActiveDay::monthly`].
const WEEK_DAYS: i64 = 7;
const MONTH_DAYS: i64 = 30;

/// A question about how many members of a guild were active: day by day, in the week and in the
/// month up to each day, and how many wrote more than a little.
///
/// Members are active if they wrote a message, a reply or a command
/// ([`COUNTED_MESSAGE_TYPES`](mocha_schema::COUNTED_MESSAGE_TYPES)) in any channel, once or often.
/// Members who have left since count too. Days and weeks are those of the
/// [`zone`](ActiveMembers::zone), by default UTC.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[doc(alias("DAU", "WAU", "MAU"))]
#[must_use = "a question does nothing until it is loaded"]
pub struct ActiveMembers {
    bots: Bots,
    guild: GuildId,
    voice: bool,
    window: Window,
    zone: Tz,
}

/// How many were active.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ActiveMembersAnswer {
    /// Every day from the window's start to its end, oldest first, without gaps. Without a start
    /// the list begins with the first active day, and without an end it ends with the last one. A
    /// window without an end in which nobody was active has no days. A day that the zone left out
    /// is not listed.
    pub days: Vec<ActiveDay>,
    /// The weeks that these days lie in, oldest first, without gaps.
    pub weeks: Vec<ActiveWeek>,
    /// How many members were active in the window.
    pub user_count: u64,
    /// How many members wrote [`COMMUNICATOR_MESSAGES`] or more in the window.
    pub communicators: u64,
    /// Where the data starts, if the window or the 29 days before it begin earlier. Earlier events
    /// are deleted and not counted. `None` if the data covers all of it.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
    /// `true` if a day at the window's edge was counted whole because its events have been deleted.
    pub rounded_to_days: bool,
}

/// A day of an [`ActiveMembersAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ActiveDay {
    /// The day of the zone, also if the window starts or ends in it.
    pub day: NaiveDate,
    /// How many members were active on the day, within the window.
    pub daily: u64,
    /// How many members were active in the seven days that end with it, even before the window's
    /// start.
    pub weekly: u64,
    /// How many members were active in the thirty days that end with it, even before the window's
    /// start.
    pub monthly: u64,
}

/// A week of an [`ActiveMembersAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ActiveWeek {
    /// Its first day in the zone, also if the window starts later.
    pub monday: NaiveDate,
    /// How many members wrote [`COMMUNICATOR_MESSAGES`] or more in it, within the window.
    pub communicators: u64,
}

impl ActiveDay {
    /// The part of the month's members who were there on the day, from 0 to 1; 0 if nobody was.
    #[must_use]
    #[doc(alias = "DAU/MAU")]
    pub fn stickiness(self) -> f64 {
        share(self.daily, self.monthly)
    }
}

impl ActiveMembersAnswer {
    /// The mean of [`ActiveDay::daily`] over all days, including partial days at the edges of the
    /// window; 0 if there are none.
    #[must_use]
    pub fn mean_daily(&self) -> f64 {
        let sum = self.days.iter().fold(0, |sum: u64, day| sum.saturating_add(day.daily));
        share(sum, u64::try_from(self.days.len()).unwrap_or(u64::MAX))
    }
}

impl ActiveMembers {
    /// Asks about this guild. Defaults: all time, humans only, without voice, days in UTC.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, voice: false, window: Window::all(), zone: Tz::UTC }
    }

    /// Asks about the days of this window. The default is all time.
    ///
    /// Only [`ActiveDay::weekly`] and [`ActiveDay::monthly`] look back to days before it.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Counts members in voice as active too, in any channel and state, however short. It does not
    /// change the number of communicators.
    pub const fn including_voice(mut self) -> Self {
        self.voice = true;
        self
    }

    /// Sets the time zone of the days and weeks. The default is UTC.
    ///
    /// Roll-ups of members are by day in UTC. In another zone the query reads every message of the
    /// window and of the 29 days before it. Deleted messages do not count: see
    /// [`data_since`](ActiveMembersAnswer::data_since).
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::ActiveMembers;
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // They wrote on Monday at nine in UTC, when Kiritimati was about to begin its Tuesday.
    /// let active = ActiveMembers::of(GuildId::try_from(1)?).zone(chrono_tz::Pacific::Kiritimati).load(&mut conn)?;
    /// assert_eq!(active.days[0].day.to_string(), "2026-10-19");
    /// let active = ActiveMembers::of(GuildId::try_from(1)?).zone(chrono_tz::Pacific::Honolulu).load(&mut conn)?;
    /// assert_eq!((active.days[0].day.to_string().as_str(), active.days[0].daily), ("2026-10-18", 3));
    /// # Ok(())
    /// # }
    /// ```
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Runs the query.
    ///
    /// Reads the roll-ups of the window's months and days and of the 29 days before them, and
    /// single messages and voice intervals of at most a day at each edge, through their keys and
    /// indexes, in one transaction. In another zone than UTC it reads single events, see
    /// [`zone`](Self::zone). Memory grows with people times the months in which they were active.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) of `window`: it has more than a million days.
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id or count.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{ActiveMembers, Window};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // Three people wrote on Monday, one of them three messages.
    /// let monday = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// let week = Window::between(monday, monday + TimeDelta::days(8))?;
    /// let active = ActiveMembers::of(GuildId::try_from(1)?).within(week).load(&mut conn)?;
    /// assert_eq!((active.user_count, active.communicators), (3, 1));
    /// assert_eq!(active.mean_daily(), 3.0 / 8.0);
    ///
    /// let [first, .., seventh, eighth] = active.days[..] else { return Err("eight days".into()) };
    /// assert_eq!((first.daily, first.weekly, first.monthly, first.stickiness()), (3, 3, 3, 1.0));
    /// assert_eq!((seventh.daily, seventh.weekly, seventh.monthly, seventh.stickiness()), (0, 3, 3, 0.0));
    /// assert_eq!((eighth.day.to_string().as_str(), eighth.weekly, eighth.monthly), ("2026-10-26", 0, 3));
    ///
    /// let communicators: Vec<u64> = active.weeks.iter().map(|week| week.communicators).collect();
    /// assert_eq!(communicators, [1, 0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<ActiveMembersAnswer, Error> {
        periods::check(Period::Day, self.window)?;
        let activity = snapshot(conn, |conn| Activity::load(conn, self))?;
        self.answer(activity)
    }
}

#[cfg(test)]
mod tests;
