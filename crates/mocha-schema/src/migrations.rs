//! The migrations, which the crate carries inside.

use diesel::{
    OptionalExtension, QueryableByName, RunQueryDsl,
    migration::{Migration, MigrationSource},
    sql_query,
    sql_types::Text,
    sqlite::{Sqlite, SqliteConnection},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::Error;

/// Mocha's number in the header of an SQLite file (`PRAGMA application_id`): the letters `Mcha`.
pub const APPLICATION_ID: i32 = i32::from_be_bytes(*b"Mcha");

/// All migrations, oldest first.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Brings the tables up to date, and leaves a file that is so as it is.
///
/// All migrations run in one transaction that takes the write lock first, so that of two processes one migrates and the
/// other finds nothing to do; give the connection a `busy_timeout`. It sets `application_id` too.
///
/// # Errors
///
/// * [`ErrorKind::SchemaTooNew`](crate::ErrorKind::SchemaTooNew): the file has a migration that this version does not know;
///   nothing was changed.
/// * [`ErrorKind::Migration`](crate::ErrorKind::Migration): SQLite refused; nothing was changed.
pub fn migrate(conn: &mut SqliteConnection) -> Result<(), Error> {
    // The error type has to carry both ours and Diesel's through `immediate_transaction`.
    struct Failed(Error);
    impl From<diesel::result::Error> for Failed {
        fn from(error: diesel::result::Error) -> Self {
            Self(Error::migration(error))
        }
    }
    conn.immediate_transaction(|conn| {
        check_version(conn).map_err(Failed)?;
        conn.run_pending_migrations(MIGRATIONS).map_err(|error| Failed(Error::migration(error)))?;
        diesel::connection::SimpleConnection::batch_execute(
            conn,
            &format!("PRAGMA application_id = {APPLICATION_ID}"),
        )?;
        Ok(())
    })
    .map_err(|Failed(error)| error)
}

/// Refuses a file that a newer Mocha migrated, and only reads it: Diesel itself would not mind.
///
/// # Errors
///
/// As [`migrate`].
pub fn check_version(conn: &mut SqliteConnection) -> Result<(), Error> {
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = Text)]
        version: String,
    }
    let table: Option<Applied> =
        sql_query("SELECT name AS version FROM sqlite_schema WHERE name = '__diesel_schema_migrations'")
            .get_result(conn)
            .optional()
            .map_err(Error::migration)?;
    if table.is_none() {
        return Ok(());
    }
    let applied: Vec<Applied> = sql_query("SELECT version FROM __diesel_schema_migrations ORDER BY version DESC")
        .load(conn)
        .map_err(Error::migration)?;
    let known: Vec<Box<dyn Migration<Sqlite>>> = MIGRATIONS.migrations().map_err(Error::migration)?;
    let known: Vec<String> = known.iter().map(|known| known.name().version().to_string()).collect();
    match applied.into_iter().find(|applied| !known.contains(&applied.version)) {
        Some(Applied { version }) => Err(Error::too_new(version)),
        None => Ok(()),
    }
}
