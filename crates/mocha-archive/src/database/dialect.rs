//! The SQL of both databases, made from the columns of a layout.

use crate::{Column, ColumnKind, batch::Row, column::Origin, layout::Layout};

/// Which SQL a database speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// PostgreSQL's. Ids are BIGINT.
    Postgres,
    /// SQLite's. Ids are decimal TEXT, and any column may have values of another type.
    Sqlite,
}

impl Dialect {
    pub(crate) fn either<T>(self, sqlite: T, postgres: T) -> T {
        match self {
            Self::Postgres => postgres,
            Self::Sqlite => sqlite,
        }
    }

    /// Returns the id in a parameter as the tables have it.
    pub(crate) fn id(self, parameter: &str) -> String {
        self.either(format!("CAST({parameter} AS TEXT)"), parameter.to_owned())
    }

    /// Returns how a statement about rows of a guild and time names their index.
    pub(crate) fn indexed_by(self, table: &str) -> String {
        self.either(format!("INDEXED BY idx_{table}_guild_time"), String::new())
    }

    /// Returns the expression of a column's value as the archive has it: a text, or a number of 64
    /// bits.
    pub(crate) fn value(self, column: &Column) -> String {
        match (column.origin, column.kind) {
            (Origin::Bot, _) => self.either(
                "(SELECT bot FROM users WHERE users.id = user_id AND bot IN (0, 1))".to_owned(),
                "(SELECT bot::INTEGER::BIGINT FROM users WHERE users.id = user_id)".to_owned(),
            ),
            (Origin::Number(sql), _) => {
                self.either(format!("CASE WHEN {} THEN CAST({sql} AS INTEGER) END", decimal(sql)), sql.to_owned())
            }
            (Origin::OtherText(sql), _) => self.other_text(sql),
            (Origin::Stored(sql), ColumnKind::Id) => self.either(format!("CAST({sql} AS INTEGER)"), sql.to_owned()),
            (Origin::Stored(sql), ColumnKind::Bool) => self.either(sql.to_owned(), format!("{sql}::INTEGER::BIGINT")),
            (Origin::Stored(sql), ColumnKind::Int) => self.either(sql.to_owned(), format!("{sql}::BIGINT")),
            (Origin::Stored(sql), ColumnKind::Second) => format!("{sql} * 1000"),
            (Origin::Stored(sql), ColumnKind::Millis | ColumnKind::Text | ColumnKind::Time) => sql.to_owned(),
        }
    }

    fn other_text(self, sql: &str) -> String {
        self.either(format!("CASE WHEN {} THEN NULL ELSE {sql} END", decimal(sql)), "NULL::TEXT".to_owned())
    }

    /// Returns the condition that the archive can hold a row, or `None` if it can hold every row.
    pub(crate) fn readable(self, layout: &Layout) -> Option<String> {
        let fits: Vec<String> = layout.columns.iter().filter_map(|column| self.fits(column)).collect();
        (!fits.is_empty()).then(|| fits.join(" AND "))
    }

    /// Returns the condition that the archive can hold a value, unless it always can.
    fn fits(self, column: &Column) -> Option<String> {
        const SECONDS: &str = "BETWEEN 0 AND 253402300799";
        const MILLISECONDS: &str = "BETWEEN 0 AND 253402300799999";
        let sql = match column.origin {
            Origin::Stored(sql) => sql.to_owned(),
            Origin::OtherText(sql) => self.other_text(sql),
            Origin::Bot | Origin::Number(_) => return None,
        };
        let fits = match column.kind {
            ColumnKind::Bool => self.either(Some(format!("typeof({sql}) = 'integer' AND {sql} IN (0, 1)")), None),
            ColumnKind::Id => self.either(Some(decimal(&sql)), None),
            ColumnKind::Int => {
                let fits = format!("typeof({sql}) = 'integer' AND {sql} BETWEEN -2147483648 AND 2147483647");
                self.either(Some(fits), None)
            }
            ColumnKind::Millis => self.either(Some(format!("typeof({sql}) = 'integer'")), None),
            ColumnKind::Second => self.either(Some(format!("typeof({sql}) = 'integer' AND {sql} {SECONDS}")), None),
            ColumnKind::Text => self.either(Some(format!("typeof({sql}) = 'text'")), None),
            // PostgreSQL's tables check only some of them.
            ColumnKind::Time => Some(self.either(
                format!("typeof({sql}) = 'integer' AND {sql} {MILLISECONDS}"),
                format!("{sql} {MILLISECONDS}"),
            )),
        };
        fits.map(|fits| if column.optional { format!("({sql} IS NULL OR {fits})") } else { format!("({fits})") })
    }

