//! The migrations for PostgreSQL.

use diesel::{
    Connection, ExpressionMethods, PgConnection, QueryDsl, QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    migration::{Migration, MigrationSource, MigrationVersion},
    pg::Pg,
    sql_query,
    sql_types::{Bool, Integer, Nullable, Text},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{APPLICATION_ID, Error, catalogue, distribute, schema::mocha_migrations};

/// All migrations for PostgreSQL, oldest first.
///
/// [`migrate_postgres`] runs them. To run or revert single migrations, use [`PostgresMigrations`].
pub const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The oldest version of PostgreSQL that Mocha works with.
pub const OLDEST_POSTGRES: i32 = 15;

/// Runs and reverts Mocha's [`POSTGRES_MIGRATIONS`], and records their versions in the table `mocha_migrations`.
///
/// All tables are in the connection's current schema, which is the first one in its `search_path`. Diesel records the bot's
/// own migrations in `__diesel_schema_migrations`. The two sets are independent.
#[expect(missing_debug_implementations, reason = "the connection has none")]
pub struct PostgresMigrations<'a> {
    conn: &'a mut PgConnection,
}

impl<'a> PostgresMigrations<'a> {
    /// Creates a runner that uses this connection.
    pub fn new(conn: &'a mut PgConnection) -> Self {
        Self { conn }
    }
}

impl MigrationHarness<Pg> for PostgresMigrations<'_> {
    fn run_migration(&mut self, migration: &dyn Migration<Pg>) -> diesel::migration::Result<MigrationVersion<'static>> {
        let version = migration.name().version().as_owned();
        self.conn.transaction(|conn| {
            migration.run(conn)?;
            let noted = mocha_migrations::version.eq(version.to_string());
            diesel::insert_into(mocha_migrations::table).values(noted).execute(conn)?;
            diesel::migration::Result::Ok(())
        })?;
        Ok(version)
    }

    fn revert_migration(
        &mut self,
        migration: &dyn Migration<Pg>,
    ) -> diesel::migration::Result<MigrationVersion<'static>> {
        let version = migration.name().version().as_owned();
        self.conn.transaction(|conn| {
            migration.revert(conn)?;
            diesel::delete(mocha_migrations::table.find(version.to_string())).execute(conn)?;
            diesel::migration::Result::Ok(())
        })?;
        Ok(version)
    }

    /// Returns the versions, newest first, as Diesel requires.
    fn applied_migrations(&mut self) -> diesel::migration::Result<Vec<MigrationVersion<'static>>> {
        if !exists(self.conn, "mocha_migrations")? {
            self.conn.batch_execute(
                "CREATE TABLE mocha_migrations (
                    version TEXT PRIMARY KEY,
                    run_on TEXT NOT NULL DEFAULT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
                )",
            )?;
        }
        Ok(applied(self.conn)?.into_iter().rev().map(MigrationVersion::from).collect())
    }
}

/// Brings the tables of the connection's current schema up to date.
///
/// All migrations run in one transaction under an advisory lock. If two processes start at once, one migrates, and the other
/// waits and finds nothing to do. If the tables are up to date, they are only read, which a standby allows. If the database is
/// [distributed](crate::distribute_postgres), its new tables are distributed too.
///
/// # Errors
///
/// * [`ErrorKind::ServerTooOld`](crate::ErrorKind::ServerTooOld): the server is older than PostgreSQL 15.
/// * [`ErrorKind::ForeignTable`](crate::ErrorKind::ForeignTable): the schema has none of Mocha's tables, but another program's
///   table with the name of one.
/// * [`ErrorKind::SchemaTooNew`](crate::ErrorKind::SchemaTooNew): the database has a migration that this version does not know.
/// * [`ErrorKind::Migration`](crate::ErrorKind::Migration): PostgreSQL reported an error, for example that the schema in the
///   `search_path` does not exist.
///
/// The database is unchanged in all cases.
pub fn migrate_postgres(conn: &mut PgConnection) -> Result<(), Error> {
    // `transaction` needs one type for Mocha's errors and Diesel's.
    struct Failed(Error);
    impl From<diesel::result::Error> for Failed {
        fn from(error: diesel::result::Error) -> Self {
            Self(Error::migration(error))
        }
    }
    check_server(conn)?;
    let known = known()?;
    if applied(conn).map_err(Error::migration)? == known {
        return Ok(());
    }
    conn.transaction(|conn| {
        sql_query(format!("SELECT pg_advisory_xact_lock({APPLICATION_ID})")).execute(conn)?;
        let applied = applied(conn)?;
        if let Some(version) = applied.iter().rfind(|version| !known.contains(version)) {
            return Err(Failed(Error::too_new(version.clone())));
        }
        if applied.is_empty()
            && let Some(table) = foreign_table(conn)?
        {
            return Err(Failed(Error::foreign_table(table)));
        }
        let is_distributed = !applied.is_empty() && distribute::is_distributed(conn)?;
        if is_distributed {
            distribute::prepare(conn)?;
        }
        PostgresMigrations::new(conn)
            .run_pending_migrations(POSTGRES_MIGRATIONS)
            .map_err(|error| Failed(Error::migration(error)))?;
        if is_distributed {
            distribute::distribute(conn)?;
        }
        Ok(())
    })
    .map_err(|Failed(error)| error)
}

fn check_server(conn: &mut PgConnection) -> Result<(), Error> {
    #[derive(QueryableByName)]
    struct Server {
        #[diesel(sql_type = Integer)]
        number: i32,
        #[diesel(sql_type = Text)]
        version: String,
    }
    let query =
        "SELECT current_setting('server_version_num')::INTEGER AS number, current_setting('server_version') AS version";
    let Server { number, version } = sql_query(query).get_result(conn).map_err(Error::migration)?;
    if number / 10_000 < OLDEST_POSTGRES { Err(Error::server_too_old(version)) } else { Ok(()) }
}

/// Returns the name of another program's table that has the name of one of Mocha's.
fn foreign_table(conn: &mut PgConnection) -> QueryResult<Option<&'static str>> {
    for table in catalogue::TABLES.iter().chain(catalogue::POSTGRES_TABLES) {
        if table.name != "mocha_migrations" && exists(conn, table.name)? {
            return Ok(Some(table.name));
        }
    }
    Ok(None)
}

fn exists(conn: &mut PgConnection, table: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Nullable<Bool>)]
        found: Option<bool>,
    }
    let query = "SELECT to_regclass(quote_ident(current_schema()) || '.' || quote_ident($1)) IS NOT NULL AS found";
    let Found { found } = sql_query(query).bind::<Text, _>(table).get_result(conn)?;
    Ok(found.unwrap_or(false))
}

/// Returns the versions that the database has, oldest first.
fn applied(conn: &mut PgConnection) -> QueryResult<Vec<String>> {
    if !exists(conn, "mocha_migrations")? {
        return Ok(Vec::new());
    }
    mocha_migrations::table.select(mocha_migrations::version).order(mocha_migrations::version).load(conn)
}

/// Returns the versions that this crate has, oldest first.
fn known() -> Result<Vec<String>, Error> {
    let migrations: Vec<Box<dyn Migration<Pg>>> = POSTGRES_MIGRATIONS.migrations().map_err(Error::migration)?;
    let mut versions: Vec<String> = migrations.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}
