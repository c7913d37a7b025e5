//! Voice by user, channel and day: whole days from the roll-ups, the edges and what is open
//! interval by interval.

use std::{collections::HashSet, ops::Range};

use chrono::{DateTime, Utc};
use diesel::{connection::DefaultLoadingMode, prelude::*, sql_types::BigInt};
use mocha_schema::{ChannelId, GuildId, UserId, VoiceState};

use super::{
    VoiceStateFilter,
    interval::{Interval, Stay, VoiceTime},
    scope::{Fold, Scope},
};
use crate::{
    Bots, Window,
    active_months::{self, ActiveMonth},
    rollup::{Counted, DAY, Horizon, Sources, Span},
    scan::{Unsigned, id_or_unknown},
    statement::{Statement, rollup_of},
};

const DAY_MS: i64 = DAY * 1000;

/// The voice time to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VoiceScan {
    pub(crate) bots: Bots,
    /// Whether anybody needs to know the channels, which takes longer.
    pub(crate) channels: bool,
    pub(crate) guild: GuildId,
    pub(crate) state: VoiceStateFilter,
    /// The only one, if there is one.
    pub(crate) user: Option<UserId>,
    pub(crate) window: Window,
}

/// A part of a user's voice time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VoicePart {
    /// `None` where it is not known, of sessions, and if nobody needs to know.
    pub(crate) channel: Option<ChannelId>,
    /// In UTC; 0 if nobody asked for days.
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
    /// A day in UTC, which must lie in no whole month if nobody needs to know the channel: see
    /// [`VoiceScan::active`].
    Day,
    /// Whatever is fastest, but of time only: there may be no sessions in it, and all of it is
    /// observed.
    Time,
}

/// The columns of closed intervals: user, milliseconds, whether these are assumed, sessions, day,
/// and channel or 0. Each column costs time, so a query reads only as many of the first ones as it
/// needs.
type Columns = [&'static str; 6];
type Times = (BigInt, BigInt);
type Sums = (BigInt, BigInt, BigInt, BigInt);
type Parts = (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);

/// User, channel or 0, whether it is assumed, start, last proof, whether its state counts.
type Open = (BigInt, BigInt, BigInt, BigInt, BigInt, BigInt);
type OpenRow = (UserId, i64, i64, i64, i64, i64);

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
}

/// The result of a scan beside the parts.
#[derive(Clone, Debug)]
pub(crate) struct VoiceRead {
    pub(crate) horizon: Horizon,
    /// From when on roll-ups are kept, if the window starts earlier.
    pub(crate) data_since: Option<DateTime<Utc>>,
    /// The users with an open interval, in any state, at the window's end, or now if the end has
    /// not passed or there is none.
    pub(super) open: HashSet<UserId>,
    /// Whether more than the window was read.
    pub(crate) rounded_to_days: bool,
}

impl VoiceScan {
    /// Reads all that counts, one part at a time, in no order. To be called in a transaction.
    pub(crate) fn each(
        self,
        conn: &mut SqliteConnection,
        part_of: PartOf,
        mut f: impl FnMut(VoicePart),
    ) -> QueryResult<VoiceRead> {
        let horizon = Horizon::load(conn)?;
        let Counted { data_since, span, rounded_to_days } = horizon.voice(self.window);
        let part = |user, ms: Unsigned, assumed: i64, sessions: Unsigned| {
            let (observed_ms, assumed_ms) = if assumed == 0 { (ms.into(), 0) } else { (0, ms.into()) };
            let time = VoiceTime { observed_ms, assumed_ms };
            VoicePart { channel: None, day: 0, sessions: sessions.into(), time, user }
        };
        match self.width(part_of) {
            Width::Time => {
                let closed = self.closed::<Times>(part_of, span, horizon.voice_to);
                for row in closed.load_iter::<(UserId, Unsigned), DefaultLoadingMode>(conn)? {
                    let (user, ms) = row?;
                    f(part(user, ms, 0, Unsigned::default()));
                }
            }
            Width::Sums => {
                let closed = self.closed::<Sums>(part_of, span, horizon.voice_to);
                for row in closed.load_iter::<(UserId, Unsigned, i64, Unsigned), DefaultLoadingMode>(conn)? {
                    let (user, ms, assumed, sessions) = row?;
                    f(part(user, ms, assumed, sessions));
                }
            }
            Width::Parts => {
                let closed = self.closed::<Parts>(part_of, span, horizon.voice_to);
                for row in closed.load_iter::<(UserId, Unsigned, i64, Unsigned, i64, i64), DefaultLoadingMode>(conn)? {
                    let (user, ms, assumed, sessions, day, channel) = row?;
                    f(VoicePart { channel: id_or_unknown(channel)?, day, ..part(user, ms, assumed, sessions) });
                }
            }
        }
        let mut open = HashSet::new();
        for row in self.open().load_iter::<OpenRow, DefaultLoadingMode>(conn)? {
            let row = row?;
            let interval = open_interval(row)?;
            if interval.is_open_at_end(self.window) {
                open.insert(interval.user_id);
            }
            if row.5 == 0 {
                continue;
            }
            let Some(stay) = interval.clip(self.window) else { continue };
            let mut from_ms = stay.from_ms;
            while let Some(rest) = stay.part(from_ms, stay.to_ms) {
                // A person who is there since before midnight was there on both days.
                let (day, midnight) = match part_of {
                    PartOf::Anything | PartOf::Time => (0, stay.to_ms),
                    PartOf::Day => (from_ms.div_euclid(DAY_MS), from_ms - from_ms.rem_euclid(DAY_MS) + DAY_MS),
                };
                let piece = rest.part(from_ms, midnight).unwrap_or(rest);
                f(VoicePart { channel: stay.channel_id, day, sessions: 0, time: piece.time(), user: stay.user_id });
                from_ms = piece.to_ms;
            }
        }
        Ok(VoiceRead { horizon, data_since, open, rounded_to_days })
    }

