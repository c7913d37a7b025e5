//! Restores a backup to the place of the file.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sqlite::SqliteConnection;

use super::{
    BackupPhase, BackupProgress, check,
    copy::{self, Pace},
    folder::{Folder, SIDE_FILE_SUFFIXES, STAMP, put, side_file},
    forgotten,
    watch::{Callback, Watch},
};
use crate::{
    Error, ErrorKind, Store,
    error::{classify, io_error},
    link::{Access, Location},
    sqlite::{Connection, SqliteError},
};

/// Configures and runs a restore. Made by [`Store::restore`].
#[must_use = "nothing is restored until `run`"]
pub struct Restore<'a> {
    backup: PathBuf,
    destination: PathBuf,
    progress: Option<Callback<'a>>,
}

/// Reports what [`Restore::run`] did.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Restored {
    /// How many users were in the backup but not in the file because they were erased in the
    /// meantime.
    pub erased: usize,
    /// Where the old file is now: beside it, as `stats.db.replaced_YYYYmmdd_HHMMSS`. `None` if
    /// there was no file, or an empty one.
    pub kept: Option<PathBuf>,
    /// The number of rows in the restored file, by table name.
    pub rows: BTreeMap<String, u64>,
}

impl Store {
    /// Replaces a file that no store has open with a backup, and keeps the old file.
    ///
    /// Erased users stay erased: the tombstones of the old file are applied, so the new file never
    /// contains users who were erased after the backup was made. If the old file is missing or too
    /// damaged to be read, those users are in the new file. Before you record or show anything,
    /// pass a newer backup to [`reapply_erasures_from`](Store::reapply_erasures_from). The
    /// [kept](Restored::kept) file still contains everyone that the old file had; delete it in the
    /// end.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("stats.db");
    /// let store = Store::open(&path)?;
    /// let made = store.backup(folder.path().join("backups")).run()?;
    /// assert!(Store::restore(&made.path, &path).run().unwrap_err().is_busy());
    ///
    /// drop(store);
    /// let restored = Store::restore(&made.path, &path).run()?;
    /// assert_eq!(restored.rows, made.rows);
    /// assert!(restored.kept.is_some_and(|kept| kept.is_file()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn restore<'a>(backup: impl AsRef<Path>, destination: impl AsRef<Path>) -> Restore<'a> {
        Restore { backup: backup.as_ref().to_owned(), destination: destination.as_ref().to_owned(), progress: None }
    }
}

impl<'a> Restore<'a> {
    /// Calls `on_progress` at most every 10 milliseconds. [`ControlFlow::Break`] stops the restore,
    /// and nothing has changed then.
    pub fn on_progress(mut self, on_progress: impl FnMut(BackupProgress) -> ControlFlow<()> + Send + 'a) -> Self {
        self.progress = Some(Box::new(on_progress));
        self
    }

    /// Restores the backup, and returns when the file is complete and on the disk.
    ///
    /// 1. It checks the backup: it has to be a Mocha file of a known version that passes SQLite's
    ///    integrity check.
    /// 2. It locks the destination, which fails while any process has it open, and writes its
    ///    write-ahead log into it, as SQLite does after a crash.
    /// 3. It copies the destination aside, and replaces its pages within one SQLite transaction.
    ///    After a crash in the middle, the next opening finds either the complete old file or the
    ///    complete new one.
    ///
    /// A destination that is too damaged for that is renamed together with its log and journal. A
    /// missing destination is created, and its folder too; a log or journal that is left of a
    /// missing file is renamed.
    ///
    /// It blocks. The disk needs room for the backup, again for the backup if users were erased
    /// since it was made, and twice for the old file. A program that opens the destination meanwhile
    /// waits, and fails as busy. The backup is only read.
    ///
    /// # Errors
    ///
    /// Every error leaves the destination as it was. If it cannot be read afterwards, for example
    /// because the disk fails, it is unknown whether that worked. The copy then stays beside it, as
    /// described at [`Restored::kept`].
    ///
    /// * [`ErrorKind::Busy`]: the destination is in use, or another restore or backup is running in
    ///   its folder. Close its stores.
    /// * [`ErrorKind::NotMocha`], [`ErrorKind::SchemaTooNew`], [`ErrorKind::Corrupt`]: the backup
    ///   was written by another program or by a newer Mocha, or it is damaged. Take another one.
    /// * [`ErrorKind::Stopped`]: the callback stopped it.
    /// * [`ErrorKind::DiskFull`], [`ErrorKind::Io`], [`ErrorKind::ReadOnly`].
    pub fn run(self) -> Result<Restored, Error> {
        let Self { backup, destination, progress } = self;
        let mut watch = Watch::new(progress);
        let source = copy::open(&Location::File(backup.clone()), Access::Read)?;
        let mut restored = Restored { erased: 0, kept: None, rows: check_backup(&source, &backup, &mut watch)? };
        let place = Place::new(&destination)?;
        restored.kept = match fs::metadata(&place.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => place.make(&source, &mut watch)?,
            Err(error) => return Err(io_error(&place.path, "cannot be read", error)),
            Ok(metadata) => match lock_unused(&place.path)? {
                Some(old) if metadata.len() == 0 => {
                    place.replace_pages(&source, old, &mut watch)?;
                    None
                }
                Some(old) => {
                    let kept = place.keep(&old, &mut watch)?;
                    let replaced = place.replace_forgetting(&source, old, &kept, &mut restored, &mut watch);
                    // Otherwise it may be the only complete copy.
                    if replaced.is_err() && place.roll_back() {
                        drop(fs::remove_file(&kept));
                    }
                    replaced?;
                    Some(kept)
                }
                None => place.set_aside(&source, &mut watch)?,
            },
        };
        Ok(restored)
    }
}

