//! The three statements that the documentation of the schema gives, word for word, with an end to
//! the time.
//!
//! They sum the rows of the event log: every message type counts, and so do bots. For a bot's
//! commands, use [`MemberStatistics`](crate::MemberStatistics),
//! [`Leaderboard::messages`](crate::Leaderboard::messages) and
//! [`Leaderboard::voice`](crate::Leaderboard::voice) instead.

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};

use crate::{Database, Error, Window, database::snapshot, leaderboard::ranked, rollup::Horizon, statement::Statement};

/// A question about what one user wrote in one guild, of all message types.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct UserStatistics {
    guild: GuildId,
    user: UserId,
    window: Window,
}

/// Messages of one user.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct UserStatisticsAnswer {
    /// Rows of `message_events`, of any message type.
    pub messages: u64,
    /// Characters of the messages whose content is known; `None` if it is of none.
    pub characters: Option<i64>,
    /// Messages that have attachments.
    pub attachments: u64,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

impl UserStatistics {
    /// Asks about this user in this guild. Default: all time.
    pub const fn of(guild: GuildId, user: UserId) -> Self {
        Self { guild, user, window: Window::all() }
    }

    /// Counts only what lies in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Runs the query.
    ///
    /// Reads the user's messages of the window, in this guild or in all, through an index, in one
    /// transaction; memory is constant.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::{GuildId, UserId};
    /// use mocha_stats::documented::UserStatistics;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let user = UserStatistics::of(GuildId::try_from(1)?, UserId::try_from(20)?).load(&mut conn)?;
    /// assert_eq!((user.messages, user.characters, user.attachments), (3, Some(150), 0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<UserStatisticsAnswer, Error> {
        let Self { guild, user, window } = self;
        snapshot(conn, |conn| {
            let Horizon { messages_from, .. } = Horizon::load(conn)?;
            let kept = window.not_before(messages_from);
            let mut statement = Statement::new(conn.dialect());
            statement
                .push("SELECT COUNT(*), SUM(CASE WHEN character_count BETWEEN 0 AND 2147483647 THEN character_count END), ")
                .either("COUNT(CASE WHEN has_attachment = 1 THEN 1 END)", "COUNT(CASE WHEN has_attachment THEN 1 END)")
                // SQLite chooses the index: of few days that of the user's time, of years that of guild and user,
                // whose rows lie in order. An end that is none would tell it that the window is short.
                .push(" FROM message_events WHERE guild_id = ? AND user_id = ? AND created_at >= ?")
                .bind_planned_id(guild.get())
                .bind_planned_id(user.get())
                .bind_planned(kept.start_second())
                .are_ids(["channel_id"]);
            if kept.end().is_some() {
                statement.push(" AND created_at < ?").bind_planned(kept.end_second());
            } else {
                // An index cannot use it.
                statement.push(" AND +created_at < ?").bind(kept.end_second());
            }
            let row = conn.only(&statement)?;
            Ok(UserStatisticsAnswer {
                messages: row.count(0)?,
                characters: row.optional(1),
                attachments: row.count(2)?,
                data_since: Horizon::data_since(window, messages_from),
                window,
            })
        })
    }
}

/// A question about who has most rows in a guild's message log: all message types, and bots too.
///
/// For a board to show, see [`Leaderboard::messages`](crate::Leaderboard::messages).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct GuildLeaderboard {
    guild: GuildId,
    limit: Option<usize>,
    window: Window,
}

/// The users with most rows in a guild's message log.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GuildLeaderboardAnswer {
    /// By messages, most first; equals by user id as a number.
    pub entries: Vec<GuildRank>,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// Somebody's place on a [`GuildLeaderboardAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GuildRank {
    /// `RANK()`: equal counts share a rank, and the next rank skips as many.
    pub rank: u64,
    /// The user.
    pub user_id: UserId,
    /// Rows of `message_events`, of any message type.
    pub messages: u64,
}

impl GuildLeaderboard {
    /// Asks about this guild. Defaults: all time, no limit.
    pub const fn of(guild: GuildId) -> Self {
        Self { guild, limit: None, window: Window::all() }
    }

