//! One member at a glance.

mod reading;
mod seen;
mod streak;
mod talk;

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use mocha_schema::{ChannelId, GuildId, UserId};

use self::{reading::Reading, seen::seen, streak::streaks};
pub use self::{seen::Seen, streak::Streak};
use crate::{
    Bots, ChannelVoice, Database, Error, Leaderboard, LeaderboardAnswer, Measure, MessageCounts, Window,
    daily_activity::{DailyActivity, LocalDays},
    database::{Source, snapshot},
};

/// A question about what one user did in a guild: everything about a member in one answer.
///
/// Messages count as [`MessageCounts`] says, voice time in any channel and state, observed and
/// assumed. A bot counts if it is the user. Active days and streaks are days of the
/// [`zone`](MemberStatistics::zone), by default UTC. [`HeatMap::user`](crate::HeatMap::user) says
/// when in the week the user writes, and [`MessageSeries::user`](crate::MessageSeries::user) how
/// much over time.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct MemberStatistics {
    guild: GuildId,
    now: Option<DateTime<Utc>>,
    limit: usize,
    user: UserId,
    window: Window,
    zone: Tz,
}

/// Statistics of one user.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MemberStatisticsAnswer {
    /// Messages of the user.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub written: MessageCounts,
    /// The place among people by messages; `None` without messages, and of a bot.
    pub messages_place: Option<Place>,
    /// The user's channels by messages, most first. Ties are ordered by channel id as a number. A
    /// thread is a channel of its own.
    pub channels: Vec<FavouriteChannel>,
    /// Voice time and sessions of the user.
    pub voice: MemberVoice,
    /// Days of the zone with a message or time in voice.
    pub active_days: u64,
    /// The streak of active days that reaches the day of `now`, or the day before it: that day is
    /// not over.
    pub current_streak: Option<Streak>,
    /// The longest streak of active days. If several are equally long, the last one.
    pub longest_streak: Option<Streak>,
    /// The first message or time in voice.
    pub first_seen: Option<Seen>,
    /// The last message or the last end of time in voice.
    pub last_seen: Option<Seen>,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The same for active days and streaks, which need single events in any
    /// [`zone`](MemberStatistics::zone) but UTC.
    pub days_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
    /// `true` if a day at the window's edge was counted whole because its events have been deleted.
    pub rounded_to_days: bool,
}

/// Voice time and sessions of one user.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MemberVoice {
    /// Time in voice, observed and assumed. A member who is still in voice counts up to the
    /// window's end, for at most [`ASSUMED_TAIL`](crate::ASSUMED_TAIL) after Mocha last
    /// confirmed the connection. If the window has no end, the time counts up to that confirmation.
    #[cfg_attr(feature = "serde", serde(rename = "voice_ms", serialize_with = "crate::duration::milliseconds"))]
    pub voice_time: Duration,
    /// The observed part of it.
    #[cfg_attr(feature = "serde", serde(rename = "observed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub observed: Duration,
    /// The assumed part of it: time that bridges a gap, or follows the last confirmation of the
    /// connection.
    #[cfg_attr(feature = "serde", serde(rename = "assumed_ms", serialize_with = "crate::duration::milliseconds"))]
    pub assumed: Duration,
    /// How many sessions ended in the window, by the whole seconds of the voice log.
    pub sessions: u64,
    /// The place among people by voice time; `None` without voice time, and of a bot.
    pub place: Option<Place>,
    /// The user's voice channels by time, longest first. Ties are ordered by channel id as a
    /// number, the unknown channel last.
    pub channels: Vec<ChannelVoice>,
}

/// A place on a [`Leaderboard`] of people.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Place {
    /// `RANK()`: equals share a rank, and the next rank skips as many.
    pub rank: u64,
    /// How many are on the board.
    pub total: u64,
}

/// A channel that somebody wrote in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct FavouriteChannel {
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// How many messages.
    pub messages: u64,
}

impl MemberStatistics {
    /// Asks about this user in this guild. Defaults: all time, five channels, days in UTC.
    pub const fn of(guild: GuildId, user: UserId) -> Self {
        Self { guild, now: None, limit: 5, user, window: Window::all(), zone: Tz::UTC }
    }

    /// Sets the present instant: a streak is current if it reaches that day or the day before. The
    /// default is the instant from which the window was made ([`Window::last_days`] and its
    /// siblings), and the system clock for any other window.
    pub const fn now(mut self, now: DateTime<Utc>) -> Self {
        self.now = Some(now);
        self
    }

