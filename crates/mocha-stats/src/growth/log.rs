//! The log of who came and went, entry by entry.

use std::ops::Range;

use mocha_schema::{GuildId, UserId};

use crate::{
    Bots, Error, Window,
    database::Source,
    rollup::{Counted, Horizon, Sources},
    statement::{Statement, rollup_of},
};

/// Somebody who came or went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) user_id: UserId,
    pub(crate) bot: bool,
    /// Came, and did not go.
    pub(crate) joined: bool,
    /// How many members the guild had then, if it was known.
    pub(crate) member_count: Option<i64>,
    pub(crate) second: i64,
}

/// Gives the entries of these seconds, in order of time; of the same second as they were written.
pub(crate) fn entries(
    conn: &mut dyn Source,
    guild: GuildId,
    seconds: Range<i64>,
    mut each: impl FnMut(Entry),
) -> Result<(), Error> {
    let dialect = conn.dialect();
    let mut statement = Statement::new(dialect);
    statement.select([
        dialect.user(),
        dialect.either("CAST(user_id AS INTEGER) IN (SELECT id FROM bots)", "user_id IN (SELECT id FROM bots)"),
        "event_type = 'join'",
        "member_count",
        "created_at",
    ]);
    log_of(&mut statement, guild, seconds);
    // SQLite numbers rows as they are written, and PostgreSQL has a column that does.
    statement.push(" ORDER BY created_at, rowid");
    conn.rows(&statement, &mut |row| {
        each(Entry {
            user_id: row.id(0)?,
            bot: row.flag(1)?,
            joined: row.flag(2)?,
            member_count: row.optional(3),
            second: row.number(4)?,
        });
        Ok(())
    })
}

/// The joins and leaves of these seconds: `SELECT` and columns are there.
fn log_of(statement: &mut Statement, guild: GuildId, Range { start, end }: Range<i64>) {
    statement
        .push(" FROM member_events")
        .indexed_by("idx_member_events_guild_time")
        .push(" WHERE ")
        .is_id("guild_id", guild.get())
        .push(" AND created_at >= ? AND created_at < ? AND event_type IN ('join', 'leave')")
        .bind(start)
        .bind(end)
        .are_ids(["user_id"]);
}

/// How many came and went in a window, also before the horizon, and how many members there were at
/// its end, as [`Growth`](super::Growth) has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turnover {
    pub(crate) joins: u64,
    pub(crate) leaves: u64,
    pub(crate) members: Option<u64>,
    /// `true` if a day at the window's edge was counted whole because its events have been deleted.
    pub(crate) rounded_to_days: bool,
}

impl Turnover {
    /// Call it in a transaction.
    pub(crate) fn load(conn: &mut dyn Source, guild: GuildId, bots: Bots, window: Window) -> Result<Self, Error> {
        let horizon = Horizon::load(conn)?;
        let Counted { span, rounded_to_days, .. } = horizon.members(window);
        let Sources { days, events, .. } = Sources::by_day(span);
        let dialect = conn.dialect();
        let mut statement = Statement::new(dialect);
        statement
            .push("SELECT ")
            .either("sum(joins), sum(leaves)", "sum(joins)::bigint, sum(leaves)::bigint")
            .push(" FROM (SELECT 0 AS joins, 0 AS leaves");
        for days in &days {
            statement.select(["joins", "leaves"]).push(" FROM ");
            rollup_of(&mut statement, "member_days", guild, None, bots, Some(("day", days)));
        }
        for edge in &events {
            statement.select([
                dialect.either("event_type = 'join'", "(event_type = 'join')::int"),
                dialect.either("event_type = 'leave'", "(event_type = 'leave')::int"),
            ]);
            log_of(&mut statement, guild, edge.start..edge.end);
            statement.of_bots(bots);
        }
        statement.push(dialect.either(")", ") AS parts"));
        let row = conn.only(&statement)?;
        let end = window.not_before(horizon.members_from).end_second();
        let members = at_least_none(members_at(conn, guild, end, horizon.members_from)?);
        Ok(Self { joins: row.count(0)?, leaves: row.count(1)?, members, rounded_to_days })
    }
}

/// A count that the file tells, which another program may have made negative.
pub(super) fn at_least_none(members: Option<i64>) -> Option<u64> {
    members.map(|members| u64::try_from(members).unwrap_or(0))
}

/// How many members Discord last said that a guild has, and the second of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Told {
    pub(super) count: i64,
    pub(super) second: i64,
}

impl Told {
    /// `None` if Discord said so in none of these seconds. All joins and leaves up to that second
    /// are in the count.
    pub(super) fn load(conn: &mut dyn Source, guild: GuildId, seconds: Range<i64>) -> Result<Option<Self>, Error> {
        let mut statement = Statement::new(conn.dialect());
        statement.push("SELECT member_count, updated_at");
        told(&mut statement, guild, seconds);
        let row = conn.first(&statement)?;
        row.map(|row| Ok(Self { count: row.number(0)?, second: row.number(1)? })).transpose()
    }
}

/// The count that Discord gave of a guild in these seconds: `SELECT` and columns are there.
fn told(statement: &mut Statement, guild: GuildId, Range { start, end }: Range<i64>) {
    statement.push(" FROM guilds WHERE ").is_id("id", guild.get());
    statement.push(" AND updated_at >= ? AND updated_at < ? AND member_count IS NOT NULL").bind(start).bind(end);
}

/// How many members the guild had when this second began, if the file tells: reads back to the last
/// entry that has a count, or to the last count that Discord gave if that is newer, but not to
/// before the horizon, from where entries may not be gone yet.
pub(super) fn members_at(
    conn: &mut dyn Source,
    guild: GuildId,
    second: i64,
    members_from: i64,
) -> Result<Option<i64>, Error> {
    let dialect = conn.dialect();
    let mut last = Statement::new(dialect);
    last.select(["member_count", "created_at", "rowid"]);
    log_of(&mut last, guild, members_from..second);
    last.push(" AND member_count IS NOT NULL ORDER BY created_at DESC, rowid DESC LIMIT 1");
    let entry = conn.first(&last)?;
    let entry = entry.map(|row| Ok::<_, Error>((row.number(1)?, row.number(2)?, row.number(0)?))).transpose()?;
    // Discord's count comes after the log of the same second.
    let told = Told::load(conn, guild, members_from..second)?.map(|Told { count, second }| (second, i64::MAX, count));
    let Some((from, number, count)) = entry.max(told) else { return Ok(None) };
    let mut since = Statement::new(dialect);
    since.push("SELECT coalesce(sum(CASE event_type WHEN 'join' THEN 1 ELSE -1 END), 0)");
    log_of(&mut since, guild, from..second);
    since.push(" AND (created_at > ? OR rowid > ?)").bind(from).bind(number);
    Ok(Some(count.saturating_add(conn.only(&since)?.number(0)?)))
}
