//! The migrations, which the crate carries inside.

use diesel::{
    migration::{Migration, MigrationSource, MigrationVersion},
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
        if let Some(version) = unknown_version(conn).map_err(Failed)? {
            return Err(Failed(Error::too_new(version)));
        }
        conn.run_pending_migrations(MIGRATIONS).map_err(|error| Failed(Error::migration(error)))?;
        diesel::connection::SimpleConnection::batch_execute(
            conn,
            &format!("PRAGMA application_id = {APPLICATION_ID}"),
        )?;
        Ok(())
    })
    .map_err(|Failed(error)| error)
}

/// The newest migration of the file that this version does not carry: Diesel itself would not mind it.
fn unknown_version(conn: &mut SqliteConnection) -> Result<Option<String>, Error> {
    let applied: Vec<MigrationVersion<'static>> = conn.applied_migrations().map_err(Error::migration)?;
    let known: Vec<Box<dyn Migration<Sqlite>>> = MIGRATIONS.migrations().map_err(Error::migration)?;
    let unknown = applied.into_iter().filter(|version| known.iter().all(|known| known.name().version() != *version));
    Ok(unknown.max().map(|version| version.to_string()))
}
