//! A connection to either database.

#[cfg(feature = "postgres")]
use diesel::PgConnection;
use diesel::SqliteConnection;

use super::{Database, Dialect, Each, EachNamed, Source};
use crate::{Error, statement::Statement};

/// A connection to one of Mocha's databases, for programs that choose the database when they run.
///
/// ```
/// use diesel::SqliteConnection;
/// use mocha_schema::GuildId;
/// use mocha_stats::{AnyConnection, Leaderboard};
///
/// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn: SqliteConnection = fixture::seeded()?;
/// let guild = GuildId::try_from(1)?;
/// let mut conn = AnyConnection::Sqlite(&mut conn);
/// assert_eq!(Leaderboard::messages(guild).load(&mut conn)?.total, 6);
/// # Ok(())
/// # }
/// ```
#[expect(missing_debug_implementations, reason = "connections have none")]
#[non_exhaustive]
pub enum AnyConnection<'c> {
    /// PostgreSQL's.
    #[cfg(feature = "postgres")]
    Postgres(&'c mut PgConnection),
    /// SQLite's.
    Sqlite(&'c mut SqliteConnection),
}

impl AnyConnection<'_> {
    fn source(&mut self) -> &mut dyn Source {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(conn) => *conn,
            Self::Sqlite(conn) => *conn,
        }
    }
}

impl Database for AnyConnection<'_> {}

impl Source for AnyConnection<'_> {
    fn dialect(&self) -> Dialect {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Dialect::Postgres,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }

    fn snapshot(&mut self, ask: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error> {
        self.source().snapshot(ask)
    }

    fn writing(&mut self, write: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error> {
        self.source().writing(write)
    }

    fn rows(&mut self, statement: &Statement, each: &mut Each<'_>) -> Result<(), Error> {
        self.source().rows(statement, each)
    }

    fn named_rows(&mut self, statement: &Statement, each: &mut EachNamed<'_>) -> Result<(), Error> {
        self.source().named_rows(statement, each)
    }
}
