//! The file as the recorder's backend: one connection, and its tables during a transaction. Each noun has a file.

mod addressee;
mod boost;
mod bulk;
mod channel;
mod command;
mod count;
mod guild;
mod history;
mod invite;
mod member;
mod message;
mod presence;
mod reaction;
mod role;
mod state;
#[cfg(test)]
mod tests;
mod tombstone;
mod update;
mod user;
mod voice;

use std::time::Instant;

use diesel::{QueryResult, QueryableByName, RunQueryDsl, connection::SimpleConnection, sqlite::SqliteConnection};
use mocha_recorder::backend::{Backend, Tables, WriteError};

use self::message::HeldMessages;
use crate::{
    Error,
    error::classify,
    link::{Link, Turns, do_not_wait, write},
};

/// The connection that the recorder writes through.
pub(crate) struct SqliteBackend {
    /// `None` before the first transaction, and after a failure: a connection may still be in the transaction that failed.
    conn: Option<SqliteConnection>,
    link: Link,
    turns: Turns,
}

impl SqliteBackend {
    pub(crate) fn new(link: Link) -> Self {
        Self { conn: None, link, turns: Turns::default() }
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
        self.turns.wait();
        // If the ROLLBACK fails too, its error would hide this one.
        let (mut begun, mut cause) = (None, None);
        let result = write(&mut conn, |conn| {
            begun = Some(Instant::now());
            work(&mut SqliteTables { conn, messages: HeldMessages::default() }).map_err(|error| {
                cause = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        if let Some(begun) = begun {
            self.turns.ended(begun);
        }
        match result {
            Ok(done) => {
                self.conn = Some(conn);
                Ok(done)
            }
            Err(error) => {
                let context = format!("cannot write to {}", self.link.location);
                // SQLite reports for each COMMIT whether it happened.
                Err(WriteError::Undone(match cause {
                    Some(cause) => cause.in_context(context),
                    None => classify(context, error),
                }))
            }
        }
    }

    /// Never called, because SQLite answers each COMMIT.
    fn was_committed(&mut self, _batch: u64) -> Result<bool, Error> {
        Ok(false)
    }

    /// Writes the write-ahead log back to the file, so that the file alone is complete. It does not wait for readers that
    /// prevent this, because the log is as safe as the file.
    fn finish(&mut self) {
        let Some(conn) = &mut self.conn else { return };
        let checkpointed = do_not_wait(conn).and_then(|()| conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)"));
        if let Err(error) = checkpointed {
            tracing::debug!(error = %error, "the write-ahead log stays until the next start");
        }
    }
}

/// The tables during one transaction. Messages are held back until the flush, and every other operation is executed at once.
pub(crate) struct SqliteTables<'t> {
    conn: &'t mut SqliteConnection,
    messages: HeldMessages,
}

impl Tables for SqliteTables<'_> {
    /// Returns SQLite's `data_version`, which changes when another connection writes to the file.
    fn generation(&mut self) -> Result<i64, Error> {
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            data_version: i64,
        }
        let Version { data_version } = diesel::sql_query("PRAGMA data_version").get_result(self.conn).executed()?;
        Ok(data_version)
    }

    fn flush(&mut self) -> Result<u64, Error> {
        self.messages.flush(self.conn)
    }
}

/// The result of a statement.
trait Executed {
    type Value;

    /// Converts Diesel's error into the store's. The transaction adds the file's name.
    fn executed(self) -> Result<Self::Value, Error>;
}

impl<T> Executed for QueryResult<T> {
    type Value = T;

    fn executed(self) -> Result<T, Error> {
        self.map_err(|error| classify("a statement failed", error))
    }
}
