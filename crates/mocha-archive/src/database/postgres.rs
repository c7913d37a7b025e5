//! The PostgreSQL server.

use std::io::Write;

use chrono::{DateTime, Utc};
use diesel::{
    PgConnection, QueryResult, RunQueryDsl,
    deserialize::{self, FromSql, FromSqlRow},
    pg::{Pg, PgRowByRowLoadingMode},
    row::Field as _,
    sql_types::{BigInt, Text, Untyped},
};
use mocha_postgres::{self as postgres, Erasures, PgStore};
use mocha_schema::{GuildId, UserId};
use mocha_store::{Operation, Retained, RetentionPolicy};

use super::{Access, Connection, Database, Dialect, Each, Erasure, Receipt, Statement, Withholds, keep_cause};
use crate::{
    ArchiveKeeper, Batch, Cell, Error,
    known::{Known, load_known},
};

impl Database for PgStore {}

impl Access for PgStore {
    type Conn = PgConnection;

    fn read<T>(&self, f: impl FnOnce(&mut PgConnection) -> Result<T, Error>) -> Result<T, Error> {
        keep_cause(|keep| Ok(Self::read(self, |conn| f(conn).map_err(keep))?))
    }

    fn write<T>(&self, f: impl FnOnce(&mut PgConnection) -> QueryResult<T>) -> Result<T, Error> {
        Ok(self.write_alone(f)?)
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

impl Erasure for postgres::Erasure<'_> {
    type Receipt = postgres::Receipt;

    fn guild_id(&self) -> Option<GuildId> {
        self.guild_id()
    }

    fn run(self) -> Result<postgres::Receipt, Error> {
        Ok(self.run()?)
    }

    fn user_id(&self) -> UserId {
        self.user_id()
    }
}

impl Receipt for postgres::Receipt {
    fn is_complete(&self) -> bool {
        self.rows_gone
    }
}

impl Connection for PgConnection {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn execute(&mut self, statement: &Statement<'_>) -> QueryResult<usize> {
        RunQueryDsl::execute(statement, self)
    }

    fn stream(&mut self, query: &Statement<'_>, each: &mut Each<'_>) -> QueryResult<()> {
        // The default mode keeps all rows in memory.
        for row in RunQueryDsl::load_iter::<Cells, PgRowByRowLoadingMode>(query, self)? {
            each(row?.0)?;
        }
        Ok(())
    }

    fn execute_batch(&mut self, sql: &str, batch: &Batch) -> QueryResult<usize> {
        Connection::execute(self, &Statement::of_batch(sql, batch))
    }

    fn erasures(&mut self) -> QueryResult<Box<Withholds>> {
        let erasures = Erasures::load(self)?;
        Ok(Box::new(move |user_id, guild_id, at_ms| erasures.withholds(user_id, guild_id, at_ms)))
    }

    load_known!();
}

/// A row of any table.
struct Cells(Vec<Cell>);

/// PostgreSQL's number for the type BIGINT. All other values are texts.
const BIGINT: u32 = 20;

impl FromSqlRow<Untyped, Pg> for Cells {
    fn build_from_row<'a>(row: &impl diesel::row::Row<'a, Pg>) -> deserialize::Result<Self> {
        let mut cells = Vec::with_capacity(row.field_count());
        for index in 0..row.field_count() {
            let field = row.get(index).ok_or("a row has too few columns")?;
            cells.push(match field.value() {
                None => Cell::Number(None),
                Some(value) if value.get_oid().get() == BIGINT => {
                    Cell::Number(Some(<i64 as FromSql<BigInt, Pg>>::from_sql(value)?))
                }
                Some(value) => Cell::Text(Some(<String as FromSql<Text, Pg>>::from_sql(value)?)),
            });
        }
        Ok(Self(cells))
    }
}
