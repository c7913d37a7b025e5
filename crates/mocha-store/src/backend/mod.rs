//! The file as the recorder's backend: one connection, and its tables during a transaction. One file a noun.

mod channel;
mod guild;
mod member;
mod message;
mod presence;
mod state;
#[cfg(test)]
mod tests;
mod tombstone;
mod user;
mod voice;

use diesel::{QueryResult, QueryableByName, RunQueryDsl, connection::SimpleConnection, sqlite::SqliteConnection};
use mocha_recorder::backend::{Backend, Tables, WriteError};

use crate::{Error, error::classify, link::Link};

/// The connection that the recorder writes through.
pub(crate) struct SqliteBackend {
    /// `None` before the first transaction, and after a failure: what a failed transaction leaves behind is not to be
    /// trusted.
    conn: Option<SqliteConnection>,
    link: Link,
}

impl SqliteBackend {
    pub(crate) const fn new(link: Link) -> Self {
        Self { conn: None, link }
    }
}

impl Backend for SqliteBackend {
    type Tables<'t> = SqliteTables<'t>;

    fn write<T>(
        &mut self,
        _batch: u64,
        work: impl FnOnce(&mut SqliteTables<'_>) -> Result<T, Error>,
    ) -> Result<T, WriteError> {
        self.link.check_place().map_err(WriteError::Undone)?;
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.link.connect_writer().map_err(WriteError::Undone)?,
        };
        // The cause of a failure, which a failure of the ROLLBACK after it would hide.
        let mut cause = None;
        let result = conn.immediate_transaction(|conn| {
            work(&mut SqliteTables(conn)).map_err(|error| {
                cause = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        match result {
            Ok(done) => {
                self.conn = Some(conn);
                Ok(done)
            }
            Err(error) => {
                let context = format!("cannot write to {}", self.link.location);
                // SQLite says of each COMMIT whether it happened.
                Err(WriteError::Undone(match cause {
                    Some(cause) => cause.in_context(context),
                    None => classify(context, error),
                }))
            }
        }
    }

    /// Never asked, because no commit is in doubt.
    fn was_committed(&mut self, _batch: u64) -> Result<bool, Error> {
        Ok(false)
    }

    /// Empties the write-ahead log into the file, so that it is whole without it. A reader may prevent it, which harms
    /// nothing and is not waited for.
    fn finish(&mut self) {
        let Some(conn) = &mut self.conn else { return };
        let done = conn
            .batch_execute("PRAGMA busy_timeout = 0")
            .and_then(|()| conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)"));
        if let Err(error) = done {
            tracing::debug!(error = %error, "the write-ahead log stays until the next start");
        }
    }
}

/// The tables during one transaction. Each operation is executed at once.
pub(crate) struct SqliteTables<'t>(&'t mut SqliteConnection);

impl Tables for SqliteTables<'_> {
    /// SQLite's number of what other connections wrote to the file.
    fn generation(&mut self) -> Result<i64, Error> {
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            data_version: i64,
        }
        let Version { data_version } = diesel::sql_query("PRAGMA data_version").get_result(self.0).executed()?;
        Ok(data_version)
    }
}

/// The result of a statement.
trait Executed {
    type Value;

    /// Turns Diesel's error into the store's. The transaction adds which file it is.
    fn executed(self) -> Result<Self::Value, Error>;
}

impl<T> Executed for QueryResult<T> {
    type Value = T;

    fn executed(self) -> Result<T, Error> {
        self.map_err(|error| classify("a statement failed", error))
    }
}
