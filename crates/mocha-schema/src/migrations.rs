//! The migrations, which the crate carries inside.

use diesel::{
    OptionalExtension, QueryableByName, RunQueryDsl,
    migration::{Migration, MigrationSource},
    sql_query,
    sql_types::{Integer, Text},
    sqlite::{Sqlite, SqliteConnection},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::Error;

/// Mocha's number in the header of an SQLite file (`PRAGMA application_id`): the letters `Mcha`.
pub const APPLICATION_ID: i32 = i32::from_be_bytes(*b"Mcha");

/// All migrations, oldest first.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Brings the tables up to date, and only reads a file that is so.
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
    if is_up_to_date(conn)? {
        return Ok(());
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

/// Whether nothing is to be done.
fn is_up_to_date(conn: &mut SqliteConnection) -> Result<bool, Error> {
    #[derive(QueryableByName)]
    struct Header {
        #[diesel(sql_type = Integer)]
        application_id: i32,
    }
    let Header { application_id } = sql_query("PRAGMA application_id").get_result(conn).map_err(Error::migration)?;
    Ok(application_id == APPLICATION_ID && applied(conn)? == known()?)
}

/// Refuses a file that a newer Mocha migrated, and only reads it: Diesel itself would not mind.
///
/// # Errors
///
/// As [`migrate`].
pub fn check_version(conn: &mut SqliteConnection) -> Result<(), Error> {
    let known = known()?;
    match applied(conn)?.into_iter().rfind(|version| !known.contains(version)) {
        Some(version) => Err(Error::too_new(version)),
        None => Ok(()),
    }
}

/// The versions that the file has, oldest first.
fn applied(conn: &mut SqliteConnection) -> Result<Vec<String>, Error> {
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
        return Ok(Vec::new());
    }
    let applied: Vec<Applied> = sql_query("SELECT version FROM __diesel_schema_migrations ORDER BY version")
        .load(conn)
        .map_err(Error::migration)?;
    Ok(applied.into_iter().map(|applied| applied.version).collect())
}

/// The versions that this crate has, oldest first.
fn known() -> Result<Vec<String>, Error> {
    let migrations: Vec<Box<dyn Migration<Sqlite>>> = MIGRATIONS.migrations().map_err(Error::migration)?;
    let mut versions: Vec<String> = migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}
