//! Backups: checked copies of the file, made while others write to it, and their restoration.

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
use crate::{Error, ErrorKind, Store, link::Link, maintenance::bound_log};

/// How long a backup tries to empty a write-ahead log that is too large.
const PATIENCE: Duration = Duration::from_secs(5);

/// Configures and makes a backup. Made by [`Store::backup`].
#[must_use = "a backup is not made until `run`"]
pub struct Backup<'a> {
    at: Option<DateTime<Utc>>,
    folder: PathBuf,
    keep: usize,
    link: Link,
    method: BackupMethod,
    progress: Option<Callback<'a>>,
}

/// Describes the backup that [`Backup::run`] made.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct BackedUp {
    /// The time in its name: when it was begun, or the next free second.
    pub at: DateTime<Utc>,
    /// The size of the file in bytes.
    pub bytes: u64,
    /// The path of the file.
    pub path: PathBuf,
    /// The older backups that were removed, newest first.
    pub removed: Vec<PathBuf>,
    /// The number of rows by table name, at that moment.
    pub rows: BTreeMap<String, u64>,
}

impl Store {
    /// Backs up the whole file into a folder while the recorder and others write.
    ///
    /// The copy is consistent: it has each transaction as a whole or not at all. Its name has the
    /// time in UTC, `backup_YYYYmmdd_HHMMSS.db`. [`Store::open`] opens it and [`Store::restore`]
    /// restores it. Never copy the file of an open store by other means: the copy would lack all or
    /// part of the write-ahead log.
    ///
    /// Use a separate folder for each store, because only the newest backups in it are
    /// [kept](Backup::keep).
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
    /// Sets the time in the backup's name. Default: when it runs.
    pub fn at(mut self, at: DateTime<Utc>) -> Self {
        self.at = Some(at);
        self
    }

    /// Sets how many backups stay in the folder, including the new one, which always stays. Older
    /// ones are removed by the times in their names, with the files that SQLite left next to them.
    /// Files with other names are not touched. Default: 7.
    pub fn keep(mut self, backups: usize) -> Self {
        self.keep = backups;
        self
    }

    /// Sets how the copy is made. Default: [`BackupMethod::Compact`].
    pub fn method(mut self, method: BackupMethod) -> Self {
        self.method = method;
        self
    }

    /// Calls `on_progress` at most every 10 milliseconds. [`ControlFlow::Break`] stops the backup.
    /// The callback runs on the thread that makes the backup and must not use a store;
    /// [`run`](Self::run) says which locks are held meanwhile.
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

    /// Makes the backup, and returns when it is complete, checked and on the disk.
    ///
    /// The copy is written to `.backup.partial` in the folder, readable by its owner only. It gets
    /// its name after these checks: each table has as many rows as in the store, SQLite's integrity
    /// check passes, and no orphaned rows were added. If the second in the name is taken, the next
    /// free one is used. Then the older backups are removed. If one cannot be removed, that is
    /// logged.
    ///
    /// If the backup fails, is stopped, or the callback panics, the partial file is removed and
    /// nothing else has changed. The next backup into the folder removes the partial file of a
    /// killed process. The hidden file `.backup.lock` stays.
    ///
    /// It blocks meanwhile, and reads every row three times. A read transaction stays open, so the
    /// write-ahead log grows by what is written and shrinks afterwards. A log that is larger than
    /// [`Maintenance::wal_limit_bytes`](crate::Maintenance::wal_limit_bytes) is emptied first, so
    /// successive backups do not let it grow for ever. That takes at most five seconds, in which
    /// writers may wait for about 50 milliseconds at a time. Otherwise writers wait at most a few
    /// milliseconds, at the start of [`BackupMethod::Compact`]. Do not call it within
    /// [`Store::write`]. A store in memory is locked for writers until the backup is made.
    ///
    /// # Errors
    ///
    /// * [`ErrorKind::Stopped`]: the callback stopped it.
    /// * [`ErrorKind::DiskFull`]: the disk has no room for the backup. Free some space and try again.
    /// * [`ErrorKind::Busy`]: another backup is being made in the folder, or another connection holds the write lock for too long.
    /// * [`ErrorKind::Corrupt`]: the copy did not pass the checks, so the store's file or the disk is damaged.
    /// * [`ErrorKind::Replaced`]: the store's file was deleted or replaced. No backup was removed.
    /// * [`ErrorKind::InvalidSetting`]: `keep` or the pages at a time are 0, or the year of `at` is not 0 to 9999.
    /// * [`ErrorKind::Io`], [`ErrorKind::ReadOnly`]: the folder cannot be written to, or its path is not UTF-8.
    pub fn run(self) -> Result<BackedUp, Error> {
        let Self { at, folder, keep, link, method, progress } = self;
        let pages = if let BackupMethod::Paced { pages, .. } = method { pages } else { 1 };
        let at = at.unwrap_or_else(Utc::now);
        // The year in a name has four digits.
        for (name, holds) in [("at", (0..=9999).contains(&at.year())), ("keep", keep > 0), ("pages", pages > 0)] {
            if !holds {
                return Err(Error::new(ErrorKind::InvalidSetting { name }, format!("`{name}` is out of range")));
            }
        }
        link.check_place()?;
        let folder = Folder::lock(&folder)?;
        let partial = folder.partial()?;
        // A backup keeps the log from being reset. Successive backups would let it grow by
        // everything that is written meanwhile.
        if let Err(error) = bound_log(&link, PATIENCE) {
            tracing::debug!(error = %error, "the write-ahead log could not be emptied before the backup");
        }
        let filled = copy::fill(&partial, &link, method, &mut Watch::new(progress));
        // If the store's file was replaced, the copy must not displace good backups.
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