/// Begins a transaction in the backup, checks it, and counts its rows.
fn check_backup(source: &Connection, path: &Path, watch: &mut Watch<'_>) -> Result<BTreeMap<String, u64>, Error> {
    let name = path.display();
    let unreadable = |error: SqliteError| error.into_error(format!("cannot read the backup {name}"));
    source.execute("BEGIN").map_err(unreadable)?;
    let id = source.texts("PRAGMA application_id").map_err(unreadable)?;
    if id != [mocha_schema::APPLICATION_ID.to_string()] {
        return Err(Error::new(ErrorKind::NotMocha, format!("{name} is not a Mocha backup")));
    }
    let mut conn: SqliteConnection = Location::File(path.to_owned()).connect(Access::Read)?;
    mocha_schema::check_version(&mut conn).map_err(|error| {
        let context = format!("cannot restore {name}");
        if error.is_schema_too_new() {
            Error::with_source(ErrorKind::SchemaTooNew, context, error)
        } else {
            classify(context, error)
        }
    })?;
    let bytes = fs::metadata(path).map_err(|error| io_error(path, "cannot be read", error))?.len();
    watch.begin(BackupPhase::Checking, bytes)?;
    check::integrity(source, watch)?;
    check::rows(source, watch)
}

/// Locks a file that nobody else has open, writes its log into it, and returns the connection that
/// holds the lock. Returns `None` if the file is too damaged for that.
fn lock_unused(path: &Path) -> Result<Option<Connection>, Error> {
    let conn = copy::open(&Location::File(path.to_owned()), Access::Write)?;
    let lock = || {
        // Every process that has a file with a write-ahead log open holds a lock on it. This change
        // needs that lock exclusively.
        conn.execute("PRAGMA locking_mode = EXCLUSIVE")?;
        let mode = conn.texts("PRAGMA journal_mode = DELETE")?;
        // This locks a file without a log for as long as the connection is open.
        conn.execute("BEGIN EXCLUSIVE; COMMIT")?;
        Ok(mode)
    };
    // A store that was just closed may take a moment.
    match copy::retry_while_busy(Duration::from_secs(1), lock) {
        Err(error) if SqliteError::is_damage(&error) => Ok(None),
        Err(error) => Err(error.into_error(format!("cannot lock {}", path.display()))),
        Ok(mode) if mode == ["delete"] => Ok(Some(conn)),
        Ok(_) => Err(Error::new(ErrorKind::Busy, format!("{} is in use", path.display()))),
    }
}

/// The destination and its folder.
struct Place {
    folder: Folder,
    path: PathBuf,
}

impl Place {
    fn new(destination: &Path) -> Result<Self, Error> {
        let path = std::path::absolute(destination).map_err(|error| io_error(destination, "cannot be named", error))?;
        let folder = Folder::lock(path.parent().unwrap_or(&path))?;
        Ok(Self { folder, path })
    }

    /// Creates the file if it is missing.
    fn make(&self, source: &Connection, watch: &mut Watch<'_>) -> Result<Option<PathBuf>, Error> {
        let partial = self.folder.partial()?;
        copy::into_partial(&partial, source, Pace::full(BackupPhase::Copying), watch)?;
        partial.sync()?;
        let failed = |error| io_error(&self.path, "cannot be created", error);
        self.clear().map_err(failed)?;
        put(partial.path(), &self.path).map_err(failed)?;
        self.folder.sync()?;
        Ok(None)
    }

