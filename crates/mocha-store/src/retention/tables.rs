//! The statements of retention in the file.

use std::time::Duration;

use diesel::{prelude::*, sql_query, sql_types, sqlite::SqliteConnection};
use mocha_recorder::retention::{Horizons, RetentionTables, Rows};
use mocha_schema::{catalogue::Table, schema::horizons};

use super::rows;
use crate::{Error, error::of_closure, link::write};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// The tables of a SQLite file.
pub(crate) enum SqliteTables {}

impl RetentionTables for SqliteTables {
    type Connection = SqliteConnection;

    const HOLD: Duration = Duration::from_millis(10);

    /// If it fails, the error is that of its cause, not of the ROLLBACK that may fail then too.
    fn transaction<T>(
        conn: &mut SqliteConnection,
        what: &str,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, BoxedError>,
    ) -> Result<T, Error> {
        let mut cause = None;
        let result = write(conn, |conn| {
            work(conn).map_err(|error| {
                cause = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        result.map_err(|error| Self::failed(format!("{what} failed"), cause.unwrap_or_else(|| error.into())))
    }

    /// The transaction has the only lock for writing, and recorders notice each commit.
    fn lock_guild(_conn: &mut SqliteConnection, _guild: &str, _is_remembered: bool) -> Result<(), BoxedError> {
        Ok(())
    }

    fn failed(context: String, error: BoxedError) -> Error {
        of_closure(context, error)
    }

    fn newest_second(conn: &mut SqliteConnection, table: &str) -> Result<Option<i64>, BoxedError> {
        #[derive(QueryableByName)]
        struct Newest {
            #[diesel(sql_type = sql_types::BigInt)]
            second: i64,
        }
        // One lookup for each guild, through the index.
        let sql = format!(
            "SELECT second FROM (SELECT (SELECT max(created_at) FROM {table} INDEXED BY idx_{table}_guild_time \
             WHERE guild_id = guilds.id) AS second FROM guilds) WHERE second IS NOT NULL ORDER BY second DESC LIMIT 1"
        );
        let newest: Option<Newest> = sql_query(sql).get_result(conn).optional()?;
        Ok(newest.map(|newest| newest.second))
    }

    fn horizons(conn: &mut SqliteConnection) -> Result<Horizons, BoxedError> {
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

    fn set_horizons(conn: &mut SqliteConnection, horizons: &Horizons) -> Result<(), BoxedError> {
        let Horizons { members, messages, presences, rollups, voice } = horizons;
        let values = (
            horizons::members_from.eq(members),
            horizons::messages_from.eq(messages),
            horizons::presences_from.eq(presences),
            horizons::rollups_from.eq(rollups),
            horizons::voice_from.eq(voice),
        );
        diesel::update(horizons::table.find(1)).set(values).execute(conn)?;
        Ok(())
    }

    fn first_open_interval(conn: &mut SqliteConnection, seen_from_ms: i64) -> Result<Option<i64>, BoxedError> {
        #[derive(QueryableByName)]
        struct Began {
            #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
            at_ms: Option<i64>,
        }
        let Began { at_ms } = sql_query(
            "SELECT min(started_at_ms) AS at_ms FROM voice_intervals INDEXED BY idx_voice_intervals_open \
             WHERE ended_at_ms IS NULL AND seen_at_ms >= ?",
        )
        .bind::<sql_types::BigInt, _>(seen_from_ms)
        .get_result(conn)?;
        Ok(at_ms)
    }

    fn guilds_before(conn: &mut SqliteConnection, rows: &Rows, before: i64) -> Result<Vec<String>, BoxedError> {
        #[derive(QueryableByName)]
        struct Guild {
            #[diesel(sql_type = sql_types::Text)]
            id: String,
        }
        let found: Vec<Guild> = sql_query(rows::guilds_before(rows)).bind::<sql_types::BigInt, _>(before).load(conn)?;
        Ok(found.into_iter().map(|guild| guild.id).collect())
    }

    fn delete_before(
        conn: &mut SqliteConnection,
        rows: &Rows,
        guild: &str,
        before: i64,
        limit: i64,
    ) -> Result<u64, BoxedError> {
        let deleted = sql_query(rows::delete_before(rows))
            .bind::<sql_types::Text, _>(guild)
            .bind::<sql_types::BigInt, _>(before)
            .bind::<sql_types::BigInt, _>(limit)
            .execute(conn)?;
        Ok(u64::try_from(deleted)?)
    }

    fn gone_guilds(conn: &mut SqliteConnection, until: i64) -> Result<Vec<String>, BoxedError> {
        #[derive(QueryableByName)]
        struct Gone {
            #[diesel(sql_type = sql_types::Text)]
            guild_id: String,
        }
        let gone: Vec<Gone> = sql_query("SELECT guild_id FROM guild_states WHERE gone_at <= ?")
            .bind::<sql_types::BigInt, _>(until)
            .load(conn)?;
        Ok(gone.into_iter().map(|guild| guild.guild_id).collect())
    }

    fn is_gone(conn: &mut SqliteConnection, guild: &str, until: i64) -> Result<bool, BoxedError> {
        let condition = "SELECT EXISTS (SELECT 1 FROM guild_states WHERE guild_id = ? AND gone_at <= ?) AS found";
        let Found { found } = sql_query(condition)
            .bind::<sql_types::Text, _>(guild)
            .bind::<sql_types::BigInt, _>(until)
            .get_result(conn)?;
        Ok(found)
    }

    fn has_rows(conn: &mut SqliteConnection, table: &'static Table, guild: &str) -> Result<bool, BoxedError> {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {} WHERE guild_id = ?) AS found", table.name);
        let Found { found } = sql_query(sql).bind::<sql_types::Text, _>(guild).get_result(conn)?;
        Ok(found)
    }

    fn delete_guild_rows(
        conn: &mut SqliteConnection,
        table: &'static Table,
        guild: &str,
        limit: Option<i64>,
    ) -> Result<u64, BoxedError> {
        let deleted = sql_query(rows::delete_guild(table))
            .bind::<sql_types::Text, _>(guild)
            .bind::<sql_types::BigInt, _>(limit.unwrap_or(-1))
            .execute(conn)?;
        Ok(u64::try_from(deleted)?)
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = sql_types::Bool)]
    found: bool,
}
