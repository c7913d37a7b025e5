//! The migrations, which are compiled into the crate.

use diesel::{
    Connection, ExpressionMethods, QueryDsl, QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    migration::{Migration, MigrationSource, MigrationVersion},
    sql_query,
    sql_types::{Bool, Integer},
    sqlite::{Sqlite, SqliteConnection},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{Error, schema::mocha_migrations};

/// The `application_id` in the header of Mocha's SQLite files: the letters `Mcha`.
pub const APPLICATION_ID: i32 = i32::from_be_bytes(*b"Mcha");

/// All migrations, oldest first.
///
/// [`migrate`] runs them. To run or revert single migrations, use [`Migrations`]. Do not use the connection's own
/// `run_pending_migrations`: it records them in `__diesel_schema_migrations`, which belongs to the bot's migrations.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Runs and reverts Mocha's [`MIGRATIONS`], and records their versions in the table `mocha_migrations`.
///
/// Diesel records the bot's own migrations in `__diesel_schema_migrations`. The two sets are independent: they may run in
/// any order and have any versions. Earlier versions of Mocha used Diesel's table too. The first use moves Mocha's versions
/// out of it, and drops that table if it is empty then.
///
/// ```
/// use diesel::prelude::*;
/// use diesel_migrations::MigrationHarness;
/// use mocha_schema::{MIGRATIONS, Migrations};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let mut conn = SqliteConnection::establish(":memory:")?;
/// Migrations::new(&mut conn).run_pending_migrations(MIGRATIONS)?;
/// Migrations::new(&mut conn).revert_last_migration(MIGRATIONS)?;
/// assert!(Migrations::new(&mut conn).has_pending_migration(MIGRATIONS)?);
/// # Ok(())
/// # }
/// ```
#[expect(missing_debug_implementations, reason = "the connection has none")]
pub struct Migrations<'a> {
    conn: &'a mut SqliteConnection,
}

impl<'a> Migrations<'a> {
    /// Creates a runner that uses this connection.
    pub fn new(conn: &'a mut SqliteConnection) -> Self {
        Self { conn }
    }

    /// Runs a closure in a transaction. If the closure fails, returns the closure's error. The rollback may fail too: if the disk
    /// is full, SQLite has already rolled back.
    fn transaction(
        &mut self,
        f: impl FnOnce(&mut SqliteConnection) -> diesel::migration::Result<()>,
    ) -> diesel::migration::Result<()> {
        let mut cause = None;
        let result = self.conn.transaction(|conn| {
            f(conn).map_err(|error| {
                cause = Some(error);
                diesel::result::Error::RollbackTransaction
            })
        });
        result.map_err(|error| cause.unwrap_or_else(|| error.into()))
    }

    /// Creates the table of versions if it is missing, and takes over the versions that an earlier Mocha recorded in Diesel's.
    fn set_up(&mut self) -> QueryResult<()> {
        let conn = &mut *self.conn;
        if exists(conn, "mocha_migrations")? {
            return Ok(());
        }
        conn.batch_execute(
            "CREATE TABLE mocha_migrations (
                version TEXT PRIMARY KEY NOT NULL,
                run_on TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
            ) STRICT, WITHOUT ROWID",
        )?;
        if !exists(conn, "__diesel_schema_migrations")? || !was_migrated_by_earlier_mocha(conn)? {
            return Ok(());
        }
        let earlier = format!("FROM __diesel_schema_migrations WHERE {EARLIER_VERSIONS}");
        conn.batch_execute(&format!(
            "INSERT INTO mocha_migrations SELECT version, run_on {earlier}; DELETE {earlier}"
        ))?;
        if !found(conn, "SELECT EXISTS (SELECT 1 FROM __diesel_schema_migrations) AS found")? {
            conn.batch_execute("DROP TABLE __diesel_schema_migrations")?;
        }
        Ok(())
    }
}

/// The SQL condition that selects Mocha's versions in Diesel's table.
///
/// Only files that an earlier version of Mocha migrated, and that [`migrate`] has not opened since, have such versions.
#[doc(hidden)]
pub const EARLIER_VERSIONS: &str = "version BETWEEN '00000000000001' AND '00000000000006'";

