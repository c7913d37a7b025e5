//! Converts files that the TypeScript original's code wrote. Their tables have other names or columns than the eight
//! tables.
//!
//! The code has other column names (`timestamp`, `action`, `nick`, `content`), and later singular table names in camel
//! case. The rows go into a new file with the eight tables, which is then adopted like any other.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use diesel::{
    Connection, QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Nullable, Text},
    sqlite::SqliteConnection,
};

use super::{
    Access, Location, Store,
    adopt::new_tables,
    identify::{Column, SHARED_TABLES, columns},
};
use crate::{Error, ErrorKind, Maintenance, error::classify};

/// Reports what a conversion copied. [`Store::convert`] returns it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Converted {
    /// The tables that were found, in the order of the original's documentation.
    pub tables: Vec<ConvertedTable>,
}

/// A table of a [`Converted`] file.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ConvertedTable {
    /// The documented name.
    pub name: &'static str,
    /// The number of copied rows.
    pub rows: u64,
    /// The number of rows that were left out: rows without an id, guild, user, channel or time, and members who left.
    pub skipped: u64,
    /// The name in the old file.
    pub source: String,
}

impl Store {
    /// Converts a file of the TypeScript original's code into a new file that Mocha can open.
    ///
    /// The original's documentation and its code name tables and columns differently. A file with the documented names is
    /// [opened](Store::open) in place. This reads the names of the code: `timestamp` is the time of an event, `action` is join,
    /// leave or move, and `content` is measured and dropped. `old` is only read. `new` must not exist. It is written under another
    /// name and renamed when it is complete.
    ///
    /// It blocks, and takes as long as recording the same events.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotMocha`] if `old` has none of the tables of the original's code, or has the eight tables.
    /// [`ErrorKind::Io`] if `new` exists. Others of SQLite's. After an error there is no new file.
    pub fn convert(old: impl AsRef<Path>, new: impl AsRef<Path>) -> Result<Converted, Error> {
        let (old, new) = (old.as_ref(), new.as_ref());
        let io = |context: String| move |error| Error::with_source(ErrorKind::Io, context, error);
        if new.try_exists().map_err(io(format!("cannot access {}", new.display())))? {
            return Err(Error::new(ErrorKind::Io, format!("{} already exists", new.display())));
        }
        let partial = Partial::create(new)?;
        File::create_new(&partial.0).map_err(io(format!("cannot create {}", partial.0.display())))?;
        let converted = fill(old, &partial.0)?;
        // Opening adopts the file, and dropping the store empties the write-ahead log.
        drop(Store::builder().maintenance(Maintenance::off()).open(&partial.0)?);
        File::open(&partial.0)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&partial.0, new))
            .map_err(io(format!("cannot write {}", new.display())))?;
        Ok(converted)
    }
}

/// The incomplete file. Dropping this removes it.
struct Partial(PathBuf);

impl Partial {
    fn create(new: &Path) -> Result<Self, Error> {
        let mut name = new.file_name().unwrap_or_default().to_owned();
        name.push(".converting");
        let partial = Self(new.with_file_name(name));
        partial.remove();
        if let Some(folder) = new.parent() {
            fs::create_dir_all(folder).map_err(|error| {
                Error::with_source(ErrorKind::Io, format!("cannot create the folder {}", folder.display()), error)
            })?;
        }
        Ok(partial)
    }

    fn remove(&self) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut path = self.0.clone().into_os_string();
            path.push(suffix);
            // Usually the file does not exist.
            drop(fs::remove_file(path));
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Creates a file with the eight tables and fills it from the old one.
fn fill(old: &Path, new: &Path) -> Result<Converted, Error> {
    let failed = |error| classify(format!("cannot convert {}", old.display()), error);
    let source = Location::file(old)?;
    // Refuses a file that is missing or cannot be read.
    let mut made = new_tables()?;
    drop(source.connect(Access::Read)?);
    let mut conn = Location::file(new)?.connect(Access::Write)?;
    sql_query("ATTACH ?1 AS old").bind::<Text, _>(source.uri(Access::Read)?).execute(&mut conn).map_err(failed)?;
    let tables = conn
        .transaction(|conn| {
            let mut tables = Vec::new();
            for name in SHARED_TABLES {
                let documented = columns(&mut made, name)?;
                create(conn, name, &documented)?;
                if let Some(table) = copy(conn, name, &documented)? {
                    tables.push(table);
                }
            }
            QueryResult::Ok(tables)
        })
        .map_err(failed)?;
    let is_documented = tables.iter().any(|table| table.name == "message_events" && table.source.is_empty());
    if tables.is_empty() || is_documented {
        let reason = if is_documented {
            "it has the tables of the original's documentation, so it can be opened in place"
        } else {
            "it has none of the original's tables"
        };
        return Err(Error::new(ErrorKind::NotMocha, format!("{} needs no conversion: {reason}", old.display())));
    }
    Ok(Converted { tables })
}

fn create(conn: &mut SqliteConnection, table: &str, documented: &[Column]) -> QueryResult<()> {
    let columns: Vec<String> = documented.iter().map(|column| format!("\"{}\" {}", column.name, column.kind)).collect();
    conn.batch_execute(&format!("CREATE TABLE main.{table} ({})", columns.join(", ")))
}

/// Copies a table if the old file has it under one of its names.
fn copy(
    conn: &mut SqliteConnection,
    table: &'static str,
    documented: &[Column],
) -> QueryResult<Option<ConvertedTable>> {
    let singular = table.trim_end_matches('s').replace('_', "");
    let Some((source, found)) = source(conn, [table, &singular])? else { return Ok(None) };
    let has = |name: &str| found.iter().any(|found| found == name);
    if table == "message_events" && documented.iter().all(|column| has(&column.name)) {
        return Ok(Some(ConvertedTable { name: table, rows: 0, skipped: 0, source: String::new() }));
    }
    if table == "message_events" {
        measure(conn, &source, has("content"))?;
    }
    let values: Vec<String> = documented.iter().map(|column| value(table, &column.name, &has)).collect();
    let names: Vec<String> = documented.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let needed: Vec<String> = documented
        .iter()
        .filter(|column| matches!(column.name.as_str(), "id" | "guild_id" | "user_id" | "created_at" | "event_type"))
        .map(|column| format!("{} IS NOT NULL", value(table, &column.name, &has)))
        .chain((table == "message_events").then(|| format!("{} IS NOT NULL", value(table, "channel_id", &has))))
        // Leaves out members who left.
        .chain(["left_at", "leftAt"].into_iter().filter(|name| has(name)).map(|name| format!("\"{name}\" IS NULL")))
        .collect();
    let rows = sql_query(format!(
        "INSERT INTO main.{table} ({}) SELECT {} FROM old.\"{source}\" AS row WHERE {} ORDER BY rowid",
        names.join(", "),
        values.join(", "),
        needed.join(" AND "),
    ))
    .execute(conn)?;
    let all = count(conn, &format!("old.\"{source}\""))?;
    let rows = u64::try_from(rows).unwrap_or(u64::MAX);
    Ok(Some(ConvertedTable { name: table, rows, skipped: all.saturating_sub(rows), source }))
}

/// Finds the old table and its columns.
fn source<'a>(
    conn: &mut SqliteConnection,
    names: impl IntoIterator<Item = &'a str>,
) -> QueryResult<Option<(String, Vec<String>)>> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }
    for name in names {
        let found: Vec<Name> =
            sql_query("SELECT name FROM pragma_table_info(?1, 'old')").bind::<Text, _>(name).load(conn)?;
        if !found.is_empty() {
            return Ok(Some((name.to_owned(), found.into_iter().map(|Name { name }| name).collect())));
        }
    }
    Ok(None)
}

