//! Reads and writes rows of either database.

use diesel::{
    PgConnection, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    deserialize::{self, FromSqlRow},
    pg::Pg,
    sql_query,
    sql_types::{Array, BigInt, Binary, Nullable, Text, Untyped},
    sqlite::Sqlite,
};

use super::table::{Copied, Kind, Row, fits};

/// A connection of one of the two databases.
pub(super) enum Side<'c> {
    Postgres(&'c mut PgConnection),
    Sqlite(&'c mut SqliteConnection),
}

/// Rows of a table, and how many cannot be copied.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The id of the last user.
    pub(super) last: Option<String>,
    /// The time after the last row. `None` if no row is left.
    pub(super) next: Option<i64>,
    pub(super) odd: u64,
    pub(super) rows: Vec<Row>,
}

/// The largest time of any unit that a row may have.
const LAST: i64 = 253_402_300_799_999;

impl Side<'_> {
    /// Reads rows of a guild in order of time, from a time on and before another one. Rows of one time are never parted.
    /// Without a time in the table it reads all.
    pub(super) fn page(
        &mut self,
        copied: &Copied,
        guild: &str,
        (from, before): (i64, i64),
        limit: Option<i64>,
    ) -> QueryResult<Page> {
        let Some(time) = copied.time.and_then(|place| copied.columns.get(place)).map(|(name, _)| *name) else {
            let rows = self.select(copied, &format!("WHERE {} = $1", copied.guild_column()), guild, &[])?;
            return Ok(checked(copied, rows));
        };
        let unit = copied.table.time.map_or(1, |time| time.unit_ms);
        let before = before.min(LAST / unit + 1);
        let tie = copied.tie(matches!(self, Self::Sqlite(_)));
        let condition = format!("WHERE guild_id = $1 AND {time} >= $2 AND {time} < $3 ORDER BY {time}, {tie}");
        let Some(limit) = limit else {
            return Ok(checked(copied, self.select(copied, &condition, guild, &[from, before])?));
        };
        let mut rows = self.select(copied, &format!("{condition} LIMIT $4"), guild, &[from, before, limit])?;
        let is_last = i64::try_from(rows.len()).is_ok_and(|len| len < limit);
        if is_last {
            return Ok(checked(copied, rows));
        }
        let time_of = |row: &Raw| copied.time.and_then(|place| row.text(place)?.parse::<i64>().ok());
        let Some(last) = rows.last().and_then(time_of) else { return Ok(checked(copied, rows)) };
        let first = rows.first().and_then(time_of);
        let next = if first == Some(last) {
            // All have one time, and there may be more of it.
            rows = self.select(copied, &condition, guild, &[last, last + 1])?;
            last + 1
        } else {
            rows.retain(|row| time_of(row) != Some(last));
            last
        };
        Ok(Page { next: Some(next), ..checked(copied, rows) })
    }

    fn select(&mut self, copied: &Copied, rest: &str, guild: &str, numbers: &[i64]) -> QueryResult<Vec<Raw>> {
        let table = copied.table.name;
        match self {
            Self::Postgres(conn) => {
                let sql = format!("SELECT {} FROM {table} {rest}", list_of_server(copied));
                let guild = guild.parse::<i64>().unwrap_or_default();
                let query = sql_query(sql).into_boxed().bind::<BigInt, _>(guild);
                numbers.iter().fold(query, |query, number| query.bind::<BigInt, _>(*number)).load(*conn)
            }
            Self::Sqlite(conn) => {
                // SQLite's parameters are named by number alike.
                let sql = format!("SELECT {} FROM {table} {}", list_of_file(copied), rest.replace('$', "?"));
                let query = sql_query(sql).into_boxed().bind::<Text, _>(guild);
                numbers.iter().fold(query, |query, number| query.bind::<BigInt, _>(*number)).load(*conn)
            }
        }
    }

    /// Reads all rows of a small table.
    pub(super) fn all(&mut self, copied: &Copied) -> QueryResult<Page> {
        let table = copied.table.name;
        let rows: Vec<Raw> = match self {
            Self::Postgres(conn) => sql_query(format!("SELECT {} FROM {table}", list_of_server(copied))).load(*conn)?,
            Self::Sqlite(conn) => sql_query(format!("SELECT {} FROM {table}", list_of_file(copied))).load(*conn)?,
        };
        Ok(checked(copied, rows))
    }

    /// Reads users, so many after one of them in the order of the database.
    pub(super) fn users(&mut self, copied: &Copied, after: &str, limit: i64) -> QueryResult<Page> {
        let rows: Vec<Raw> = match self {
            Self::Postgres(conn) => {
                let sql = format!("SELECT {} FROM users WHERE id > $1 ORDER BY id LIMIT $2", list_of_server(copied));
                let after = after.parse::<i64>().unwrap_or_default();
                sql_query(sql).bind::<BigInt, _>(after).bind::<BigInt, _>(limit).load(*conn)?
            }
            Self::Sqlite(conn) => {
                let sql = format!("SELECT {} FROM users WHERE id > ? ORDER BY id LIMIT ?", list_of_file(copied));
                sql_query(sql).bind::<Text, _>(after).bind::<BigInt, _>(limit).load(*conn)?
            }
        };
        let last = rows.last().and_then(|row| row.text(0)).map(str::to_owned);
        Ok(Page { last, ..checked(copied, rows) })
    }

    /// Reads the users with these ids.
    pub(super) fn users_of(&mut self, copied: &Copied, ids: &[String]) -> QueryResult<Page> {
        let rows: Vec<Raw> = match self {
            Self::Postgres(conn) => {
                let sql = format!("SELECT {} FROM users WHERE id = ANY ($1::BIGINT[])", list_of_server(copied));
                sql_query(sql).bind::<Array<Text>, _>(ids).load(*conn)?
            }
            Self::Sqlite(conn) => {
                let sql =
                    format!("SELECT {} FROM users WHERE id IN (SELECT value FROM json_each(?))", list_of_file(copied));
                // Ids are digits.
                sql_query(sql).bind::<Text, _>(format!("[\"{}\"]", ids.join("\",\""))).load(*conn)?
            }
        };
        Ok(checked(copied, rows))
    }

    /// Returns the first column of a query, as texts that are not NULL. `$1` is the guild.
    pub(super) fn texts(&mut self, sql: &str, guild: &str) -> QueryResult<Vec<String>> {
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = Nullable<Text>)]
            line: Option<String>,
        }
        let lines: Vec<Line> = match self {
            Self::Postgres(conn) if sql.contains("$1") => {
                sql_query(sql).bind::<BigInt, _>(guild.parse::<i64>().unwrap_or_default()).load(*conn)?
            }
            Self::Postgres(conn) => sql_query(sql).load(*conn)?,
            Self::Sqlite(conn) if sql.contains("$1") => {
                sql_query(sql.replace('$', "?")).bind::<Text, _>(guild).load(*conn)?
            }
            Self::Sqlite(conn) => sql_query(sql).load(*conn)?,
        };
        Ok(lines.into_iter().filter_map(|line| line.line).collect())
    }

    /// Returns a number of one row, or 0.
    pub(super) fn number(&mut self, expression: &str, guild: &str) -> QueryResult<i64> {
        let lines = self.texts(&format!("SELECT CAST({expression} AS TEXT) AS line"), guild)?;
        Ok(lines.first().and_then(|line| line.parse().ok()).unwrap_or_default())
    }

    /// Adds rows, and replaces those with the same key.
    pub(super) fn put(&mut self, copied: &Copied, rows: &[Row]) -> QueryResult<()> {
        let Copied { columns, key, table, .. } = copied;
        let names = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let set = (columns.iter().enumerate())
            .filter(|(place, _)| !key.contains(place))
            .map(|(_, (name, _))| format!("{name} = excluded.{name}"))
            .collect::<Vec<_>>()
            .join(", ");
        let action = if set.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {set}") };
        let name = table.name;
        match self {
            Self::Postgres(conn) => {
                let key = names_of(copied).collect::<Vec<_>>().join(", ");
                let values = (columns.iter().enumerate())
                    .map(|(place, (_, kind))| format!("c{place}::{}", type_of(*kind)))
                    .collect::<Vec<_>>()
                    .join(", ");
                let arrays = (1..=columns.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
                let held = (0..columns.len()).map(|place| format!("c{place}")).collect::<Vec<_>>().join(", ");
                let sql = format!(
                    "INSERT INTO {name} ({names}) SELECT {values} FROM unnest({arrays}) WITH ORDINALITY AS held ({held}, place)
                     ORDER BY place ON CONFLICT ({key}) DO {action}"
                );
                let mut query = sql_query(sql).into_boxed();
                for place in 0..columns.len() {
                    let column: Vec<Option<String>> =
                        rows.iter().map(|row| row.get(place).cloned().flatten()).collect();
                    query = query.bind::<Array<Nullable<Text>>, _>(column);
                }
                query.execute(*conn)?;
            }
            Self::Sqlite(conn) => {
                let key = table.key.join(", ");
                let values = (0..columns.len())
                    .map(|place| format!("json_extract(value, '$[{place}]')"))
                    .collect::<Vec<_>>()
                    .join(", ");
                let sql = format!(
                    "INSERT INTO {name} ({names}) SELECT {values} FROM json_each(?) WHERE true ON CONFLICT ({key}) DO {action}"
                );
                sql_query(sql).bind::<Text, _>(json(rows)).execute(*conn)?;
            }
        }
        Ok(())
    }

    /// Deletes the rows with these keys.
    pub(super) fn delete(&mut self, copied: &Copied, rows: &[Row]) -> QueryResult<()> {
        let keys: Vec<Row> = rows.iter().map(|row| copied.key_of(row)).collect();
        let columns: Vec<(&str, Kind)> =
            copied.key.iter().filter_map(|place| copied.columns.get(*place).copied()).collect();
        let names = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let name = copied.table.name;
        match self {
            Self::Postgres(conn) => {
                let values = (columns.iter().enumerate())
                    .map(|(place, (_, kind))| format!("c{place}::{}", type_of(*kind)))
                    .collect::<Vec<_>>()
                    .join(", ");
                let arrays = (1..=columns.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
                let held = (0..columns.len()).map(|place| format!("c{place}")).collect::<Vec<_>>().join(", ");
                let sql = format!(
                    "DELETE FROM {name} WHERE ({names}) IN (SELECT {values} FROM unnest({arrays}) AS held ({held}))"
                );
                let mut query = sql_query(sql).into_boxed();
                for place in 0..columns.len() {
                    let column: Vec<Option<String>> =
                        keys.iter().map(|row| row.get(place).cloned().flatten()).collect();
                    query = query.bind::<Array<Nullable<Text>>, _>(column);
                }
                query.execute(*conn)?;
            }
            Self::Sqlite(conn) => {
                let values = (0..columns.len())
                    .map(|place| format!("json_extract(value, '$[{place}]')"))
                    .collect::<Vec<_>>()
                    .join(", ");
                let sql = format!("DELETE FROM {name} WHERE ({names}) IN (SELECT {values} FROM json_each(?))");
                sql_query(sql).bind::<Text, _>(json(&keys)).execute(*conn)?;
            }
        }
        Ok(())
    }
}

/// A row as it is read. `None` in the place of a value that is no text.
#[derive(Debug)]
struct Raw(Vec<Option<Result<String, ()>>>);

impl Raw {
    fn text(&self, place: usize) -> Option<&str> {
        self.0.get(place)?.as_ref()?.as_ref().ok().map(String::as_str)
    }
}

/// Parts the rows that fit into the columns from others.
fn checked(copied: &Copied, rows: Vec<Raw>) -> Page {
    let mut page = Page::default();
    for Raw(cells) in rows {
        let row: Result<Row, ()> = (cells.into_iter().zip(&copied.columns))
            .map(|(cell, (_, kind))| match cell {
                None => Ok(None),
                Some(Ok(value)) if fits(*kind, &value) => Ok(Some(value)),
                Some(_) => Err(()),
            })
            .collect();
        match row {
            Ok(row) => page.rows.push(row),
            Err(()) => page.odd += 1,
        }
    }
    page
}

/// The names of the key's columns.
fn names_of(copied: &Copied) -> impl Iterator<Item = &'static str> {
    copied.key.iter().filter_map(|place| copied.columns.get(*place)).map(|(name, _)| *name)
}

