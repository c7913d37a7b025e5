//! SQLite.

use diesel::{
    Connection, RunQueryDsl, SqliteConnection,
    connection::{DefaultLoadingMode, TransactionManager},
    deserialize::{self, FromSqlRow},
    sql_types::{BigInt, Binary, Nullable, Untyped},
    sqlite::Sqlite,
};

use super::{
    Database, Dialect, Each, EachNamed, Source,
    row::{Named, Row},
};
use crate::{Error, statement::Statement};

impl Database for SqliteConnection {}

impl Source for SqliteConnection {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn snapshot(&mut self, ask: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error> {
        self.transaction(|conn| ask(conn))
    }

    fn writing(&mut self, write: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error> {
        type Manager = <SqliteConnection as Connection>::TransactionManager;
        let depth = Manager::transaction_manager_status_mut(self).transaction_depth()?;
        if depth.is_some() {
            // An error must not end the caller's transaction.
            self.transaction(|conn| write(conn))
        } else {
            // One that reads first may not get the lock for writing any more.
            self.immediate_transaction(|conn| write(conn))
        }
    }

    fn rows(&mut self, statement: &Statement, each: &mut Each<'_>) -> Result<(), Error> {
        for row in RunQueryDsl::load_iter::<Row, DefaultLoadingMode>(statement, self)? {
            each(&row?)?;
        }
        Ok(())
    }

    fn named_rows(&mut self, statement: &Statement, each: &mut EachNamed<'_>) -> Result<(), Error> {
        for row in RunQueryDsl::load_iter::<Named, DefaultLoadingMode>(statement, self)? {
            let Named { name, row } = row?;
            each(name, &row)?;
        }
        Ok(())
    }
}

impl FromSqlRow<Untyped, Sqlite> for Row {
    fn build_from_row<'a>(row: &impl diesel::row::Row<'a, Sqlite>) -> deserialize::Result<Self> {
        let mut cells = Self::default();
        cells.fill(row.field_count(), |column| row.get_value::<Nullable<BigInt>, _, _>(column))?;
        Ok(cells)
    }
}

impl FromSqlRow<Untyped, Sqlite> for Named {
    fn build_from_row<'a>(row: &impl diesel::row::Row<'a, Sqlite>) -> deserialize::Result<Self> {
        let mut cells = Row::default();
        let numbers = row.field_count().saturating_sub(1);
        cells.fill(numbers, |column| row.get_value::<Nullable<BigInt>, _, _>(column + 1))?;
        let name: Option<Vec<u8>> = row.get_value::<Nullable<Binary>, _, _>(0)?;
        // A name that cannot be read is none.
        Ok(Self { name: name.and_then(|name| String::from_utf8(name).ok()), row: cells })
    }
}
