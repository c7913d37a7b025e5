//! Helpers of the tests: a migrated file, and the answers of queries as lines of text.

use std::error::Error;

use diesel::{QueryableByName, prelude::*, sql_types::Text};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Returns a new in-memory file with all tables.
pub(crate) fn migrated() -> Result<SqliteConnection, Failure> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    mocha_schema::migrate(&mut conn)?;
    Ok(conn)
}

/// Runs a query with the single text column `line`, and returns its values.
pub(crate) fn lines(conn: &mut SqliteConnection, sql: &str) -> QueryResult<Vec<String>> {
    let lines = diesel::sql_query(sql).load::<Line>(conn)?;
    Ok(lines.into_iter().map(|line| line.line).collect())
}
