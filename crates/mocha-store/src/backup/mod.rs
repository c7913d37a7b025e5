//! Backups: copies of the file, made while others write to it, checked before they count, and put back when need be.

mod check;
mod copy;
mod folder;
mod forgotten;
mod restore;
mod watch;

use std::{
    collections::BTreeMap,
    fmt,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{DateTime, Datelike, Utc};

pub(crate) use self::folder::{SIDE_FILE_SUFFIXES, put, side_file, sync};
pub use self::{
    copy::BackupMethod,
    restore::{Restore, Restored},
    watch::{BackupPhase, BackupProgress},
};
use self::{
    folder::{Folder, backup_name},
    watch::{Callback, Watch},
};
use crate::{Error, ErrorKind, Store, maintenance::bound_log, store::Link};

/// How long it tries to empty a write-ahead log that is too large.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a backup is made; by [`Store::backup`].
#[must_use = "a backup is not made until `run`"]
pub struct Backup<'a> {
    at: Option<DateTime<Utc>>,
    folder: PathBuf,
    keep: usize,
    link: Link,
    method: BackupMethod,
    progress: Option<Callback<'a>>,
}

/// The backup that [`Backup::run`] made.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct BackedUp {
    /// When it was begun: its name's time, if that second was free.
    pub at: DateTime<Utc>,
    /// The size of the file.
    pub bytes: u64,
    /// The file.
    pub path: PathBuf,
    /// The older backups that were removed, newest first.
    pub removed: Vec<PathBuf>,
    /// How many rows each table has, by its name, in the file as at that moment in the store.
    pub rows: BTreeMap<String, u64>,
}

impl Store {
    /// A backup of the whole file into a folder, while the recorder and others go on writing.
    ///
    /// The copy is of one moment: it has each transaction as a whole or not at all. It is named by the time in UTC,
    /// `backup_YYYYmmdd_HHMMSS.db`, and is a file that [`Store::open`] opens and [`Store::restore`] puts back. Never copy the file of an
    /// open store by other means: what is in its write-ahead log would be missing, or half there.
    ///
    /// Give each store a folder of its own, for only the newest backups in it are [kept](Backup::keep).
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let store = Store::open(folder.path().join("stats.db"))?;
    /// let made = store.backup(folder.path().join("backups")).keep(7).run()?;
    /// assert_eq!(made.rows["message_events"], 0);
    ///
    /// let backup = Store::open(&made.path)?;
    /// # drop(backup);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn backup<'a>(&self, folder: impl AsRef<Path>) -> Backup<'a> {
        Backup {
            at: None,
            folder: folder.as_ref().to_owned(),
            keep: 7,
            link: self.link().clone(),
            method: BackupMethod::default(),
            progress: None,
        }
    }
}

impl<'a> Backup<'a> {
    /// The time for the backup's name. Default: when it runs.
    pub fn at(mut self, at: DateTime<Utc>) -> Self {
        self.at = Some(at);
        self
    }

    /// How many backups stay in the folder, with the one being made, which always does; the others go by the times in their
    /// names, and nothing of another name is touched. One that goes takes along what SQLite left beside it when it was
    /// opened. Default: 7.
    pub fn keep(mut self, backups: usize) -> Self {
        self.keep = backups;
        self
    }

    /// How the copy is made. Default: [`BackupMethod::Compact`].
    pub fn method(mut self, method: BackupMethod) -> Self {
        self.method = method;
        self
    }

