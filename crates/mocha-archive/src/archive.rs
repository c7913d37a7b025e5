//! The archive's folder: its lock, its manifest, and how a file gets its name.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use crate::{
    Error, ErrorKind, Partition,
    decode::Decoder,
    disk,
    encode::{Encoder, Summary},
    layout::SCHEMA_VERSION,
    manifest::{Entry, files_below},
};

/// A folder of Parquet files with the events of stores.
///
/// There is one file for each table, guild and month: `FOLDER/messages/guild_id=…/month=YYYY-MM/`
/// and alike for `voice`, `voice_log`, `members` and `presences`. Other programs may read these
/// files at any time, because a file is replaced in one step. They must not write them.
///
/// `FOLDER/manifest` has an entry for each file: its number of rows, its first and last time, its
/// size and SHA-256. Before a file is used it is compared with its entry.
///
/// Several processes may use the folder: one writes at a time, and others wait for it. All of it
/// must be on one file system of a local disk.
///
/// # Examples
///
/// ```
/// use mocha_archive::Archive;
/// use mocha_store::Store;
///
/// # let folder = tempfile::tempdir()?;
/// let store = Store::open(folder.path().join("stats.db"))?;
/// let archive = Archive::open(folder.path().join("archive"))?;
/// let written = archive.add(&store)?;
/// assert_eq!(written.rows, 0);
/// assert!(archive.verify()?.is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Archive {
    folder: PathBuf,
}

/// Holds the lock of the folder until it is dropped, when the system closes the file. A writer's lock
/// deletes what it did not complete.
pub(crate) struct Lock {
    _file: File,
    /// The file that is being written, and the note about it.
    writes: Option<(PathBuf, PathBuf)>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some((partial, intent)) = &self.writes
            && !intent.exists()
        {
            // The next writer tries again.
            drop(disk::remove_unsynced(partial));
        }
    }
}

/// The folder of what is being written. Its name is hidden, so other programs do not read it.
const WRITING: &str = ".writing";