fn list_of_server(copied: &Copied) -> String {
    let list = copied.columns.iter().map(|(name, kind)| match kind {
        Kind::Bool => format!("{name}::INTEGER::TEXT"),
        _ => format!("{name}::TEXT"),
    });
    list.collect::<Vec<_>>().join(", ")
}

/// A value of a kind that the column does not have becomes bytes that are no text.
fn list_of_file(copied: &Copied) -> String {
    let list = copied
        .columns
        .iter()
        .map(|(name, _)| format!("CASE typeof({name}) WHEN 'blob' THEN x'ff' ELSE CAST({name} AS TEXT) END"));
    list.collect::<Vec<_>>().join(", ")
}

const fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Big => "BIGINT",
        Kind::Bool => "BOOLEAN",
        Kind::Int => "INTEGER",
        Kind::Text => "TEXT",
    }
}

fn json(rows: &[Row]) -> String {
    serde_json::to_string(rows).unwrap_or_default()
}

impl FromSqlRow<Untyped, Sqlite> for Raw {
    fn build_from_row<'a>(row: &impl diesel::row::Row<'a, Sqlite>) -> deserialize::Result<Self> {
        let cells = (0..row.field_count()).map(|column| {
            let bytes: Option<Vec<u8>> = row.get_value::<Nullable<Binary>, _, _>(column)?;
            Ok(bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| ())))
        });
        cells.collect::<deserialize::Result<_>>().map(Self)
    }
}

impl FromSqlRow<Untyped, Pg> for Raw {
    fn build_from_row<'a>(row: &impl diesel::row::Row<'a, Pg>) -> deserialize::Result<Self> {
        let cells = (0..row.field_count()).map(|column| {
            let text: Option<String> = row.get_value::<Nullable<Text>, _, _>(column)?;
            Ok(text.map(Ok))
        });
        cells.collect::<deserialize::Result<_>>().map(Self)
    }
}