    /// Returns the order of rows of one time: numbers by value, texts by their length in bytes and
    /// then their bytes.
    pub(crate) fn order(self, layout: &Layout) -> String {
        let (number, text) = layout.key;
        let column = number.or(text).and_then(|column| layout.columns.get(column));
        match column.map(|column| column.origin) {
            Some(Origin::Stored(sql) | Origin::Number(sql) | Origin::OtherText(sql)) => {
                let by_length = format!("octet_length({sql}), {sql}");
                self.either(by_length.clone(), if number.is_some() { sql.to_owned() } else { by_length })
            }
            Some(Origin::Bot) | None => "1".to_owned(),
        }
    }

    /// Returns whether the database can hold an archived row.
    pub(crate) fn holds(self, row: Row<'_>) -> bool {
        let columns = row.batch.layout().columns.iter().enumerate();
        let mut texts = columns.filter_map(|(position, column)| Some((column.origin, row.text(position)?)));
        match self {
            Self::Postgres => {
                texts.all(|(origin, text)| !matches!(origin, Origin::OtherText(_)) && !text.contains('\0'))
            }
            Self::Sqlite => true,
        }
    }

    /// Returns the columns of the table that are archived: each name, the expression of an archived
    /// value as the table has it, and whether it may be NULL.
    fn stored(self, layout: &Layout) -> Vec<(&'static str, String, bool)> {
        let columns = layout.columns.iter().zip(1..).filter_map(|(column, number)| {
            let parameter = self.either(format!("?{number}"), format!("c{number}"));
            let (name, value, optional) = match (column.origin, column.kind) {
                (Origin::Stored(name), ColumnKind::Id) => (name, self.id(&parameter), column.optional),
                (Origin::Stored(name), ColumnKind::Second) => (name, format!("{parameter} / 1000"), column.optional),
                (Origin::Stored(name), ColumnKind::Bool) => {
                    let bool = format!("{parameter}::INTEGER::BOOLEAN");
                    (name, self.either(parameter, bool), column.optional)
                }
                (Origin::Stored(name), _) => (name, parameter, column.optional),
                (Origin::Number(name), _) => {
                    let other = format!("coalesce(CAST({parameter} AS TEXT), ?{})", number + 1);
                    (name, self.either(other, parameter), false)
                }
                (Origin::OtherText(_) | Origin::Bot, _) => return None,
            };
            Some((name, value, optional))
        });
        columns.collect()
    }

    /// Returns the statement that puts archived rows into the table, unless rows with their keys
    /// are there. A parameter's number is that of the column. In SQLite it is the value of one row,
    /// in PostgreSQL an array with the values of all rows.
    pub(crate) fn insert(self, layout: &Layout) -> String {
        let stored = self.stored(layout);
        let names: Vec<&str> = stored.iter().map(|(name, ..)| *name).collect();
        let values: Vec<&str> = stored.iter().map(|(_, value, _)| value.as_str()).collect();
        let (names, values, table) = (names.join(", "), values.join(", "), layout.table);
        self.either(
            format!("INSERT OR IGNORE INTO {table} ({names}) VALUES ({values})"),
            // Without the RETURNING, Citus also counts rows that were there before.
            format!(
                "INSERT INTO {table} ({names}) SELECT {values} FROM {} ON CONFLICT DO NOTHING RETURNING 1",
                rows(layout)
            ),
        )
    }

    /// Returns the statement that deletes the rows of the table that equal archived rows. Its
    /// parameters are those of [`insert`](Self::insert).
    pub(crate) fn delete(self, layout: &Layout) -> String {
        let table = layout.table;
        let equal = self.stored(layout).into_iter().map(|(name, value, optional)| {
            let is = if optional { self.either("IS", "IS NOT DISTINCT FROM") } else { "=" };
            format!("{table}.{name} {is} {value}")
        });
        let equal = equal.collect::<Vec<_>>().join(" AND ");
        self.either(
            format!("DELETE FROM {table} WHERE {equal}"),
            format!("DELETE FROM {table} USING {} WHERE {equal}", rows(layout)),
        )
    }
}

/// Returns the rows that PostgreSQL gets as an array for each column.
fn rows(layout: &Layout) -> String {
    let arrays = layout.columns.iter().zip(1..).map(|(column, number)| {
        let kind = if column.kind == ColumnKind::Text { "TEXT" } else { "BIGINT" };
        format!("?{number}::{kind}[]")
    });
    let names = (1..=layout.columns.len()).map(|number| format!("c{number}"));
    let (arrays, names) = (arrays.collect::<Vec<_>>(), names.collect::<Vec<_>>());
    format!("unnest({}) AS archived ({})", arrays.join(", "), names.join(", "))
}

/// Returns the condition that a text is a plain decimal number from 1 to 2^63 - 1.
fn decimal(sql: &str) -> String {
    format!("{sql} > '0' AND {sql} = CAST(CAST({sql} AS INTEGER) AS TEXT)")
}
