//! How the event tables are read.

use diesel::{
    QueryResult,
    deserialize::{self, FromSql, FromSqlRow},
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_query,
    sql_types::{BigInt, Text},
    sqlite::{Sqlite, SqliteValue},
};
use mocha_schema::{ChannelId, GuildId};

use crate::Window;

/// A statement over one event table. The SQL is written out because Diesel cannot group by a
/// quarter hour and cannot name the index: left alone, SQLite reads all of a guild to group a week
/// by user.
pub(crate) type Scan = BoxedSqlQuery<'static, Sqlite, SqlQuery>;

/// Binds `?1` to the guild and `?2 <= created_at < ?3` to the window.
pub(crate) fn events(sql: &'static str, guild: GuildId, window: Window) -> Scan {
    sql_query(sql)
        .into_boxed::<Sqlite>()
        .bind::<Text, _>(guild)
        .bind::<BigInt, _>(window.start_second())
        .bind::<BigInt, _>(window.end_second())
}

/// A count or a sum of what is never negative; a file where it is makes an error and not a wrong
/// number.
#[derive(Clone, Copy, Debug, Default, FromSqlRow)]
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

/// The channel of a roll-up's row; 0 is one that is not known.
pub(crate) fn id_or_unknown(channel: i64) -> QueryResult<Option<ChannelId>> {
    if channel == 0 {
        return Ok(None);
    }
    let id = u64::try_from(channel).ok().and_then(|channel| ChannelId::try_from(channel).ok());
    id.map(Some).ok_or_else(|| diesel::result::Error::DeserializationError(format!("{channel} is no channel").into()))
}
