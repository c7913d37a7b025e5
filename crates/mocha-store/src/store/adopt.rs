//! A file of the TypeScript original becomes one of Mocha's: the same tables and rows, with foreign keys.

use diesel::{
    Connection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::Text,
    sqlite::SqliteConnection,
};
use diesel_migrations::MigrationHarness;
use mocha_schema::{APPLICATION_ID, MAX_SECONDS, MIGRATIONS, Migrations};

use super::{
    Link,
    adopt_voice::{self, FIRST_MS},
    identify::{Contents, SHARED_TABLES, columns, contents, unreadable},
};
use crate::{Error, error::classify};

/// A database in memory with the tables as a new file has them.
pub(super) fn new_tables() -> Result<SqliteConnection, Error> {
    let mut conn =
        SqliteConnection::establish(":memory:").map_err(|error| classify("cannot open a database in memory", error))?;
    mocha_schema::migrate(&mut conn).map_err(|error| classify("cannot make the tables in memory", error))?;
    Ok(conn)
}

/// Adopts the file in one transaction, or leaves it as it was.
pub(super) fn adopt(conn: &mut SqliteConnection, link: &Link) -> Result<(), Error> {
    // Neither can change within a transaction. Without the second, renaming a table would rename it in views too.
    conn.batch_execute("PRAGMA foreign_keys = OFF").map_err(|error| unreadable(link, error))?;
    conn.batch_execute("PRAGMA legacy_alter_table = ON").map_err(|error| unreadable(link, error))?;
    // Undoing it may fail too, as when the disk is full and SQLite has undone it already: the first error is the reason.
    let mut cause = None;
    let result = conn.immediate_transaction(|conn| {
        adopt_rows(conn, link).map_err(|error| {
            cause = Some(error);
            diesel::result::Error::RollbackTransaction
        })
    });
    let Err(error) = result else {
        return conn.batch_execute("PRAGMA legacy_alter_table = OFF").map_err(|error| unreadable(link, error));
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

fn adopt_rows(conn: &mut SqliteConnection, link: &Link) -> Result<(), Failed> {
    // Another process may have adopted it while this one waited for the lock.
    if contents(conn, link).map_err(|error| Failed(error.into()))? != Contents::Original {
        return Ok(());
    }
    let own = authors_own(conn)?;
    set_aside(conn)?;
    Migrations::new(conn).run_pending_migrations(MIGRATIONS).map_err(Failed)?;
    copy_rows(conn)?;
    adopt_voice::fill_intervals(conn)?;
    conn.batch_execute(include_str!("adopt_watermarks.sql"))?;
    for table in SHARED_TABLES {
        conn.batch_execute(&format!("DROP TABLE original_{table}"))?;
    }
    for sql in own {
        conn.batch_execute(&sql)?;
    }
    conn.batch_execute(&format!("PRAGMA application_id = {APPLICATION_ID}"))?;
    Ok(())
}

/// Carries any error through the transaction.
struct Failed(Box<dyn std::error::Error + Send + Sync>);

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.into())
    }
}

/// How the author's own indexes and triggers on the tables were made: they go with the old tables, and come back.
fn authors_own(conn: &mut SqliteConnection) -> Result<Vec<String>, Failed> {
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

/// The indexes that a CREATE INDEX made; those of a PRIMARY KEY go with their table.
fn made_indexes(conn: &mut SqliteConnection, table: &str) -> diesel::QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Index {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let indexes = sql_query("SELECT name FROM pragma_index_list(?) WHERE origin = 'c'").bind::<Text, _>(table);
    Ok(indexes.load::<Index>(conn)?.into_iter().map(|index| index.name).collect())
}

/// Copies every row, with what can be converted, and gives each guild, channel and user that only events speak of a row of its own.
fn copy_rows(conn: &mut SqliteConnection) -> diesel::QueryResult<()> {
    for table in SHARED_TABLES {
        let columns: Vec<String> = columns(conn, table)?.into_iter().map(|column| column.name).collect();
        let values: Vec<String> = columns.iter().map(|column| converted(table, column)).collect();
        let names: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        // Events in the order of their making, which `rowid` keeps. Of several rows of one member the newest stays.
        let order = if table == "members" { "updated_at DESC, rowid DESC" } else { "rowid" };
        let insert = if table.ends_with("_events") { "INSERT" } else { "INSERT OR IGNORE" };
        conn.batch_execute(&format!(
            "{insert} INTO {table} ({}) SELECT {} FROM original_{table} ORDER BY {order}",
            names.join(", "),
            values.join(", ")
        ))?;
    }
    conn.batch_execute(include_str!("adopt_durations.sql"))?;
    conn.batch_execute(include_str!("adopt_orphans.sql"))
}

/// A column of an old row as an expression: ids without leading zeros, times as whole seconds. What cannot be converted stays as it is;
/// only a time of a guild, user, channel or member becomes that of the adoption, or NULL, for the recorder reads and updates those rows.
fn converted(table: &str, column: &str) -> String {
    match column {
        "id" if table == "members" => {
            let (guild, user) = (plain_id("guild_id"), plain_id("user_id"));
            format!(
                "CASE WHEN {} AND {} THEN {guild} || ':' || {user} ELSE id END",
                is_id("guild_id"),
                is_id("user_id")
            )
        }
        "id" if table.ends_with("_events") => "id".to_owned(),
        "id" | "guild_id" | "channel_id" | "user_id" | "parent_id" => plain_id(column),
        "created_at" | "updated_at" | "joined_at" | "premium_since" | "session_start" | "session_end" => {
            let seconds = format!(
                "CASE typeof({column}) \
                 WHEN 'text' THEN CASE WHEN {column} GLOB '[0-9][0-9][0-9][0-9]-*' \
                 THEN coalesce(CAST(strftime('%s', {column}) AS INTEGER), {column}) ELSE {column} END \
                 WHEN 'blob' THEN {column} \
                 ELSE CASE WHEN {column} >= {FIRST_MS} THEN CAST({column} / 1000 AS INTEGER) \
                 ELSE CAST({column} AS INTEGER) END END"
            );
            if table.ends_with("_events") {
                return seconds;
            }
            let other = match column {
                "created_at" | "updated_at" => "CAST(strftime('%s', 'now') AS INTEGER)",
                _ => "NULL",
            };
            format!(
                "CASE WHEN typeof({seconds}) = 'integer' AND ({seconds}) BETWEEN 0 AND {MAX_SECONDS} \
                 THEN {seconds} ELSE {other} END"
            )
        }
        _ => format!("\"{column}\""),
    }
}

/// Whether a text is digits alone, and not only zeros.
fn is_id(column: &str) -> String {
    format!("({column} NOT GLOB '*[^0-9]*' AND ltrim({column}, '0') <> '')")
}

fn plain_id(column: &str) -> String {
    format!("CASE WHEN {} THEN ltrim({column}, '0') ELSE {column} END", is_id(column))
}
