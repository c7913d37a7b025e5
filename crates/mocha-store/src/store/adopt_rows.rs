//! The rows of an old file go into the new tables.

use std::iter;

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    result::Error as DieselError,
    sql_query,
    sql_types::{BigInt, Text},
    sqlite::SqliteConnection,
};
use mocha_schema::catalogue::{Column, Table};

use super::{
    Adopted, OddityKind,
    adopt_value::{Conversion, is_event},
    identify::SHARED_TABLES,
};

/// Copies every row, converts values, and adds a row for each guild, channel and user that only
/// events mention. Reports the odd values.
pub(super) fn copy_rows(conn: &mut SqliteConnection, conversion: Conversion) -> QueryResult<Adopted> {
    let mut adopted = Adopted::default();
    for table in SHARED_TABLES.into_iter().filter_map(Table::find) {
        let rows = find_oddities(conn, conversion, table, &mut adopted)?;
        let copied = copy(conn, conversion, table)?;
        adopted.add("id", OddityKind::Duplicate, rows.saturating_sub(copied), table.name);
        adopted.rows += rows;
    }
    let last_second = conversion.last_second().to_string();
    let durations = include_str!("adopt_durations.sql").replace("{last_second}", &last_second);
    let computed = sql_query(durations).execute(conn)?;
    adopted.add("duration", OddityKind::MissingDuration, count(computed), "voice_events");
    find_unreadable(conn, &mut adopted)?;
    conn.batch_execute(&add_parents(conversion))?;
    adopted.oddities.sort_by_key(|oddity| SHARED_TABLES.iter().position(|table| *table == oddity.table));
    Ok(adopted)
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

fn copy(conn: &mut SqliteConnection, conversion: Conversion, table: &Table) -> QueryResult<u64> {
    let name = table.name;
    let columns: Vec<String> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let values: Vec<String> = table.columns.iter().map(|column| conversion.value(name, column.name)).collect();
    let (insert, order) = if is_event(name) {
        // Events stay in the order in which they were written.
        ("INSERT", "rowid".to_owned())
    } else {
        // If several rows describe the same thing, the newest one stays.
        ("INSERT OR IGNORE", format!("{} DESC, rowid DESC", conversion.value(name, "updated_at")))
    };
    let (columns, values) = (columns.join(", "), values.join(", "));
    let copied =
        sql_query(format!("{insert} INTO {name} ({columns}) SELECT {values} FROM original_{name} ORDER BY {order}"));
    copied.execute(conn).map(count)
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
