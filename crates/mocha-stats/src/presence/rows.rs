//! The rows of `presence_events`.

use std::ops::Range;

use mocha_schema::{EVENTS_END, GuildId, PresenceStatus, UserId};

use crate::{
    Error,
    database::{self, Dialect, Source},
    statement::Statement,
};

/// A change of a user's status or activity.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) user_id: UserId,
    pub(super) bot: bool,
    /// `None` if the row has no status of Discord.
    pub(super) status: Option<PresenceStatus>,
    pub(super) activity_type: Option<i32>,
    pub(super) activity_name: Option<String>,
    pub(super) second: i64,
    /// Whether the user left after this row and before the window.
    pub(super) gone: bool,
}

impl Row {
    /// Returns all columns except the last one, which says whether the user is gone.
    const fn columns(dialect: Dialect) -> [&'static str; 6] {
        [
            // In SQLite another program may have written a text that is not UTF-8.
            dialect.either("CAST(activity_name AS BLOB)", "activity_name"),
            dialect.either("CAST(event.user_id AS INTEGER)", "event.user_id"),
            dialect.either(
                "event.user_id IN (SELECT id FROM users WHERE bot = 1)",
                "event.user_id IN (SELECT id FROM users WHERE bot)",
            ),
            "CASE status WHEN 'dnd' THEN 1 WHEN 'idle' THEN 2 WHEN 'offline' THEN 3 WHEN 'online' THEN 4 END",
            "activity_type",
            "event.created_at",
        ]
    }

    fn of(activity_name: Option<String>, row: &database::Row) -> Result<Self, Error> {
        let status = row.optional(2).and_then(|status| match status {
            1 => Some(PresenceStatus::Dnd),
            2 => Some(PresenceStatus::Idle),
            3 => Some(PresenceStatus::Offline),
            4 => Some(PresenceStatus::Online),
            _ => None,
        });
        Ok(Self {
            user_id: row.id(0)?,
            bot: row.flag(1)?,
            status,
            activity_type: row.optional(3).and_then(|kind| i32::try_from(kind).ok()),
            activity_name,
            second: row.number(4)?,
            gone: row.flag(5)?,
        })
    }
}

/// Returns the millisecond up to which a status holds: the time at which the guild's shard was last
/// heard, or that of the guild's last row if it is later.
pub(super) fn known_until_ms(conn: &mut dyn Source, guild: GuildId) -> Result<i64, Error> {
    let mut statement = Statement::new(conn.dialect());
    let seen = "coalesce((SELECT gone_at * 1000 FROM guild_states WHERE ";
    statement
        .push("SELECT ")
        .either("max", "greatest")
        .push("(coalesce((SELECT max(")
        .either("min", "least")
        .push("(seen_at_ms, ")
        .push(seen)
        .is_id("guild_id", guild.get())
        .push("), seen_at_ms))) FROM recorder_states WHERE ? % shard_count = shard_id), 0), ")
        .bind(i64::try_from(guild.get() >> 22).unwrap_or(i64::MAX))
        .push("coalesce((SELECT created_at * 1000 FROM presence_events")
        .indexed_by("idx_presence_events_guild_time")
        .push(" WHERE ")
        .is_id("guild_id", guild.get())
        .push(" AND created_at < ?")
        .bind(EVENTS_END)
        .are_ids(["user_id"])
        .push(" ORDER BY created_at DESC LIMIT 1), 0))");
    conn.only(&statement)?.number(0)
}

/// Calls `each` with the rows of a guild, or of one user in it, in these seconds, in order of time.
/// Rows of one second are in the order in which they were written.
pub(super) fn between(
    conn: &mut dyn Source,
    guild: GuildId,
    user: Option<UserId>,
    Range { start, end }: Range<i64>,
    mut each: impl FnMut(Row),
) -> Result<(), Error> {
    let dialect = conn.dialect();
    let mut statement = Statement::new(dialect);
    statement
        .select(Row::columns(dialect))
        .push(", 0 FROM presence_events AS event")
        .indexed_by(if user.is_some() { "idx_presence_events_user_time" } else { "idx_presence_events_guild_time" })
        .push(" WHERE ");
    if let Some(user) = user {
        statement.is_id("user_id", user.get()).push(" AND ");
    }
    statement
        .is_id("guild_id", guild.get())
        .push(" AND created_at >= ? AND created_at < ?")
        .bind(start)
        .bind(end)
        .are_ids(["user_id"])
        .push(" ORDER BY created_at, rowid");
    conn.named_rows(&statement, &mut |name, row| {
        each(Row::of(name, row)?);
        Ok(())
    })
}

