//! Reads voice time by user, channel and day. Whole days come from roll-ups. The edges of the
//! window and open intervals are read one by one.

use std::{collections::HashSet, ops::Range};

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, UserId, VoiceState};

use super::{
    VoiceStateFilter,
    interval::{DAY_MS, Interval, Stay, VoiceTime},
    scope::{Fold, Scope},
};
use crate::{
    Bots, Error, Window,
    active_months::{self, ActiveMonth},
    database::{Dialect, Row, Source},
    rollup::{Counted, Horizon, Sources, Span},
    statement::{Statement, rollup_of},
};

/// The voice time to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VoiceScan {
    pub(crate) bots: Bots,
    /// Whether the channels are needed, which takes longer.
    pub(crate) channels: bool,
    pub(crate) guild: GuildId,
    pub(crate) state: VoiceStateFilter,
    /// Reads only this user, if there is one.
    pub(crate) user: Option<UserId>,
    pub(crate) window: Window,
}

/// A part of a user's voice time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VoicePart {
    /// `None` if it is unknown or not needed, and for sessions.
    pub(crate) channel: Option<ChannelId>,
    /// The day in UTC. 0 if days are not needed.
    pub(crate) day: i64,
    pub(crate) sessions: u64,
    pub(crate) time: VoiceTime,
    pub(crate) user: UserId,
}

/// The unit of a [`VoicePart`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum PartOf {
    /// Whatever is fastest.
    Anything,
    /// A day in UTC. If channels are not needed, whole months are left out: see
    /// [`VoiceScan::active`].
    Day,
    /// Whatever is fastest, with time only. Sessions may be missing, and all time appears as
    /// observed.
    Time,
}

impl PartOf {
    /// Tells `f` the parts of a stay. A person who is there since before midnight was there on both days.
    fn each_part(self, stay: Stay, f: &mut impl FnMut(VoicePart)) {
        let mut tell = |day, Stay { channel_id: channel, user_id: user, .. }: Stay, time| {
            f(VoicePart { channel, day, sessions: 0, time, user });
        };
        match self {
            Self::Anything | Self::Time => tell(0, stay, stay.time()),
            Self::Day => stay.days().for_each(|(day, part)| tell(day, part, part.time())),
        }
    }
}

