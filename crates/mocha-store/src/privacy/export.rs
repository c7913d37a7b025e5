//! Exports the rows about one user.

use std::io::{self, Write};

use diesel::{prelude::*, result::Error as DieselError, sql_types::Binary, sqlite::SqliteConnection};
use mocha_schema::{GuildId, UserId};

use super::{
    ledger::{Person, Table},
    rows::{Scope, tables},
};
use crate::{Error, ErrorKind, Store};

/// Configures an export. [`Store::export_user`] returns it.
#[derive(Clone, Debug)]
#[must_use = "nothing is written until `write_to`"]
pub struct Export {
    scope: Scope,
    store: Store,
}

impl Store {
    /// Exports the rows of Mocha's tables about a user as JSON, in all guilds or in one. Give it to
    /// users who ask for their data.
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
    /// Limits the export to one guild, and the user's own row.
    pub fn in_guild(mut self, guild_id: GuildId) -> Self {
        self.scope.guild_id = Some(guild_id);
        self
    }

    /// Writes one JSON object with the user, the guild, and for each table, by its name, an array
    /// of its rows. A row has all columns by name. Ids are strings, blobs are hexadecimal. Times
    /// are unix seconds, or milliseconds in columns that end in `_ms`. Returns the number of rows.
    ///
    /// The export shows the file at one instant. It is written row by row, so memory use does not
    /// grow. It uses one read connection, and the write-ahead log cannot shrink until it ends, so
    /// write to memory or a file rather than to a network. All rows are found through indexes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if the writer fails, with its error as `source()`, and those of
    /// [`Store::read`] that come from SQLite.
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
            Some(error) => Err(Error::with_source(ErrorKind::Io, "cannot write the export", error)),
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
        /// Bytes, because another program may have written texts that are not UTF-8.
        #[diesel(sql_type = Binary)]
        json: Vec<u8>,
    }
    let guild_id = scope.guild_id.map_or_else(|| "null".into(), |guild_id| format!("\"{guild_id}\""));
    write!(out, "{{\"user_id\":\"{}\",\"guild_id\":{guild_id},\"tables\":{{", scope.user_id)?;
    let mut rows = 0;
    for (index, table) in tables().enumerate() {
        write!(out, "{}\"{}\":[", if index > 0 { "," } else { "" }, table.name)?;
        let scope = scope.of(table);
        let sql = format!(
            "SELECT CAST({} AS BLOB) AS json FROM {} WHERE {}",
            json(table),
            table.name,
            scope.condition(table)
        );
        let mut first = true;
        for row in scope.query(sql).load_iter::<Row, diesel::connection::DefaultLoadingMode>(conn)? {
            write!(out, "{}\n{}", if first { "" } else { "," }, String::from_utf8_lossy(&row?.json))?;
            first = false;
            rows += 1;
        }
        out.write_all(b"]")?;
    }
    out.write_all(b"}}\n")?;
    Ok(rows)
}

/// Returns the row as JSON. SQLite writes it, because it knows which values are numbers.
fn json(table: &Table) -> String {
    let values = table.columns.iter().map(|column| {
        let name = column.name;
        // Most JSON readers cannot hold such a large number.
        let is_id = table.person == Some(Person::Number) && name.ends_with("_id");
        let value = if is_id {
            format!("CAST({name} AS TEXT)")
        } else {
            // JSON has no blobs, but other programs may have written some.
            format!("iif(typeof({name}) = 'blob', hex({name}), {name})")
        };
        format!("'{name}', {value}")
    });
    format!("json_object({})", values.collect::<Vec<_>>().join(", "))
}
