//! Leaderboards of users.

mod answer;
mod level_ups;
mod measure;
mod multiplier;
mod rank;
mod roles;
mod score;
mod total;

use std::{cmp::Reverse, collections::BTreeSet, ops::Range};

use chrono_tz::Tz;
use mocha_schema::{ChannelId, GuildId, UserId};

pub(crate) use self::rank::{compare, ranked};
pub use self::{
    answer::{LeaderboardAnswer, PreviousRank, Rank, VoiceDetails, VoiceTotals},
    level_ups::{LevelUp, LevelUps},
    measure::{Measure, Weights},
    roles::{ActiveRole, RoleActivity, RoleActivityAnswer},
};
use self::{multiplier::Factors, total::Totals};
use crate::{
    Bots, Database, Error, LevelCurve, VoiceFilter, Window,
    channel_filter::ChannelFilter,
    database::{Source, snapshot},
    per_user::value_of,
    role_filter::RoleFilter,
};

/// A leaderboard of users by any [`Measure`]: `Leaderboard::messages(guild)`,
/// `Leaderboard::active_days(guild)` and so on. Defaults: all time, humans only, no limit.
///
/// Users without a value are not on the board.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct Leaderboard {
    around: Option<(UserId, usize)>,
    min_value: u64,
    bots: Bots,
    channels: ChannelFilter,
    compare: bool,
    curve: Option<LevelCurve>,
    factors: Factors,
    guild: GuildId,
    limit: Option<usize>,
    measure: Measure,
    offset: usize,
    current_members: bool,
    only_users: Option<BTreeSet<UserId>>,
    roles: RoleFilter,
    window: Window,
    exclude_users: BTreeSet<UserId>,
    voice_details: bool,
    voice_filter: VoiceFilter,
    zone: Tz,
}

impl Leaderboard {
    /// Asks who did most, by any measure.
    #[doc(alias = "top")]
    pub const fn by(measure: Measure, guild: GuildId) -> Self {
        Self {
            around: None,
            min_value: 1,
            bots: Bots::Exclude,
            channels: ChannelFilter::new(),
            compare: false,
            curve: None,
            factors: Factors::new(),
            guild,
            limit: None,
            measure,
            offset: 0,
            current_members: false,
            only_users: None,
            roles: RoleFilter::new(),
            window: Window::all(),
            exclude_users: BTreeSet::new(),
            voice_details: false,
            voice_filter: VoiceFilter::new(),
            zone: Tz::UTC,
        }
    }

    /// Asks who wrote most messages.
    pub const fn messages(guild: GuildId) -> Self {
        Self::by(Measure::Messages, guild)
    }

    /// Asks who wrote most characters.
    pub const fn characters(guild: GuildId) -> Self {
        Self::by(Measure::Characters, guild)
    }

    /// Asks who wrote most words.
    pub const fn words(guild: GuildId) -> Self {
        Self::by(Measure::Words, guild)
    }

    /// Asks who wrote most messages with attachments.
    pub const fn attachments(guild: GuildId) -> Self {
        Self::by(Measure::Attachments, guild)
    }

