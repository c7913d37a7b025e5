//! Exports the rows about one user.

use std::io::{self, Write};

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl, pg::PgRowByRowLoadingMode, result::Error as DieselError,
    sql_types::Text,
};
use mocha_recorder::{Error, ErrorKind};
use mocha_schema::{GuildId, UserId, catalogue::Table};

use super::rows::{Scope, tables};
use crate::PgStore;

/// Configures an export. [`PgStore::export_user`] returns it.
#[derive(Clone, Debug)]
#[must_use = "nothing is written until `write_to`"]
pub struct Export {
    scope: Scope,
    store: PgStore,
}

impl PgStore {
    /// Exports what Mocha's tables contain about a user as JSON, in all guilds or in one. Give it to users who ask for their
    /// data.
    ///
    /// ```
    /// use mocha_postgres::PgStore;
    ///
    /// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
    /// let store = PgStore::connect(database.url())?;
    /// let mut json = Vec::new();
    /// let rows = store.export_user(40.try_into()?).write_to(&mut json)?;
    /// assert_eq!(rows, 0);
    /// assert!(json.starts_with(br#"{"user_id":"40","guild_id":null,"tables":{"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// Writes one JSON object with the user, the guild, and for each table, by its name, an array of its rows. A row has all
    /// columns by name. Ids are strings. Times are unix seconds, or milliseconds in columns that end in `_ms`. Returns the
    /// number of rows.
    ///
    /// The export shows the database at one instant. It is written row by row, so memory use does not grow.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if the writer fails, with its error as `source()`, and those of [`PgStore::read`] that come from the
    /// server.
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
            Some(error) => Err(Error::with_source(ErrorKind::Io, "the export could not be written", error)),
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

fn write(conn: &mut PgConnection, scope: Scope, out: &mut dyn Write) -> Result<u64, Failed> {
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
        let sql = format!("SELECT {} AS json FROM {} WHERE {}", json(table), table.name, scope.condition(table));
        let mut first = true;
        for row in scope.bind(sql).load_iter::<Row, PgRowByRowLoadingMode>(conn)? {
            write!(out, "{}\n{}", if first { "" } else { "," }, row?.json)?;
            first = false;
            rows += 1;
        }
        out.write_all(b"]")?;
    }
    out.write_all(b"}}\n")?;
    Ok(rows)
}

/// Returns the row as JSON. Most JSON readers cannot hold numbers as large as ids.
fn json(table: &Table) -> String {
    let values = table.columns.iter().map(|column| {
        let name = column.name;
        let is_id = name == "id" || name.ends_with("_id");
        format!("'{name}', {name}{}", if is_id { "::TEXT" } else { "" })
    });
    format!("json_build_object({})::TEXT", values.collect::<Vec<_>>().join(", "))
}
