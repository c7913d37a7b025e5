//! The manifest, which describes the contents of each archive file in one small file of JSON.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, Partition, disk, layout::SCHEMA_VERSION};

/// The manifest's entry for a file of the archive.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Entry {
    /// The size of the file.
    pub bytes: u64,
    /// The time of the first row, in unix milliseconds.
    pub first_ms: i64,
    /// The guild.
    pub guild_id: String,
    /// The time of the last row, in unix milliseconds.
    pub last_ms: i64,
    /// The month in UTC, as `YYYY-MM`.
    pub month: String,
    /// The number of rows. 0 in the note of a file that is about to be deleted.
    pub rows: u64,
    /// The version of the file's schema.
    pub schema_version: u32,
    /// SHA-256 of the file's bytes in hexadecimal digits.
    pub sha256: String,
    /// The table, as its folder is named.
    pub table: String,
}

impl Entry {
    /// Returns the place of the file.
    pub(crate) fn partition(&self) -> Option<Partition> {
        Some(Partition {
            guild_id: self.guild_id.parse().ok()?,
            layout: crate::layout::Layout::of_folder(&self.table)?,
            month: self.month.parse().ok()?,
        })
    }

    /// Returns the entry of a partition without rows, whose file is deleted.
    pub(crate) fn empty(partition: &Partition) -> Self {
        Self {
            bytes: 0,
            first_ms: 0,
            guild_id: partition.guild_id.to_string(),
            last_ms: 0,
            month: partition.month.to_string(),
            rows: 0,
            schema_version: SCHEMA_VERSION,
            sha256: String::new(),
            table: partition.layout.folder.to_owned(),
        }
    }

    /// Reads an entry; `None` if there is none.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Error> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(path, "cannot be read", error)),
        };
        let entry: Self = serde_json::from_slice(&text).map_err(|error| {
            Error::with_source(ErrorKind::Damaged, format!("{} is no entry of a manifest", path.display()), error)
        })?;
        if entry.schema_version > SCHEMA_VERSION {
            let context = format!("{} was written by a newer Mocha", path.display());
            return Err(Error::new(ErrorKind::SchemaTooNew, context));
        }
        Ok(Some(entry))
    }

    /// Writes it so that a crash leaves the old or the new one.
    pub(crate) fn write(&self, path: &Path, temporary: &Path) -> Result<(), Error> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| {
            Error::with_source(ErrorKind::Io, format!("{} cannot be written", path.display()), error)
        })?;
        disk::write_synced(temporary, &text)?;
        disk::rename(temporary, path)
    }
}

/// Returns the paths of all files below a folder, in order. There are none if there is no folder.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error| Error::io(&folder, "cannot be listed", error);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let is_folder = entry.file_type().map_err(failed)?.is_dir();
            if is_folder { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    Ok(found)
}
