//! The scope of a question about voice, and the scan that answers all of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, UserId};

use super::{
    VoiceFilter,
    company::{Guest, Room},
    interval::{Interval, Stay},
};
use crate::{
    Bots, Database, Error, Window,
    channel_filter::Resolved,
    database::{Row, Source, snapshot},
    rollup::Horizon,
    statement::Statement,
};

/// The scope of a question.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Scope {
    pub(super) filter: VoiceFilter,
    pub(super) guild: GuildId,
    /// Counts only this user, if there is one.
    pub(super) user: Option<UserId>,
    pub(super) window: Window,
}

/// Collects the results of a scan for a question.
pub(super) trait Fold {
    /// Takes a whole interval of a counted user, in any channel and state. Intervals come in order
    /// of their starts.
    fn interval(&mut self, _: &Interval) {}

    /// Takes time that counts. The order is undefined.
    fn stay(&mut self, stay: Stay);
}

/// A closed interval lies within a day in UTC.
const LONGEST_CLOSED_MS: i64 = 86_400_000;

impl Scope {
    pub(super) const fn of(guild: GuildId) -> Self {
        Self { filter: VoiceFilter::new(), guild, user: None, window: Window::all() }
    }

    /// Scans the part of the window that is kept, into a fold that is made for it. Returns where
    /// the data starts, if the window begins before it.
    pub(super) fn load<F: Fold>(
        &self,
        conn: &mut (impl Database + ?Sized),
        fold: impl FnOnce(Window) -> F,
    ) -> Result<(F, Option<DateTime<Utc>>), Error> {
        snapshot(conn, |conn| {
            let Horizon { voice_from, .. } = Horizon::load(conn)?;
            let mut fold = fold(self.window.not_before(voice_from));
            self.scan(conn, voice_from, &mut fold)?;
            Ok((fold, Horizon::data_since(self.window, voice_from)))
        })
    }

    /// Reads each interval from this second on that may have time in the window, end in it, or be
    /// open at its end. It reads one at a time, so memory grows only with the fold. Call it in a
    /// transaction.
    pub(super) fn scan(&self, conn: &mut dyn Source, voice_from: i64, fold: &mut impl Fold) -> Result<(), Error> {
        let Self { ref filter, guild, user, .. } = *self;
        let window = self.window.not_before(voice_from);
        let channels = filter.channels(conn, guild)?;
        // Other users are needed to know whether the user had company.
        let only = user.filter(|_| !filter.exclude_alone);
        let mut sieve = Sieve { channels, rooms: HashMap::new(), scope: self, window };
        let mut each = |row: &Row| {
            let interval = Interval::of(row)?;
            if self.counts_user(&interval) {
                fold.interval(&interval);
            }
            sieve.add(&interval, fold);
            Ok(())
        };
        let earliest_ms = window.start().map_or(i64::MIN, |_| window.start_ms().saturating_sub(LONGEST_CLOSED_MS));
        if window.start().is_some() {
            // An open interval may have any length. These are few, because a running recorder cuts
            // them at midnight.
            let mut older = Interval::statement(conn.dialect());
            older.indexed_by("idx_voice_intervals_open").push(" WHERE ").is_id("guild_id", guild.get());
            if let Some(user) = only {
                older.push(" AND ").is_id("user_id", user.get());
            }
            older.push(" AND ended_at_ms IS NULL AND started_at_ms < ? ORDER BY started_at_ms").bind(earliest_ms);
            conn.rows(&older, &mut each)?;
        }
        let mut rest = Interval::statement(conn.dialect());
        rest.push(" WHERE ").is_id("guild_id", guild.get());
        if let Some(user) = only {
            rest.push(" AND ").is_id("user_id", user.get());
        }
        rest.push(" AND started_at_ms >= ? AND started_at_ms <= ? AND (ended_at_ms IS NULL OR ended_at_ms >= ?)");
        rest.bind(earliest_ms).bind(window.counted_until_ms()).bind(window.start_ms());
        rest.push(" ORDER BY started_at_ms");
        conn.rows(&rest, &mut each)?;
        sieve.finish(fold);
        Ok(())
    }

    /// Returns whether the interval's user counts.
    fn counts_user(&self, interval: &Interval) -> bool {
        self.filter.bots.counts(interval.bot) && self.user.is_none_or(|user| interval.user_id == user)
    }
}

/// Calls `f` with each time in voice in a window that is kept from this second on, of all members
/// of a guild or of one user, in any channel and state. The order is undefined. Call it in a
/// transaction.
pub(crate) fn each_stay(
    conn: &mut dyn Source,
    (guild, bots, user): (GuildId, Bots, Option<UserId>),
    window: Window,
    voice_from: i64,
    f: impl FnMut(Stay),
) -> Result<(), Error> {
    let mut scope = Scope { user, window, ..Scope::of(guild) };
    scope.filter.bots = bots;
    scope.scan(conn, voice_from, &mut Each(f))
}

