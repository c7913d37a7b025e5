//! Transactions and locks of both databases.

use diesel::{Connection as _, PgConnection, QueryResult, SqliteConnection, connection::SimpleConnection as _};
use mocha_stats::AnyConnection;
use mocha_store::Error;

use super::side::Side;
use crate::AnyStore;

/// Runs a closure in one transaction of the destination.
pub(super) fn write<T>(to: &AnyStore, f: impl FnOnce(&mut Side<'_>) -> QueryResult<T>) -> Result<T, Error> {
    match to {
        AnyStore::Postgres(store) => store.write(|conn| f(&mut Side::Postgres(conn))),
        AnyStore::Sqlite(store) => store.write(|conn| f(&mut Side::Sqlite(conn))),
    }
}

impl<'c> Side<'c> {
    /// Returns `None` for a database that this module does not know.
    pub(super) fn of(conn: &'c mut AnyConnection<'_>) -> Option<Self> {
        let side = match conn {
            AnyConnection::Postgres(conn) => Self::Postgres(conn),
            AnyConnection::Sqlite(conn) => Self::Sqlite(conn),
            _ => return None,
        };
        Some(side)
    }

    /// Takes the same locks as a recorder in the same order, so that the two never wait for each other. Without a guild
    /// it waits for all recorders, because users may turn out to be bots. Checks references at once.
    pub(super) fn lock(&mut self, guild: Option<&str>) -> QueryResult<()> {
        let Self::Postgres(conn) = self else { return Ok(()) };
        let locks = match guild {
            Some(guild) => format!(
                "SELECT FROM generations WHERE id = 1 FOR SHARE; SELECT FROM guilds WHERE id = {guild} FOR NO KEY UPDATE"
            ),
            None => "SELECT FROM generations WHERE id = 1 FOR UPDATE".to_owned(),
        };
        conn.batch_execute(&format!("{locks}; SET CONSTRAINTS ALL IMMEDIATE"))
    }

    pub(super) fn savepoint<T>(&mut self, f: impl FnOnce(&mut Side<'_>) -> QueryResult<T>) -> QueryResult<T> {
        match self {
            Self::Postgres(conn) => conn.transaction(|conn: &mut PgConnection| f(&mut Side::Postgres(conn))),
            Self::Sqlite(conn) => conn.transaction(|conn: &mut SqliteConnection| f(&mut Side::Sqlite(conn))),
        }
    }

    /// Lends the same connection for a shorter time.
    pub(super) fn again(&mut self) -> Side<'_> {
        match self {
            Self::Postgres(conn) => Side::Postgres(conn),
            Self::Sqlite(conn) => Side::Sqlite(conn),
        }
    }

    /// Returns the connection for asking questions.
    pub(super) fn connection(&mut self) -> AnyConnection<'_> {
        match self {
            Self::Postgres(conn) => AnyConnection::Postgres(conn),
            Self::Sqlite(conn) => AnyConnection::Sqlite(conn),
        }
    }

    pub(super) fn execute_on_server(&mut self, sql: &str) -> QueryResult<()> {
        if let Self::Postgres(conn) = self { conn.batch_execute(sql) } else { Ok(()) }
    }

    pub(super) fn execute(&mut self, sql: &str) -> QueryResult<()> {
        match self {
            Self::Postgres(conn) => conn.batch_execute(sql),
            Self::Sqlite(conn) => conn.batch_execute(sql),
        }
    }
}