    /// Tells how far it has come, at most every hundredth of a second, and stops it on [`ControlFlow::Break`]. It is called on the thread
    /// that runs the backup; see [`run`](Self::run) on what is held meanwhile, and use no store in it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use mocha_store::{ErrorKind, Store};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let store = Store::open(folder.path().join("stats.db"))?;
    /// let stopped = store.backup(folder.path()).on_progress(|progress| {
    ///     assert!(progress.done_bytes <= progress.total_bytes);
    ///     ControlFlow::Break(())
    /// });
    /// assert_eq!(stopped.run().unwrap_err().kind(), &ErrorKind::Stopped);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_progress(mut self, on_progress: impl FnMut(BackupProgress) -> ControlFlow<()> + Send + 'a) -> Self {
        self.progress = Some(Box::new(on_progress));
        self
    }

    /// Makes the backup, and returns when it is whole, checked and on the disk.
    ///
    /// It is written to `.backup.partial` in the folder, for its owner only, and gets its name when all rows were counted in
    /// the copy as in the store at that moment, and the copy has passed SQLite's integrity check and has no rows without parents that
    /// the store has not. If the second in the name is taken, it is the next free one. Then the
    /// older backups are removed; one that cannot be is logged and left.
    ///
    /// If it fails, is stopped or panics in [`on_progress`](Self::on_progress), the partial file is removed, and nothing else was changed; one that a killed
    /// process left is removed by the next backup into the folder. The hidden file `.backup.lock` stays.
    ///
    /// It blocks until then: every row is read and written once and read twice more. A read transaction stays open as long,
    /// so the write-ahead log grows by what is written meanwhile, and shrinks again afterwards. One that is larger than
    /// [`Maintenance::wal_limit_bytes`](crate::Maintenance::wal_limit_bytes) is emptied first, so that backups that come one after the other
    /// do not let it grow for ever; five seconds are given to that, in which who writes may wait for some 50 milliseconds at a time. Else
    /// who writes waits for at most a few milliseconds, in the beginning of [`BackupMethod::Compact`]. Do not call it within
    /// [`Store::write`]. A store in memory is locked for writers until the backup is made.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Stopped`]: `progress` said so.
    /// * [`ErrorKind::DiskFull`]: there is no room for it in the folder. It works once there is.
    /// * [`ErrorKind::Busy`]: another backup is being made in the folder, or somebody holds the write lock for too long.
    /// * [`ErrorKind::Corrupt`]: the copy did not pass the checks, so the store's file, or the disk, is damaged.
    /// * [`ErrorKind::Replaced`]: the store's file was deleted or replaced, before or meanwhile; no backup was removed.
    /// * [`ErrorKind::InvalidSetting`]: `keep` or the pages at a time are 0, or the year of `at` has not four digits.
    /// * [`ErrorKind::Io`], [`ErrorKind::ReadOnly`]: the folder cannot be written to, or its path is not UTF-8.
    pub fn run(self) -> Result<BackedUp, Error> {
        let Self { at, folder, keep, link, method, progress } = self;
        let pages = if let BackupMethod::Paced { pages, .. } = method { pages } else { 1 };
        let at = at.unwrap_or_else(Utc::now);
        // The names' years have four digits.
        for (name, holds) in [("at", (0..=9999).contains(&at.year())), ("keep", keep > 0), ("pages", pages > 0)] {
            if !holds {
                return Err(Error::new(ErrorKind::InvalidSetting { name }, format!("`{name}` is out of range")));
            }
        }
        link.check_place()?;
        let folder = Folder::lock(&folder)?;
        let partial = folder.partial()?;
        // A backup holds the log for as long as it takes: of one after the other it would grow by all that is written meanwhile.
        if let Err(error) = bound_log(&link, PATIENCE) {
            tracing::debug!(error = %error, "the write-ahead log stays as it is for now");
        }
        let filled = copy::fill(&partial, &link, method, &mut Watch::new(progress));
        // A copy of another file must not take the place of good ones, and that it failed says nothing of the store's.
        link.check_place()?;
        let (rows, bytes) = (filled?, copy::bytes(&partial)?);
        let path = partial.publish(at, backup_name)?;
        let removed = folder.prune(keep, &path).unwrap_or_else(|error| {
            tracing::warn!(error = %error, "older backups cannot be removed");
            Vec::new()
        });
        Ok(BackedUp { at, bytes, path, removed, rows })
    }
}

impl fmt::Debug for Backup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, folder, keep, link, method, progress: _ } = self;
        f.debug_struct("Backup")
            .field("at", at)
            .field("folder", folder)
            .field("keep", keep)
            .field("location", &link.location)
            .field("method", method)
            .finish_non_exhaustive()
    }
}