/// The columns of closed intervals: user, milliseconds, whether these are assumed, sessions, day,
/// and channel or 0. Each column takes time, so a query reads only the first ones that it needs.
type Columns = [&'static str; 6];

/// How many of the [`Columns`] are read.
#[derive(Clone, Copy, Debug)]
enum Width {
    Time,
    Sums,
    Parts,
}

impl Width {
    const fn columns(self) -> usize {
        match self {
            Self::Time => 2,
            Self::Sums => 4,
            Self::Parts => 6,
        }
    }

    fn part(self, row: &Row) -> Result<VoicePart, Error> {
        let mut part = VoicePart { channel: None, day: 0, sessions: 0, time: VoiceTime::default(), user: row.id(0)? };
        let ms = row.count(1)?;
        if let Self::Time = self {
            part.time.observed_ms = ms;
            return Ok(part);
        }
        *(if row.flag(2)? { &mut part.time.assumed_ms } else { &mut part.time.observed_ms }) = ms;
        part.sessions = row.count(3)?;
        if let Self::Parts = self {
            part.day = row.number(4)?;
            part.channel = row.optional_id(5)?;
        }
        Ok(part)
    }
}

/// The result of a scan, besides the parts.
#[derive(Clone, Debug)]
pub(crate) struct VoiceRead {
    pub(crate) horizon: Horizon,
    /// Where the data starts, if the window begins before it.
    pub(crate) data_since: Option<DateTime<Utc>>,
    /// The users with an open interval, in any state, at the window's end. If the end has not
    /// passed, or there is none, at the present instant.
    pub(super) open: HashSet<UserId>,
    /// Whether a day at the edge of the window was counted whole.
    pub(crate) rounded_to_days: bool,
}

impl VoiceScan {
    /// Calls `f` with each counted part. The order is undefined. Call it in a transaction.
    pub(crate) fn each(
        self,
        conn: &mut dyn Source,
        part_of: PartOf,
        mut f: impl FnMut(VoicePart),
    ) -> Result<VoiceRead, Error> {
        let horizon = Horizon::load(conn)?;
        let Counted { data_since, span, rounded_to_days } = horizon.voice(self.window);
        let width = self.width(part_of);
        let closed = self.closed(conn.dialect(), part_of, span, horizon.voice_to);
        conn.rows(&closed, &mut |row| {
            f(width.part(row)?);
            Ok(())
        })?;
        let mut open = HashSet::new();
        let statement = self.open(conn.dialect());
        conn.rows(&statement, &mut |row| {
            let interval = open_interval(row)?;
            if interval.is_open_at_end(self.window) {
                open.insert(interval.user_id);
            }
            let Some(stay) = interval.clip(self.window).filter(|_| row.optional(5) == Some(1)) else { return Ok(()) };
            part_of.each_part(stay, &mut f);
            Ok(())
        })?;
        Ok(VoiceRead { horizon, data_since, open, rounded_to_days })
    }

    /// Calls `f` with the days in UTC on which each user had voice time, by channel if channels are
    /// needed. Every state counts. A month may come several times. Call it in a transaction.
    pub(crate) fn active(
        self,
        conn: &mut dyn Source,
        mut f: impl FnMut(UserId, Option<ChannelId>, ActiveMonth),
    ) -> Result<VoiceRead, Error> {
        let scan = Self { state: VoiceStateFilter::All, ..self };
        let horizon = Horizon::load(conn)?;
        let Counted { span, .. } = horizon.voice(self.window);
        let months = if self.channels { Vec::new() } else { Sources::by_month(span, horizon.voice_to).months };
        for months in months {
            active_months::talked(conn, self.guild, self.bots, self.user, &months, |user, month| f(user, None, month))?;
        }
        scan.each(conn, PartOf::Day, |part| {
            if part.time.all_ms() > 0 {
                f(part.user, part.channel, ActiveMonth::of_day(part.day, 0));
            }
        })
    }

    /// Returns the users with a closed interval, in any state, over the window's end, or over the
    /// present if the end has not passed. Call it in a transaction.
    pub(super) fn leave_after_end(self, conn: &mut dyn Source) -> Result<Vec<UserId>, Error> {
        let Some(end_ms) = self.window.passed_ms() else { return Ok(Vec::new()) };
        let mut statement = Statement::new(conn.dialect());
        statement.select([conn.dialect().user()]);
        self.read_intervals(&mut statement);
        statement.push(" AND started_at_ms >= ? AND started_at_ms <= ? AND ended_at_ms > ?");
        statement.bind(end_ms - end_ms.rem_euclid(DAY_MS)).bind(end_ms).bind(end_ms);
        statement.of_bots(self.bots);
        let mut users = Vec::new();
        conn.rows(&statement, &mut |row| {
            users.push(row.id(0)?);
            Ok(())
        })?;
        Ok(users)
    }

    const fn width(self, part_of: PartOf) -> Width {
        match part_of {
            PartOf::Day => Width::Parts,
            _ if self.channels => Width::Parts,
            PartOf::Anything => Width::Sums,
            PartOf::Time => Width::Time,
        }
    }

    fn closed(self, dialect: Dialect, part_of: PartOf, span: Span, filled_to: i64) -> Statement {
        let (sources, day) = match part_of {
            PartOf::Day if self.channels => (Sources::by_day(span), "day"),
            PartOf::Day => (Sources { months: Vec::new(), ..Sources::by_month(span, filled_to) }, "day"),
            _ if self.channels => (Sources::by_month(span, filled_to), "0"),
            PartOf::Anything | PartOf::Time => (Sources::summed_voice(span, filled_to), "0"),
        };
        let width = self.width(part_of).columns();
        let mut statement = Statement::new(dialect);
        let mut read = |columns: Columns, table, periods| {
            statement.select(columns.into_iter().take(width)).push(" FROM ");
            rollup_of(&mut statement, table, self.guild, self.user, self.bots, periods);
        };
        let (time, assumed) = (self.state.column(), assumed_of(dialect));
        if sources.totals {
            read(["user_id", time, assumed, "sessions", "0", "0"], "voice_totals", None);
        }
        let months = ("voice_channel_months", "voice_months", "month", "0", &sources.months);
        let days = ("voice_channel_days", "voice_days", "day", day, &sources.days);
        for (of_channels, of_users, unit, day, ranges) in [months, days] {
            for range in ranges {
                let periods = Some((unit, range));
                if self.channels {
                    read(["user_id", time, assumed, "0", day, "channel_id"], of_channels, periods);
                    read(["user_id", "0", assumed, "sessions", day, "0"], of_users, periods);
                } else {
                    read(["user_id", time, assumed, "sessions", day, "0"], of_users, periods);
                }
            }
        }
        for edge in &sources.events {
            self.intervals(dialect, &mut statement, width, edge.start..edge.end);
            if part_of != PartOf::Time {
                let seconds = edge.to_seconds();
                self.sessions(dialect, &mut statement, width, seconds.start..seconds.end);
            }
        }
        if sources == Sources::default() {
            self.intervals(dialect, &mut statement, width, 0..0);
        }
        statement
    }

    /// Selects the parts of closed intervals in some milliseconds of a day. No interval crosses
    /// midnight, so only intervals of the day are read.
    fn intervals(self, dialect: Dialect, statement: &mut Statement, width: usize, ms: Range<i64>) {
        let columns: Columns = [
            dialect.user(),
            dialect.either(
                "min(ended_at_ms, ?) - max(started_at_ms, ?)",
                "least(ended_at_ms, ?) - greatest(started_at_ms, ?)",
            ),
            assumed_of(dialect),
            "0",
            "started_at_ms / 86400000",
            dialect.either("CAST(coalesce(channel_id, 0) AS INTEGER)", "coalesce(channel_id, 0)"),
        ];
        statement.select(columns.into_iter().take(width)).bind(ms.end).bind(ms.start);
        self.read_intervals(statement);
        statement.push(" AND started_at_ms >= ? AND started_at_ms < ? AND ended_at_ms > ?");
        statement.bind(ms.start - ms.start.rem_euclid(DAY_MS)).bind(ms.end).bind(ms.start);
        statement.push(" AND ").push(self.state.flag()).of_bots(self.bots);
    }

    fn read_intervals(self, statement: &mut Statement) {
        statement.push(" FROM voice_intervals");
        // The primary key has the intervals of one user in order of time.
        if let Some(user) = self.user {
            statement.push(" WHERE ").is_id("user_id", user.get()).push(" AND ");
        } else {
            statement.indexed_by("idx_voice_intervals_guild_time").push(" WHERE ");
        }
        statement.is_id("guild_id", self.guild.get());
    }

    /// Selects the sessions that ended in these seconds, according to the log.
    fn sessions(self, dialect: Dialect, statement: &mut Statement, width: usize, seconds: Range<i64>) {
        let day = dialect.either("CAST(created_at AS INTEGER) / 86400", "created_at / 86400");
        let columns: Columns = [dialect.user(), "0", "0", "1", day, "0"];
        statement.select(columns.into_iter().take(width)).push(" FROM voice_events");
        if let Some(user) = self.user {
            statement
                .indexed_by("idx_voice_events_user_time")
                .push(" WHERE ")
                .is_id("user_id", user.get())
                .push(" AND ");
        } else {
            statement.indexed_by("idx_voice_events_guild_time").push(" WHERE ");
        }
        statement.is_id("guild_id", self.guild.get());
        statement.push(" AND created_at >= ? AND created_at < ? AND event_type = 'leave'");
        statement.bind(seconds.start).bind(seconds.end).either(
            " AND (channel_id IS NULL OR channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT))",
            "",
        );
        if self.user.is_none() {
            statement.are_ids(["user_id"]);
        }
        statement.of_bots(self.bots);
    }

    /// Selects open intervals: user, channel or 0, whether it is assumed, start, last confirmation,
    /// and whether its state counts.
    fn open(self, dialect: Dialect) -> Statement {
        let mut statement = Statement::new(dialect);
        let columns = [
            dialect.user(),
            dialect.either("CAST(coalesce(channel_id, 0) AS INTEGER)", "channel_id"),
            "assumed",
            "started_at_ms",
            "seen_at_ms",
            self.state.flag(),
        ];
        statement.select(columns).push(" FROM voice_intervals").indexed_by("idx_voice_intervals_open");
        statement.push(" WHERE ").is_id("guild_id", self.guild.get()).push(" AND ended_at_ms IS NULL");
        if let Some(user) = self.user {
            statement.push(" AND ").is_id("user_id", user.get());
        }
        statement.of_bots(self.bots);
        statement
    }
}

impl Scope {
    /// Reads the counted time by user and, if asked, by channel, and all sessions of the counted
    /// users. Days need the channels. Call it in a transaction.
    pub(super) fn each_part(
        &self,
        conn: &mut dyn Source,
        part_of: PartOf,
        channels: bool,
        mut f: impl FnMut(VoicePart),
    ) -> Result<VoiceRead, Error> {
        let Self { ref filter, guild, user, window } = *self;
        let mut counted = filter.channels(conn, guild)?;
        let channels = channels || !counted.is_open();
        let scan = VoiceScan { bots: filter.bots, channels, guild, state: filter.state, user, window };
        let read = scan.each(conn, part_of, |part| {
            let counts = !filter.exclude_alone && counted.counts(part.channel);
            f(if counts { part } else { VoicePart { time: VoiceTime::default(), ..part } });
        })?;
        if filter.exclude_alone {
            // No roll-up says which members had company.
            self.scan(conn, read.horizon.voice_from, &mut Stays(f, part_of))?;
        }
        Ok(read)
    }
}

impl Scope {
    /// Returns where the data that [`each_part`](Self::each_part) reads starts, if the window begins
    /// before it.
    pub(super) fn data_since(&self, Horizon { rollups_from, voice_from, .. }: Horizon) -> Option<DateTime<Utc>> {
        let from = if self.filter.exclude_alone { rollups_from.max(voice_from) } else { rollups_from };
        Horizon::data_since(self.window, from)
    }
}

/// Passes each stay to a closure.
struct Stays<F>(F, PartOf);

impl<F: FnMut(VoicePart)> Fold for Stays<F> {
    fn stay(&mut self, stay: Stay) {
        self.1.each_part(stay, &mut self.0);
    }
}

/// Whether time is assumed, as a number.
const fn assumed_of(dialect: Dialect) -> &'static str {
    dialect.either("assumed", "assumed::int")
}

fn open_interval(row: &Row) -> Result<Interval, Error> {
    let started_at_ms = row.number(3)?;
    Ok(Interval {
        user_id: row.id(0)?,
        bot: false,
        channel_id: row.optional_id(1)?,
        started_at_ms,
        ended_at_ms: None,
        seen_at_ms: row.number(4)?,
        session_started_at_ms: started_at_ms,
        state: VoiceState::default(),
        assumed: row.flag(2)?,
    })
}
