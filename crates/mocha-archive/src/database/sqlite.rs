//! The SQLite file.

use std::io::Write;

use chrono::{DateTime, Utc};
use diesel::{
    QueryResult, RunQueryDsl,
    connection::DefaultLoadingMode,
    deserialize::{self, FromSql, FromSqlRow},
    row::Field as _,
    sql_types::{BigInt, Text, Untyped},
    sqlite::{Sqlite, SqliteConnection, SqliteType},
};
use mocha_schema::{GuildId, UserId};
use mocha_store::{
    Operation, Retained, RetentionPolicy, Store,
    privacy::{self, Erasures},
};

use super::{Access, Connection, Database, Dialect, Each, Erasure, Receipt, Statement, Withholds, keep_cause};
use crate::{
    ArchiveKeeper, Batch, Cell, Error,
    known::{Known, load_known},
};

impl Database for Store {}

impl Access for Store {
    type Conn = SqliteConnection;

    fn read<T>(&self, f: impl FnOnce(&mut SqliteConnection) -> Result<T, Error>) -> Result<T, Error> {
        keep_cause(|keep| Ok(Self::read(self, |conn| f(conn).map_err(keep))?))
    }

    fn write<T>(&self, f: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>) -> Result<T, Error> {
        Ok(Self::write(self, f)?)
    }

    fn retain<'a>(
        &self,
        retention: &RetentionPolicy,
        now: Option<DateTime<Utc>>,
        keeper: ArchiveKeeper,
    ) -> Operation<'a, Retained, Retained> {
        self.apply_retention_keeping(retention, now, keeper)
    }

    fn export(&self, user_id: UserId, guild_id: Option<GuildId>, writer: &mut dyn Write) -> Result<u64, Error> {
        let export = self.export_user(user_id);
        let export = if let Some(guild_id) = guild_id { export.in_guild(guild_id) } else { export };
        Ok(export.write_to(writer)?)
    }
}

impl Erasure for privacy::Erasure<'_> {
    type Receipt = privacy::Receipt;

    fn guild_id(&self) -> Option<GuildId> {
        self.guild_id()
    }

    fn run(self) -> Result<privacy::Receipt, Error> {
        Ok(self.run()?)
    }

    fn user_id(&self) -> UserId {
        self.user_id()
    }
}

impl Receipt for privacy::Receipt {
    fn is_complete(&self) -> bool {
        self.is_complete()
    }
}

impl Connection for SqliteConnection {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn execute(&mut self, statement: &Statement<'_>) -> QueryResult<usize> {
        RunQueryDsl::execute(statement, self)
    }

    fn stream(&mut self, query: &Statement<'_>, each: &mut Each<'_>) -> QueryResult<()> {
        for row in RunQueryDsl::load_iter::<Cells, DefaultLoadingMode>(query, self)? {
            each(row?.0)?;
        }
        Ok(())
    }

    fn execute_batch(&mut self, sql: &str, batch: &Batch) -> QueryResult<usize> {
        batch.rows().map(|row| Connection::execute(self, &Statement::of_row(sql, row))).sum()
    }

    fn erasures(&mut self) -> QueryResult<Box<Withholds>> {
        let erasures = Erasures::load(self)?;
        Ok(Box::new(move |user_id, guild_id, at_ms| erasures.withholds(user_id, guild_id, at_ms)))
    }

    load_known!();
}

/// A row of any table.
struct Cells(Vec<Cell>);

impl FromSqlRow<Untyped, Sqlite> for Cells {
    fn build_from_row<'a>(row: &impl diesel::row::Row<'a, Sqlite>) -> deserialize::Result<Self> {
        let mut cells = Vec::with_capacity(row.field_count());
        for index in 0..row.field_count() {
            let field = row.get(index).ok_or("a row has too few columns")?;
            cells.push(match field.value() {
                None => Cell::Number(None),
                Some(value) if value.value_type() == Some(SqliteType::Text) => {
                    Cell::Text(Some(<String as FromSql<Text, Sqlite>>::from_sql(value)?))
                }
                Some(value) => Cell::Number(Some(<i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?)),
            });
        }
        Ok(Self(cells))
    }
}
