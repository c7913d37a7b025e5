//! Files that survive a crash: written, synced, renamed.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read, Write as _},
    path::Path,
};

use sha2::{Digest as _, Sha256};

use crate::Error;

/// Writes a file and waits until the disk has it.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| Error::io(path, "cannot be written", error))
}

/// Renames a file over another, in one step, and waits until the disk has it. Creates the folder.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    if let Some(folder) = to.parent() {
        create_folder(folder)?;
    }
    fs::rename(from, to).map_err(|error| Error::io(to, "cannot be named", error))?;
    sync_parent(to)
}

/// Creates a folder and those above it, so that they survive a crash.
pub(crate) fn create_folder(folder: &Path) -> Result<(), Error> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
        create_folder(above)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(Error::io(folder, "cannot be made", error)),
        _ => sync_parent(folder),
    }
}

/// Deletes a file if it is there, and waits until the disk has it.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io(path, "cannot be deleted", error)),
        Ok(()) => sync_parent(path),
    }
}

/// Deletes a file if it is there. A power loss may bring it back.
pub(crate) fn remove_unsynced(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io(path, "cannot be deleted", error)),
        _ => Ok(()),
    }
}

/// Deletes a folder and those above it, up to `top`, as long as they are empty.
pub(crate) fn remove_empty(folder: Option<&Path>, top: &Path) {
    let mut next = folder;
    while let Some(folder) = next.filter(|folder| *folder != top && folder.starts_with(top)) {
        // It has other files, which is no failure.
        if fs::remove_dir(folder).is_err() {
            return;
        }
        next = folder.parent();
    }
}

#[cfg(unix)]
fn sync_parent(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::io(folder, "cannot be synced", error))
}

/// Other systems do not open folders.
#[cfg(not(unix))]
fn sync_parent(_path: &Path) -> Result<(), Error> {
    Ok(())
}

/// Returns the size of a file, and SHA-256 of its bytes in hexadecimal digits.
pub(crate) fn checksum(path: &Path) -> Result<(u64, String), Error> {
    let failed = |error| Error::io(path, "cannot be read", error);
    let mut file = File::open(path).map_err(failed)?;
    let (mut bytes, mut hash, mut buffer) = (0, Sha256::new(), vec![0; 1 << 16]);
    loop {
        let len = file.read(&mut buffer).map_err(failed)?;
        let Some(read) = buffer.get(..len).filter(|read| !read.is_empty()) else { break };
        hash.update(read);
        bytes += u64::try_from(len).unwrap_or(0);
    }
    let mut digits = String::with_capacity(64);
    for byte in hash.finalize() {
        // A String takes everything.
        write!(digits, "{byte:02x}").unwrap_or_default();
    }
    Ok((bytes, digits))
}
