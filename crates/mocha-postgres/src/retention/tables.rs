//! The statements of retention on the server.

use std::time::Duration;

use diesel::{PgConnection, prelude::*, sql_query, sql_types};
use mocha_recorder::{
    Error,
    retention::{Horizons, RetentionTables, Rows},
};
use mocha_schema::{
    catalogue::{Guild, Table},
    schema::horizons,
};

use crate::{backend::lock_generation, error::of_closure};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// The tables of a PostgreSQL database.
pub(super) enum PgTables {}

impl RetentionTables for PgTables {
    type Connection = PgConnection;

    /// A commit alone takes some milliseconds, because it waits for the disk.
    const HOLD: Duration = Duration::from_millis(50);

    fn transaction<T>(
        conn: &mut PgConnection,
        what: &str,
        work: impl FnOnce(&mut PgConnection) -> Result<T, BoxedError>,
    ) -> Result<T, Error> {
        let mut cause = None;
        let result = conn.transaction(|conn| {
            work(conn).map_err(|error| {
                cause = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        result.map_err(|error| Self::failed(format!("{what} failed"), cause.unwrap_or_else(|| error.into())))
    }

    /// The generation, then the guild.
    fn lock_guild(conn: &mut PgConnection, guild: &str, is_remembered: bool) -> Result<(), BoxedError> {
        lock_generation(conn, is_remembered)?;
        if is_remembered {
            sql_query("UPDATE generations SET generation = generation + 1").execute(conn)?;
        }
        sql_query("SELECT FROM guilds WHERE id = $1 FOR NO KEY UPDATE")
            .bind::<sql_types::BigInt, _>(guild.parse::<i64>()?)
            .execute(conn)?;
        Ok(())
    }

    fn failed(context: String, error: BoxedError) -> Error {
        of_closure(context, error)
    }

    fn newest_second(conn: &mut PgConnection, table: &str) -> Result<Option<i64>, BoxedError> {
        // One lookup for each guild, through the index.
        let sql = format!(
            "SELECT max(newest) AS number FROM (
                 SELECT (SELECT max(created_at) FROM {table} WHERE guild_id = guilds.id) AS newest FROM guilds
             ) AS newest"
        );
        Ok(sql_query(sql).get_result::<Number>(conn)?.number)
    }

    /// Waits for all transactions that count events, and makes others wait.
    fn horizons(conn: &mut PgConnection) -> Result<Horizons, BoxedError> {
        lock_generation(conn, true)?;
        let columns = (
            horizons::members_from,
            horizons::messages_from,
            horizons::presences_from,
            horizons::rollups_from,
            horizons::voice_from,
        );
        let (members, messages, presences, rollups, voice) =
            horizons::table.find(1).select(columns).get_result(conn)?;
        Ok(Horizons { members, messages, presences, rollups, voice })
    }

    fn set_horizons(conn: &mut PgConnection, horizons: &Horizons) -> Result<(), BoxedError> {
        let Horizons { members, messages, presences, rollups, voice } = horizons;
        let values = (
            horizons::members_from.eq(members),
            horizons::messages_from.eq(messages),
            horizons::presences_from.eq(presences),
            horizons::rollups_from.eq(rollups),
            horizons::voice_from.eq(voice),
        );
        diesel::update(horizons::table.find(1)).set(values).execute(conn)?;
        if lock_generation(conn, true)?.is_distributed {
            // Citus has no triggers of horizons.
            sql_query("UPDATE generations SET generation = generation + 1").execute(conn)?;
        }
        Ok(())
    }

    fn first_open_interval(conn: &mut PgConnection, seen_from_ms: i64) -> Result<Option<i64>, BoxedError> {
        let sql =
            "SELECT min(started_at_ms) AS number FROM voice_intervals WHERE ended_at_ms IS NULL AND seen_at_ms >= $1";
        Ok(sql_query(sql).bind::<sql_types::BigInt, _>(seen_from_ms).get_result::<Number>(conn)?.number)
    }

    fn guilds_before(conn: &mut PgConnection, rows: &Rows, before: i64) -> Result<Vec<String>, BoxedError> {
        let (over, table, time) = (rows.is_over(), rows.table.name, rows.time.column);
        let sql = if lock_generation(conn, false)?.is_distributed {
            // Each server finds its own guilds.
            format!("SELECT DISTINCT guild_id AS number FROM {table} WHERE {time} < $1 AND {over} ORDER BY 1")
        } else {
            // It steps from guild to guild, not from row to row.
            format!(
                "WITH RECURSIVE guild (id) AS (
                 SELECT min(guild_id) FROM {table}
                 UNION ALL
                 SELECT (SELECT min(guild_id) FROM {table} WHERE guild_id > guild.id) FROM guild WHERE id IS NOT NULL
             )
             SELECT id AS number FROM guild
             WHERE id IS NOT NULL AND EXISTS (SELECT FROM {table} WHERE guild_id = guild.id AND {time} < $1 AND {over})
             ORDER BY id"
            )
        };
        Ok(names(sql_query(sql).bind::<sql_types::BigInt, _>(before).load(conn)?))
    }

    fn delete_before(
        conn: &mut PgConnection,
        rows: &Rows,
        guild: &str,
        before: i64,
        limit: i64,
    ) -> Result<u64, BoxedError> {
        let time = rows.time.column;
        let rest = format!("AND {time} < $2 AND {} ORDER BY {time} LIMIT $3", rows.is_over());
        let deleted: Number = sql_query(delete(rows.table, &rest))
            .bind::<sql_types::BigInt, _>(guild.parse::<i64>()?)
            .bind::<sql_types::BigInt, _>(before)
            .bind::<sql_types::BigInt, _>(limit)
            .get_result(conn)?;
        deleted.rows()
    }

    fn gone_guilds(conn: &mut PgConnection, until: i64) -> Result<Vec<String>, BoxedError> {
        let sql = "SELECT guild_id AS number FROM guild_states WHERE gone_at <= $1 ORDER BY guild_id";
        Ok(names(sql_query(sql).bind::<sql_types::BigInt, _>(until).load(conn)?))
    }

    fn is_gone(conn: &mut PgConnection, guild: &str, until: i64) -> Result<bool, BoxedError> {
        let sql = "SELECT count(*) AS number FROM guild_states WHERE guild_id = $1 AND gone_at <= $2";
        let found: Number = sql_query(sql)
            .bind::<sql_types::BigInt, _>(guild.parse::<i64>()?)
            .bind::<sql_types::BigInt, _>(until)
            .get_result(conn)?;
        Ok(found.number > Some(0))
    }

    fn has_rows(conn: &mut PgConnection, table: &'static Table, guild: &str) -> Result<bool, BoxedError> {
        let sql =
            format!("SELECT count(*) AS number FROM (SELECT FROM {} WHERE guild_id = $1 LIMIT 1) AS one", table.name);
        let found: Number = sql_query(sql).bind::<sql_types::BigInt, _>(guild.parse::<i64>()?).get_result(conn)?;
        Ok(found.number > Some(0))
    }

    fn delete_guild_rows(
        conn: &mut PgConnection,
        table: &'static Table,
        guild: &str,
        limit: Option<i64>,
    ) -> Result<u64, BoxedError> {
        let deleted: Number = sql_query(delete(table, "LIMIT $2"))
            .bind::<sql_types::BigInt, _>(guild.parse::<i64>()?)
            .bind::<sql_types::Nullable<sql_types::BigInt>, _>(limit)
            .get_result(conn)?;
        deleted.rows()
    }
}

/// Returns a statement that deletes rows of guild `$1` and counts them. `rest` continues the condition that finds them.
///
/// Triggers subtract events from the roll-ups. Days that retention deletes are subtracted from the totals here, because no
/// event is left to do so.
fn delete(table: &Table, rest: &str) -> String {
    let name = table.name;
    let guild = if table.guild == Some(Guild::Own) { "id" } else { "guild_id" };
    let gone = format!(
        "WITH gone AS (
             DELETE FROM {name} WHERE {guild} = $1 AND ctid = ANY (ARRAY(SELECT ctid FROM {name} WHERE {guild} = $1 {rest}))
             RETURNING *
         )"
    );
    let subtracted = totals_of(table).map_or_else(String::new, subtract);
    format!("{gone}{subtracted} SELECT count(*) AS number FROM gone")
}

/// Returns the all-time totals of the days in a table.
fn totals_of(table: &Table) -> Option<&'static Table> {
    match table.name {
        "message_days" => Table::find("message_totals"),
        "voice_days" => Table::find("voice_totals"),
        _ => None,
    }
}

