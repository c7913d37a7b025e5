//! The log of who came and went, entry by entry.

use std::ops::Range;

use diesel::{
    connection::DefaultLoadingMode,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use mocha_schema::{GuildId, UserId};

use crate::{
    Bots, Window,
    rollup::{Counted, Horizon, Sources},
    scan::Unsigned,
    statement::{Statement, rollup_of},
};

/// Somebody who came or went.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Queryable)]
pub(crate) struct Entry {
    pub(crate) user_id: UserId,
    pub(crate) bot: bool,
    /// Came, and did not go.
    pub(crate) joined: bool,
    /// How many members the guild had then, if it was known.
    pub(crate) member_count: Option<i64>,
    pub(crate) second: i64,
}

type Columns = (BigInt, Bool, Bool, Nullable<BigInt>, BigInt);

const SQL: &str = "\
    SELECT CAST(user_id AS INTEGER), CAST(user_id AS INTEGER) IN (SELECT id FROM bots), event_type = 'join', \
        member_count, created_at \
    FROM member_events INDEXED BY idx_member_events_guild_time \
    WHERE guild_id = CAST(? AS TEXT) AND created_at >= ? AND created_at < ? AND event_type IN ('join', 'leave') \
        AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT) \
    ORDER BY created_at, rowid";

/// The entries of these seconds, one at a time, in order of time; of the same second as they were
/// written.
pub(crate) fn entries(
    conn: &mut SqliteConnection,
    guild: GuildId,
    Range { start, end }: Range<i64>,
) -> QueryResult<impl Iterator<Item = QueryResult<Entry>>> {
    let mut statement = Statement::<Columns>::new();
    statement.push(SQL).bind_id(guild.get()).bind(start).bind(end);
    statement.load_iter::<Entry, DefaultLoadingMode>(conn)
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
    /// To be called in a transaction.
    pub(crate) fn load(conn: &mut SqliteConnection, guild: GuildId, bots: Bots, window: Window) -> QueryResult<Self> {
        let horizon = Horizon::load(conn)?;
        let Counted { span, rounded_to_days, .. } = horizon.members(window);
        let Sources { days, events, .. } = Sources::by_day(span);
        let mut statement = Statement::<(BigInt, BigInt)>::new();
        statement.push("SELECT sum(joins), sum(leaves) FROM (SELECT 0 AS joins, 0 AS leaves");
        for days in &days {
            statement.select(["joins", "leaves"]).push(" FROM ");
            rollup_of(&mut statement, "member_days", guild, None, bots, Some(("day", days)));
        }
        for edge in &events {
            statement.select(["event_type = 'join'", "event_type = 'leave'"]).push(EDGE_SQL);
            statement.bind_id(guild.get()).bind(edge.start).bind(edge.end).push(bots.condition_of_event());
        }
        statement.push(")");
        let (joins, leaves): (Unsigned, Unsigned) = statement.get_result(conn)?;
        let end = window.not_before(horizon.members_from).end_second();
        let members = at_least_none(members_at(conn, guild, end, horizon.members_from)?);
        Ok(Self { joins: joins.into(), leaves: leaves.into(), members, rounded_to_days })
    }
}

const EDGE_SQL: &str = " \
    FROM member_events INDEXED BY idx_member_events_guild_time \
    WHERE guild_id = CAST(? AS TEXT) AND created_at >= ? AND created_at < ? AND event_type IN ('join', 'leave') \
        AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)";

/// A count that the file tells, which another program may have made negative.
pub(super) fn at_least_none(members: Option<i64>) -> Option<u64> {
    members.map(|members| u64::try_from(members).unwrap_or(0))
}

/// How many members Discord last said that a guild has, and the second of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, QueryableByName)]
pub(super) struct Told {
    #[diesel(sql_type = BigInt)]
    pub(super) count: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) second: i64,
}

impl Told {
    /// `None` if Discord said so in none of these seconds. All joins and leaves up to that second
    /// are in the count.
    pub(super) fn load(
        conn: &mut SqliteConnection,
        guild: GuildId,
        Range { start, end }: Range<i64>,
    ) -> QueryResult<Option<Self>> {
        sql_query(TOLD_SQL)
            .bind::<Text, _>(guild)
            .bind::<BigInt, _>(end)
            .bind::<BigInt, _>(start)
            .get_result(conn)
            .optional()
    }
}

const TOLD_SQL: &str = "\
    SELECT member_count AS count, updated_at AS second FROM guilds \
    WHERE id = ?1 AND updated_at >= ?3 AND updated_at < ?2 AND member_count IS NOT NULL";

/// The count that Discord gives of a guild comes after the log of the same second.
const BEFORE_SQL: &str = "\
    WITH counted AS ( \
        SELECT * FROM ( \
            SELECT created_at, rowid AS number, member_count \
            FROM member_events INDEXED BY idx_member_events_guild_time \
            WHERE guild_id = ?1 AND created_at >= ?3 AND created_at < ?2 AND event_type IN ('join', 'leave') \
                AND member_count IS NOT NULL \
                AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT) \
            ORDER BY created_at DESC, rowid DESC LIMIT 1) \
        UNION ALL \
        SELECT updated_at, 9223372036854775807, member_count FROM guilds \
        WHERE id = ?1 AND updated_at >= ?3 AND updated_at < ?2 AND member_count IS NOT NULL \
        ORDER BY created_at DESC, number DESC LIMIT 1) \
    SELECT counted.member_count AS count, ( \
        SELECT coalesce(sum(CASE event_type WHEN 'join' THEN 1 ELSE -1 END), 0) \
        FROM member_events INDEXED BY idx_member_events_guild_time \
        WHERE guild_id = ?1 AND member_events.created_at >= counted.created_at AND member_events.created_at < ?2 \
            AND event_type IN ('join', 'leave') \
            AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT) \
            AND (member_events.created_at > counted.created_at OR member_events.rowid > counted.number)) AS since \
    FROM counted";

#[derive(Clone, Copy, Debug, QueryableByName)]
struct Before {
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = BigInt)]
    since: i64,
}

/// How many members the guild had when this second began, if the file tells: reads back to the last
/// entry that has a count, or to the last count that Discord gave if that is newer, but not to
/// before the horizon, from where entries may not be gone yet.
pub(super) fn members_at(
    conn: &mut SqliteConnection,
    guild: GuildId,
    second: i64,
    members_from: i64,
) -> QueryResult<Option<i64>> {
    let before: Option<Before> = sql_query(BEFORE_SQL)
        .bind::<Text, _>(guild)
        .bind::<BigInt, _>(second)
        .bind::<BigInt, _>(members_from)
        .get_result(conn)
        .optional()?;
    Ok(before.map(|Before { count, since }| count.saturating_add(since)))
}
