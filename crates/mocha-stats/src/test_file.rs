//! The database that a test asks: a SQLite file in memory or, with the feature `postgres`, a database on a server. Every
//! test of a question then judges the answers of PostgreSQL.

use std::cell::RefCell;

use diesel::{
    Connection, QueryResult, SqliteConnection,
    connection::{SimpleConnection, TransactionManager},
};

use crate::{
    Database, Error,
    database::{Dialect, Each, EachNamed, Source},
    fixture::{self, TestResult},
    statement::Statement,
};

/// A migrated database without a row, in an open transaction that is rolled back in the end. That takes far less time than
/// the migrations of another one, and a property test needs hundreds.
pub(crate) struct File(Option<Box<dyn Migrated>>);

thread_local! {
    static FREE: RefCell<Vec<Box<dyn Migrated>>> = const { RefCell::new(Vec::new()) };
}

/// A migrated database, and what is needed to give it to one test after another.
trait Migrated: SimpleConnection + Source {
    fn begin(&mut self) -> QueryResult<()>;

    fn roll_back(&mut self) -> QueryResult<()>;
}

impl Migrated for SqliteConnection {
    fn begin(&mut self) -> QueryResult<()> {
        <Self as Connection>::TransactionManager::begin_transaction(self)
    }

    fn roll_back(&mut self) -> QueryResult<()> {
        <Self as Connection>::TransactionManager::rollback_transaction(self)
    }
}

impl File {
    /// One that is on SQLite in any case.
    pub(crate) fn on_sqlite() -> TestResult<Self> {
        Self::borrow(Dialect::Sqlite, || Ok(Some(Box::new(fixture::empty()?))))?.ok_or("SQLite needs no server".into())
    }

    /// `None` if there is no server.
    #[cfg(feature = "postgres")]
    fn on_postgres() -> TestResult<Option<Self>> {
        Self::borrow(Dialect::Postgres, postgres::migrated)
    }

    fn borrow(dialect: Dialect, new: fn() -> TestResult<Option<Box<dyn Migrated>>>) -> TestResult<Option<Self>> {
        let free = FREE.with_borrow_mut(|free| {
            let place = free.iter().position(|migrated| migrated.dialect() == dialect)?;
            Some(free.swap_remove(place))
        });
        let Some(mut migrated) = free.map_or_else(new, |free| Ok(Some(free)))? else { return Ok(None) };
        migrated.begin()?;
        Ok(Some(Self(Some(migrated))))
    }

    fn conn(&self) -> &dyn Migrated {
        &**self.0.as_ref().unwrap()
    }

    fn conn_mut(&mut self) -> &mut dyn Migrated {
        &mut **self.0.as_mut().unwrap()
    }

    /// Runs statements that both databases know.
    pub(crate) fn execute(&mut self, statements: impl AsRef<str>) -> QueryResult<()> {
        self.batch_execute(statements.as_ref())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let Some(mut migrated) = self.0.take() else { return };
        // One that a failed test broke is closed.
        if migrated.roll_back().is_ok() {
            FREE.with_borrow_mut(|free| free.push(migrated));
        }
    }
}

impl Database for File {}

impl Source for File {
    fn dialect(&self) -> Dialect {
        self.conn().dialect()
    }

    fn snapshot(&mut self, ask: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error> {
        self.conn_mut().snapshot(ask)
    }

    fn writing(&mut self, write: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error> {
        self.conn_mut().writing(write)
    }

    fn rows(&mut self, statement: &Statement, each: &mut Each<'_>) -> Result<(), Error> {
        self.conn_mut().rows(statement, each)
    }

    fn named_rows(&mut self, statement: &Statement, each: &mut EachNamed<'_>) -> Result<(), Error> {
        self.conn_mut().named_rows(statement, each)
    }
}

impl SimpleConnection for File {
    fn batch_execute(&mut self, statements: &str) -> QueryResult<()> {
        self.conn_mut().batch_execute(statements)
    }
}

/// A database without a row: PostgreSQL if there is a server.
pub(crate) fn empty() -> TestResult<File> {
    #[cfg(feature = "postgres")]
    if let Some(file) = File::on_postgres()? {
        return Ok(file);
    }
    File::on_sqlite()
}

/// The rows of [`fixture::seed`].
pub(crate) fn seeded() -> TestResult<File> {
    let mut file = empty()?;
    fixture::seed(&mut file)?;
    Ok(file)
}

#[cfg(feature = "postgres")]
pub(crate) use self::postgres::{connected, note_bots};

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::PgConnection;
    use mocha_test_postgres::{Database as Server, has_citus};

    use super::*;

    struct Postgres {
        conn: PgConnection,
        /// Drops the database in the end.
        _server: Server,
    }

    /// `None` if there is no server.
    pub(super) fn migrated() -> TestResult<Option<Box<dyn Migrated>>> {
        let Some((server, conn)) = connected()? else { return Ok(None) };
        Ok(Some(Box::new(Postgres { conn, _server: server })))
    }

    /// A database with Mocha's tables, which are distributed if the tests run on a Citus cluster. `None` if there is no server.
    pub(crate) fn connected() -> TestResult<Option<(Server, PgConnection)>> {
        let Some(server) = Server::create() else { return Ok(None) };
        let mut conn = PgConnection::establish(server.url())?;
        mocha_schema::migrate_postgres(&mut conn)?;
        if has_citus() {
            mocha_schema::distribute_postgres(&mut conn)?;
        }
        Ok(Some((server, conn)))
    }

    /// Citus has no trigger of users, so a program that writes a bot says so, as the recorder does. It changes nothing elsewhere.
    pub(crate) fn note_bots(conn: &mut PgConnection) -> QueryResult<()> {
        conn.batch_execute("SELECT note_bots(array_agg(id)) FROM users WHERE bot HAVING count(*) > 0")
    }

    impl Migrated for Postgres {
        fn begin(&mut self) -> QueryResult<()> {
            <PgConnection as Connection>::TransactionManager::begin_transaction(&mut self.conn)?;
            // Triggers that wait for the commit would wait for ever.
            self.conn.batch_execute("SET CONSTRAINTS ALL IMMEDIATE")
        }

        fn roll_back(&mut self) -> QueryResult<()> {
            <PgConnection as Connection>::TransactionManager::rollback_transaction(&mut self.conn)
        }
    }

    impl Source for Postgres {
        fn dialect(&self) -> Dialect {
            Dialect::Postgres
        }

        fn snapshot(&mut self, ask: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error> {
            self.conn.snapshot(ask)
        }

        fn writing(&mut self, write: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error> {
            self.conn.writing(write)
        }

        fn rows(&mut self, statement: &Statement, each: &mut Each<'_>) -> Result<(), Error> {
            self.conn.rows(statement, each)
        }

        fn named_rows(&mut self, statement: &Statement, each: &mut EachNamed<'_>) -> Result<(), Error> {
            self.conn.named_rows(statement, each)
        }
    }

    impl SimpleConnection for Postgres {
        fn batch_execute(&mut self, statements: &str) -> QueryResult<()> {
            self.conn.batch_execute(statements)?;
            if statements.starts_with("INSERT INTO users") { note_bots(&mut self.conn) } else { Ok(()) }
        }
    }
}
