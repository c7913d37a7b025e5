//! The folder of backups: names, a lock for one writer at a time, and cleaning up after a killed
//! process.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use crate::{Error, ErrorKind, error::io_error};

/// How a name contains the time.
pub(super) const STAMP: &str = "%Y%m%d_%H%M%S";

/// The endings of the files that SQLite keeps beside a database.
pub(crate) const SIDE_FILE_SUFFIXES: [&str; 3] = ["-wal", "-journal", "-shm"];

/// A locked folder. No other process makes or restores a backup in it until this is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    /// The operating system releases the lock when the process ends in any way.
    _lock: File,
    path: PathBuf,
}

impl Folder {
    /// Creates the folder if it is missing, locks it, and removes what a killed process left in it.
    pub(super) fn lock(path: &Path) -> Result<Self, Error> {
        let path = std::path::absolute(path).map_err(|error| io_error(path, "cannot be named", error))?;
        fs::create_dir_all(&path).map_err(|error| io_error(&path, "cannot be created", error))?;
        let name = path.join(".backup.lock");
        let lock = only_for_owner(OpenOptions::new().write(true).create(true).truncate(false))
            .open(&name)
            .map_err(|error| io_error(&name, "cannot be opened", error))?;
        match lock.try_lock() {
            Ok(()) => {
                let folder = Self { _lock: lock, path };
                folder.remove_partial();
                Ok(folder)
            }
            Err(TryLockError::WouldBlock) => {
                let context = format!("another backup is being made or restored in {}", path.display());
                Err(Error::new(ErrorKind::Busy, context))
            }
            Err(TryLockError::Error(error)) => Err(io_error(&name, "cannot be locked", error)),
        }
    }

    /// Creates an empty file that is removed when dropped, unless it is published.
    pub(super) fn partial(&self) -> Result<Partial<'_>, Error> {
        let path = self.partial_path();
        only_for_owner(OpenOptions::new().write(true).create_new(true))
            .open(&path)
            .map_err(|error| io_error(&path, "cannot be created", error))?;
        Ok(Partial { folder: self, path })
    }

    fn partial_path(&self) -> PathBuf {
        self.path.join(".backup.partial")
    }

    fn remove_partial(&self) {
        for end in ["", "-journal", "-wal", "-shm"] {
            // Usually there is none. If it cannot be removed, creating the next one fails and says
            // so.
            drop(fs::remove_file(side_file(&self.partial_path(), end)));
        }
    }

    /// Removes all but the newest `keep` backups, including `made`, by the times in their names,
    /// and returns which.
    pub(super) fn prune(&self, keep: usize, made: &Path) -> Result<Vec<PathBuf>, Error> {
        let unreadable = |error| io_error(&self.path, "cannot be listed", error);
        let mut others = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let is_backup = entry.file_name().to_str().is_some_and(is_backup_name);
            if is_backup && entry.path() != made && entry.file_type().map_err(unreadable)?.is_file() {
                others.push(entry.path());
            }
        }
        others.sort_unstable_by(|one, other| other.cmp(one));
        let mut removed = Vec::new();
        for path in others.into_iter().skip(keep.saturating_sub(1)) {
            // Files that SQLite left beside an opened backup are useless without it. Usually there
            // are none.
            for end in SIDE_FILE_SUFFIXES {
                drop(fs::remove_file(side_file(&path, end)));
            }
            fs::remove_file(&path).map_err(|error| io_error(&path, "cannot be removed", error))?;
            removed.push(path);
        }
        Ok(removed)
    }

    /// Waits until the names in the folder are on the disk, where the system can.
    pub(super) fn sync(&self) -> Result<(), Error> {
        sync(&self.path).map_err(|error| io_error(&self.path, "cannot be synced", error))
    }
}

/// A file that is not complete yet.
#[derive(Debug)]
pub(super) struct Partial<'a> {
    folder: &'a Folder,
    path: PathBuf,
}

impl Partial<'_> {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until the content is on the disk. No connection to the file may be open.
    pub(super) fn sync(&self) -> Result<(), Error> {
        OpenOptions::new()
            .write(true)
            .open(&self.path)
            .and_then(|file| file.sync_all())
            .map_err(|error| io_error(&self.path, "cannot be synced", error))
    }

    /// Renames the file to the first free second at or after `at`.
    pub(super) fn publish(self, mut at: DateTime<Utc>, name: impl Fn(&str) -> PathBuf) -> Result<PathBuf, Error> {
        loop {
            let path = self.folder.path.join(name(&at.format(STAMP).to_string()));
            match put(&self.path, &path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => at += TimeDelta::seconds(1),
                Err(error) => return Err(io_error(&path, "cannot be created", error)),
                Ok(()) => {
                    self.folder.sync()?;
                    return Ok(path);
                }
            }
        }
    }
}

impl Drop for Partial<'_> {
    fn drop(&mut self) {
        self.folder.remove_partial();
    }
}

/// Waits until the names in the folder are on the disk, where the system can.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// Renames a file without ever replacing another.
pub(crate) fn put(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Not every file system has hard links. Where backups are, the folder is locked. Elsewhere
        // only a file that appears between the two calls is missed.
        Err(_) if fs::symlink_metadata(to).is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}

/// Returns the path with an ending added to its name.
pub(crate) fn side_file(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Returns the name of a backup.
pub(super) fn backup_name(stamp: &str) -> PathBuf {
    format!("backup_{stamp}.db").into()
}

fn is_backup_name(name: &str) -> bool {
    let stamp = name.strip_prefix("backup_").and_then(|name| name.strip_suffix(".db"));
    stamp.is_some_and(|stamp| {
        // Parsing accepts more than formatting produces.
        NaiveDateTime::parse_from_str(stamp, STAMP).is_ok_and(|at| at.format(STAMP).to_string() == stamp)
    })
}

/// Options for a new file that only its owner may read, where the system supports that.
fn only_for_owner(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_backup_wrote_is_a_backups_name() {
        assert!(is_backup_name("backup_20260228_235959.db"));
        for name in [
            "backup_20260229_000000.db",
            "backup_2026228_235959.db",
            "backup_20260228_235959.db-wal",
            "backup_20260228_235959 copy.db",
            "my_backup_20260228_235959.db",
            "backup_+2026228_235959.db",
            "backup_.db",
            "stats.db",
        ] {
            assert!(!is_backup_name(name), "{name}");
        }
    }
}
