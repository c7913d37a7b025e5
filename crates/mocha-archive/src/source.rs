//! The rows of a database, as the archive reads them.

use std::num::NonZeroU64;

use diesel::QueryResult;
use mocha_schema::GuildId;

use crate::{
    Cell, Error, Month, Partition,
    batch::{Batch, READ_ROWS},
    database::{Connection, Statement, keep_cause, number},
    layout::Layout,
};

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

/// A database that the archive reads rows from. A `SqliteConnection` with Mocha's tables is one,
/// and with the feature `postgres` a `PgConnection` too.
pub trait Source {
    /// Returns the places of all rows of a table, in order of guild and month.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) if the database fails.
    fn partitions(&mut self, layout: &'static Layout) -> Result<Vec<Partition>, Error>;

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

impl<C: Connection> Source for C {
    fn partitions(&mut self, layout: &'static Layout) -> Result<Vec<Partition>, Error> {
        let mut found = Vec::new();
        for guild_id in guilds(self, layout).map_err(looking)? {
            found.extend(partitions_of(self, layout, guild_id, None)?);
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
        let layout = partition.layout;
        let query = select(self, layout, span.only_over);
        let mut batch = Batch::new(layout);
        keep_cause(|keep| {
            let rows = self.stream(&Statement::new(&query, values(partition, span)), &mut |row| {
                batch.push(row);
                if batch.len() >= READ_ROWS {
                    each(&batch).map_err(&mut *keep)?;
                    batch.clear();
                }
                Ok(())
            });
            rows.map_err(|error| Error::database("reading rows to archive failed", error))
        })?;
        if batch.is_empty() { Ok(()) } else { each(&batch) }
    }

    fn unreadable(&mut self, layout: &'static Layout) -> Result<u64, Error> {
        let Some(readable) = self.dialect().readable(layout) else { return Ok(0) };
        let query = format!("SELECT count(*) AS number FROM {} WHERE ({readable}) IS NOT TRUE", layout.table);
        let count = number(self, &Statement::new(&query, []))
            .map_err(|error| Error::database("counting rows that cannot be archived failed", error))?;
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }
}

/// Returns the statement that finds the next guild after `?1` that has rows, by a seek in the index.
fn next_guild(conn: &(impl Connection + ?Sized), layout: &Layout) -> String {
    // In SQLite a column may have other texts, and blobs. Ids are digits, and everything else is beyond the colon or unreadable.
    let after = conn.dialect().either("guild_id > ?1 AND guild_id < ':'", "guild_id > CAST(?1 AS BIGINT)");
    format!("SELECT CAST(min(guild_id) AS TEXT) AS id FROM {} WHERE {after}", layout.table)
}

/// Returns the guilds that have rows, one step for each.
fn guilds(conn: &mut (impl Connection + ?Sized), layout: &'static Layout) -> QueryResult<Vec<GuildId>> {
    let query = next_guild(conn, layout);
    // In both orders, of texts and of numbers, no id of a guild is before this.
    let (mut found, mut last) = (Vec::new(), Some("0".to_owned()));
    while let Some(id) = last.take() {
        conn.stream(&Statement::of_text(&query, &id), &mut |row| {
            if let Some(Cell::Text(Some(id))) = row.into_iter().next() {
                found.extend(readable_id(&id));
                last = Some(id);
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// Returns the months of a guild that have rows, and only those with rows before `before_ms` if there
/// is one. Each step seeks the next month in the index.
pub(crate) fn partitions_of(
    conn: &mut (impl Connection + ?Sized),
    layout: &'static Layout,
    guild_id: GuildId,
    before_ms: Option<i64>,
) -> Result<Vec<Partition>, Error> {
    let (table, (time, unit_ms), dialect) = (layout.table, layout.store_time(), conn.dialect());
    let query = format!(
        "SELECT min({time}) AS number FROM {table} {} WHERE guild_id = {} AND {time} >= ?2 AND {time} < ?3",
        dialect.indexed_by(table),
        dialect.id("?1")
    );
    let end = before_ms.unwrap_or(MAX_MS).min(MAX_MS).div_euclid(unit_ms);
    let (mut found, mut from) = (Vec::new(), 0);
    loop {
        let first = number(conn, &Statement::new(&query, [signed(guild_id), from, end])).map_err(looking)?;
        let Some(month) = first.and_then(|first| Month::of_ms(first.saturating_mul(unit_ms))) else {
            return Ok(found);
        };
        found.push(Partition { guild_id, layout, month });
        from = month.range_ms().1.div_euclid(unit_ms);
    }
}

/// Returns the time of the first row in a span that the archive can hold, in unix milliseconds.
pub(crate) fn first_ms(
    conn: &mut (impl Connection + ?Sized),
    partition: &Partition,
    span: Span,
) -> Result<Option<i64>, Error> {
    let (time, unit_ms) = partition.layout.store_time();
    let rows = from_rows(conn, partition.layout, span.only_over);
    let query = format!("SELECT {time} AS number {rows} ORDER BY {time} LIMIT 1");
    let first = number(conn, &Statement::new(&query, values(partition, span))).map_err(looking)?;
    Ok(first.map(|first| first.saturating_mul(unit_ms)))
}

fn looking(error: diesel::result::Error) -> Error {
    Error::database("looking for rows to archive failed", error)
}

/// The end of the year 9999.
const MAX_MS: i64 = 253_402_300_800_000;

/// Returns the statement that reads the rows of guild `?1` from `?2` to before `?3` in order.
fn select(conn: &(impl Connection + ?Sized), layout: &Layout, only_over: bool) -> String {
    let dialect = conn.dialect();
    let values: Vec<String> = layout.columns.iter().map(|column| dialect.value(column)).collect();
    let (rows, time) = (from_rows(conn, layout, only_over), layout.store_time().0);
    format!("SELECT {} {rows} ORDER BY {time}, {}", values.join(", "), dialect.order(layout))
}

/// Returns the part of a statement about the rows of guild `?1` from `?2` to before `?3`.
fn from_rows(conn: &(impl Connection + ?Sized), layout: &Layout, only_over: bool) -> String {
    let (table, time, dialect) = (layout.table, layout.store_time().0, conn.dialect());
    let over = layout.end_sql().filter(|_| only_over).map(|end| format!(" AND {end} IS NOT NULL"));
    let readable = dialect.readable(layout).map(|readable| format!(" AND {readable}"));
    format!(
        "FROM {table} {} WHERE guild_id = {} AND {time} >= ?2 AND {time} < ?3{}{}",
        dialect.indexed_by(table),
        dialect.id("?1"),
        over.unwrap_or_default(),
        readable.unwrap_or_default()
    )
}

/// Returns the values of such a part.
fn values(partition: &Partition, span: Span) -> [i64; 3] {
    let unit_ms = partition.layout.store_time().1;
    // A span ends between two units only if it includes the first of them.
    let unit = |ms: i64| ms.saturating_add(unit_ms - 1).div_euclid(unit_ms);
    [signed(partition.guild_id), unit(span.from_ms), unit(span.to_ms)]
}

fn signed(guild_id: GuildId) -> i64 {
    i64::try_from(guild_id.get()).unwrap_or(i64::MAX)
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

#[cfg(test)]
mod tests {
    use diesel::{
        Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _,
        sql_query, sql_types::Text,
    };

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
            let sql = format!("EXPLAIN QUERY PLAN {}", select(&conn, layout, true));
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

    #[test]
    fn guilds_are_sought_in_an_index_and_other_values_end_nothing()
    -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut conn = SqliteConnection::establish(":memory:")?;
        mocha_schema::migrate(&mut conn)?;
        conn.batch_execute(
            "PRAGMA foreign_keys = OFF;
             INSERT INTO presence_events (id, guild_id, user_id, created_at) VALUES
                 ('a', '9', '40', 1704067200), ('b', '10', '40', 1704067200), ('c', x'3131', '40', 1704067200),
                 ('d', 'guild', '40', 1704067200), ('e', '', '40', 1704067200)",
        )?;
        let layout = LAYOUTS.iter().copied().find(|layout| layout.table == "presence_events").ok_or("no layout")?;
        let found: Vec<u64> = guilds(&mut conn, layout)?.into_iter().map(GuildId::get).collect();
        assert_eq!(found, [10, 9]);
        for layout in LAYOUTS {
            let sql = format!("EXPLAIN QUERY PLAN {}", next_guild(&conn, layout));
            let steps: Vec<Step> = sql_query(sql).bind::<Text, _>("0").load(&mut conn)?;
            let found = steps.first().map(|step| step.detail.as_str()).unwrap_or_default();
            assert!(found.contains("SEARCH") && found.contains("guild_id>? AND guild_id<?"), "{found}");
        }
        Ok(())
    }

    #[test]
    fn an_archived_row_is_deleted_through_its_key() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut conn = SqliteConnection::establish(":memory:")?;
        mocha_schema::migrate(&mut conn)?;
        for layout in LAYOUTS {
            let sql = format!("EXPLAIN QUERY PLAN {}", conn.dialect().delete(layout));
            let steps: Vec<Step> = sql_query(sql).load(&mut conn)?;
            let found = steps.first().map(|step| step.detail.as_str()).unwrap_or_default();
            assert!(found.contains("autoindex") || found.contains("PRIMARY KEY"), "{}: {found}", layout.table);
        }
        Ok(())
    }
}
