//! Copies of a backup without the users who were erased after it was made.

use std::{collections::BTreeMap, path::Path};

use diesel::connection::SimpleConnection;
use mocha_recorder::SteadyClock;

use super::{
    check,
    copy::{self, Pace},
    folder::{Folder, Partial},
    watch::{BackupPhase, Watch},
};
use crate::{
    Error,
    error::classify,
    link::{Access, Location},
    privacy::carry::carry_tombstones,
    sqlite::Connection,
};

/// A copy of the backup, which is removed when this is dropped.
pub(super) struct CleanedCopy<'a> {
    pub(super) conn: Connection,
    pub(super) erased: usize,
    pub(super) rows: BTreeMap<String, u64>,
    _partial: Partial<'a>,
}

/// Copies the backup and applies the tombstones of a file to the copy. Returns `None` if the file
/// has no tombstones.
pub(super) fn copy_without_erased<'a>(
    folder: &'a Folder,
    backup: &Connection,
    with_tombstones: &Path,
    watch: &mut Watch<'_>,
) -> Result<Option<CleanedCopy<'a>>, Error> {
    let with_tombstones = Location::File(with_tombstones.to_owned());
    if !has_tombstones(&with_tombstones)? {
        return Ok(None);
    }
    let partial = folder.partial()?;
    copy::into_partial(&partial, backup, Pace::full(BackupPhase::Copying), watch)?;
    let location = Location::File(partial.path().to_owned());
    let mut into = location.connect(Access::Write)?;
    let failed = |error| classify("cannot erase users from the copy of the backup", error);
    // An unfinished copy is deleted, and the VACUUM needs as much room as the file.
    for pragma in ["journal_mode = MEMORY", "synchronous = OFF", "temp_store = FILE", "foreign_keys = ON"] {
        into.batch_execute(&format!("PRAGMA {pragma}")).map_err(failed)?;
    }
    mocha_schema::migrate(&mut into).map_err(|error| classify("cannot bring the backup up to date", error))?;
    let mut from = with_tombstones.connect(Access::Read)?;
    // No store has the file open, so there is no clock to agree with.
    let (erased, _) = carry_tombstones(&mut from, &mut into, &SteadyClock::default(), &mut |_| watch.tick())?;
    // Deleted rows are still in free pages.
    into.batch_execute("VACUUM").map_err(failed)?;
    drop(into);
    let conn = copy::open(&location, Access::Read)?;
    check::integrity(&conn, watch)?;
    let rows = check::rows(&conn, watch)?;
    Ok(Some(CleanedCopy { conn, erased, rows, _partial: partial }))
}

/// Returns whether the file has tombstones. Files of other programs and of early versions of Mocha have none.
fn has_tombstones(location: &Location) -> Result<bool, Error> {
    let conn = copy::open(location, Access::Read)?;
    let has = || {
        let id = conn.texts("PRAGMA application_id")?;
        let table = conn.number("SELECT count(*) FROM sqlite_schema WHERE name = 'tombstones'")?;
        let is_ours = id == [mocha_schema::APPLICATION_ID.to_string()];
        Ok(is_ours && table > 0 && conn.number("SELECT count(*) FROM tombstones")? > 0)
    };
    has().map_err(|error: crate::sqlite::SqliteError| {
        error.into_error(format!("cannot look for tombstones in {location}"))
    })
}