/// Returns the last row before this second of each person in a guild, or of one user.
pub(super) fn before(
    conn: &mut dyn Source,
    guild: GuildId,
    user: Option<UserId>,
    second: i64,
) -> Result<Vec<Row>, Error> {
    let dialect = conn.dialect();
    let guild = guild.get();
    let mut statement = Statement::new(dialect);
    statement
        .select(Row::columns(dialect))
        .push(", coalesce((SELECT event_type = 'leave' FROM member_events AS log")
        .indexed_by("idx_member_events_user_time")
        .push(" WHERE log.user_id = event.user_id AND ")
        .is_id("log.guild_id", guild)
        .push(" AND log.created_at >= event.created_at AND log.created_at < ? AND event_type IN ('join', 'leave')")
        .bind(second)
        .push(" ORDER BY log.created_at DESC, log.rowid DESC LIMIT 1), false) FROM (");
    match user {
        Some(user) => {
            statement.push("SELECT ").either("CAST(? AS TEXT)", "?::bigint").push(" AS user_id").bind_id(user.get());
        }
        None => people(&mut statement, dialect, guild, second),
    }
    statement
        .push(") AS person CROSS JOIN ")
        // SQLite has no LATERAL.
        .either("presence_events AS event ON event.rowid = (SELECT last.rowid", "LATERAL (SELECT *")
        .push(" FROM presence_events AS last")
        .indexed_by("idx_presence_events_user_time")
        .push(" WHERE last.user_id = person.user_id AND ")
        .is_id("last.guild_id", guild)
        .push(" AND last.created_at < ?")
        .bind(second)
        .push(" ORDER BY last.created_at DESC, last.rowid DESC LIMIT 1)")
        .either(" WHERE true", " AS event")
        .are_ids(["event.user_id"]);
    let mut rows = Vec::new();
    conn.named_rows(&statement, &mut |name, row| {
        rows.push(Row::of(name, row)?);
        Ok(())
    })?;
    Ok(rows)
}

/// Selects all users who may have a row before this second. SQLite has no index of users by guild,
/// so three groups are joined: members, users who left since, and users with rows of the recorder.
/// The ids of such rows begin with guild and user, so each step seeks the next user. In PostgreSQL
/// an index by guild and user takes these steps for all users.
fn people(statement: &mut Statement, dialect: Dialect, guild: u64, second: i64) {
    if dialect == Dialect::Postgres {
        statement
            .push("WITH RECURSIVE person (user_id) AS (SELECT min(user_id) FROM presence_events WHERE ")
            .is_id("guild_id", guild)
            .push(" UNION ALL SELECT (SELECT min(user_id) FROM presence_events WHERE ")
            .is_id("guild_id", guild)
            .push(" AND user_id > person.user_id) FROM person WHERE person.user_id IS NOT NULL)")
            .push(" SELECT user_id FROM person WHERE user_id IS NOT NULL");
        return;
    }
    statement
        .push("SELECT user_id FROM members")
        .indexed_by("idx_members_guild_id")
        .push(" WHERE ")
        .is_id("guild_id", guild)
        .push(" UNION SELECT user_id FROM member_events")
        .indexed_by("idx_member_events_guild_time")
        .push(" WHERE ")
        .is_id("guild_id", guild)
        .push(" AND created_at >= ? AND event_type = 'leave'")
        .bind(second)
        .push(" UNION SELECT (SELECT user_id FROM presence_events WHERE id = told.id) FROM (")
        .push("WITH RECURSIVE told (id) AS (SELECT min(id) FROM presence_events WHERE id >= 'presence:' || CAST(? AS TEXT) || ':'")
        .push(" AND id < 'presence:' || CAST(? AS TEXT) || ';' UNION ALL SELECT (SELECT min(id) FROM presence_events")
        .push(" WHERE id > rtrim(rtrim(told.id, '0123456789'), ':') || ';' AND id < 'presence:' || CAST(? AS TEXT) || ';')")
        .push(" FROM told WHERE told.id IS NOT NULL) SELECT id FROM told WHERE id IS NOT NULL) AS told")
        .bind_id(guild)
        .bind_id(guild)
        .bind_id(guild);
}
