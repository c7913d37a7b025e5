//! The rows of a store, as the archive reads them.

use std::num::NonZeroU64;

use diesel::{
    connection::DefaultLoadingMode,
    deserialize::{self, FromSql, FromSqlRow},
    prelude::*,
    row::Field as _,
    sql_query,
    sql_types::{BigInt, Nullable, Text, Untyped},
    sqlite::{Sqlite, SqliteConnection, SqliteType},
};
use mocha_schema::GuildId;

use crate::{
    Error, Month, Partition,
    batch::{Batch, Cell, READ_ROWS},
    layout::Layout,
};

/// The expression that says whether the user of a row is a bot, as far as the store knows.
pub(crate) const BOT: &str = "(SELECT bot FROM users WHERE users.id = user_id AND bot IN (0, 1))";

/// The part of a month whose rows are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Span {
    /// The first unix millisecond.
    pub from_ms: i64,
    /// Whether rows that may still change are left out: voice intervals that are open.
    pub only_over: bool,
    /// The unix millisecond after the last one.
    pub to_ms: i64,
}

impl Span {
    /// The whole month.
    pub(crate) fn of(month: Month) -> Self {
        let (from_ms, to_ms) = month.range_ms();
        Self { from_ms, only_over: false, to_ms }
    }
}

/// A database that the archive reads rows from. A `SqliteConnection` with Mocha's tables is one.
pub trait Source {
    /// Returns the places of all rows of a table, in order of guild and month, and only those with
    /// rows before `before_ms` if there is one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) if the database fails.
    fn partitions(&mut self, layout: &'static Layout, before_ms: Option<i64>) -> Result<Vec<Partition>, Error>;

    /// Calls `each` with the rows of a partition and span, some thousands at a time. They are sorted
    /// by time, then by their key: numbers by value, texts by their length in bytes and then their
    /// bytes. Rows that do not fit into the archive's columns are left out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) if the database fails, and errors of `each`.
    fn rows(
        &mut self,
        partition: &Partition,
        span: Span,
        each: &mut dyn FnMut(&Batch) -> Result<(), Error>,
    ) -> Result<(), Error>;

    /// Returns how many rows of a table do not fit into the archive's columns. They stay in the
    /// store.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) if the database fails.
    fn unreadable(&mut self, layout: &'static Layout) -> Result<u64, Error>;
}

impl Source for SqliteConnection {
    fn partitions(&mut self, layout: &'static Layout, before_ms: Option<i64>) -> Result<Vec<Partition>, Error> {
        let failed = |error| Error::database("looking for rows to archive failed", error);
        let Layout { table, .. } = layout;
        // Each step seeks the next guild in the index.
        let guilds = format!(
            "WITH RECURSIVE guild (id) AS (SELECT min(guild_id) FROM {table} UNION ALL \
             SELECT (SELECT min(guild_id) FROM {table} WHERE guild_id > guild.id) FROM guild WHERE id IS NOT NULL) \
             SELECT CAST(id AS TEXT) AS id FROM guild WHERE id IS NOT NULL"
        );
        let guilds: Vec<Name> = sql_query(guilds).load(self).map_err(failed)?;
        let mut found = Vec::new();
        for guild_id in guilds.into_iter().filter_map(|guild| readable_id(&guild.id)) {
            found.extend(partitions_of(self, layout, guild_id, before_ms)?);
        }
        found.sort_by_key(Partition::order);
        Ok(found)
    }

    fn rows(
        &mut self,
        partition: &Partition,
        span: Span,
        each: &mut dyn FnMut(&Batch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let failed = |error| Error::database("reading rows to archive failed", error);
        let layout = partition.layout;
        let unit_ms = layout.store_time().1;
        // A span ends between two units only if it includes the first of them.
        let unit = |ms: i64| ms.saturating_add(unit_ms - 1).div_euclid(unit_ms);
        let rows = sql_query(select(layout, span.only_over))
            .bind::<Text, _>(partition.guild_id)
            .bind::<BigInt, _>(unit(span.from_ms))
            .bind::<BigInt, _>(unit(span.to_ms));
        let mut batch = Batch::new(layout);
        for row in rows.load_iter::<Cells, DefaultLoadingMode>(self).map_err(failed)? {
            batch.push(row.map_err(failed)?.0);
            if batch.len() >= READ_ROWS {
                each(&batch)?;
                batch.clear();
            }
        }
        if batch.is_empty() { Ok(()) } else { each(&batch) }
    }

    fn unreadable(&mut self, layout: &'static Layout) -> Result<u64, Error> {
        let count =
            format!("SELECT count(*) AS number FROM {} WHERE ({}) IS NOT TRUE", layout.table, layout.readable());
        let Number { number } = sql_query(count)
            .get_result(self)
            .map_err(|error| Error::database("counting rows that cannot be archived failed", error))?;
        Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
    }
}

/// Returns the months of a guild that have rows, and only those with rows before `before_ms` if there
/// is one. Each step seeks the next month in the index.
pub(crate) fn partitions_of(
    conn: &mut SqliteConnection,
    layout: &'static Layout,
    guild_id: GuildId,
    before_ms: Option<i64>,
) -> Result<Vec<Partition>, Error> {
    let Layout { table, .. } = layout;
    let (time, unit_ms) = layout.store_time();
    let next = format!(
        "SELECT min({time}) AS number FROM {table} INDEXED BY idx_{table}_guild_time \
         WHERE guild_id = ? AND {time} >= ? AND {time} < ?"
    );
    let end = before_ms.unwrap_or(MAX_MS).min(MAX_MS).div_euclid(unit_ms);
    let (mut found, mut from) = (Vec::new(), 0);
    loop {
        let first: Number = sql_query(&next)
            .bind::<Text, _>(guild_id)
            .bind::<BigInt, _>(from)
            .bind::<BigInt, _>(end)
            .get_result(conn)
            .map_err(|error| Error::database("looking for rows to archive failed", error))?;
        let Some(month) = first.number.and_then(|first| Month::of_ms(first.saturating_mul(unit_ms))) else {
            return Ok(found);
        };
        found.push(Partition { guild_id, layout, month });
        from = month.range_ms().1.div_euclid(unit_ms);
    }
}

/// Returns the time of the first row in a span that the archive can hold, in unix milliseconds.
pub(crate) fn first_ms(conn: &mut SqliteConnection, partition: &Partition, span: Span) -> Result<Option<i64>, Error> {
    let layout = partition.layout;
    let (time, unit_ms) = layout.store_time();
    let over = if span.only_over { layout.over } else { "true" };
    let first = format!(
        "SELECT {time} AS number FROM {0} INDEXED BY idx_{0}_guild_time WHERE guild_id = ? AND {time} >= ? AND {time} < ? \
         AND {over} AND {1} ORDER BY {time} LIMIT 1",
        layout.table,
        layout.readable()
    );
    let first: Option<Number> = sql_query(first)
        .bind::<Text, _>(partition.guild_id)
        .bind::<BigInt, _>(span.from_ms.div_euclid(unit_ms))
        .bind::<BigInt, _>(span.to_ms.div_euclid(unit_ms))
        .get_result(conn)
        .optional()
        .map_err(|error| Error::database("looking for rows to delete failed", error))?;
    Ok(first.and_then(|first| first.number).map(|first| first.saturating_mul(unit_ms)))
}

/// The end of the year 9999.
const MAX_MS: i64 = 253_402_300_800_000;

/// Returns the statement that reads the rows of guild `?1` from `?2` to before `?3` in order.
fn select(layout: &Layout, only_over: bool) -> String {
    let values: Vec<String> = layout.columns.iter().map(crate::Column::value).collect();
    let over = if only_over { layout.over } else { "true" };
    let Layout { key_sql, table, .. } = layout;
    let time = layout.store_time().0;
    format!(
        "SELECT {} FROM {table} INDEXED BY idx_{table}_guild_time WHERE guild_id = ?1 AND {time} >= ?2 AND {time} < ?3 \
         AND {over} AND {} ORDER BY {time}, octet_length({key_sql}), {key_sql}",
        values.join(", "),
        layout.readable()
    )
}

/// Returns an id that the archive can hold.
pub(crate) fn readable_id(text: &str) -> Option<GuildId> {
    let id = text.parse::<GuildId>().ok()?;
    i64::try_from(id.get()).is_ok().then_some(id)
}

/// Returns an id from a column of the archive.
pub(crate) fn id<I: From<NonZeroU64>>(number: i64) -> Option<I> {
    u64::try_from(number).ok().and_then(NonZeroU64::new).map(I::from)
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    id: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LAYOUTS;

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    #[test]
    fn rows_are_found_through_the_index_of_guild_and_time() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut conn = SqliteConnection::establish(":memory:")?;
        mocha_schema::migrate(&mut conn)?;
        for layout in LAYOUTS {
            let sql = format!("EXPLAIN QUERY PLAN {}", select(layout, true));
            let steps: Vec<Step> = sql_query(sql).load(&mut conn)?;
            let found = steps.first().map(|step| step.detail.as_str()).unwrap_or_default();
            let (table, time) = (layout.table, layout.store_time().0);
            let index =
                format!("SEARCH {table} USING INDEX idx_{table}_guild_time (guild_id=? AND {time}>? AND {time}<?)");
            assert_eq!(found, index);
            // Only rows of the same time are sorted.
            let sorts: Vec<_> = steps.iter().filter(|step| step.detail.contains("TEMP")).collect();
            assert!(sorts.iter().all(|step| step.detail.contains("LAST")), "{table}");
        }
        Ok(())
    }
}
