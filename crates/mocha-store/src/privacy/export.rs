//! A person's own rows, for the person.

use std::io::{self, Write};

use diesel::{prelude::*, result::Error as DieselError, sql_types::Text, sqlite::SqliteConnection};
use mocha_schema::{GuildId, UserId};

use super::{
    ledger::{Person, Table},
    rows::{Scope, tables},
};
use crate::{Error, ErrorKind, Store};

/// What there is of a person; made by [`Store::export_user`].
#[derive(Clone, Debug)]
#[must_use = "nothing is written until `write_to`"]
pub struct Export {
    scope: Scope,
    store: Store,
}

impl Store {
    /// Writes down what Mocha's tables have of a person, in all guilds or one, as JSON: for a person who asks for it.
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// let mut json = Vec::new();
    /// let rows = store.export_user(40.try_into()?).write_to(&mut json)?;
    /// assert_eq!(rows, 0);
    /// assert!(json.starts_with(br#"{"user_id":"40","guild_id":null,"tables":{"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "gdpr")]
    pub fn export_user(&self, user_id: UserId) -> Export {
        Export { scope: Scope { guild_id: None, user_id }, store: self.clone() }
    }
}

impl Export {
    /// Only what is of this guild, and the user's own row.
    pub fn in_guild(mut self, guild_id: GuildId) -> Self {
        self.scope.guild_id = Some(guild_id);
        self
    }

    /// Writes one JSON object with the user, the guild, and by the name of each table an array of its rows: all columns by name, ids
    /// as strings, times as the file has them, unix seconds or, in columns that end in `_ms`, milliseconds; blobs in hexadecimal. Returns how many rows
    /// there were.
    ///
    /// All of it is as at one instant, and written row by row: memory does not grow. Meanwhile one connection for reading is in use and the
    /// write-ahead log cannot shrink, so write to memory or a file rather than to a network. It reads through
    /// indexes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if the writer fails, with its error as `source()`, and those of [`Store::read`] that are SQLite's.
    pub fn write_to(self, mut writer: impl Write) -> Result<u64, Error> {
        let Self { scope, store } = self;
        let mut broken = None;
        let rows = store.read(|conn| match write(conn, scope, &mut writer) {
            Ok(rows) => Ok(rows),
            Err(Failed::Database(error)) => Err(error),
            Err(Failed::Writer(error)) => {
                broken = Some(error);
                Ok(0)
            }
        })?;
        match broken {
            Some(error) => Err(Error::with_source(ErrorKind::Io, "cannot write down what there is of a person", error)),
            None => Ok(rows),
        }
    }
}

enum Failed {
    Database(DieselError),
    Writer(io::Error),
}

impl From<DieselError> for Failed {
    fn from(error: DieselError) -> Self {
        Self::Database(error)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Writer(error)
    }
}

fn write(conn: &mut SqliteConnection, scope: Scope, out: &mut dyn Write) -> Result<u64, Failed> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        json: String,
    }
    let guild_id = scope.guild_id.map_or_else(|| "null".into(), |guild_id| format!("\"{guild_id}\""));
    write!(out, "{{\"user_id\":\"{}\",\"guild_id\":{guild_id},\"tables\":{{", scope.user_id)?;
    let mut rows = 0;
    for (index, table) in tables().enumerate() {
        write!(out, "{}\"{}\":[", if index > 0 { "," } else { "" }, table.name)?;
        let scope = scope.of(table);
        let sql = format!("SELECT {} AS json FROM {} WHERE {}", json(table), table.name, scope.condition(table));
        let mut first = true;
        for row in scope.query(sql).load_iter::<Row, diesel::connection::DefaultLoadingMode>(conn)? {
            write!(out, "{}\n{}", if first { "" } else { "," }, row?.json)?;
            first = false;
            rows += 1;
        }
        out.write_all(b"]")?;
    }
    out.write_all(b"}}\n")?;
    Ok(rows)
}

/// A row of the table as JSON: SQLite's own, which knows what is a number and what a text.
fn json(table: &Table) -> String {
    let values = table.columns.iter().map(|column| {
        let name = column.name;
        // Most readers of JSON cannot hold so large a number.
        let is_id = table.person == Some(Person::Number) && name.ends_with("_id");
        let value = if is_id {
            format!("CAST({name} AS TEXT)")
        } else {
            // Other programs may have written one, and JSON has none.
            format!("iif(typeof({name}) = 'blob', hex({name}), {name})")
        };
        format!("'{name}', {value}")
    });
    format!("json_object({})", values.collect::<Vec<_>>().join(", "))
}
