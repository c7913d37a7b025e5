//! PostgreSQL.

use diesel::{
    Connection, PgConnection, RunQueryDsl,
    connection::TransactionManager,
    deserialize::{self, FromSqlRow},
    pg::{Pg, PgRowByRowLoadingMode, PgValue},
    row::Field,
    sql_types::{Nullable, Text, Untyped},
};

use super::{
    Database, Dialect, Each, EachNamed, Source,
    row::{Named, Row},
};
use crate::{Error, statement::Statement};

impl Database for PgConnection {}

impl Source for PgConnection {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn snapshot(&mut self, ask: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error> {
        type Manager = <PgConnection as Connection>::TransactionManager;
        let depth = Manager::transaction_manager_status_mut(self).transaction_depth()?;
        if depth.is_some() {
            // An error must not end the caller's transaction.
            self.transaction(|conn| ask(conn))
        } else {
            self.build_transaction().read_only().repeatable_read().run(|conn| ask(conn))
        }
    }

    fn writing(&mut self, write: &mut dyn FnMut(&mut dyn Source) -> Result<(), Error>) -> Result<(), Error> {
        self.transaction(|conn| write(conn))
    }

    fn rows(&mut self, statement: &Statement, each: &mut Each<'_>) -> Result<(), Error> {
        // The default mode keeps all rows in memory.
        for row in RunQueryDsl::load_iter::<Row, PgRowByRowLoadingMode>(statement, self)? {
            each(&row?)?;
        }
        Ok(())
    }

    fn named_rows(&mut self, statement: &Statement, each: &mut EachNamed<'_>) -> Result<(), Error> {
        for row in RunQueryDsl::load_iter::<Named, PgRowByRowLoadingMode>(statement, self)? {
            let Named { name, row } = row?;
            each(name, &row)?;
        }
        Ok(())
    }
}

impl FromSqlRow<Untyped, Pg> for Row {
    fn build_from_row<'a>(row: &impl diesel::row::Row<'a, Pg>) -> deserialize::Result<Self> {
        let mut cells = Self::default();
        cells.fill(row.field_count(), |column| number(row, column))?;
        Ok(cells)
    }
}

impl FromSqlRow<Untyped, Pg> for Named {
    fn build_from_row<'a>(row: &impl diesel::row::Row<'a, Pg>) -> deserialize::Result<Self> {
        let mut cells = Row::default();
        cells.fill(row.field_count().saturating_sub(1), |column| number(row, column + 1))?;
        Ok(Self { name: row.get_value::<Nullable<Text>, _, _>(0)?, row: cells })
    }
}

/// A number of any width, or a condition as 0 or 1.
fn number<'a>(row: &impl diesel::row::Row<'a, Pg>, column: usize) -> deserialize::Result<Option<i64>> {
    let field = row.get(column).ok_or("a column is missing")?;
    field.value().as_ref().map(of_value).transpose()
}

fn of_value(value: &PgValue<'_>) -> deserialize::Result<i64> {
    // From the catalogue of PostgreSQL's types.
    const BOOL: u32 = 16;
    const INT8: u32 = 20;
    const INT2: u32 = 21;
    const INT4: u32 = 23;
    let bytes = value.as_bytes();
    Ok(match value.get_oid().get() {
        BOOL => i64::from(bytes != [0]),
        INT2 => i16::from_be_bytes(bytes.try_into()?).into(),
        INT4 => i32::from_be_bytes(bytes.try_into()?).into(),
        INT8 => i64::from_be_bytes(bytes.try_into()?),
        other => return Err(format!("a column of the type {other} is not a number").into()),
    })
}
