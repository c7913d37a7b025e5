//! The setup of every connection, and the check of SQLite's version.

use std::{
    thread,
    time::{Duration, Instant},
};

use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sqlite::SqliteConnection};

use super::{Access, Durability, Settings};
use crate::{
    Error, ErrorKind,
    error::{classify, kind_of_diesel},
};

/// Sets SQLite's settings of a connection.
///
/// `busy_timeout` comes first, because the others may have to wait for a lock. Each PRAGMA is a batch of its own, because a
/// batch ends at its first failure.
pub(crate) fn configure(conn: &mut SqliteConnection, access: Access, settings: &Settings) -> diesel::QueryResult<()> {
    wait_for_locks(conn, settings)?;
    if access == Access::Write {
        switch_to_wal(conn, settings)?;
        // With the default of 1,000 pages the recorder spends its time in checkpoints.
        conn.batch_execute("PRAGMA wal_autocheckpoint = 4000")?;
        conn.batch_execute("PRAGMA journal_size_limit = 67108864")?;
    }
    conn.batch_execute(match settings.durability {
        Durability::Normal => "PRAGMA synchronous = NORMAL",
        Durability::Full => "PRAGMA synchronous = FULL",
    })?;
    conn.batch_execute("PRAGMA cache_size = 10000")?;
    conn.batch_execute("PRAGMA temp_store = MEMORY")?;
    conn.batch_execute("PRAGMA mmap_size = 268435456")?;
    conn.batch_execute("PRAGMA foreign_keys = ON")?;
    // Otherwise REPLACE deletes a row without firing the triggers that subtract it from the roll-ups.
    conn.batch_execute("PRAGMA recursive_triggers = ON")?;
    if access == Access::Read {
        conn.batch_execute("PRAGMA query_only = ON")?;
    }
    Ok(())
}

/// Switches the file to write-ahead logging. SQLite ignores the `busy_timeout` for this change, so this retries.
fn switch_to_wal(conn: &mut SqliteConnection, settings: &Settings) -> diesel::QueryResult<()> {
    let deadline = Instant::now() + settings.busy_timeout;
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Err(error) if kind_of_diesel(&error) == ErrorKind::Busy && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(5));
            }
            result => return result,
        }
    }
}

/// Makes the connection wait for locks instead of failing at once.
pub(crate) fn wait_for_locks(conn: &mut SqliteConnection, settings: &Settings) -> diesel::QueryResult<()> {
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", settings.busy_timeout.as_millis()))
}

/// Refuses an SQLite with the WAL-reset bug, which damages files when two connections commit and checkpoint at once.
pub(crate) fn check_sqlite_version(conn: &mut SqliteConnection) -> Result<(), Error> {
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    let Version { version } = sql_query("SELECT sqlite_version() AS version")
        .get_result(conn)
        .map_err(|error| classify("cannot read SQLite's version", error))?;
    if is_sound(&version) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::SqliteTooOld,
        format!("SQLite {version} has a bug that damages files; use 3.51.3 or newer, or the feature `bundled`"),
    ))
}

/// Returns whether the version has the fix: 3.51.3 and later, and later releases of 3.44 and 3.50.
fn is_sound(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut part = || -> u32 { parts.next().unwrap_or(0) };
    let version = (part(), part(), part());
    match version {
        (3, 44, patch) => patch >= 6,
        (3, 50, patch) => patch >= 7,
        version => version >= (3, 51, 3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_with_the_wal_reset_bug_are_refused() {
        for (version, sound) in [
            ("3.40.1", false),
            ("3.44.5", false),
            ("3.44.6", true),
            ("3.50.6", false),
            ("3.50.7", true),
            ("3.51.2", false),
            ("3.51.3", true),
            ("3.53.2", true),
            ("4.0.0", true),
        ] {
            assert_eq!(is_sound(version), sound, "{version}");
        }
    }
}
