//! Adopts a file of the TypeScript original: the same tables and rows, with foreign keys.

use diesel::{
    Connection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text,
    sqlite::SqliteConnection,
};
use diesel_migrations::MigrationHarness;
use mocha_schema::{APPLICATION_ID, MIGRATIONS, Migrations};

use super::{
    Adopted,
    adopt_rows::{complete_rows, copy_rows},
    adopt_value::Conversion,
    adopt_voice,
    identify::{Contents, SHARED_TABLES, contents, unreadable},
};
use crate::{
    Error,
    error::classify,
    link::{Access, Link},
};

/// Returns a database in memory with the tables of a new file.
pub(super) fn new_tables() -> Result<SqliteConnection, Error> {
    let mut conn =
        SqliteConnection::establish(":memory:").map_err(|error| classify("cannot open a database in memory", error))?;
    mocha_schema::migrate(&mut conn).map_err(|error| classify("cannot create the tables in memory", error))?;
    Ok(conn)
}

/// Adopts the file in one transaction, or leaves it as it was. Returns `None` if another process has adopted it meanwhile.
pub(super) fn adopt(mut conn: SqliteConnection, link: &Link) -> Result<(SqliteConnection, Option<Adopted>), Error> {
    match adopt_at_once(&mut conn, link) {
        Ok(adopted) => Ok((conn, adopted)),
        Err(error) => {
            drop(conn);
            if !error.is_busy() {
                undo(link);
            }
            Err(error)
        }
    }
}

fn adopt_at_once(conn: &mut SqliteConnection, link: &Link) -> Result<Option<Adopted>, Error> {
    // Neither can change within a transaction. Without the second, renaming a table would change views too.
    conn.batch_execute("PRAGMA foreign_keys = OFF").map_err(|error| unreadable(link, error))?;
    conn.batch_execute("PRAGMA legacy_alter_table = ON").map_err(|error| unreadable(link, error))?;
    // The rollback may fail too: if the disk is full, SQLite has already rolled back. So the first error is kept.
    let mut cause = None;
    let result = conn.immediate_transaction(|conn| {
        adopt_tables(conn, link).map_err(|error| {
            cause = Some(error);
            diesel::result::Error::RollbackTransaction
        })
    });
    let error = match result {
        Ok(adopted) => {
            conn.batch_execute("PRAGMA legacy_alter_table = OFF").map_err(|error| unreadable(link, error))?;
            return Ok(adopted);
        }
        Err(error) => error,
    };
    let Failed(error) = cause.unwrap_or_else(|| Failed(error.into()));
    Err(match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(error) => {
            let context = format!("cannot adopt {}; it was left as it was", link.location);
            classify(context, error)
        }
    })
}

/// Completes the rollback of a failed adoption. On a full disk SQLite leaves a journal, which only the next connection plays
/// back.
fn undo(link: &Link) {
    let undone = link.location.connect(Access::Write).and_then(|mut conn| {
        conn.batch_execute("SELECT 1 FROM sqlite_schema LIMIT 1").map_err(|error| unreadable(link, error))
    });
    if let Err(error) = undone {
        tracing::warn!(error = %error, "a failed adoption will be rolled back when the file is next opened");
    }
}

fn adopt_tables(conn: &mut SqliteConnection, link: &Link) -> Result<Option<Adopted>, Failed> {
    // Another process may have adopted it while this one waited for the lock.
    if contents(conn, link).map_err(|error| Failed(error.into()))? != Contents::Original {
        return Ok(None);
    }
    let conversion = Conversion::now();
    let own = own_objects(conn)?;
    set_aside(conn)?;
    // The first migration creates the tables without triggers. The later ones count the rows, all at once.
    Migrations::new(conn).run_next_migration(MIGRATIONS).map_err(Failed)?;
    let mut adopted = copy_rows(conn, conversion)?;
    Migrations::new(conn).run_pending_migrations(MIGRATIONS).map_err(Failed)?;
    complete_rows(conn, conversion, &mut adopted)?;
    adopt_voice::fill_intervals(conn)?;
    conn.batch_execute(include_str!("adopt_watermarks.sql"))?;
    for table in SHARED_TABLES {
        conn.batch_execute(&format!("DROP TABLE original_{table}"))?;
    }
    for sql in own {
        conn.batch_execute(&sql)?;
    }
    conn.batch_execute(&format!("PRAGMA application_id = {APPLICATION_ID}"))?;
    Ok(Some(adopted))
}

/// Carries any error through the transaction.
struct Failed(Box<dyn std::error::Error + Send + Sync>);

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

/// Returns the statements that created the author's own indexes and triggers on the tables. They are dropped with the old tables
/// and created again on the new ones.
fn own_objects(conn: &mut SqliteConnection) -> Result<Vec<String>, Failed> {
    #[derive(QueryableByName)]
    struct Made {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        tbl_name: String,
        #[diesel(sql_type = Text)]
        sql: String,
    }
    let made = |conn: &mut SqliteConnection| {
        sql_query(
            "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
        )
        .load::<Made>(conn)
    };
    let ours = made(&mut new_tables().map_err(|error| Failed(error.into()))?)?;
    let own = made(conn)?.into_iter().filter(|made| {
        SHARED_TABLES.contains(&made.tbl_name.as_str()) && ours.iter().all(|ours| ours.name != made.name)
    });
    Ok(own.map(|made| made.sql).collect())
}

/// Renames the old tables, and drops their indexes, whose names the new ones take.
fn set_aside(conn: &mut SqliteConnection) -> diesel::QueryResult<()> {
    for table in SHARED_TABLES {
        for index in made_indexes(conn, table)? {
            conn.batch_execute(&format!("DROP INDEX \"{}\"", index.replace('"', "\"\"")))?;
        }
        conn.batch_execute(&format!("ALTER TABLE {table} RENAME TO original_{table}"))?;
    }
    Ok(())
}

/// Returns the indexes of CREATE INDEX statements. Those of a PRIMARY KEY are dropped with their table.
fn made_indexes(conn: &mut SqliteConnection, table: &str) -> diesel::QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Index {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let indexes = sql_query("SELECT name FROM pragma_index_list(?) WHERE origin = 'c'").bind::<Text, _>(table);
    Ok(indexes.load::<Index>(conn)?.into_iter().map(|index| index.name).collect())
}
