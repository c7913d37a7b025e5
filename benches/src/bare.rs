//! Bare prepared inserts of messages, which are as fast as SQLite allows.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use mocha_store::event::MessageSent;
use rusqlite::{Connection, params};

use crate::INSERT_MESSAGE;

const ROWS_A_TRANSACTION: usize = 1_000;

/// A message with the types of its columns.
#[derive(Debug)]
pub struct BareRow {
    channel_id: String,
    characters: Option<u32>,
    created_at: i64,
    guild_id: String,
    has_attachment: Option<bool>,
    has_embed: Option<bool>,
    id: String,
    kind: u8,
    user_id: String,
    words: Option<u32>,
}

impl BareRow {
    /// Formats the texts of a message.
    #[must_use]
    pub fn of(message: &MessageSent) -> Self {
        let MessageSent { at, channel_id, content, guild_id, kind, message_id, user_id } = *message;
        Self {
            channel_id: channel_id.to_string(),
            characters: content.map(|content| content.characters),
            created_at: at.timestamp(),
            guild_id: guild_id.to_string(),
            has_attachment: content.map(|content| content.has_attachment),
            has_embed: content.map(|content| content.has_embed),
            id: message_id.to_string(),
            kind,
            user_id: user_id.to_string(),
            words: content.map(|content| content.words),
        }
    }
}

/// Opens a connection with the recorder's settings.
///
/// # Errors
///
/// Returns an error if the file cannot be opened.
pub fn connect_to_write(path: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open(path)?;
    conn.execute_batch(
        "PRAGMA busy_timeout = 5000;
         PRAGMA journal_mode = WAL;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA synchronous = NORMAL;
         PRAGMA cache_size = 10000;
         PRAGMA temp_store = MEMORY;
         PRAGMA mmap_size = 268435456;
         PRAGMA foreign_keys = ON;",
    )?;
    Ok(conn)
}

/// Inserts messages, 1,000 in each transaction. Returns the time that it took.
///
/// # Errors
///
/// Returns an error if the file cannot be written.
pub fn insert_rows(conn: &mut Connection, rows: &[BareRow]) -> rusqlite::Result<Duration> {
    let start = Instant::now();
    for rows in rows.chunks(ROWS_A_TRANSACTION) {
        let transaction = conn.transaction()?;
        {
            let mut statement = transaction.prepare_cached(INSERT_MESSAGE)?;
            for row in rows {
                statement.execute(params![
                    row.id,
                    row.guild_id,
                    row.channel_id,
                    row.user_id,
                    row.kind,
                    row.has_attachment,
                    row.has_embed,
                    row.characters,
                    row.words,
                    row.created_at,
                ])?;
            }
        }
        transaction.commit()?;
    }
    Ok(start.elapsed())
}
