//! The file's location, and the connections to it.

mod configure;
mod lock;
mod settings;

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use diesel::{Connection, sqlite::SqliteConnection};

pub use self::settings::Durability;
pub(crate) use self::{
    configure::{check_sqlite_version, configure, wait_for_locks},
    lock::{Turns, do_not_wait, write},
    settings::Settings,
};
use crate::{
    Error, ErrorKind,
    error::{classify, io_error},
};

/// The size in bytes of the files that SQLite creates beside a file when it opens it.
const NEEDED: usize = 65_536;

/// The location of the data.
#[derive(Clone, Debug)]
pub(crate) enum Location {
    File(PathBuf),
    /// A database in memory that all connections of this process share by its name.
    Memory(u64),
}

/// Opens connections to the data.
#[derive(Clone)]
pub(crate) struct Link {
    /// Keeps a database in memory alive. SQLite drops it with its last connection.
    _keeper: Option<Arc<Mutex<SqliteConnection>>>,
    identity: Option<Identity>,
    pub(crate) location: Location,
    pub(crate) settings: Arc<Settings>,
}

impl Link {
    pub(crate) fn new(location: Location, settings: Settings) -> Result<Self, Error> {
        let (identity, keeper) = match &location {
            Location::File(path) => (identity(path), None),
            Location::Memory(_) => (None, Some(Arc::new(Mutex::new(location.connect(Access::Read)?)))),
        };
        Ok(Self { _keeper: keeper, identity, location, settings: Arc::new(settings) })
    }

    /// Refuses a file that was deleted or replaced after it was opened, because data written to it
    /// would be lost. The check takes about a microsecond.
    pub(crate) fn check_place(&self) -> Result<(), Error> {
        match &self.location {
            Location::File(path) if self.identity.is_some() && identity(path) != self.identity => {
                let context = format!("{} was deleted or replaced since it was opened; open it again", path.display());
                Err(Error::new(ErrorKind::Replaced, context))
            }
            _ => Ok(()),
        }
    }

    /// Opens and sets up a connection that may write.
    pub(crate) fn connect_writer(&self) -> Result<SqliteConnection, Error> {
        self.check_place()?;
        let mut conn = self.location.connect(Access::Write)?;
        configure(&mut conn, Access::Write, &self.settings)
            .map_err(|error| classify(format!("cannot set up a connection to {}", self.location), error))?;
        Ok(conn)
    }
}

/// Identifies a file beyond its name, where the system can: by its device and inode number.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// Other systems do not allow deleting an open file.
#[cfg(not(unix))]
fn identity(_path: &Path) -> Option<Identity> {
    None
}

/// The purpose of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Location {
    /// Resolves the path, because the program may change its working directory while the file is open.
    pub(crate) fn file(path: &Path) -> Result<Self, Error> {
        let absolute = std::path::absolute(path).map_err(|error| io_error(path, "cannot be named", error))?;
        Ok(Self::File(absolute))
    }

    pub(crate) fn memory() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self::Memory(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the URI that SQLite opens.
    pub(crate) fn uri(&self, access: Access) -> Result<String, Error> {
        match self {
            // The `memdb` VFS has locks like a file. A shared cache would not wait for locks.
            Self::Memory(number) => Ok(format!("file:/mocha-{number}?vfs=memdb")),
            Self::File(path) => {
                let absolute = std::path::absolute(path).map_err(|error| io_error(path, "cannot be named", error))?;
                let text = absolute.to_str().ok_or_else(|| {
                    Error::new(ErrorKind::Io, format!("the path {} is not UTF-8, which SQLite needs", path.display()))
                })?;
                let mut uri = String::from("file:");
                if !text.starts_with('/') {
                    uri.push('/');
                }
                for character in text.chars() {
                    match character {
                        '%' => uri.push_str("%25"),
                        '?' => uri.push_str("%3f"),
                        '#' => uri.push_str("%23"),
                        '\\' if cfg!(windows) => uri.push('/'),
                        other => uri.push(other),
                    }
                }
                uri.push_str(match access {
                    Access::Read => "?mode=ro",
                    Access::Write => "?mode=rw",
                });
                Ok(uri)
            }
        }
    }

    /// Creates the folder and the file if they are missing. Only the owner can read a new file.
    pub(crate) fn create(&self) -> Result<(), Error> {
        let Self::File(path) = self else { return Ok(()) };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| io_error(folder, "cannot be created", error))?;
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(io_error(path, "cannot be created", error))
            }
            _ => Ok(()),
        }
    }

    /// Returns whether no file can be created beside the file. SQLite must create some, and reports such a folder only as "cannot
    /// open".
    pub(crate) fn is_read_only(&self) -> bool {
        let Self::File(path) = self else { return false };
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}", std::process::id()));
        match fs::OpenOptions::new().write(true).create_new(true).open(&name) {
            Ok(_) => fs::remove_file(name).is_err(),
            Err(error) => [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem].contains(&error.kind()),
        }
    }

    /// Returns whether the disk has no room for a small file beside the file. SQLite needs some, and reports a full disk only as a
    /// failure to read or write.
    pub(crate) fn is_full(&self) -> bool {
        let Self::File(path) = self else { return false };
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}", std::process::id()));
        let Ok(mut file) = fs::OpenOptions::new().write(true).create_new(true).open(&name) else { return false };
        let written = file.write_all(&vec![0; NEEDED]).and_then(|()| file.sync_all());
        // If it cannot be removed, the next probe cannot create it.
        drop((file, fs::remove_file(name)));
        written.is_err_and(|error| error.kind() == io::ErrorKind::StorageFull)
    }

    pub(crate) fn connect(&self, access: Access) -> Result<SqliteConnection, Error> {
        SqliteConnection::establish(&self.uri(access)?).map_err(|error| classify(format!("cannot open {self}"), error))
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Memory(_) => f.write_str("the database in memory"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_path_and_not_a_uri() -> Result<(), Error> {
        let uri = Location::File(PathBuf::from("/tmp/100%? #1.db")).uri(Access::Read)?;
        assert_eq!(uri, "file:/tmp/100%25%3f %231.db?mode=ro");
        Ok(())
    }
}