/// Passes each stay to a closure.
struct Each<F>(F);

impl<F: FnMut(Stay)> Fold for Each<F> {
    fn stay(&mut self, stay: Stay) {
        (self.0)(stay);
    }
}

/// The channels of a guild in which time counts, as they are now.
#[derive(Debug)]
pub(super) struct CountedChannels<'a> {
    /// The guild's AFK channel, if it is excluded.
    afk: Option<ChannelId>,
    named: Resolved<'a>,
}

impl CountedChannels<'_> {
    /// Returns whether time counts in all channels, so that a query need not read channels.
    pub(super) fn is_open(&self) -> bool {
        self.afk.is_none() && self.named.is_open()
    }

    pub(super) fn counts(&mut self, channel: Option<ChannelId>) -> bool {
        (channel.is_none() || channel != self.afk) && self.named.counts(channel)
    }
}

impl VoiceFilter {
    pub(super) fn channels(&self, conn: &mut dyn Source, guild: GuildId) -> Result<CountedChannels<'_>, Error> {
        let mut afk = None;
        if self.exclude_afk {
            let mut statement = Statement::new(conn.dialect());
            statement.push("SELECT ").either("CAST(afk_channel_id AS INTEGER)", "afk_channel_id");
            statement.push(" FROM guild_states WHERE ").is_id("guild_id", guild.get());
            if let Some(row) = conn.first(&statement)? {
                afk = row.optional_id(0)?;
            }
        }
        Ok(CountedChannels { afk, named: self.channels.resolve(conn, guild)? })
    }
}

/// Passes the time that counts to a fold.
struct Sieve<'a> {
    channels: CountedChannels<'a>,
    /// The users in each channel, if company matters.
    rooms: HashMap<ChannelId, Room>,
    scope: &'a Scope,
    window: Window,
}

impl Sieve<'_> {
    fn add(&mut self, interval: &Interval, fold: &mut impl Fold) {
        let Interval { bot, channel_id, state, .. } = *interval;
        let Scope { filter, .. } = self.scope;
        let Some(stay) = interval.clip(self.window) else { return };
        let counts = self.scope.counts_user(interval) && filter.state.counts(state) && self.channels.counts(channel_id);
        if filter.exclude_alone {
            if let Some(channel) = channel_id {
                self.rooms.entry(channel).or_default().enter(Guest::new(stay, bot, counts), fold);
            }
        } else if counts {
            fold.stay(stay);
        }
    }

    fn finish(self, fold: &mut impl Fold) {
        for mut room in self.rooms.into_values() {
            room.leave_until(i64::MAX, fold);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use mocha_schema::VoiceInterval;

    use super::*;
    use crate::{
        GuildVoice,
        fixture::{MONDAY, TestResult, insert_interval, interval},
        test_file::{File, empty},
    };

    #[test]
    fn intervals_from_the_day_before_and_open_ones_of_any_age_are_found() -> TestResult {
        let (mut conn, monday_ms) = (empty()?, MONDAY * 1000);
        let tuesday = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")? + TimeDelta::days(1);
        let last_ms = tuesday - TimeDelta::milliseconds(1);
        insert_interval(&mut conn, interval(1, 20, Some(3000), monday_ms, Some(monday_ms + LONGEST_CLOSED_MS))?)?;
        let voice_ms = |conn: &mut File, window| -> TestResult<(u128, u64, u64)> {
            let answer = GuildVoice::of(1.try_into()?).within(window).load(conn)?;
            Ok((answer.voice_time.as_millis(), answer.sessions.started, answer.sessions.ended))
        };
        assert_eq!(voice_ms(&mut conn, Window::since(last_ms)?)?, (1, 0, 1));
        assert_eq!(voice_ms(&mut conn, Window::between(last_ms, tuesday)?)?, (1, 0, 0));
        assert_eq!(voice_ms(&mut conn, Window::since(tuesday)?)?, (0, 0, 1));
        assert_eq!(voice_ms(&mut conn, Window::since(tuesday + TimeDelta::milliseconds(1))?)?, (0, 0, 0));
        // These were not cut at midnight.
        for (user, days) in [(30, 40), (100, 3)] {
            let open = interval(1, user, Some(3000), monday_ms - days * LONGEST_CLOSED_MS, None)?;
            insert_interval(&mut conn, VoiceInterval { seen_at_ms: monday_ms + LONGEST_CLOSED_MS + 5, ..open })?;
        }
        assert_eq!(voice_ms(&mut conn, Window::since(last_ms)?)?, (1 + 2 * 6, 0, 1));
        assert_eq!(voice_ms(&mut conn, Window::between(last_ms, tuesday)?)?, (3, 0, 0));
        // After the last confirmation each counts for five minutes, and not for days.
        let later = Window::between(tuesday, tuesday + TimeDelta::days(3))?;
        assert_eq!(voice_ms(&mut conn, later)?, (2 * (5 + 300_000), 0, 1));
        Ok(())
    }
}
