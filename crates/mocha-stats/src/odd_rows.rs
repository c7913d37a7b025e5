//! Rows that Mocha cannot read make no question fail.

use diesel::{connection::SimpleConnection, prelude::*, sql_query, sql_types::Text};

use crate::{
    Window,
    fixture::{MONDAY, TestResult, seeded},
    questions::QUESTIONS,
};

/// A row of each of the eight tables, in guild 1, with an id of its own.
const ROWS: [(&str, &str); 8] = [
    ("guilds", "'{id}', 'Rust', NULL, 7, 1792368000, 1792368000"),
    ("users", "'{id}', 'ferris', '0', NULL, 0, 1792368000, 1792368000"),
    ("channels", "'{id}', '1', 'general', 0, '1000', 1, 1792368000, 1792368000"),
    ("members", "'{id}', '1', '20', 'crab', 1792368000, 1792368000, 1792368000, 1792368000"),
    ("message_events", "'{id}', '1', '1000', '20', 0, 0, 0, 5, 1, 1792400000"),
    ("voice_events", "'{id}', '1', '3000', '20', 'leave', 1792400000, 1792400010, 10000, 0, 0, 1792400010"),
    ("member_events", "'{id}', '1', '20', 'join', 7, 1792400000"),
    ("presence_events", "'{id}', '1', '20', 'online', 0, 'chess', 1792400000"),
];

/// Values that other programs write, and some that nobody should.
const VALUES: [&str; 27] = [
    "NULL",
    "''",
    "'0'",
    "'-5'",
    "'007'",
    "' 20'",
    "'20.0'",
    "'12abc'",
    "'anonymous'",
    "'deleted-channel'",
    "'9223372036854775807'",
    "'9223372036854775808'",
    "'18446744073709551616'",
    "'2026-10-19T09:00:00.000Z'",
    "x''",
    "x'31'",
    "x'ff00'",
    "-1",
    "-1e300",
    "1e300",
    "9e999",
    "1792400000.5",
    "1792400000000",
    "253402300799",
    "253402300800",
    "9223372036854775807",
    "-9223372036854775808",
];

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

fn columns(conn: &mut SqliteConnection, table: &str) -> TestResult<Vec<String>> {
    let columns: Vec<Column> = sql_query(format!("SELECT name FROM pragma_table_info('{table}')")).load(conn)?;
    Ok(columns.into_iter().map(|column| column.name).collect())
}

/// Inserts rows with each value in each column but the first ones, as far as the table takes them. Their ids have five digits.
fn insert_odd_rows(conn: &mut SqliteConnection, table: &str, row: &str, first_columns: usize) -> TestResult {
    for (place, column) in columns(conn, table)?.into_iter().enumerate().skip(first_columns) {
        let mut inserted = 0;
        for (number, odd) in VALUES.into_iter().enumerate() {
            let row = row.replace("{id}", &format!("9{place:02}{number:02}"));
            let mut values: Vec<&str> = row.split(", ").collect();
            values[place] = odd;
            let values = values.join(", ");
            inserted += sql_query(format!("INSERT OR IGNORE INTO {table} VALUES ({values})")).execute(conn)?;
        }
        assert!(inserted > 18, "{table}.{column}: {inserted}");
    }
    Ok(())
}

fn windows() -> TestResult<[Window; 3]> {
    let day = chrono::DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    let end = day + chrono::TimeDelta::days(3) + chrono::TimeDelta::minutes(1);
    Ok([Window::all(), Window::since(day)?, Window::between(day, end)?])
}

#[test]
fn no_odd_row_makes_any_question_fail() -> TestResult {
    let mut failed = Vec::new();
    for (table, row) in ROWS {
        let mut conn = seeded()?;
        conn.batch_execute("PRAGMA foreign_keys = OFF")?;
        insert_odd_rows(&mut conn, table, row, 0)?;
        for (name, load) in QUESTIONS {
            for window in windows()? {
                if let Err(error) = load(&mut conn, 1.try_into()?, window) {
                    let source = std::error::Error::source(&error).map(ToString::to_string);
                    failed.push(format!("{table}: {name}: {error} {source:?}"));
                }
            }
        }
    }
    failed.dedup();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(())
}

/// Such rows count as little as if they were not there.
#[test]
fn no_question_counts_a_row_whose_ids_or_time_it_cannot_read() -> TestResult {
    let mut before = Vec::new();
    let mut conn = seeded()?;
    for (_, load) in QUESTIONS {
        for window in windows()? {
            before.push(load(&mut conn, 1.try_into()?, window)?);
        }
    }
    conn.batch_execute("PRAGMA foreign_keys = OFF")?;
    for (table, row) in ROWS.into_iter().filter(|(table, _)| table.ends_with("_events")) {
        insert_odd_rows(&mut conn, table, row, 1)?;
        // The others are readable, and so are times with a fraction to a question.
        conn.batch_execute(&format!(
            "DELETE FROM {table} WHERE length(id) = 5 AND (typeof(created_at) = 'real' AND created_at > 0 OR id NOT IN (
                SELECT row_id FROM unreadable_rows WHERE table_name = '{table}' AND column_name IN
                    ('guild_id', 'channel_id', 'user_id', 'created_at')
            ))"
        ))?;
        let left: Column = sql_query(format!("SELECT count(*) || '' AS name FROM {table} WHERE length(id) = 5"))
            .get_result(&mut conn)?;
        assert!(left.name.parse::<u32>()? > 40, "{table}: {}", left.name);
    }
    let mut before = before.into_iter();
    for (name, load) in QUESTIONS {
        for window in windows()? {
            assert_eq!(Some(load(&mut conn, 1.try_into()?, window)?), before.next(), "{name}");
        }
    }
    Ok(())
}
