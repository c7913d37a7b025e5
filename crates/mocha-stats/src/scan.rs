//! How the event tables are read.

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_query,
    sql_types::{BigInt, Integer, Text},
    sqlite::{Sqlite, SqliteValue},
};
use mocha_schema::{COUNTED_MESSAGE_TYPES, GuildId};

use crate::Window;

/// A statement over one event table. The SQL is written out because Diesel cannot group by a quarter hour and cannot name
/// the index: left alone, SQLite reads all of a guild to group a week by user.
pub(crate) type Scan = BoxedSqlQuery<'static, Sqlite, SqlQuery>;

/// Binds `?1` to the guild and `?2 <= created_at < ?3` to the window.
pub(crate) fn events(sql: &'static str, guild: GuildId, window: Window) -> Scan {
    sql_query(sql)
        .into_boxed::<Sqlite>()
        .bind::<Text, _>(guild)
        .bind::<BigInt, _>(window.start_second())
        .bind::<BigInt, _>(window.end_second())
}

/// Binds what [`events`] does, and `?4` to `?7` to the message types that count.
pub(crate) fn counted_messages(sql: &'static str, guild: GuildId, window: Window) -> Scan {
    let [message, reply, slash_command, menu_command] = COUNTED_MESSAGE_TYPES;
    events(sql, guild, window)
        .bind::<Integer, _>(message)
        .bind::<Integer, _>(reply)
        .bind::<Integer, _>(slash_command)
        .bind::<Integer, _>(menu_command)
}

/// A count or a sum of what is never negative; a file where it is makes an error and not a wrong number.
#[derive(Clone, Copy, Debug, FromSqlRow)]
pub(crate) struct Unsigned(u64);

impl From<Unsigned> for u64 {
    fn from(Unsigned(number): Unsigned) -> Self {
        number
    }
}

impl FromSql<BigInt, Sqlite> for Unsigned {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let number = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
        u64::try_from(number).map(Self).map_err(|_| format!("{number} is negative and cannot be a count").into())
    }
}
