//! The rows of an old file go into the new tables.

use std::iter;

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    result::Error as DieselError,
    sql_query,
    sql_types::{BigInt, Nullable, Text},
    sqlite::SqliteConnection,
};
use mocha_schema::catalogue::{Column, Table};

use super::{
    Adopted, OddityKind,
    adopt_value::{Conversion, is_event},
    identify::SHARED_TABLES,
};

/// The number of rows of events that are copied at once.
const ROWS: usize = 100_000;

/// Copies every row and converts values. Reports the odd values that it converted.
pub(super) fn copy_rows(conn: &mut SqliteConnection, conversion: Conversion) -> QueryResult<Adopted> {
    let mut adopted = Adopted::default();
    for table in SHARED_TABLES.into_iter().filter_map(Table::find) {
        let rows = find_oddities(conn, conversion, table, &mut adopted)?;
        let copied = copy(conn, conversion, table, rows)?;
        adopted.add("id", OddityKind::Duplicate, rows.saturating_sub(copied), table.name);
        adopted.rows += rows;
    }
    let last_second = conversion.last_second().to_string();
    let durations = include_str!("adopt_durations.sql").replace("{last_second}", &last_second);
    let computed = sql_query(durations).execute(conn)?;
    adopted.add("duration", OddityKind::MissingDuration, count(computed), "voice_events");
    Ok(adopted)
}

/// Adds the odd values that could not be converted to the report, and a row for each guild, channel and user that only events
/// mention. All migrations have run.
pub(super) fn complete_rows(
    conn: &mut SqliteConnection,
    conversion: Conversion,
    adopted: &mut Adopted,
) -> QueryResult<()> {
    find_unreadable(conn, adopted)?;
    adopted.oddities.sort_by_key(|oddity| SHARED_TABLES.iter().position(|table| *table == oddity.table));
    conn.batch_execute(&add_parents(conversion))
}

/// The statements that add a row for each guild, channel and user that only other rows mention.
fn add_parents(conversion: Conversion) -> String {
    let first_seen = format!(
        "coalesce(min(CASE WHEN typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND {} \
         THEN created_at END), {})",
        conversion.last_second(),
        conversion.now
    );
    include_str!("adopt_orphans.sql").replace("{first_seen}", &first_seen)
}

/// Returns the same statements for a salvage at the present time.
pub(crate) fn add_parents_now() -> String {
    add_parents(Conversion::now())
}

/// Copies a table. Returns how many rows that are. Its indexes are created afterwards, which sorts each of them once.
fn copy(conn: &mut SqliteConnection, conversion: Conversion, table: &Table, rows: u64) -> QueryResult<u64> {
    #[derive(QueryableByName)]
    struct Index {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        sql: String,
    }
    let name = table.name;
    let indexes = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL";
    let indexes: Vec<Index> = sql_query(indexes).bind::<Text, _>(name).load(conn)?;
    for index in &indexes {
        conn.batch_execute(&format!("DROP INDEX {}", index.name))?;
    }
    let columns: Vec<String> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let values: Vec<String> = table.columns.iter().map(|column| conversion.value(name, column.name)).collect();
    let (columns, values) = (columns.join(", "), values.join(", "));
    let copied = if is_event(name) {
        copy_events(conn, name, &format!("INSERT INTO {name} ({columns}) SELECT {values}"), rows)?
    } else {
        // If several rows describe the same thing, the newest one stays.
        let newest_first = conversion.value(name, "updated_at");
        let copied = sql_query(format!(
            "INSERT OR IGNORE INTO {name} ({columns}) SELECT {values} FROM original_{name} \
             ORDER BY {newest_first} DESC, rowid DESC"
        ));
        count(copied.execute(conn)?)
    };
    for index in indexes {
        conn.batch_execute(&index.sql)?;
    }
    Ok(copied)
}

/// Copies events in the order in which they were written, and logs how far it is.
fn copy_events(conn: &mut SqliteConnection, name: &str, insert: &str, rows: u64) -> QueryResult<u64> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = Nullable<BigInt>)]
        last: Option<i64>,
    }
    let (mut copied, mut after) = (0, None);
    loop {
        let from = after.map_or(String::new(), |after: i64| format!("WHERE rowid > {after}"));
        let next = format!("FROM original_{name} {from} ORDER BY rowid LIMIT {ROWS}");
        let Last { last: Some(last) } =
            sql_query(format!("SELECT max(rowid) AS last FROM (SELECT rowid {next})")).get_result(conn)?
        else {
            return Ok(copied);
        };
        copied += count(sql_query(format!("{insert} {next}")).execute(conn)?);
        after = Some(last);
        tracing::info!(table = name, copied, rows, "copying the rows of the original's file");
    }
}

/// Counts the values of an old table that are converted. Returns how many rows the table has.
fn find_oddities(
    conn: &mut SqliteConnection,
    conversion: Conversion,
    table: &'static Table,
    adopted: &mut Adopted,
) -> QueryResult<u64> {
    #[derive(QueryableByName)]
    struct Counts {
        #[diesel(sql_type = Text)]
        counts: String,
    }
    let of_column = |column: &'static Column| {
        let oddities = conversion.oddities(table.name, column.name).into_iter();
        oddities.map(move |(kind, condition)| (column.name, kind, condition))
    };
    let oddities: Vec<_> = table.columns.iter().flat_map(of_column).collect();
    // One text, because Diesel needs to know the number of columns.
    let sums = oddities.iter().map(|(_, _, condition)| format!("coalesce(sum({condition}), 0)"));
    let counts: Vec<String> = iter::once("count(*)".to_owned()).chain(sums).collect();
    let counts = counts.join(" || ' ' || ");
    let Counts { counts } =
        sql_query(format!("SELECT '' || {counts} AS counts FROM original_{}", table.name)).get_result(conn)?;
    let counts: Result<Vec<u64>, _> = counts.split(' ').map(str::parse).collect();
    let counts = counts.map_err(|error| DieselError::DeserializationError(error.into()))?;
    for ((column, kind, _), rows) in oddities.into_iter().zip(counts.iter().skip(1)) {
        adopted.add(column, kind, *rows, table.name);
    }
    Ok(counts.first().copied().unwrap_or(0))
}

/// Counts the rows that could not be converted.
fn find_unreadable(conn: &mut SqliteConnection, adopted: &mut Adopted) -> QueryResult<()> {
    #[derive(QueryableByName)]
    struct Unreadable {
        #[diesel(sql_type = Text)]
        table_name: String,
        #[diesel(sql_type = Text)]
        column_name: String,
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let unreadable =
        "SELECT table_name, column_name, count(*) AS rows FROM unreadable_rows GROUP BY 1, 2 ORDER BY 1, 2";
    for Unreadable { table_name, column_name, rows } in sql_query(unreadable).load(conn)? {
        let table = Table::find(&table_name);
        let column = table.and_then(|table| table.columns.iter().find(|column| column.name == column_name));
        if let Some((table, column)) = table.zip(column) {
            adopted.add(column.name, OddityKind::of_unreadable(column.name), rows.unsigned_abs(), table.name);
        }
    }
    Ok(())
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