impl Archive {
    /// Opens an archive. Creates the folder if there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] or [`ErrorKind::DiskFull`] if the folder cannot be made.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let folder = std::path::absolute(folder).map_err(|error| Error::io(folder, "cannot be named", error))?;
        disk::create_folder(&folder.join(WRITING))?;
        Ok(Self { folder })
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the entries of the manifest, in order of table, guild and month. It reads the
    /// manifest only.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`] if an entry cannot be read, [`ErrorKind::SchemaTooNew`] if a newer
    /// Mocha wrote it, and errors of files.
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// let archive = mocha_archive::Archive::open(folder.path())?;
    /// assert_eq!(archive.manifest()?, []);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn manifest(&self) -> Result<Vec<Entry>, Error> {
        let _lock = self.reading()?;
        self.entries(|_| true).map(|found| found.into_iter().map(|(_, entry)| entry).collect())
    }

    /// Returns the files that are wanted and their entries in order. The caller holds a lock.
    pub(crate) fn entries(&self, wanted: impl Fn(&Partition) -> bool) -> Result<Vec<(Partition, Entry)>, Error> {
        let mut found = Vec::new();
        for path in files_below(&self.folder.join("manifest"))? {
            let Some(entry) = Entry::read(&path)? else { continue };
            let partition = entry.partition().filter(|partition| self.folder.join(partition.entry()) == path);
            let Some(partition) = partition else {
                let context = format!("{} is an entry for another place", path.display());
                return Err(Error::new(ErrorKind::Foreign, context));
            };
            if wanted(&partition) {
                found.push((partition, entry));
            }
        }
        found.sort_by_key(|(partition, _)| partition.order());
        Ok(found)
    }

    /// Locks the folder against writers.
    pub(crate) fn reading(&self) -> Result<Lock, Error> {
        loop {
            let lock = self.lock(File::lock_shared)?;
            if !self.intent().exists() {
                return Ok(lock);
            }
            // A writer was killed. Its work has to be completed before anything is read.
            drop(lock);
            drop(self.writing()?);
        }
    }

    /// Locks the folder for writing, and completes what a writer that was killed had begun.
    pub(crate) fn writing(&self) -> Result<Lock, Error> {
        let mut lock = self.lock(File::lock)?;
        self.recover()?;
        lock.writes = Some((self.partial(), self.intent()));
        Ok(lock)
    }

    fn lock(&self, lock: impl Fn(&File) -> std::io::Result<()>) -> Result<Lock, Error> {
        let path = self.folder.join(WRITING).join("lock");
        let failed = |error| Error::io(&path, "cannot be locked", error);
        let file = File::options().create(true).truncate(false).write(true).read(true).open(&path).map_err(failed)?;
        lock(&file).map_err(failed)?;
        Ok(Lock { _file: file, writes: None })
    }

    /// The path of the file that is being written.
    pub(crate) fn partial(&self) -> PathBuf {
        self.folder.join(WRITING).join("part.parquet")
    }

    /// The note about the file that is about to get its name.
    fn intent(&self) -> PathBuf {
        self.folder.join(WRITING).join("intent.json")
    }

    fn temporary(&self) -> PathBuf {
        self.folder.join(WRITING).join("entry.json")
    }

    pub(crate) fn path(&self, partition: &Partition) -> PathBuf {
        self.folder.join(partition.file())
    }

    /// Opens the file of a partition, after it was compared with its entry; `None` if there is none.
    /// The caller holds a lock.
    pub(crate) fn decoder(&self, partition: &Partition) -> Result<Option<Decoder>, Error> {
        let path = self.path(partition);
        let Some(entry) = Entry::read(&self.folder.join(partition.entry()))? else {
            if path.exists() {
                let context = format!("{} is not in the manifest of the archive", path.display());
                return Err(Error::new(ErrorKind::Foreign, context));
            }
            return Ok(None);
        };
        self.compare(partition, &entry)?;
        Decoder::open(&path, partition).map(Some)
    }

    /// Refuses a file whose bytes are not those of its entry.
    pub(crate) fn compare(&self, partition: &Partition, entry: &Entry) -> Result<(), Error> {
        let path = self.path(partition);
        let damaged = |what: &str| Error::new(ErrorKind::Damaged, format!("{} {what}", path.display()));
        if !path.exists() {
            return Err(damaged("is in the manifest of the archive, and there is no such file"));
        }
        let (bytes, sha256) = disk::checksum(&path)?;
        if bytes != entry.bytes {
            return Err(damaged(&format!("has {bytes} bytes, and the manifest of the archive says {}", entry.bytes)));
        }
        if sha256 != entry.sha256 {
            return Err(damaged("has other bytes than the manifest of the archive says"));
        }
        Ok(())
    }

    /// Ends the file that is being written: syncs it, reads it back, compares what was read with
    /// what was written, and gives it its name.
    pub(crate) fn publish(
        &self,
        partition: &Partition,
        encoder: Encoder<'_, std::io::BufWriter<File>>,
    ) -> Result<Summary, Error> {
        let partial = self.partial();
        let written = encoder.sync()?;
        if written.rows == 0 {
            disk::remove(&partial)?;
            self.withdraw(partition)?;
            return Ok(written);
        }
        let read = Decoder::open(&partial, partition)?.summary()?;
        if read != written {
            let context = format!("{partition}: {} rows were written and {} others read", written.rows, read.rows);
            return Err(Error::new(ErrorKind::Unproved, context));
        }
        let (bytes, sha256) = disk::checksum(&partial)?;
        let entry = Entry {
            bytes,
            first_ms: written.first_ms,
            guild_id: partition.guild_id.to_string(),
            last_ms: written.last_ms,
            month: partition.month.to_string(),
            rows: written.rows,
            schema_version: SCHEMA_VERSION,
            sha256,
            table: partition.layout.folder.to_owned(),
        };
        self.announce(partition, &entry)?;
        disk::rename(&partial, &self.path(partition))?;
        self.complete(partition, &entry)?;
        Ok(written)
    }

    /// Deletes the file of a partition, if there is one.
    pub(crate) fn withdraw(&self, partition: &Partition) -> Result<(), Error> {
        if !self.folder.join(partition.entry()).exists() {
            return Ok(());
        }
        let entry = Entry::empty(partition);
        self.announce(partition, &entry)?;
        self.complete(partition, &entry)
    }

    /// Notes what is about to be done. The next steps need no more room on the disk.
    fn announce(&self, partition: &Partition, entry: &Entry) -> Result<(), Error> {
        for path in [self.path(partition), self.folder.join(partition.entry())] {
            path.parent().map_or(Ok(()), disk::create_folder)?;
        }
        entry.write(&self.intent(), &self.temporary())
    }

    /// Does the rest after the file has its name, or after the note that it is to be deleted. The
    /// note becomes the entry.
    fn complete(&self, partition: &Partition, entry: &Entry) -> Result<(), Error> {
        let (path, intent) = (self.folder.join(partition.entry()), self.intent());
        if entry.rows > 0 {
            return disk::rename(&intent, &path);
        }
        let file = self.path(partition);
        disk::remove(&file)?;
        disk::remove(&path)?;
        disk::remove_empty(file.parent(), &self.folder);
        disk::remove_empty(path.parent(), &self.folder);
        disk::remove(&intent)
    }

    /// Completes or undoes what a writer that was killed had begun.
    fn recover(&self) -> Result<(), Error> {
        let (intent, partial) = (self.intent(), self.partial());
        if let Some(entry) = Entry::read(&intent)? {
            let Some(partition) = entry.partition() else {
                let context = format!("{} names no place in the archive", intent.display());
                return Err(Error::new(ErrorKind::Foreign, context));
            };
            // The file was synced before the note, so it is whole.
            if entry.rows > 0 && partial.exists() {
                disk::rename(&partial, &self.path(&partition))?;
            }
            if entry.rows > 0 {
                self.compare(&partition, &entry)?;
            }
            self.complete(&partition, &entry)?;
        }
        disk::remove_unsynced(&partial)?;
        disk::remove_unsynced(&self.temporary())
    }
}