/// Returns the expression over the old table for a documented column.
fn value(table: &str, column: &str, has: &impl Fn(&str) -> bool) -> String {
    let own = |names: &[&str]| {
        let found = names.iter().find(|name| has(name));
        found.map_or_else(|| "NULL".to_owned(), |name| format!("row.\"{name}\""))
    };
    let camel = camel(column);
    let is_event = table.ends_with("_events");
    match column {
        "created_at" if is_event => own(&["timestamp", "created_at", "createdAt"]),
        // Only the eight tables have the time of a channel's last change.
        "updated_at" => {
            format!("coalesce({}, {})", own(&["updated_at", "updatedAt"]), own(&["created_at", "createdAt"]))
        }
        "event_type" => own(&["action", "event_type", "eventType"]),
        "nickname" => own(&["nickname", "nick"]),
        "activity_name" => own(&["activity_name", "activityName", "activity"]),
        "has_attachment" => format!("{} > 0", own(&["attachment_count", "attachmentCount"])),
        "has_embed" => format!("{} > 0", own(&["embed_count", "embedCount"])),
        "message_type" => "0".to_owned(),
        "character_count" | "word_count" => {
            format!("(SELECT {column} FROM temp.measured WHERE measured.message = row.rowid)")
        }
        "session_end" => format!(
            "CASE {} WHEN 'leave' THEN {} END",
            value(table, "event_type", has),
            value(table, "created_at", has)
        ),
        _ => own(&[column, &camel]),
    }
}

/// Turns `guild_id` into `guildId`.
fn camel(column: &str) -> String {
    let mut parts = column.split('_');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// Measures the texts of the old messages as the recorder measures them.
fn measure(conn: &mut SqliteConnection, source: &str, has_content: bool) -> QueryResult<()> {
    #[derive(QueryableByName)]
    struct Message {
        #[diesel(sql_type = BigInt)]
        message: i64,
        #[diesel(sql_type = Nullable<Text>)]
        content: Option<String>,
    }
    conn.batch_execute(
        "CREATE TABLE temp.measured (message INTEGER PRIMARY KEY, character_count INTEGER, word_count INTEGER)",
    )?;
    if !has_content {
        return Ok(());
    }
    let mut last = i64::MIN;
    loop {
        // Reads in parts, so that not all texts are in memory at once.
        let part = sql_query(format!(
            "SELECT rowid AS message, CAST(content AS TEXT) AS content FROM old.\"{source}\" \
             WHERE rowid > ?1 ORDER BY rowid LIMIT 10000"
        ))
        .bind::<BigInt, _>(last);
        let messages: Vec<Message> = part.load(conn)?;
        let Some(newest) = messages.last() else { return Ok(()) };
        last = newest.message;
        for Message { message, content } in &messages {
            let Some(content) = content else { continue };
            let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
            sql_query("INSERT INTO temp.measured VALUES (?1, ?2, ?3)")
                .bind::<BigInt, _>(message)
                .bind::<BigInt, _>(count(content.chars().count()))
                .bind::<BigInt, _>(count(content.split_whitespace().count()))
                .execute(conn)?;
        }
    }
}

fn count(conn: &mut SqliteConnection, table: &str) -> QueryResult<u64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let Count { count } = sql_query(format!("SELECT count(*) AS count FROM {table}")).get_result(conn)?;
    Ok(u64::try_from(count).unwrap_or(0))
}
