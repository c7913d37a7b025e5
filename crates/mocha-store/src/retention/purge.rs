//! Deletes everything about a guild.

use std::ops::ControlFlow;

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
    sqlite::SqliteConnection,
};
use mocha_schema::{
    GuildId,
    catalogue::{Guild, Kept, TABLES, Table},
};

use super::batch::{Batch, Pace};
use crate::{Error, Operation, Store, error::classify, tables};

/// Reports what [`Store::purge_guild`] deleted so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Purged {
    /// Whether the guild is deleted completely. `false` if the callback ended it early.
    pub complete: bool,
    /// The number of deleted rows in all tables.
    pub rows: u64,
}

impl Store {
    /// Deletes everything about a guild: its events, roll-ups, voice, members, channels, and the
    /// guild itself. Users stay because they belong to no single guild.
    ///
    /// Let the bot leave the guild first: events that are recorded meanwhile may stay or bring the
    /// guild back. To delete guilds some time after the bot was removed from them, see
    /// [`RetentionPolicy::gone_guilds`](crate::RetentionPolicy::gone_guilds).
    ///
    /// It deletes in batches as [`apply_retention_at`](Self::apply_retention_at) does, events
    /// before the roll-ups that count them, so the roll-ups stay consistent with the remaining
    /// events. For days whose events retention deleted, coarser roll-ups may remain a little longer
    /// than the daily ones. You can end it at any time and call it again; a crash does no harm
    /// either. An unknown guild is not an error.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy), [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull) and others of
    /// SQLite's; what was deleted until then stays deleted.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::Utc;
    /// use mocha_store::{Store, event::MessageSent};
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// let recorder = store.recorder()?;
    /// let message = MessageSent {
    ///     at: Utc::now(),
    ///     channel_id: 20.try_into()?,
    ///     content: None,
    ///     guild_id: 10.try_into()?,
    ///     kind: 0,
    ///     message_id: 30.try_into()?,
    ///     user_id: 40.try_into()?,
    /// };
    /// recorder.record(message)?;
    /// recorder.flush()?;
    /// let purged = store.purge_guild(message.guild_id).run()?;
    /// assert!(purged.complete && purged.rows > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn purge_guild<'a>(&self, guild_id: GuildId) -> Operation<'a, Purged, Purged> {
        let store = self.clone();
        Operation::new(move |on_progress| {
            let mut conn = store.link().connect_writer()?;
            let mut purged = Purged::default();
            let ended = purge(
                &mut conn,
                &mut Pace::new("deleting a guild"),
                &guild_id.to_string(),
                None,
                Events::Go,
                |deleted| {
                    purged.rows += deleted;
                    on_progress(purged)
                },
            )?;
            purged.complete = ended.is_continue();
            Ok(purged)
        })
    }
}

/// The tables with rows about guilds, in the order in which they are emptied: events before the
/// aggregates from which their triggers subtract them. The guild's own two rows are not included.
fn tables() -> impl Iterator<Item = &'static Table> {
    let kept = [Kept::Events, Kept::Rollups, Kept::Member, Kept::File].into_iter().flat_map(tables::kept);
    kept.filter(|table| table.guild.is_some() && !is_guilds_own(table))
}

/// Returns whether the table has one row for each guild.
fn is_guilds_own(table: &Table) -> bool {
    table.guild == Some(Guild::Own) || table.key == ["guild_id"]
}

/// Returns a statement for each table that deletes `?2` rows of guild `?1`.
pub(super) fn statements() -> impl Iterator<Item = String> {
    tables().map(|table| tables::delete(table, &format!("WHERE guild_id = {} LIMIT ?2", tables::guild(table, "?1"))))
}

/// Returns the guilds that the bot was removed from until this unix second and has not been seen in
/// since.
pub(super) fn gone(conn: &mut SqliteConnection, until: i64) -> Result<Vec<String>, Error> {
    #[derive(QueryableByName)]
    struct Gone {
        #[diesel(sql_type = Text)]
        guild_id: String,
    }
    let guilds = sql_query("SELECT guild_id FROM guild_states WHERE gone_at <= ?").bind::<BigInt, _>(until).load(conn);
    let guilds: Vec<Gone> = guilds.map_err(|error| classify("looking for guilds that are gone failed", error))?;
    Ok(guilds.into_iter().map(|guild| guild.guild_id).collect())
}

/// What becomes of the events of a guild that is deleted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Events {
    /// They are deleted.
    Go,
    /// The guild stays as long as there are any.
    Stay,
}

/// Deletes everything about a guild. With `gone_until`, only while the guild has been gone since
/// then. `done` gets the number of deleted rows. Returns how many guilds are deleted: none if the
/// guild came back meanwhile.
pub(super) fn purge(
    conn: &mut SqliteConnection,
    pace: &mut Pace,
    guild: &str,
    gone_until: Option<i64>,
    events: Events,
    mut done: impl FnMut(u64) -> ControlFlow<()>,
) -> Result<ControlFlow<(), u64>, Error> {
    let mut guilds = 1;
    let statements: Vec<String> = statements().collect();
    let mut tables = statements.iter().peekable();
    let step = |conn: &mut SqliteConnection, len: i64| {
        let mut rows = 0;
        if let Some(until) = gone_until
            && !is_gone(conn, guild, until)?
        {
            guilds = 0;
            return Ok(Batch { done: 0, last: true });
        }
        if events == Events::Stay && has_events(conn, guild)? {
            guilds = 0;
            return Ok(Batch { done: 0, last: true });
        }
        while let Some(table) = tables.peek() {
            let left = len - rows;
            if left <= 0 {
                break;
            }
            let deleted = delete(conn, table, guild, left)?;
            rows += deleted;
            if deleted < left {
                tables.next();
            }
        }
        let last = tables.peek().is_none();
        if last {
            // This also deletes what another program wrote meanwhile.
            for table in &statements {
                rows += delete(conn, table, guild, -1)?;
            }
            for Table { key, name, .. } in TABLES.iter().filter(|table| is_guilds_own(table)) {
                let last = sql_query(format!("DELETE FROM {name} WHERE {} = ?1", key.concat()));
                rows += count(last.bind::<Text, _>(guild).execute(conn)?);
            }
        }
        Ok(Batch { done: u64::try_from(rows).unwrap_or(0), last })
    };
    Ok(pace.batches(conn, step, &mut done)?.map_continue(|()| guilds))
}

fn has_events(conn: &mut SqliteConnection, guild: &str) -> QueryResult<bool> {
    for table in tables::kept(Kept::Events) {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {} WHERE guild_id = ?) AS found", table.name);
        let Found { found } = sql_query(sql).bind::<Text, _>(guild).get_result(conn)?;
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    found: bool,
}

fn delete(conn: &mut SqliteConnection, statement: &str, guild: &str, len: i64) -> QueryResult<i64> {
    sql_query(statement).bind::<Text, _>(guild).bind::<BigInt, _>(len).execute(conn).map(count)
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn is_gone(conn: &mut SqliteConnection, guild: &str, until: i64) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        guilds: i64,
    }
    let Count { guilds } = sql_query("SELECT count(*) AS guilds FROM guild_states WHERE guild_id = ? AND gone_at <= ?")
        .bind::<Text, _>(guild)
        .bind::<BigInt, _>(until)
        .get_result(conn)?;
    Ok(guilds > 0)
}