    /// Tells `f` who had time on which days in UTC, and in which channel if that was asked for; in
    /// any state, whatever is asked for. A month may come several times. To be called in a
    /// transaction.
    pub(crate) fn active(
        self,
        conn: &mut SqliteConnection,
        mut f: impl FnMut(UserId, Option<ChannelId>, ActiveMonth),
    ) -> QueryResult<VoiceRead> {
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
    pub(super) fn leave_after_end(self, conn: &mut SqliteConnection) -> QueryResult<Vec<UserId>> {
        let Some(end_ms) = self.window.passed_ms() else { return Ok(Vec::new()) };
        let mut statement = Statement::<BigInt>::new();
        statement.select(["CAST(user_id AS INTEGER)"]);
        self.read_intervals(&mut statement);
        statement.push(" AND started_at_ms >= ? AND started_at_ms <= ? AND ended_at_ms > ?");
        statement.bind(end_ms - end_ms.rem_euclid(DAY_MS)).bind(end_ms).bind(end_ms);
        statement.push(self.bots.condition_of_event());
        statement.load(conn)
    }

    const fn width(self, part_of: PartOf) -> Width {
        match part_of {
            PartOf::Day => Width::Parts,
            _ if self.channels => Width::Parts,
            PartOf::Anything => Width::Sums,
            PartOf::Time => Width::Time,
        }
    }

    fn closed<R>(self, part_of: PartOf, span: Span, filled_to: i64) -> Statement<R> {
        let (sources, day) = match part_of {
            PartOf::Day if self.channels => (Sources::by_day(span), "day"),
            PartOf::Day => (Sources { months: Vec::new(), ..Sources::by_month(span, filled_to) }, "day"),
            _ if self.channels => (Sources::by_month(span, filled_to), "0"),
            PartOf::Anything | PartOf::Time => (Sources::summed_voice(span, filled_to), "0"),
        };
        let width = self.width(part_of).columns();
        let mut statement = Statement::new();
        let mut read = |columns: Columns, table, periods| {
            statement.select(columns.into_iter().take(width)).push(" FROM ");
            rollup_of(&mut statement, table, self.guild, self.user, self.bots, periods);
        };
        let time = self.state.column();
        if sources.totals {
            read(["user_id", time, "assumed", "sessions", "0", "0"], "voice_totals", None);
        }
        let months = ("voice_channel_months", "voice_months", "month", "0", &sources.months);
        let days = ("voice_channel_days", "voice_days", "day", day, &sources.days);
        for (of_channels, of_users, unit, day, ranges) in [months, days] {
            for range in ranges {
                let periods = Some((unit, range));
                if self.channels {
                    read(["user_id", time, "assumed", "0", day, "channel_id"], of_channels, periods);
                    read(["user_id", "0", "assumed", "sessions", day, "0"], of_users, periods);
                } else {
                    read(["user_id", time, "assumed", "sessions", day, "0"], of_users, periods);
                }
            }
        }
        for edge in &sources.events {
            self.intervals(&mut statement, width, edge.start..edge.end);
            if part_of != PartOf::Time {
                let seconds = edge.to_seconds();
                self.sessions(&mut statement, width, seconds.start..seconds.end);
            }
        }
        if sources == Sources::default() {
            self.intervals(&mut statement, width, 0..0);
        }
        statement
    }

    /// Selects the parts of closed intervals in some milliseconds of a day. No interval crosses
    /// midnight, so those of the day are all.
    fn intervals<R>(self, statement: &mut Statement<R>, width: usize, ms: Range<i64>) {
        let columns: Columns = [
            "CAST(user_id AS INTEGER)",
            "min(ended_at_ms, ?) - max(started_at_ms, ?)",
            "assumed",
            "0",
            "started_at_ms / 86400000",
            "CAST(coalesce(channel_id, 0) AS INTEGER)",
        ];
        statement.select(columns.into_iter().take(width)).bind(ms.end).bind(ms.start);
        self.read_intervals(statement);
        statement.push(" AND started_at_ms >= ? AND started_at_ms < ? AND ended_at_ms > ?");
        statement.bind(ms.start - ms.start.rem_euclid(DAY_MS)).bind(ms.end).bind(ms.start);
        statement.push(" AND ").push(self.state.flag()).push(self.bots.condition_of_event());
    }

    fn read_intervals<R>(self, statement: &mut Statement<R>) {
        // The primary key has those of one user in order of time.
        if let Some(user) = self.user {
            statement.push(" FROM voice_intervals WHERE user_id = CAST(? AS TEXT) AND guild_id = CAST(? AS TEXT)");
            statement.bind_id(user.get());
        } else {
            statement.push(
                " FROM voice_intervals INDEXED BY idx_voice_intervals_guild_time WHERE guild_id = CAST(? AS TEXT)",
            );
        }
        statement.bind_id(self.guild.get());
    }

    /// The sessions of which the log says that they ended in so many seconds.
    fn sessions<R>(self, statement: &mut Statement<R>, width: usize, seconds: Range<i64>) {
        let columns: Columns = ["CAST(user_id AS INTEGER)", "0", "0", "1", "CAST(created_at AS INTEGER) / 86400", "0"];
        statement.select(columns.into_iter().take(width)).push(" FROM voice_events INDEXED BY ");
        if let Some(user) = self.user {
            statement.push("idx_voice_events_user_time WHERE user_id = CAST(? AS TEXT)").bind_id(user.get());
            statement.push(" AND guild_id = CAST(? AS TEXT)");
        } else {
            statement.push("idx_voice_events_guild_time WHERE guild_id = CAST(? AS TEXT)");
        }
        statement.bind_id(self.guild.get()).push(" AND created_at >= ? AND created_at < ? AND event_type = 'leave'");
        statement.bind(seconds.start).bind(seconds.end).push(
            " AND (channel_id IS NULL OR channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT))",
        );
        if self.user.is_none() {
            statement.push(" AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)");
        }
        statement.push(self.bots.condition_of_event());
    }

    fn open(self) -> Statement<Open> {
        let mut statement = Statement::new();
        let columns = [
            "CAST(user_id AS INTEGER)",
            "CAST(coalesce(channel_id, 0) AS INTEGER)",
            "assumed",
            "started_at_ms",
            "seen_at_ms",
            self.state.flag(),
        ];
        statement.select(columns).push(" FROM voice_intervals INDEXED BY idx_voice_intervals_open");
        statement.push(" WHERE guild_id = CAST(? AS TEXT) AND ended_at_ms IS NULL").bind_id(self.guild.get());
        if let Some(user) = self.user {
            statement.push(" AND user_id = CAST(? AS TEXT)").bind_id(user.get());
        }
        statement.push(self.bots.condition_of_event());
        statement
    }
}

impl Scope {
    /// Reads the counted time by user and, if asked, by channel, and all sessions of the counted
    /// users. Call it in a transaction.
    pub(super) fn each_part(
        &self,
        conn: &mut SqliteConnection,
        channels: bool,
        mut f: impl FnMut(VoicePart),
    ) -> QueryResult<VoiceRead> {
        let Self { ref filter, guild, user, window } = *self;
        let mut counted = filter.channels(conn, guild)?;
        let channels = channels || !counted.is_open();
        let scan = VoiceScan { bots: filter.bots, channels, guild, state: filter.state, user, window };
        let read = scan.each(conn, PartOf::Anything, |part| {
            let counts = !filter.exclude_alone && counted.counts(part.channel);
            f(if counts { part } else { VoicePart { time: VoiceTime::default(), ..part } });
        })?;
        if filter.exclude_alone {
            // Who had company is in no roll-up.
            self.scan(conn, read.horizon.voice_from, &mut Stays(f))?;
        }
        Ok(read)
    }
}

impl Scope {
    /// From when on what [`each_part`](Self::each_part) reads is known, if the window starts
    /// earlier.
    pub(super) fn data_since(&self, Horizon { rollups_from, voice_from, .. }: Horizon) -> Option<DateTime<Utc>> {
        let from = if self.filter.exclude_alone { rollups_from.max(voice_from) } else { rollups_from };
        Horizon::data_since(self.window, from)
    }
}

/// Hands each stay on.
struct Stays<F>(F);

impl<F: FnMut(VoicePart)> Fold for Stays<F> {
    fn stay(&mut self, stay: Stay) {
        let Stay { channel_id: channel, user_id: user, .. } = stay;
        (self.0)(VoicePart { channel, day: 0, sessions: 0, time: stay.time(), user });
    }
}

fn open_interval((user_id, channel, assumed, started_at_ms, seen_at_ms, _): OpenRow) -> QueryResult<Interval> {
    Ok(Interval {
        user_id,
        bot: false,
        channel_id: id_or_unknown(channel)?,
        started_at_ms,
        ended_at_ms: None,
        seen_at_ms,
        session_started_at_ms: started_at_ms,
        state: VoiceState::default(),
        assumed: assumed != 0,
    })
}
