//! How every connection is set up.

use std::time::Duration;

use diesel::{
    Connection, PgConnection, QueryResult, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text,
};
use mocha_recorder::{Error, RecorderSettings};

use crate::error::classify;

/// All that is needed to open a connection.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) url: String,
    pub(crate) settings: Settings,
}

/// The settings of a store.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) connections: u32,
    pub(crate) recorder: RecorderSettings,
    pub(crate) schema: Option<String>,
    pub(crate) statement_timeout: Duration,
}

impl Link {
    /// Opens a connection that is all set up.
    pub(crate) fn connect(&self) -> Result<PgConnection, Error> {
        let mut conn =
            PgConnection::establish(&self.url).map_err(|error| classify(format!("cannot connect to {self}"), error))?;
        self.settings
            .configure(&mut conn)
            .map_err(|error| classify(format!("cannot set up a connection to {self}"), error))?;
        Ok(conn)
    }
}

/// The URL without its password.
impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some((_, rest)) = self.url.split_once("://") else { return f.write_str("the PostgreSQL server") };
        let (authority, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let host = parameters.split('&').find_map(|parameter| parameter.strip_prefix("host="));
        let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
        write!(f, "postgres://{}{place}", host.unwrap_or_default())
    }
}

impl Settings {
    /// Sets what the server keeps per connection.
    pub(crate) fn configure(&self, conn: &mut PgConnection) -> QueryResult<()> {
        let milliseconds = self.statement_timeout.as_millis();
        // If the network hides a broken connection from both sides, the timeouts end it. The recorder's own
        // transactions are never idle.
        conn.batch_execute(&format!(
            "SET statement_timeout = {milliseconds}; SET idle_in_transaction_session_timeout = {}; SET client_encoding = 'UTF8'",
            milliseconds.saturating_mul(2)
        ))?;
        // With Citus, users are on every server, and their rows can change only in a transaction that takes one step after the
        // other. PostgreSQL without Citus ignores the setting.
        conn.batch_execute("SET citus.multi_shard_modify_mode = 'sequential'")?;
        if let Some(schema) = &self.schema {
            sql_query("SELECT set_config('search_path', quote_ident($1), false)")
                .bind::<Text, _>(schema)
                .execute(conn)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let settings = Settings {
            connections: 1,
            recorder: RecorderSettings::default(),
            schema: None,
            statement_timeout: Duration::from_secs(1),
        };
        for (url, shown) in [
            ("postgres://me:secret@host:5433/bots?sslmode=require", "postgres://host:5433/bots"),
            ("postgres://me:s@cret@host/bots", "postgres://host/bots"),
            ("postgres://mocha@/bots?host=/tmp/a&password=secret", "postgres:///tmp/a/bots"),
            ("host=a password=secret", "the PostgreSQL server"),
        ] {
            let link = Link { url: url.to_owned(), settings: settings.clone() };
            assert_eq!(link.to_string(), shown);
        }
    }
}
