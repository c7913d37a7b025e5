//! One guild at a glance.

mod activity;

use std::time::Duration;

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId};

use self::activity::Activity;
use crate::{
    Bots, Database, Error, Rank, Window,
    database::{Source, snapshot},
    growth::Turnover,
};

/// A question about what went on in a guild: its numbers in one answer, each with what it was in
/// the window before.
///
/// It counts messages, replies and commands
/// ([`COUNTED_MESSAGE_TYPES`](mocha_schema::COUNTED_MESSAGE_TYPES)), and time in voice in any
/// channel and state, observed and assumed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct GuildOverview {
    bots: Bots,
    guild: GuildId,
    limit: usize,
    window: Window,
}

/// Statistics of a guild.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GuildOverviewAnswer {
    /// Messages.
    pub messages: Compared,
    /// Voice time of all members: two members in voice for an hour are two hours. A member who is still in voice counts up to the
    /// window's end, for at most [`ASSUMED_TAIL`](crate::ASSUMED_TAIL) after Mocha last
    /// confirmed the connection. If the window has no end, the time counts up to that confirmation.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "voice_ms", serialize_with = "crate::duration::compared_milliseconds")
    )]
    pub voice_time: Compared<Duration>,
    /// How many members wrote or were in voice.
    pub active_members: Compared,
    /// Joins, also of somebody who left and came back.
    pub joins: Compared,
    /// Leaves.
    pub leaves: Compared,
    /// How many members the guild had at the window's end: the last count in the log, changed by
    /// the joins and leaves after it. It always includes bots, because Discord counts them. `None`
    /// while the log has no count yet.
    pub members: Option<Compared>,
    /// The channels by messages, most first. Ties are ordered by channel id as a number. A thread
    /// is a channel of its own.
    pub channels: Vec<ComparedChannel>,
    /// The members with most messages, as [`Leaderboard::messages`](crate::Leaderboard::messages)
    /// ranks them.
    pub writers: Vec<Rank>,
    /// The members with most voice time in milliseconds, as a [`Leaderboard`](crate::Leaderboard)
    /// by [`VoiceTime`](crate::Measure::VoiceTime) ranks them.
    pub speakers: Vec<Rank>,
    /// Where the data starts, if either window begins before it. Earlier events are deleted and not
    /// counted. `None` if the data covers both windows.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
    /// The window before, if there is one: [`Window::previous`].
    pub previous: Option<Window>,
    /// `true` if a day at the edge of either window was counted whole because its events have been
    /// deleted.
    pub rounded_to_days: bool,
}

/// A number or a duration, and what it was in the window before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Compared<T = u64> {
    /// In the window.
    pub value: T,
    /// In the window before. `None` if there is no such window, or the value is unknown.
    pub previous: Option<T>,
}

/// A channel that was written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ComparedChannel {
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// How many messages.
    pub messages: Compared,
}

impl GuildOverview {
    /// Asks about this guild. Defaults: all time, humans only, five channels and members.
    pub const fn of(guild: GuildId) -> Self {
        Self { bots: Bots::Exclude, guild, limit: 5, window: Window::all() }
    }

    /// Counts only what lies in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts to count. The default is [`Bots::Exclude`], of joins and leaves too.
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Lists this many channels, writers and speakers. The default is 5.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = n;
        self
    }

    /// Runs the query.
    ///
    /// For both windows it reads the roll-ups of months and days, and single messages, intervals,
    /// joins and leaves of at most a day at each edge. It also reads the joins and leaves since the
    /// last count of members. All reads use keys and indexes, in one transaction. Memory grows with
    /// people and channels.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id or count.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{GuildOverview, Window};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let monday = DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// let week = Window::between(monday, monday + TimeDelta::days(7))?;
    /// let overview = GuildOverview::of(GuildId::try_from(1)?).within(week).load(&mut conn)?;
    /// assert_eq!((overview.messages.value, overview.messages.previous), (6, Some(0)));
    /// // One wrote and was never in voice.
    /// assert_eq!((overview.active_members.value, overview.speakers.len()), (3, 2));
    /// assert_eq!((overview.joins.value, overview.leaves.value), (3, 1));
    /// // Nobody told how many there were.
    /// assert_eq!(overview.members, None);
    /// assert_eq!(overview.channels.first().map(|channel| channel.channel_id.get()), Some(1000));
    /// assert_eq!(overview.writers.first().map(|rank| (rank.user_id.get(), rank.value)), Some((20, 3)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<GuildOverviewAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    fn read(self, conn: &mut dyn Source) -> Result<GuildOverviewAnswer, Error> {
        let Self { bots, guild, limit, window } = self;
        let previous = window.previous();
        let mut activity = |window| Activity::load(conn, guild, bots, window);
        let (now, before) = (activity(window)?, previous.map(&mut activity).transpose()?);
        let mut turnover = |window| Turnover::load(conn, guild, bots, window);
        let (grew, grew_before) = (turnover(window)?, previous.map(&mut turnover).transpose()?);
        let then = before.as_ref();
        Ok(GuildOverviewAnswer {
            messages: Compared { value: now.messages(), previous: then.map(Activity::messages) },
            voice_time: Compared { value: now.voice_time(), previous: then.map(Activity::voice_time) },
            active_members: Compared { value: now.active(), previous: then.map(Activity::active) },
            joins: Compared { value: grew.joins, previous: grew_before.map(|before| before.joins) },
            leaves: Compared { value: grew.leaves, previous: grew_before.map(|before| before.leaves) },
            members: grew
                .members
                .map(|value| Compared { value, previous: grew_before.and_then(|before| before.members) }),
            channels: now.channels(then, limit),
            writers: now.writers(then, limit),
            speakers: now.speakers(then, limit),
            data_since: then.map_or(now.data_since, |then| then.data_since),
            window,
            previous,
            rounded_to_days: [now.rounded_to_days, grew.rounded_to_days].contains(&true)
                || then.is_some_and(|then| then.rounded_to_days)
                || grew_before.is_some_and(|before| before.rounded_to_days),
        })
    }
}

#[cfg(test)]
mod tests;
