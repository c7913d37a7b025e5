//! Checks that a copy is sound and has the same rows as its source.

use std::collections::BTreeMap;

use super::watch::{BackupPhase, Watch};
use crate::{
    Error, ErrorKind,
    sqlite::{Connection, SqliteError},
};

/// Counts the rows of each table, by name. In a transaction the counts are consistent.
pub(super) fn rows(conn: &Connection, watch: &mut Watch<'_>) -> Result<BTreeMap<String, u64>, Error> {
    let count = |conn: &Connection| -> Result<_, SqliteError> {
        // A virtual table has no pages of its own.
        let tables =
            conn.texts("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name")?;
        let counted = tables.into_iter().map(|table| {
            let rows = conn.number(&format!("SELECT count(*) FROM \"{}\"", table.replace('"', "\"\"")))?;
            Ok((table, rows))
        });
        counted.collect()
    };
    conn.interruptible(&mut || watch.tick(), count).map_err(|error| error.into_error("cannot count the rows"))
}

/// Refuses a file with damaged pages, indexes or rows.
pub(super) fn integrity(conn: &Connection, watch: &mut Watch<'_>) -> Result<(), Error> {
    let complaints = conn
        .interruptible(&mut || watch.tick(), |conn| conn.texts("PRAGMA integrity_check"))
        .map_err(|error| error.into_error("cannot check the integrity"))?;
    match complaints.first() {
        Some(first) if first != "ok" => {
            Err(Error::new(ErrorKind::Corrupt, format!("the integrity check failed: {first}")))
        }
        _ => Ok(()),
    }
}

/// Checks a copy against its source and returns the counts. The source's connection is in a
/// transaction at the moment that was copied.
pub(super) fn copy(
    copy: &Connection,
    source: &Connection,
    bytes: u64,
    watch: &mut Watch<'_>,
) -> Result<BTreeMap<String, u64>, Error> {
    watch.begin(BackupPhase::Checking, bytes)?;
    let expected = rows(source, watch)?;
    let found = rows(copy, watch)?;
    if found != expected {
        let context = format!("the copy's row counts differ from its source's: {found:?} instead of {expected:?}");
        return Err(Error::new(ErrorKind::Corrupt, context));
    }
    integrity(copy, watch)?;
    // Rows without a parent are not the copy's fault: programs that do not enforce foreign keys
    // leave them behind.
    let orphans = orphans(copy, watch)?;
    if orphans > 0 && orphans != self::orphans(source, watch)? {
        return Err(Error::new(ErrorKind::Corrupt, format!("{orphans} rows of the copy refer to missing rows")));
    }
    Ok(found)
}

fn orphans(conn: &Connection, watch: &mut Watch<'_>) -> Result<u64, Error> {
    conn.interruptible(&mut || watch.tick(), |conn| conn.number("SELECT count(*) FROM pragma_foreign_key_check"))
        .map_err(|error| error.into_error("cannot check the foreign keys"))
}