/// Returns parts of a statement that subtract the rows `gone` from totals, and delete totals that become 0.
fn subtract(totals: &Table) -> String {
    let Table { key, name, .. } = totals;
    let is_sum = |column: &&str| !key.contains(column) && *column != "bot";
    let sums: Vec<&str> = totals.columns.iter().map(|column| column.name).filter(is_sum).collect();
    let each = |of: &dyn Fn(&str) -> String| sums.iter().map(|sum| of(sum)).collect::<Vec<_>>().join(", ");
    let keys = key.join(", ");
    let is_same = key.iter().map(|column| format!("total.{column} = less.{column}")).collect::<Vec<_>>().join(" AND ");
    let is_all = format!("({}) = ({})", each(&|sum| format!("total.{sum}")), each(&|sum| format!("less.{sum}")));
    format!(
        ", less AS (SELECT {keys}, {sums} FROM gone GROUP BY {keys}),
         lowered AS (UPDATE {name} AS total SET {lowered} FROM less WHERE {is_same} AND NOT ({is_all})),
         emptied AS (DELETE FROM {name} AS total USING less WHERE {is_same} AND {is_all})",
        sums = each(&|sum| format!("sum({sum})::BIGINT AS {sum}")),
        lowered = each(&|sum| format!("{sum} = total.{sum} - less.{sum}")),
    )
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    number: Option<i64>,
}

impl Number {
    fn rows(self) -> Result<u64, BoxedError> {
        Ok(u64::try_from(self.number.unwrap_or_default())?)
    }
}

fn names(guilds: Vec<Number>) -> Vec<String> {
    guilds.into_iter().filter_map(|guild| Some(guild.number?.to_string())).collect()
}