impl MigrationHarness<Sqlite> for Migrations<'_> {
    fn run_migration(
        &mut self,
        migration: &dyn Migration<Sqlite>,
    ) -> diesel::migration::Result<MigrationVersion<'static>> {
        let version = migration.name().version().as_owned();
        self.transaction(|conn| {
            migration.run(conn)?;
            let noted = mocha_migrations::version.eq(version.to_string());
            diesel::insert_into(mocha_migrations::table).values(noted).execute(conn)?;
            Ok(())
        })?;
        Ok(version)
    }

    fn revert_migration(
        &mut self,
        migration: &dyn Migration<Sqlite>,
    ) -> diesel::migration::Result<MigrationVersion<'static>> {
        let version = migration.name().version().as_owned();
        self.transaction(|conn| {
            migration.revert(conn)?;
            diesel::delete(mocha_migrations::table.find(version.to_string())).execute(conn)?;
            Ok(())
        })?;
        Ok(version)
    }

    /// Returns the versions, newest first, as Diesel requires.
    fn applied_migrations(&mut self) -> diesel::migration::Result<Vec<MigrationVersion<'static>>> {
        self.set_up()?;
        Ok(applied(self.conn)?.into_iter().rev().map(MigrationVersion::from).collect())
    }
}

/// Brings the tables up to date and sets `application_id`.
///
/// All migrations run in one transaction that takes the write lock first. If two processes start at once, one migrates and
/// the other finds nothing to do, so give the connection a `busy_timeout`. If the file is up to date, it is only read.
///
/// # Errors
///
/// * [`ErrorKind::SchemaTooNew`](crate::ErrorKind::SchemaTooNew): the file has a migration that this version does not know.
///   The file is unchanged.
/// * [`ErrorKind::Migration`](crate::ErrorKind::Migration): SQLite reported an error. The file is unchanged.
pub fn migrate(conn: &mut SqliteConnection) -> Result<(), Error> {
    if is_up_to_date(conn)? {
        return Ok(());
    }
    // The rollback may fail too, so the closure's error is kept.
    let mut cause = None;
    let result = conn.immediate_transaction(|conn| {
        run_pending(conn).map_err(|error| {
            cause = Some(error);
            diesel::result::Error::RollbackTransaction
        })
    });
    result.map_err(|error| cause.unwrap_or_else(|| Error::migration(error)))
}

fn run_pending(conn: &mut SqliteConnection) -> Result<(), Error> {
    check_version(conn)?;
    Migrations::new(conn).run_pending_migrations(MIGRATIONS).map_err(Error::migration)?;
    conn.batch_execute(&format!("PRAGMA application_id = {APPLICATION_ID}")).map_err(Error::migration)
}

/// Returns `true` if no migration is pending.
fn is_up_to_date(conn: &mut SqliteConnection) -> Result<bool, Error> {
    Ok(has_application_id(conn).map_err(Error::migration)? && applied(conn).map_err(Error::migration)? == known()?)
}

/// Checks that no newer version of Mocha migrated the file. It only reads the file.
///
/// Diesel itself does not check this. The bot's own migrations in the same file do not matter.
///
/// # Errors
///
/// Returns the same errors as [`migrate`].
pub fn check_version(conn: &mut SqliteConnection) -> Result<(), Error> {
    let known = known()?;
    match applied(conn).map_err(Error::migration)?.into_iter().rfind(|version| !known.contains(version)) {
        Some(version) => Err(Error::too_new(version)),
        None => Ok(()),
    }
}

/// Returns `true` if a file without Mocha's table of versions was migrated by an earlier version of Mocha.
///
/// A file that Diesel's own tools migrated has no `application_id`. It has foreign keys, which the tables of the
/// TypeScript original lack.
fn was_migrated_by_earlier_mocha(conn: &mut SqliteConnection) -> QueryResult<bool> {
    Ok(has_application_id(conn)?
        || found(conn, "SELECT EXISTS (SELECT 1 FROM pragma_foreign_key_list('channels')) AS found")?)
}

fn has_application_id(conn: &mut SqliteConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Header {
        #[diesel(sql_type = Integer)]
        application_id: i32,
    }
    let Header { application_id } = sql_query("PRAGMA application_id").get_result(conn)?;
    Ok(application_id == APPLICATION_ID)
}

fn exists(conn: &mut SqliteConnection, table: &str) -> QueryResult<bool> {
    found(conn, &format!("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '{table}') AS found"))
}

fn found(conn: &mut SqliteConnection, query: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    sql_query(query).get_result(conn).map(|Found { found }| found)
}

/// Returns the versions that the file has, oldest first.
fn applied(conn: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    if !exists(conn, "mocha_migrations")? {
        return Ok(Vec::new());
    }
    mocha_migrations::table.select(mocha_migrations::version).order(mocha_migrations::version).load(conn)
}

/// Returns the versions that this crate has, oldest first.
fn known() -> Result<Vec<String>, Error> {
    let migrations: Vec<Box<dyn Migration<Sqlite>>> = MIGRATIONS.migrations().map_err(Error::migration)?;
    let mut versions: Vec<String> = migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}
