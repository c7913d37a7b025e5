//! The database that a test asks: a SQLite file in memory or, with the feature `postgres`, a database on a server. Every
//! test of a question then judges the answers of PostgreSQL.

use diesel::{QueryResult, connection::SimpleConnection};

use crate::{
    Database, Error,
    database::{Dialect, Each, EachNamed, Source},
    fixture::{self, TestResult},
    statement::Statement,
};

/// A migrated database without a row.
pub(crate) struct File(Box<dyn Connection>);

trait Connection: SimpleConnection + Source {}

impl<C: SimpleConnection + Source> Connection for C {}

impl File {
    /// One that is on SQLite in any case.
    pub(crate) fn on_sqlite() -> TestResult<Self> {
        Ok(Self(Box::new(fixture::empty()?)))
    }

    /// Runs statements that both databases know.
    pub(crate) fn execute(&mut self, statements: impl AsRef<str>) -> QueryResult<()> {
        self.batch_execute(statements.as_ref())
    }
}

impl Database for File {}

impl Source for File {
    fn dialect(&self) -> Dialect {
        self.0.dialect()
    }

    fn snapshot(&mut self, ask: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error> {
        self.0.snapshot(ask)
    }

    fn rows(&mut self, statement: &Statement, each: &mut Each<'_>) -> Result<(), Error> {
        self.0.rows(statement, each)
    }

    fn named_rows(&mut self, statement: &Statement, each: &mut EachNamed<'_>) -> Result<(), Error> {
        self.0.named_rows(statement, each)
    }
}

impl SimpleConnection for File {
    fn batch_execute(&mut self, statements: &str) -> QueryResult<()> {
        self.0.batch_execute(statements)
    }
}

/// A database without a row: PostgreSQL if there is a server.
pub(crate) fn empty() -> TestResult<File> {
    #[cfg(feature = "postgres")]
    if let Some(server) = postgres::Borrowed::take()? {
        return Ok(File(Box::new(server)));
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
mod postgres {
    use std::cell::RefCell;

    use diesel::{Connection, PgConnection, connection::TransactionManager};
    use mocha_test_postgres::Database as Server;

    use super::*;

    type Manager = <PgConnection as Connection>::TransactionManager;

    thread_local! {
        static FREE: RefCell<Vec<(PgConnection, Server)>> = const { RefCell::new(Vec::new()) };
    }

    /// A migrated database of its own, if there is a server.
    fn new() -> TestResult<Option<(PgConnection, Server)>> {
        let Some(server) = Server::create() else { return Ok(None) };
        let mut conn = PgConnection::establish(server.url())?;
        mocha_schema::migrate_postgres(&mut conn)?;
        Ok(Some((conn, server)))
    }

    /// An open transaction, which is rolled back in the end: that takes far less time than another database.
    pub(super) struct Borrowed(Option<(PgConnection, Server)>);

    impl Borrowed {
        /// `None` if there is no server.
        pub(super) fn take() -> TestResult<Option<Self>> {
            let free = FREE.with_borrow_mut(Vec::pop);
            let Some(mut conn) = free.map_or_else(new, |free| Ok(Some(free)))? else { return Ok(None) };
            Manager::begin_transaction(&mut conn.0)?;
            // Triggers that wait for the commit would wait for ever.
            conn.0.batch_execute("SET CONSTRAINTS ALL IMMEDIATE")?;
            Ok(Some(Self(Some(conn))))
        }

        fn conn(&mut self) -> &mut PgConnection {
            &mut self.0.as_mut().unwrap().0
        }
    }

    impl Drop for Borrowed {
        fn drop(&mut self) {
            let Some(mut conn) = self.0.take() else { return };
            // One that a failed test broke is closed.
            if Manager::rollback_transaction(&mut conn.0).is_ok() {
                FREE.with_borrow_mut(|free| free.push(conn));
            }
        }
    }

    impl Source for Borrowed {
        fn dialect(&self) -> Dialect {
            Dialect::Postgres
        }

        fn snapshot(&mut self, ask: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error> {
            self.conn().snapshot(ask)
        }

        fn rows(&mut self, statement: &Statement, each: &mut Each<'_>) -> Result<(), Error> {
            self.conn().rows(statement, each)
        }

        fn named_rows(&mut self, statement: &Statement, each: &mut EachNamed<'_>) -> Result<(), Error> {
            self.conn().named_rows(statement, each)
        }
    }

    impl SimpleConnection for Borrowed {
        fn batch_execute(&mut self, statements: &str) -> QueryResult<()> {
            self.conn().batch_execute(statements)
        }
    }
}