    /// Counts only what lies in this window, streaks and the first and last time too. The default
    /// is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets the time zone of active days and streaks. The default is UTC.
    ///
    /// Roll-ups of members are by day in UTC. In another zone the query reads the user's single
    /// messages and intervals of the window. Deleted ones do not count: see
    /// [`days_since`](MemberStatisticsAnswer::days_since).
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta, Utc};
    /// use chrono_tz::Pacific::Honolulu;
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::MemberStatistics;
    ///
    /// # mod fixture { include!("../fixture.rs"); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// // The user wrote on Monday at nine in UTC, which is Sunday in Honolulu.
    /// let tuesday: DateTime<Utc> = "2026-10-20T12:00:00Z".parse()?;
    /// let member = MemberStatistics::of(GuildId::try_from(1)?, UserId::try_from(20)?).now(tuesday).zone(Honolulu);
    /// let streak = member.load(&mut conn)?.longest_streak.ok_or("a day")?;
    /// assert_eq!((streak.days, streak.last.to_string().as_str()), (1, "2026-10-18"));
    /// # Ok(())
    /// # }
    /// ```
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Lists this many channels, for messages and for voice. The default is 5.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = n;
        self
    }

    /// Runs the query.
    ///
    /// Reads the user's roll-ups of months and days, and two [`Leaderboard`]s for the places. At
    /// each edge of the window, and on the first and last day, it reads single messages, intervals
    /// and entries of the voice log of at most a day. All reads use keys and indexes, in one
    /// transaction. For days of another zone than UTC see [`zone`](Self::zone). Memory grows with
    /// the user's days, and with people.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id or count.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::MemberStatistics;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let monday = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// let tuesday = monday + TimeDelta::days(1);
    /// let member = MemberStatistics::of(GuildId::try_from(1)?, UserId::try_from(20)?).now(tuesday).load(&mut conn)?;
    /// assert_eq!((member.written.messages, member.written.characters, member.written.attachments), (3, 150, 0));
    /// assert_eq!(member.messages_place.map(|place| (place.rank, place.total)), Some((1, 3)));
    /// assert_eq!(member.channels.first().map(|channel| channel.channel_id.get()), Some(1000));
    /// assert_eq!((member.voice.voice_time, member.voice.sessions), (Duration::from_hours(1), 1));
    /// // Wrote and talked on Monday: that streak can go on yet.
    /// assert_eq!((member.active_days, member.current_streak.map(|streak| streak.days)), (1, Some(1)));
    /// // Wrote first at nine, and left the voice channel at ten.
    /// assert_eq!(member.first_seen.and_then(|seen| seen.at), Some(monday + TimeDelta::hours(9)));
    /// assert_eq!(member.last_seen.and_then(|seen| seen.at), Some(monday + TimeDelta::hours(10)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<MemberStatisticsAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(self, conn: &mut dyn Source) -> Result<MemberStatisticsAnswer, Error> {
        let Self { guild, now, limit, user, window, zone } = self;
        let reading = Reading::load(conn, guild, user, window)?;
        let (days, days_since) = self.active_days(conn, &reading)?;
        let local = LocalDays(zone);
        let (longest_streak, current_streak) = streaks(&days, local, local.of(window.asked_at(now)));
        let (first_seen, last_seen) = seen(conn, &reading)?;
        let mut voice = reading.voice(limit);
        voice.place = if voice.voice_time.is_zero() { None } else { self.place(conn, Measure::VoiceTime)? };
        Ok(MemberStatisticsAnswer {
            written: reading.written,
            messages_place: if reading.written.messages > 0 { self.place(conn, Measure::Messages)? } else { None },
            channels: reading.channels(limit),
            voice,
            active_days: u64::try_from(days.len()).unwrap_or(u64::MAX),
            current_streak,
            longest_streak,
            first_seen,
            last_seen,
            data_since: reading.data_since,
            days_since,
            window,
            rounded_to_days: reading.rounded_to_days,
        })
    }

    /// Returns the days of the zone, and where the data starts, if the window begins before it.
    fn active_days(
        self,
        conn: &mut dyn Source,
        reading: &Reading,
    ) -> Result<(BTreeSet<i64>, Option<DateTime<Utc>>), Error> {
        let Self { guild, user, window, zone, .. } = self;
        if zone == Tz::UTC {
            return Ok((reading.active_days(), reading.data_since));
        }
        let local = DailyActivity { bots: Bots::Include, guild, user: Some(user), voice: true, window, zone };
        let (months, since) = local.local(conn, |_| true)?;
        Ok((months.into_iter().flat_map(|(_, month)| month.days()).map(|active| active.day).collect(), since))
    }

    fn place(self, conn: &mut dyn Source, measure: Measure) -> Result<Option<Place>, Error> {
        let board = Leaderboard::by(measure, self.guild).within(self.window).around(self.user, 0);
        let LeaderboardAnswer { entries, user_count, .. } = board.read(conn)?;
        Ok(entries.first().map(|entry| Place { rank: entry.rank, total: user_count }))
    }
}

/// Returns the longest streak of all time, the last one if several are equally long, and the streak
/// of the present instant. Call it in a transaction.
pub(crate) fn streaks_of(
    conn: &mut dyn Source,
    guild: GuildId,
    user: UserId,
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<(Option<Streak>, Option<Streak>), Error> {
    let (bots, window, local) = (Bots::Include, Window::all(), LocalDays(zone));
    let mut days = BTreeSet::new();
    let daily = DailyActivity { bots, guild, user: Some(user), voice: true, window, zone };
    daily.each(conn, |_, month| days.extend(month.days().map(|active| active.day)))?;
    Ok(streaks(&days, local, local.of(now)))
}

#[cfg(test)]
mod tests;
