//! The tables that are copied, and the types of their columns.

use diesel::{PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use mocha_schema::catalogue::{Guild, Kept, Person, Table};

/// The type of a column. Between the databases values travel as texts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A decimal number, without a sign or zeros that it does not need.
    Big,
    /// `0` or `1`.
    Bool,
    /// The same as `Big`, with 32 bits.
    Int,
    Text,
}

/// A table to copy.
#[derive(Clone, Debug)]
pub(super) struct Copied {
    pub(super) columns: Vec<(&'static str, Kind)>,
    /// The places of the columns of PostgreSQL's primary key.
    pub(super) key: Vec<usize>,
    pub(super) table: &'static Table,
    /// The place of the time that the rows of a guild are read by. `None`: all of them are read at once.
    pub(super) time: Option<usize>,
}

/// A row: a text or NULL for each column.
pub(super) type Row = Vec<Option<String>>;

impl Copied {
    /// Asks the server for the types and the key.
    pub(super) fn load(conn: &mut PgConnection, table: &'static Table) -> QueryResult<Self> {
        #[derive(QueryableByName)]
        struct Column {
            #[diesel(sql_type = diesel::sql_types::Bool)]
            is_key: bool,
            #[diesel(sql_type = Text)]
            kind: String,
            #[diesel(sql_type = Text)]
            name: String,
        }
        let found: Vec<Column> = sql_query(
            "SELECT attname::TEXT AS name, format_type(atttypid, NULL) AS kind, coalesce(attnum = ANY (indkey), false) AS is_key
             FROM pg_attribute LEFT JOIN pg_index ON indrelid = attrelid AND indisprimary
             WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
        )
        .bind::<Text, _>(table.name)
        .load(conn)?;
        let mut copied = Self { columns: Vec::new(), key: Vec::new(), table, time: None };
        for (place, column) in table.columns.iter().enumerate() {
            let found = found.iter().find(|found| found.name == column.name).ok_or(diesel::result::Error::NotFound)?;
            let kind = match found.kind.as_str() {
                "bigint" => Kind::Big,
                "boolean" => Kind::Bool,
                "integer" => Kind::Int,
                _ => Kind::Text,
            };
            copied.columns.push((column.name, kind));
            if found.is_key {
                copied.key.push(place);
            }
            if table.time.is_some_and(|time| time.column == column.name) {
                copied.time = Some(place);
            }
        }
        Ok(copied)
    }

    pub(super) fn key_of(&self, row: &Row) -> Row {
        self.key.iter().map(|place| row.get(*place).cloned().flatten()).collect()
    }

    /// The value in a column, if the table has it.
    pub(super) fn value<'r>(&self, row: &'r Row, column: &str) -> Option<&'r str> {
        let place = self.columns.iter().position(|(name, _)| *name == column)?;
        row.get(place)?.as_deref()
    }

    pub(super) fn number(&self, row: &Row, column: &str) -> Option<i64> {
        self.value(row, column)?.parse().ok()
    }

    /// The column that names the guild.
    pub(super) fn guild_column(&self) -> &'static str {
        if self.table.guild == Some(Guild::Own) { "id" } else { "guild_id" }
    }

    /// Whether a row is an open interval of voice, which is a state and not an event.
    pub(super) fn is_open(&self, row: &Row) -> bool {
        self.table.name == "voice_intervals" && self.value(row, "ended_at_ms").is_none()
    }

    /// Returns the column that orders rows of the same time.
    pub(super) fn tie(&self, is_file: bool) -> &'static str {
        match (self.table.name, is_file) {
            ("message_events" | "voice_events", false) => "id",
            ("member_events" | "presence_events", false) => "rowid",
            ("voice_intervals", _) => "user_id",
            (_, true) if self.table.key == ["id"] => "rowid",
            _ => "guild_id",
        }
    }
}

/// Returns whether the value is one of the column.
pub(super) fn fits(kind: Kind, value: &str) -> bool {
    match kind {
        Kind::Big => value.parse::<i64>().is_ok_and(|number| number.to_string() == value),
        Kind::Int => value.parse::<i32>().is_ok_and(|number| number.to_string() == value),
        Kind::Bool => matches!(value, "0" | "1"),
        Kind::Text => !value.contains('\0'),
    }
}

/// The tables of a guild in the order in which they are copied: rows refer to rows before them.
pub(super) fn of_guild() -> impl Iterator<Item = &'static Table> {
    let first = ["guilds", "channels"].into_iter().filter_map(Table::find);
    let states = [Kept::File, Kept::Member, Kept::User].into_iter().flat_map(Kept::tables);
    let others = states.filter(|table| table.guild.is_some() && !["guilds", "channels"].contains(&table.name));
    first.chain(others).chain(Kept::Events.tables())
}

/// The roll-ups of days and quarters of an hour. From before the horizon they cannot be counted again.
pub(super) fn of_days() -> impl Iterator<Item = &'static Table> {
    let names = ["award_days", "member_days", "message_days", "message_quarters", "voice_channel_days", "voice_days"];
    names.into_iter().filter_map(Table::find)
}

/// The tables of a guild that name users.
pub(super) fn with_users() -> impl Iterator<Item = &'static Table> {
    of_guild().chain(of_days()).filter(|table| table.person.is_some_and(|person| person != Person::Own))
}