    /// Renames the log and the journal of a missing file. SQLite would take them for those of the new
    /// file.
    fn clear(&self) -> io::Result<()> {
        let is_there =
            |path: &Path| SIDE_FILE_SUFFIXES.iter().any(|end| fs::symlink_metadata(side_file(path, end)).is_ok());
        let mut at = Utc::now();
        while is_there(&self.path) {
            let kept = self.kept_path(at);
            if is_there(&kept) || fs::symlink_metadata(&kept).is_ok() {
                at += TimeDelta::seconds(1);
            } else {
                self.rename_side_files(&kept)?;
            }
        }
        Ok(())
    }

    /// Renames the log and the journal beside the file, so that they belong to the kept file.
    fn rename_side_files(&self, kept: &Path) -> io::Result<()> {
        for end in SIDE_FILE_SUFFIXES {
            match fs::rename(side_file(&self.path, end), side_file(kept, end)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Copies the old file aside.
    fn keep(&self, old: &Connection, watch: &mut Watch<'_>) -> Result<PathBuf, Error> {
        let partial = self.folder.partial()?;
        copy::into_partial(&partial, old, Pace::full(BackupPhase::Keeping), watch)?;
        partial.sync()?;
        partial.publish(Utc::now(), |stamp| self.kept_name(stamp))
    }

    /// Replaces the pages by those of the backup, without the users who have a tombstone in the kept
    /// file.
    fn replace_forgetting(
        &self,
        source: &Connection,
        old: Connection,
        kept: &Path,
        restored: &mut Restored,
        watch: &mut Watch<'_>,
    ) -> Result<(), Error> {
        let Some(purified) = forgotten::copy_without_erased(&self.folder, source, kept, watch)? else {
            return self.replace_pages(source, old, watch);
        };
        self.replace_pages(&purified.conn, old, watch)?;
        (restored.erased, restored.rows) = (purified.erased, purified.rows);
        Ok(())
    }

    /// Replaces the pages in place, because another process may open the file at any moment. If the
    /// file were renamed, that process would have the old file with the new one's log.
    fn replace_pages(&self, source: &Connection, old: Connection, watch: &mut Watch<'_>) -> Result<(), Error> {
        let copied = copy::pages_from(source, &old, Pace::full(BackupPhase::Copying), watch);
        drop(old);
        if copied.is_err() {
            self.roll_back();
        }
        copied
    }

    /// Rolls back what was written before the failure, as the next reader would, and returns whether
    /// the file is as it was.
    fn roll_back(&self) -> bool {
        let conn = copy::open(&Location::File(self.path.clone()), Access::Write);
        conn.is_ok_and(|conn| conn.execute("SELECT count(*) FROM sqlite_schema").is_ok())
    }

    /// Renames a file that is too damaged for its pages to be replaced, and puts a new file in its
    /// place.
    fn set_aside(&self, source: &Connection, watch: &mut Watch<'_>) -> Result<Option<PathBuf>, Error> {
        let partial = self.folder.partial()?;
        copy::into_partial(&partial, source, Pace::full(BackupPhase::Copying), watch)?;
        partial.sync()?;
        let old = copy::open(&Location::File(self.path.clone()), Access::Write)?;
        old.lock_file().map_err(|error| error.into_error(format!("cannot lock {}", self.path.display())))?;
        let failed = |error| io_error(&self.path, "cannot be replaced", error);
        let mut at = Utc::now();
        let kept = loop {
            let kept = self.kept_path(at);
            // Two names for one file, so that there is a file at every moment.
            match fs::hard_link(&self.path, &kept) {
                Ok(()) => break kept,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => at += TimeDelta::seconds(1),
                Err(error) => return Err(failed(error)),
            }
        };
        self.rename_side_files(&kept).map_err(failed)?;
        fs::rename(partial.path(), &self.path).map_err(failed)?;
        self.folder.sync()?;
        Ok(Some(kept))
    }

    fn kept_path(&self, at: DateTime<Utc>) -> PathBuf {
        self.path.with_file_name(self.kept_name(&at.format(STAMP).to_string()))
    }

    fn kept_name(&self, stamp: &str) -> PathBuf {
        let name = self.path.file_name().map_or_else(PathBuf::new, PathBuf::from);
        side_file(&name, &format!(".replaced_{stamp}"))
    }
}

impl fmt::Debug for Restore<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backup, destination, progress: _ } = self;
        f.debug_struct("Restore").field("backup", backup).field("destination", destination).finish_non_exhaustive()
    }
}