    /// Asks who was active on most days. With [`min_value`](Self::min_value) it asks who was active
    /// on at least six of seven, for example.
    ///
    /// Days are those of the [`zone`](Self::zone). The default is UTC. A window of seven days begins
    /// at a midnight of that zone. Otherwise it touches eight days.
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{Leaderboard, Window};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let monday = chrono::DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// let week = Window::between(monday, monday + chrono::TimeDelta::days(7))?;
    /// let active = Leaderboard::active_days(GuildId::try_from(1)?).within(week);
    /// assert_eq!(active.load(&mut conn)?.user_count, 3);
    /// assert_eq!(active.min_value(6).load(&mut conn)?.user_count, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub const fn active_days(guild: GuildId) -> Self {
        Self::by(Measure::ActiveDays, guild)
    }

    /// Asks who was in voice longest. [`voice`](Self::voice) reports observed time, assumed time
    /// and sessions too, which takes longer.
    pub const fn voice_time(guild: GuildId) -> Self {
        Self::by(Measure::VoiceTime, guild)
    }

    /// Asks who ended most voice sessions.
    pub const fn voice_sessions(guild: GuildId) -> Self {
        Self::by(Measure::VoiceSessions, guild)
    }

    /// Asks who has the highest score.
    pub const fn score(guild: GuildId, weights: Weights) -> Self {
        Self::by(Measure::Score(weights), guild)
    }

    /// Asks who was in voice longest, and reports the observed time, the assumed time and the
    /// sessions of each user.
    ///
    /// Users with a finished session and no voice time are on the board too, unless
    /// [`min_value`](Self::min_value) is greater than 1.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{Leaderboard, Window};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let monday = chrono::DateTime::from_timestamp(fixture::MONDAY, 0).ok_or("no such time")?;
    /// // One user left at ten. Another came at nine and was last confirmed at half past.
    /// let until = |minutes| Window::between(monday, monday + chrono::TimeDelta::minutes(minutes));
    /// let board = Leaderboard::voice(GuildId::try_from(1)?).within(until(9 * 60 + 33)?).load(&mut conn)?;
    /// let [left, there] = board.entries[..] else { return Err("two were in voice".into()) };
    /// assert_eq!((left.rank, left.user_id.get(), left.value), (1, 20, 33 * 60_000));
    /// let voice = there.voice.ok_or("voice boards have it")?;
    /// assert_eq!((there.user_id.get(), voice.observed, voice.assumed), (30, Duration::from_mins(30), Duration::from_mins(3)));
    /// assert_eq!(board.voice.and_then(|voice| voice.open_sessions), Some(2));
    ///
    /// // Mocha assumes at most five minutes after that.
    /// let board = Leaderboard::voice(GuildId::try_from(1)?).within(until(10 * 60)?).load(&mut conn)?;
    /// assert_eq!(board.entries[1].value, 35 * 60_000);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "VoiceLeaderboard")]
    pub const fn voice(guild: GuildId) -> Self {
        let mut board = Self::voice_time(guild);
        board.voice_details = true;
        board
    }

    /// Counts only the voice time that this filter lets through, on boards by voice time and score.
    /// The default is all time. [`bots`](Self::bots) decides which accounts count, and
    /// [`only_channels`](Self::only_channels) and [`exclude_channels`](Self::exclude_channels)
    /// apply as well.
    pub fn filter(mut self, filter: VoiceFilter) -> Self {
        self.voice_filter = filter;
        self
    }

    /// Counts only what lies in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Sets which accounts are on the board. The default is [`Bots::Exclude`].
    pub const fn bots(mut self, bots: Bots) -> Self {
        self.bots = bots;
        self
    }

    /// Sets the time zone of the days of [`active_days`](Self::active_days). The default is UTC. No
    /// other measure has days.
    ///
    /// Roll-ups of members are by day in UTC. In another zone the query reads every message of the
    /// window. Messages that a retention policy deleted do not count, and
    /// [`data_since`](LeaderboardAnswer::data_since) says where the data starts.
    pub const fn zone(mut self, zone: Tz) -> Self {
        self.zone = zone;
        self
    }

    /// Lists at most `n` entries after the [`offset`](Self::offset). Ranks and totals do not
    /// change. The default is no limit.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = Some(n);
        self
    }

    /// Skips the first `n` entries. Ranks and totals do not change. The default is 0.
    pub const fn offset(mut self, n: usize) -> Self {
        self.offset = n;
        self
    }

    /// Lists only this user and `n` neighbours above and below. The list is empty if the user is
    /// not on the board. [`offset`](Self::offset) and [`limit`](Self::limit) apply to this list.
    ///
    /// ```
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::Leaderboard;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let board = Leaderboard::messages(GuildId::try_from(1)?);
    /// let alone = board.clone().around(UserId::try_from(100)?, 0).load(&mut conn)?;
    /// assert_eq!((alone.entries.len(), alone.entries[0].rank), (1, 3));
    /// assert_eq!(board.around(UserId::try_from(100)?, 1).load(&mut conn)?.entries.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub const fn around(mut self, user: UserId, n: usize) -> Self {
        self.around = Some((user, n));
        self
    }

    /// Drops users below `value`, for example to give roles by activity. The default is 1.
    pub const fn min_value(mut self, value: u64) -> Self {
        self.min_value = value;
        self
    }

    /// Ranks only current members of the guild. Without the intent `GUILD_MEMBERS` Mocha does not
    /// know who left. By default users who left are on the board too.
    #[doc(alias = "present")]
    pub const fn current_members(mut self) -> Self {
        self.current_members = true;
        self
    }

    /// Counts only what happened in these channels and their threads. A category stands for the
    /// channels that are in it now. Boards by voice sessions ignore this, because a session may have
    /// been in several channels.
    pub fn only_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.only.get_or_insert_default().extend(channels);
        self
    }

    /// Excludes what happened in these channels and their threads. A category stands for the
    /// channels that are in it now. Boards by voice sessions ignore this.
    pub fn exclude_channels(mut self, channels: &[ChannelId]) -> Self {
        self.channels.without.extend(channels);
        self
    }

    /// Ranks only these users.
    pub fn only_users(mut self, users: &[UserId]) -> Self {
        self.only_users.get_or_insert_default().extend(users);
        self
    }

    /// Excludes these users.
    pub fn exclude_users(mut self, users: &[UserId]) -> Self {
        self.exclude_users.extend(users);
        self
    }

    /// Reports each entry's place in the window before ([`Window::previous`]). The query takes
    /// twice as long.
    pub const fn compare(mut self) -> Self {
        self.compare = true;
        self
    }

    /// Reports each entry's level by this curve on boards by [`score`](Self::score). Values of other
    /// boards are no points.
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::{Leaderboard, LevelCurve, Weights};
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let weights = Weights::new().messages(10).balances(1);
    /// let board = Leaderboard::score(GuildId::try_from(1)?, weights).levels(LevelCurve::mee6()).load(&mut conn)?;
    /// let level = board.entries[0].level.ok_or("a score has levels")?;
    /// assert_eq!((board.entries[0].value, level.level, level.points, level.needed), (520, 3, 45, 295));
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias("XP", "rank"))]
    pub const fn levels(mut self, curve: LevelCurve) -> Self {
        self.curve = Some(curve);
        self
    }

    /// Runs the query.
    ///
    /// Reads roll-ups of months and days, and single messages and voice intervals of at most a day
    /// at each edge of the window, through their keys and indexes, in one transaction. Memory grows
    /// with people; by active days, with people times months, and if channels are chosen, with
    /// people times days.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id or count.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::{ChannelId, GuildId};
    /// use mocha_stats::Leaderboard;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let guild = GuildId::try_from(1)?;
    /// let board = Leaderboard::messages(guild).limit(2).load(&mut conn)?;
    /// let [first, second] = board.entries[..] else { return Err("two are listed".into()) };
    /// assert_eq!((first.rank, first.user_id.get(), first.value), (1, 20, 3));
    /// assert_eq!((second.rank, second.user_id.get(), second.value), (2, 30, 2));
    /// assert_eq!((board.total, board.user_count), (6, 3));
    ///
    /// let words = Leaderboard::words(guild).exclude_channels(&[ChannelId::try_from(2000)?]).load(&mut conn)?;
    /// assert_eq!(words.total, 40);
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(&self, conn: &mut (impl Database + ?Sized)) -> Result<LeaderboardAnswer, Error> {
        snapshot(conn, |conn| self.read(conn))
    }

    pub(crate) fn read(&self, conn: &mut dyn Source) -> Result<LeaderboardAnswer, Error> {
        let previous = self.window.previous().filter(|_| self.compare);
        let before = previous.map(|window| Totals::load(conn, self, window)).transpose()?;
        let now = Totals::load(conn, self, self.window)?;
        let rounded_to_days = now.rounded_to_days || before.as_ref().is_some_and(|before| before.rounded_to_days);
        let data_since = before.as_ref().unwrap_or(&now).data_since;
        let total = now.values.iter().fold(0, |sum: u64, row| sum.saturating_add(row.1));
        let user_count = u64::try_from(now.values.len()).unwrap_or(u64::MAX);
        let listed = self.listed(&now);
        let ranks = ranked(&now.values, listed, |row| row.1);
        let curve = self.curve.filter(|_| matches!(self.measure, Measure::Score(_)));
        let mut entries: Vec<Rank> = ranks
            .map(|(rank, &(user_id, value))| Rank {
                rank,
                user_id,
                value,
                previous: None,
                level: curve.map(|curve| curve.progress(value)),
                voice: now.voice_of(user_id),
            })
            .collect();
        if let Some(before) = before {
            compare(&mut entries, &before.values);
        }
        let Self { measure, window, .. } = *self;
        let voice = now.voice.as_ref().map(|voice| voice.totals);
        Ok(LeaderboardAnswer {
            entries,
            total,
            user_count,
            voice,
            measure,
            previous,
            data_since,
            window,
            rounded_to_days,
        })
    }

    /// The places that are to be listed.
    fn listed(&self, totals: &Totals) -> Range<usize> {
        let mut listed = 0..usize::MAX;
        if let Some((user, neighbours)) = self.around {
            let Some(own) = value_of(&totals.values, user) else { return 0..0 };
            let own = (Reverse(own), user);
            let place = totals.values.iter().filter(|(user, value)| (Reverse(*value), *user) < own).count();
            listed = place.saturating_sub(neighbours)..place.saturating_add(neighbours).saturating_add(1);
        }
        let start = listed.start.saturating_add(self.offset);
        let end = self.limit.map_or(usize::MAX, |limit| start.saturating_add(limit)).min(listed.end);
        start..end.max(start)
    }

    fn counts_user(&self, user: UserId) -> bool {
        self.only_users.as_ref().is_none_or(|only| only.contains(&user)) && !self.exclude_users.contains(&user)
    }
}

#[cfg(test)]
mod score_truth;
#[cfg(test)]
mod tests;
