//! The connections that questions can be asked of.

mod any;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod sqlite;

pub use self::any::AnyConnection;
pub(crate) use self::row::Row;
use crate::{Error, statement::Statement};

/// A connection for asking questions: Diesel's `SqliteConnection`, and with the feature `postgres`
/// its `PgConnection`. It must have Mocha's tables.
///
/// A question reads in one transaction, so its answer shows one instant. You can also ask it inside
/// your own transaction. In PostgreSQL a transaction sees later commits of others unless it begins
/// with `repeatable_read`, as those of questions do.
///
/// Pass `&mut *conn` for the connection of a pool, or of anything else that dereferences to one of
/// these.
///
/// ```
/// use diesel::{Connection, SqliteConnection};
/// use mocha_schema::GuildId;
/// use mocha_stats::{Database, Error, HeatMap, Leaderboard};
///
/// /// Asks either database.
/// fn messages(conn: &mut (impl Database + ?Sized), guild: GuildId) -> Result<u64, Error> {
///     Ok(Leaderboard::messages(guild).load(conn)?.total)
/// }
///
/// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn = fixture::seeded()?;
/// let guild = GuildId::try_from(1)?;
/// assert_eq!(messages(&mut conn, guild)?, 6);
///
/// // Two questions in one transaction agree with each other.
/// let agree = conn.transaction(|conn| Ok::<_, Error>(messages(conn, guild)? == HeatMap::of(guild).load(conn)?.messages));
/// assert!(agree?);
/// # Ok(())
/// # }
/// ```
pub trait Database: Source {}

/// Which SQL a database speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// PostgreSQL's.
    Postgres,
    /// SQLite's.
    Sqlite,
}

/// Takes a row; an error ends the reading.
pub(crate) type Each<'a> = dyn FnMut(&Row) -> Result<(), Error> + 'a;

/// The same with the text in the first column.
pub(crate) type EachNamed<'a> = dyn FnMut(Option<String>, &Row) -> Result<(), Error> + 'a;

/// The part of a [`Database`] that a question needs. The connection's type is erased here, so that
/// each question is compiled once.
pub trait Source {
    /// Returns the dialect of its SQL.
    fn dialect(&self) -> Dialect;

    /// Asks in one transaction.
    fn snapshot(&mut self, ask: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error>;

    /// Writes in one transaction.
    fn writing(&mut self, write: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error>;

    /// Gives each row of a statement of numbers.
    fn rows(&mut self, statement: &Statement, each: &mut Each<'_>) -> Result<(), Error>;

    /// Gives each row of a statement that has a text in its first column, and numbers in the
    /// others.
    fn named_rows(&mut self, statement: &Statement, each: &mut EachNamed<'_>) -> Result<(), Error>;
}

/// Inside a question other questions can be asked.
impl Database for dyn Source + '_ {}

impl dyn Source + '_ {
    /// Returns the first row, if there is one.
    pub(crate) fn first(&mut self, statement: &Statement) -> Result<Option<Row>, Error> {
        let mut first = None;
        self.rows(statement, &mut |row| {
            first.get_or_insert(*row);
            Ok(())
        })?;
        Ok(first)
    }

    /// Returns the row of a statement that always has one.
    pub(crate) fn only(&mut self, statement: &Statement) -> Result<Row, Error> {
        self.first(statement)?.ok_or_else(|| Error::from(diesel::result::Error::NotFound))
    }
}

/// Asks in one transaction, so that all of an answer is of one instant.
pub(crate) fn snapshot<T>(
    conn: &mut (impl Database + ?Sized),
    ask: impl FnOnce(&mut dyn Source) -> Result<T, Error>,
) -> Result<T, Error> {
    let (mut ask, mut answer) = (Some(ask), None);
    conn.snapshot(&mut |source| {
        if let Some(ask) = ask.take() {
            answer = Some(ask(source)?);
        }
        Ok(())
    })?;
    answer.ok_or_else(|| Error::from(diesel::result::Error::NotFound))
}

/// Writes in one transaction.
pub(crate) fn writing<T>(
    conn: &mut (impl Database + ?Sized),
    write: impl FnOnce(&mut dyn Source) -> Result<T, Error>,
) -> Result<T, Error> {
    let (mut write, mut answer) = (Some(write), None);
    conn.writing(&mut |source| {
        if let Some(write) = write.take() {
            answer = Some(write(source)?);
        }
        Ok(())
    })?;
    answer.ok_or_else(|| Error::from(diesel::result::Error::NotFound))
}

#[cfg(test)]
mod tests {
    use std::ops::{Deref, DerefMut};

    use diesel::SqliteConnection;

    use super::*;
    use crate::{
        Leaderboard,
        fixture::{TestResult, seeded},
    };

    /// As that of a pool.
    struct Pooled(SqliteConnection);

    impl Deref for Pooled {
        type Target = SqliteConnection;

        fn deref(&self) -> &SqliteConnection {
            &self.0
        }
    }

    impl DerefMut for Pooled {
        fn deref_mut(&mut self) -> &mut SqliteConnection {
            &mut self.0
        }
    }

    #[test]
    fn a_pooled_connection_and_one_of_either_kind_can_be_asked() -> TestResult {
        let (mut pooled, board) = (Pooled(seeded()?), Leaderboard::messages(1.try_into()?));
        assert_eq!(board.load(&mut *pooled)?.total, 6);
        let either: &mut dyn Database = &mut *pooled;
        assert_eq!(board.load(either)?.total, 6);
        Ok(())
    }
}
