//! The databases that an archive reads from and restores into.

mod dialect;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;
mod statement;

use std::io::Write;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use mocha_schema::{GuildId, UserId};
use mocha_store::{Operation, Retained, RetentionPolicy};

pub(crate) use self::{dialect::Dialect, statement::Statement};
use crate::{ArchiveKeeper, Batch, Cell, Error, known::Known};

/// A database with Mocha's tables: a `Store`, and with the feature `postgres` a `PgStore`.
///
/// Both give equal files for equal events, and each can restore the files of the other.
pub trait Database: Clone + Access {}

/// The erasure of a user from a [`Database`], as its `forget_user` and `opt_out_user` return it.
pub trait Erasure {
    /// The type of its reports.
    type Receipt: Receipt;

    /// Returns the guild, or `None` for all.
    fn guild_id(&self) -> Option<GuildId>;

    /// Runs it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) and
    /// [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull) if the database fails.
    fn run(self) -> Result<Self::Receipt, Error>;

    /// Returns the user.
    fn user_id(&self) -> UserId;
}

/// The report of an [`Erasure`].
pub trait Receipt {
    /// Returns whether nothing about the user is left in the database.
    fn is_complete(&self) -> bool;
}

/// The operations of the archive on a [`Database`].
pub trait Access {
    /// Its connection.
    type Conn: Connection;

    /// Runs a closure in one transaction that sees one state and writes nothing.
    fn read<T>(&self, f: impl FnOnce(&mut Self::Conn) -> Result<T, Error>) -> Result<T, Error>;

    /// Runs a closure in one transaction while nobody else writes.
    fn write<T>(&self, f: impl FnOnce(&mut Self::Conn) -> QueryResult<T>) -> Result<T, Error>;

    /// Applies a retention policy, and has a keeper delete events.
    fn retain<'a>(
        &self,
        retention: &RetentionPolicy,
        now: Option<DateTime<Utc>>,
        keeper: ArchiveKeeper,
    ) -> Operation<'a, Retained, Retained>;

    /// Exports a user's rows as JSON. Returns their number.
    fn export(&self, user_id: UserId, guild_id: Option<GuildId>, writer: &mut dyn Write) -> Result<u64, Error>;
}

/// Returns whether an event of a user in a guild at a unix millisecond must not be written, because
/// the user was erased or opted out.
pub(crate) type Withholds = dyn Fn(UserId, GuildId, i64) -> bool;

/// Takes a row; an error ends the reading.
pub(crate) type Each<'a> = dyn FnMut(Vec<Cell>) -> QueryResult<()> + 'a;

/// A connection to a [`Database`].
pub trait Connection {
    /// Returns the dialect of its SQL.
    fn dialect(&self) -> Dialect;

    /// Runs a statement. Returns the number of rows that it changed.
    fn execute(&mut self, statement: &Statement<'_>) -> QueryResult<usize>;

    /// Runs a query of texts and 64-bit numbers. Gives each row.
    fn stream(&mut self, query: &Statement<'_>, each: &mut Each<'_>) -> QueryResult<()>;

    /// Runs a statement with the rows of a batch, as [`Dialect::insert`] and [`Dialect::delete`]
    /// make it. Returns the number of rows that it changed.
    fn execute_batch(&mut self, sql: &str, batch: &Batch) -> QueryResult<usize>;

    /// Loads the erasures.
    fn erasures(&mut self) -> QueryResult<Box<Withholds>>;

    /// Loads the rows about a guild other than its events.
    fn known(&mut self, guild_id: GuildId) -> QueryResult<Known>;
}

/// Returns the only number that a query gives.
pub(crate) fn number(conn: &mut (impl Connection + ?Sized), query: &Statement<'_>) -> QueryResult<Option<i64>> {
    let mut number = None;
    conn.stream(query, &mut |row| {
        if let Some(Cell::Number(found)) = row.into_iter().next() {
            number = found;
        }
        Ok(())
    })?;
    Ok(number)
}

/// Runs a closure that can pass only the database's errors through. Returns the archive's error that
/// was kept instead, if there was one.
pub(crate) fn keep_cause<T>(
    run: impl FnOnce(&mut dyn FnMut(Error) -> diesel::result::Error) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut cause = None;
    let result = run(&mut |error| {
        cause = Some(error);
        diesel::result::Error::RollbackTransaction
    });
    cause.map_or(result, Err)
}
