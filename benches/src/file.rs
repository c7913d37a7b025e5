//! Large files, which are created once and kept.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use mocha_schema::GuildId;
use mocha_store::{Clock, Event, Store, event::MessageSent};
use rusqlite::Connection;

use crate::{Failure, is_test};

/// The PRAGMAs of a store's connections for questions.
pub const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA cache_size = 10000; PRAGMA temp_store = MEMORY; \
                           PRAGMA mmap_size = 268435456;";

/// Opens a file to ask questions.
///
/// # Errors
///
/// Returns an error if the file cannot be opened.
pub fn connect(path: &Path) -> Result<SqliteConnection, Failure> {
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("the path is not UTF-8")?)?;
    conn.batch_execute(PRAGMAS)?;
    Ok(conn)
}

/// A file to query.
#[derive(Clone, Debug)]
pub struct File {
    /// The guild with the most messages.
    pub guild_id: GuildId,
    /// The end of all windows. It is some hours before the last event, so that no window ends at midnight.
    pub now: DateTime<Utc>,
    /// The path of the file.
    pub path: PathBuf,
    /// A guild with few messages, if there is one.
    pub small_guild_id: Option<GuildId>,
}

/// Returns the file with this name in a folder. If it is missing or has another schema, it is created with these events.
///
/// A new file is renamed at the end, so an existing file is complete.
pub(crate) fn file(
    folder: &Path,
    name: &str,
    events: impl FnOnce() -> Result<Box<dyn Iterator<Item = Result<Event, Failure>>>, Failure>,
) -> Result<PathBuf, Failure> {
    let (path, part) = (folder.join(format!("{name}.db")), folder.join(format!("{name}.part")));
    if path.exists() && schema(&path)? == new_schema(folder)? {
        return Ok(path);
    }
    remove(&path)?;
    remove(&part)?;
    {
        // In large transactions, pages that change often are written once.
        let store = Store::builder().batch_len(20_000).clock(Clock::Events).open(&part)?;
        let recorder = store.recorder()?;
        for event in events()? {
            recorder.record_blocking(event?)?;
        }
        recorder.shutdown()?;
        let stats = recorder.stats();
        if stats.rejected + stats.dropped > 0 {
            return Err(format!("not everything was written: {stats:?}").into());
        }
    }
    let conn = Connection::open(&part)?;
    // As in a maintained file. Otherwise the documented statements read a whole guild to group a week by user.
    conn.execute_batch("ANALYZE")?;
    // Closing the last connection moves the write-ahead log into the file.
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    drop(conn);
    fs::rename(&part, &path)?;
    Ok(path)
}

/// Returns the statements that created the schema of a file.
fn schema(path: &Path) -> Result<Vec<String>, Failure> {
    let conn = Connection::open(path)?;
    let mut statement = conn.prepare(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type, name",
    )?;
    let schema = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(schema)
}

fn new_schema(folder: &Path) -> Result<Vec<String>, Failure> {
    let path = folder.join(format!("schema-{}.db", std::process::id()));
    remove(&path)?;
    drop(Store::open(&path)?);
    let schema = schema(&path)?;
    remove(&path)?;
    Ok(schema)
}

/// Removes a file and SQLite's files beside it, if they exist.
fn remove(path: &Path) -> io::Result<()> {
    for end in ["", "-wal", "-shm"] {
        let mut path = path.as_os_str().to_owned();
        path.push(end);
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Creates a file with some hundred thousand messages, and a second file with each of them twice, a second apart.
///
/// Both have the same users, channels and days.
///
/// # Errors
///
/// Returns an error if a file cannot be written.
pub fn single_and_double(folder: &Path) -> Result<[File; 2], Failure> {
    let len = if is_test() { 2_000 } else { 400_000 };
    let messages = || mocha_sim::messages(1, len);
    let last = messages().last().ok_or("no messages")?;
    let file_of = |name: &str, times: u8| -> Result<File, Failure> {
        let path = file(folder, &format!("{name}-{len}"), || {
            let events = messages().flat_map(move |message| {
                (0..times).map(move |time| {
                    let at = message.at + chrono::TimeDelta::seconds(time.into());
                    // The lowest bits of an id do not belong to its time.
                    let message_id = (message.message_id.get() ^ (u64::from(time) << 21)).try_into()?;
                    Ok(Event::from(MessageSent { at, message_id, ..message }))
                })
            });
            Ok(Box::new(events))
        })?;
        Ok(File { guild_id: last.guild_id, now: last.at, path, small_guild_id: None })
    };
    Ok([file_of("single", 1)?, file_of("double", 2)?])
}
