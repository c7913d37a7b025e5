//! Rows of all models in PostgreSQL.
#![cfg(feature = "postgres")]

mod rows;

use std::error::Error;

use diesel::{prelude::*, select};
use mocha_schema::{ChannelId, Snowflake};

type Conn = PgConnection;

type Failure = Box<dyn Error + Send + Sync>;

struct Database {
    conn: Conn,
    /// Dropped after the connection.
    _database: mocha_test_postgres::Database,
}

/// Returns a new database with all tables, or `None` if there is no server.
fn migrated() -> Result<Option<Database>, Failure> {
    let Some(database) = mocha_test_postgres::Database::create() else { return Ok(None) };
    let mut conn = PgConnection::establish(database.url())?;
    mocha_schema::migrate_postgres(&mut conn)?;
    Ok(Some(Database { conn, _database: database }))
}

#[test]
fn an_id_that_bigint_cannot_hold_is_refused_by_name() -> Result<(), Failure> {
    let Some(mut database) = migrated()? else { return Ok(()) };
    let id = ChannelId::try_from(1 << 63)?;
    let error = select(id.into_sql::<Snowflake>()).get_result::<ChannelId>(&mut database.conn).unwrap_err();
    assert!(error.to_string().contains("the ChannelId 9223372036854775808 is too large for BIGINT"), "{error}");
    Ok(())
}