    /// Counts only what lies in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Lists only the first `n`; ranks stay what they are without it. The default is everybody.
    pub const fn limit(mut self, n: usize) -> Self {
        self.limit = Some(n);
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's messages of the window through an index, in one transaction; memory grows
    /// with people.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::documented::GuildLeaderboard;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let board = GuildLeaderboard::of(GuildId::try_from(1)?).limit(1).load(&mut conn)?;
    /// let [bot] = board.entries[..] else { return Err("one is listed".into()) };
    /// assert_eq!((bot.rank, bot.user_id.get(), bot.messages), (1, 9, 5));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<GuildLeaderboardAnswer, Error> {
        let Self { guild, window, .. } = self;
        let (rows, data_since) = snapshot(conn, |conn| {
            let Horizon { messages_from, .. } = Horizon::load(conn)?;
            let mut statement = Statement::new(conn.dialect());
            statement.select([conn.dialect().user(), "COUNT(*)"]).push(" FROM message_events");
            statement.indexed_by("idx_message_events_guild_time");
            events(&mut statement, guild, window.not_before(messages_from));
            statement.are_ids(["channel_id", "user_id"]).push(" GROUP BY user_id");
            let mut rows = Vec::new();
            conn.rows(&statement, &mut |row| {
                rows.push((row.id::<UserId>(0)?, row.count(1)?));
                Ok(())
            })?;
            // As texts they have another order, and grouping need not sort.
            rows.sort_unstable();
            Ok((rows, Horizon::data_since(window, messages_from)))
        })?;
        let entries = ranked(&rows, 0..self.limit.unwrap_or(usize::MAX), |row| row.1)
            .map(|(rank, &(user_id, messages))| GuildRank { rank, user_id, messages })
            .collect();
        Ok(GuildLeaderboardAnswer { entries, data_since, window })
    }
}

/// Narrows the rows of an event table: `FROM` and the table are there.
fn events(statement: &mut Statement, guild: GuildId, window: Window) {
    statement.push(" WHERE ").is_id("guild_id", guild.get()).push(" AND created_at >= ? AND created_at < ?");
    statement.bind(window.start_second()).bind(window.end_second());
}

/// A question about how long everybody's finished voice sessions in a guild were, bots' too.
///
/// A session counts whole in the window in which it ended. Open sessions do not count. For time
/// clipped to the window, see [`Leaderboard::voice`](crate::Leaderboard::voice).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[must_use = "a question does nothing until it is loaded"]
pub struct VoiceActivity {
    guild: GuildId,
    window: Window,
}

/// How long everybody's finished voice sessions were.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct VoiceActivityAnswer {
    /// By user id as a number.
    pub entries: Vec<UserVoiceActivity>,
    /// Where the data starts, if the window begins before it. Earlier events are deleted and not
    /// counted. `None` if Mocha has data for the whole window.
    pub data_since: Option<DateTime<Utc>>,
    /// The window that was asked about.
    pub window: Window,
}

/// Somebody in a [`VoiceActivityAnswer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct UserVoiceActivity {
    /// The user.
    pub user_id: UserId,
    /// Milliseconds of the sessions; `None` if the log has no duration of any.
    pub voice_ms: Option<i64>,
    /// How many sessions ended.
    pub sessions: u64,
}

impl VoiceActivity {
    /// Asks about this guild. Default: all time.
    pub const fn of(guild: GuildId) -> Self {
        Self { guild, window: Window::all() }
    }

    /// Counts only sessions that ended in this window. The default is all time.
    pub const fn within(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Runs the query.
    ///
    /// Reads the guild's voice log of the window through an index, in one transaction; memory grows
    /// with people.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database): the database failed, or a row holds an invalid id.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_schema::GuildId;
    /// use mocha_stats::documented::VoiceActivity;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let voice = VoiceActivity::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// let [one] = voice.entries[..] else { return Err("one session ended".into()) };
    /// assert_eq!((one.user_id.get(), one.voice_ms, one.sessions), (20, Some(3_600_000), 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn load(self, conn: &mut (impl Database + ?Sized)) -> Result<VoiceActivityAnswer, Error> {
        let Self { guild, window } = self;
        snapshot(conn, |conn| {
            let Horizon { voice_from, .. } = Horizon::load(conn)?;
            let mut statement = Statement::new(conn.dialect());
            let sum = "SUM(CASE WHEN duration BETWEEN 0 AND 253402300799999 THEN duration END)";
            statement.select([conn.dialect().user(), "COUNT(*)"]).push(", ").push(sum).either("", "::bigint");
            statement.push(" FROM voice_events").indexed_by("idx_voice_events_guild_time");
            events(&mut statement, guild, window.not_before(voice_from));
            statement.push(" AND event_type = 'leave'").either(
                " AND (channel_id IS NULL OR channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT))",
                "",
            );
            statement.are_ids(["user_id"]).push(" GROUP BY user_id");
            let mut entries = Vec::new();
            conn.rows(&statement, &mut |row| {
                entries.push(UserVoiceActivity {
                    user_id: row.id(0)?,
                    voice_ms: row.optional(2),
                    sessions: row.count(1)?,
                });
                Ok(())
            })?;
            entries.sort_unstable_by_key(|entry| entry.user_id);
            Ok(VoiceActivityAnswer { entries, data_since: Horizon::data_since(window, voice_from), window })
        })
    }
}

#[cfg(test)]
mod tests;
