//! Rows of all models in SQLite.

mod rows;

use std::error::Error;

use diesel::{prelude::*, select, sql_types::Text};
use mocha_schema::ChannelId;

type Conn = SqliteConnection;

type Failure = Box<dyn Error + Send + Sync>;

struct Database {
    conn: Conn,
}

/// Returns a new in-memory file with all tables.
fn migrated() -> Result<Option<Database>, Failure> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    mocha_schema::migrate(&mut conn)?;
    Ok(Some(Database { conn }))
}

#[test]
fn the_largest_id_is_written_as_text() -> Result<(), Failure> {
    let Some(Database { mut conn }) = migrated()? else { return Ok(()) };
    let id = ChannelId::try_from(u64::MAX)?;
    assert_eq!(select(id.into_sql::<Text>()).get_result::<String>(&mut conn)?, "18446744073709551615");
    Ok(())
}
