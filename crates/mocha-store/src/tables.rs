//! The catalogue's tables as SQL.

use mocha_schema::catalogue::{Guild, Table};

/// Returns the column that identifies a row: the row id if SQLite has one, which is faster than a
/// text, else the key.
pub(crate) fn row(table: &Table) -> String {
    if table.key == ["id"] { "rowid".to_owned() } else { table.key.join(", ") }
}

/// Returns the SQL expression for a guild's id in the table. `parameter` stands for the id as a text.
pub(crate) fn guild(table: &Table, parameter: &str) -> String {
    match table.guild {
        Some(Guild::Number) => format!("CAST({parameter} AS INTEGER)"),
        _ => parameter.to_owned(),
    }
}

/// Returns a statement that deletes the rows that the rest of a SELECT finds.
pub(crate) fn delete(table: &Table, rest: &str) -> String {
    let (name, row) = (table.name, row(table));
    format!("DELETE FROM {name} WHERE ({row}) IN (SELECT {row} FROM {name} {rest})")
}
