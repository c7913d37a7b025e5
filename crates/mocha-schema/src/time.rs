//! Time: [`DateTime<Utc>`] in Rust, INTEGER unix seconds in the file.

use chrono::{DateTime, Utc};
#[cfg(feature = "postgres")]
use diesel::pg::{Pg, PgValue};
use diesel::{
    deserialize::{self, FromSql},
    expression::AsExpression,
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{BigInt, SqlOrd, SqlType},
    sqlite::{Sqlite, SqliteType, SqliteValue},
};

/// The SQL type of a time: unix seconds as an INTEGER in SQLite and a BIGINT in PostgreSQL, read as [`DateTime<Utc>`] and written as [`UnixTime`].
///
/// Fractions of a second are dropped on writing. The file holds only times from 1970 to 9999.
#[derive(Clone, Copy, Debug, Default, QueryId, SqlType)]
#[diesel(postgres_type(oid = 20, array_oid = 1016), sqlite_type(name = "Long"))]
pub struct UnixSeconds;

impl SqlOrd for UnixSeconds {}

/// The last second of the year 9999.
pub const MAX_SECONDS: i64 = 253_402_300_799;

/// The first second after the last possible event: 2084-01-29 in UTC.
///
/// A later time is a mistake of the program that wrote it. Queries over a window without an end
/// leave such rows out. Up to this day there are less than a million hours since 1970, so no row
/// can make a series too long.
pub const EVENTS_END: i64 = 3_599_942_400;

/// The error for a time before 1970 or after 9999.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a time must lie between 1970 and 9999")]
#[non_exhaustive]
pub struct TimeError;

/// Checks that a time lies between 1970 and 9999, so that the file can hold it.
///
/// # Errors
///
/// [`TimeError`] if it does not.
pub fn check_time(time: DateTime<Utc>) -> Result<(), TimeError> {
    if (0..=MAX_SECONDS).contains(&time.timestamp()) { Ok(()) } else { Err(TimeError) }
}

impl FromSql<UnixSeconds, Sqlite> for DateTime<Utc> {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        // SQLite would read a text as 0 without an error.
        if value.value_type() != Some(SqliteType::Long) {
            return Err("a time in the file must be INTEGER unix seconds".into());
        }
        from_seconds(<i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?)
    }
}

#[cfg(feature = "postgres")]
impl FromSql<UnixSeconds, Pg> for DateTime<Utc> {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        from_seconds(<i64 as FromSql<BigInt, Pg>>::from_sql(value)?)
    }
}

fn from_seconds(seconds: i64) -> deserialize::Result<DateTime<Utc>> {
    let time = DateTime::from_timestamp(seconds, 0).filter(|time| check_time(*time).is_ok());
    time.ok_or_else(|| format!("{seconds} unix seconds: {TimeError}").into())
}

/// A time to write or to compare with.
///
/// Diesel can read a [`DateTime<Utc>`] from a column of [`UnixSeconds`], but needs this type to write one.
///
/// ```
/// use chrono::{DateTime, Utc};
/// use diesel::prelude::*;
/// use mocha_schema::{UnixTime, schema::message_events};
///
/// # let mut conn = SqliteConnection::establish(":memory:")?;
/// # mocha_schema::migrate(&mut conn)?;
/// # let now = DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?;
/// let last: Option<DateTime<Utc>> = message_events::table
///     .filter(message_events::created_at.lt(UnixTime::from(now)))
///     .select(diesel::dsl::max(message_events::created_at))
///     .get_result(&mut conn)?;
/// assert_eq!(last, None);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(AsExpression, Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[diesel(sql_type = UnixSeconds)]
pub struct UnixTime(DateTime<Utc>);

impl From<DateTime<Utc>> for UnixTime {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time)
    }
}

impl From<UnixTime> for DateTime<Utc> {
    fn from(UnixTime(time): UnixTime) -> Self {
        time
    }
}

impl ToSql<UnixSeconds, Sqlite> for UnixTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        check_time(self.0)?;
        out.set_value(self.0.timestamp());
        Ok(IsNull::No)
    }
}

#[cfg(feature = "postgres")]
impl ToSql<UnixSeconds, Pg> for UnixTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        check_time(self.0)?;
        std::io::Write::write_all(out, &self.0.timestamp().to_be_bytes())?;
        Ok(IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use diesel::{prelude::*, select, sql_types::Text};

    use super::*;

    #[test]
    fn times_are_whole_seconds_between_1970_and_9999() -> Result<(), Box<dyn std::error::Error>> {
        let mut conn = SqliteConnection::establish(":memory:")?;
        for (seconds, nanos, holds) in [
            (-1, 999_999_999, false),
            (0, 0, true),
            (1, 999_999_999, true),
            (MAX_SECONDS, 0, true),
            (MAX_SECONDS + 1, 0, false),
        ] {
            let time = DateTime::from_timestamp(seconds, nanos).ok_or("no such time")?;
            let back = select(UnixTime::from(time).into_sql::<UnixSeconds>()).get_result::<DateTime<Utc>>(&mut conn);
            assert_eq!(back.ok(), DateTime::from_timestamp(seconds, 0).filter(|_| holds), "{time}");
        }
        Ok(())
    }

    #[test]
    fn a_time_written_as_text_is_an_error() -> Result<(), Box<dyn std::error::Error>> {
        diesel::table! {
            use diesel::sql_types::Integer;
            use super::UnixSeconds;
            stamps (id) { id -> Integer, at -> UnixSeconds, }
        }
        let mut conn = SqliteConnection::establish(":memory:")?;
        diesel::sql_query("CREATE TABLE stamps (id INTEGER PRIMARY KEY, at INTEGER NOT NULL)").execute(&mut conn)?;
        diesel::sql_query("INSERT INTO stamps VALUES (1, ?)").bind::<Text, _>("2018-03-01").execute(&mut conn)?;
        let error = stamps::table.select(stamps::at).get_result::<DateTime<Utc>>(&mut conn).unwrap_err();
        let reason = std::error::Error::source(&error).ok_or("no reason")?.to_string();
        assert!(reason.contains("INTEGER unix seconds"), "{reason}");
        Ok(())
    }
}
