//! Identifying an existing file and migrating it.

use std::collections::BTreeSet;

use diesel::{
    QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Text},
    sqlite::SqliteConnection,
};
use mocha_schema::APPLICATION_ID;

use super::{Adopted, adopt};
use crate::{
    Error, ErrorKind,
    error::{classify, with_advice},
    link::{Access, Link, Location, check_sqlite_version, configure, wait_for_locks},
};

/// The tables that Mocha shares with the TypeScript original; parents before children.
pub(super) const SHARED_TABLES: [&str; 8] =
    ["guilds", "users", "channels", "members", "message_events", "voice_events", "member_events", "presence_events"];

/// The contents of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Contents {
    /// Tables of the bot's own Diesel migrations, and none of Mocha's yet.
    BotMigrations,
    /// No tables.
    Empty,
    /// Mocha's tables, of this or another version.
    Mocha,
    /// The tables of the TypeScript original.
    Original,
}

/// Refuses a file that does not belong to Mocha, through a connection that cannot change it.
pub(super) fn check_untouched(link: &Link) -> Result<(), Error> {
    if let Location::Memory(_) = link.location {
        return Ok(());
    }
    let check = |access| {
        let mut conn = link.location.connect(access)?;
        wait_for_locks(&mut conn, &link.settings).map_err(|error| unreadable(link, error))?;
        contents(&mut conn, link)?;
        mocha_schema::check_version(&mut conn).map_err(|error| not_migrated(link, error))
    };
    match check(Access::Read) {
        // After a crash SQLite must roll back a transaction before it can read, and for that it must write.
        Err(error) if *error.kind() == ErrorKind::ReadOnly => check(Access::Write),
        Err(error) if *error.kind() == ErrorKind::Io && link.location.is_read_only() => {
            let context = format!("cannot create files in the folder of {}, and SQLite needs some", link.location);
            Err(Error::with_source(ErrorKind::ReadOnly, context, error))
        }
        result => result,
    }
}

/// Creates, migrates or adopts the tables. Returns the connection, set up for writing.
pub(super) fn bring_up_to_date(link: &Link) -> Result<(SqliteConnection, Option<Adopted>), Error> {
    let mut conn = link.location.connect(Access::Write)?;
    wait_for_locks(&mut conn, &link.settings).map_err(|error| unreadable(link, error))?;
    check_sqlite_version(&mut conn)?;
    let mut adopted = None;
    match contents(&mut conn, link)? {
        // This works only before the first table exists. It lets retention return pages without a VACUUM.
        Contents::Empty => {
            conn.batch_execute("PRAGMA auto_vacuum = INCREMENTAL").map_err(|error| unreadable(link, error))?;
        }
        Contents::BotMigrations | Contents::Mocha => {}
        Contents::Original => (conn, adopted) = adopt::adopt(conn, link)?,
    }
    // Comes before the migration. Otherwise switching a new file to write-ahead logging might wait for another process's
    // migration.
    configure(&mut conn, Access::Write, &link.settings).map_err(|error| unreadable(link, error))?;
    mocha_schema::migrate(&mut conn).map_err(|error| not_migrated(link, error))?;
    Ok((conn, adopted))
}

/// Identifies the file by its `application_id` and its tables.
pub(super) fn contents(conn: &mut SqliteConnection, link: &Link) -> Result<Contents, Error> {
    #[derive(QueryableByName)]
    struct Header {
        #[diesel(sql_type = BigInt)]
        application_id: i64,
    }
    let Header { application_id } = sql_query("SELECT application_id FROM pragma_application_id")
        .get_result(conn)
        .map_err(|error| unreadable(link, error))?;
    if application_id == i64::from(APPLICATION_ID) {
        return Ok(Contents::Mocha);
    }
    if application_id != 0 {
        return Err(foreign(link, &format!("its application_id is {application_id}")));
    }
    let names = names(conn).map_err(|error| unreadable(link, error))?;
    if names.is_empty() {
        return Ok(Contents::Empty);
    }
    let mut made = adopt::new_tables()?;
    if names.contains("__diesel_schema_migrations") {
        let ours = self::names(&mut made).map_err(|error| unreadable(link, error))?;
        if ours.is_disjoint(&names) {
            return Ok(Contents::BotMigrations);
        }
    }
    for table in SHARED_TABLES {
        let found = columns(conn, table).map_err(|error| unreadable(link, error))?;
        if found != columns(&mut made, table).map_err(|error| unreadable(link, error))? {
            let advice = "if the TypeScript original's code wrote it, Store::convert converts it";
            return Err(foreign(link, &format!("its table `{table}` is missing or has other columns; {advice}")));
        }
    }
    // Only Mocha's tables have foreign keys.
    let keys: Count = sql_query("SELECT count(*) AS count FROM pragma_foreign_key_list('channels')")
        .get_result(conn)
        .map_err(|error| unreadable(link, error))?;
    Ok(if keys.count > 0 { Contents::Mocha } else { Contents::Original })
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Returns the names of all tables, indexes, triggers and views in lower case, because SQLite ignores the case of names.
fn names(conn: &mut SqliteConnection) -> diesel::QueryResult<BTreeSet<String>> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let names = sql_query("SELECT lower(name) AS name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'");
    Ok(names.load::<Name>(conn)?.into_iter().map(|Name { name }| name).collect())
}

/// Returns the columns of a table with their types, in order of name.
pub(super) fn columns(conn: &mut SqliteConnection, table: &str) -> diesel::QueryResult<Vec<Column>> {
    sql_query("SELECT name, lower(type) AS kind FROM pragma_table_info(?) ORDER BY name")
        .bind::<Text, _>(table)
        .load(conn)
}

#[derive(Debug, Eq, PartialEq, QueryableByName)]
pub(super) struct Column {
    #[diesel(sql_type = Text)]
    pub(super) name: String,
    #[diesel(sql_type = Text)]
    pub(super) kind: String,
}

fn foreign(link: &Link, reason: &str) -> Error {
    Error::new(ErrorKind::NotMocha, format!("{} is not a Mocha file: {reason}", link.location))
}

fn not_migrated(link: &Link, error: mocha_schema::Error) -> Error {
    let context = format!("cannot bring {} up to date", link.location);
    if error.is_schema_too_new() {
        Error::with_source(ErrorKind::SchemaTooNew, context, error)
    } else {
        with_advice(classify(context, error))
    }
}

pub(super) fn unreadable(link: &Link, error: diesel::result::Error) -> Error {
    with_advice(classify(format!("cannot read {}", link.location), error))
}
