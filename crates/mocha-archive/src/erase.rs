//! Erases users from the archive.

use mocha_schema::{GuildId, UserId};

use crate::{
    Archive, Erasure, Error, ErrorKind, Month, Partition, Receipt, archive::Lock, decode::Cursor, encode::Encoder,
};

/// Reports what an erasure did in the store and in the archive, without naming the user.
#[derive(Debug)]
#[must_use = "an erasure may not be complete"]
#[non_exhaustive]
pub struct ErasedEverywhere<R> {
    /// The changes in the archive.
    pub archive: ErasedFiles,
    /// The changes in the store.
    pub store: R,
}

impl<R: Receipt> ErasedEverywhere<R> {
    /// Returns whether nothing about the user is left in either.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.store.is_complete() && self.archive.is_complete()
    }
}

/// Reports which files of an archive were written again without a user.
#[derive(Debug, Default)]
#[must_use = "an erasure may not be complete"]
#[non_exhaustive]
pub struct ErasedFiles {
    /// The files that had rows of the user, in order of table, guild and month.
    pub files: Vec<ErasedFile>,
    /// Files that could not be read, so that rows of the user may be left. Each error names its file.
    pub problems: Vec<Error>,
}

impl ErasedFiles {
    /// Returns whether every file could be searched.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.problems.is_empty()
    }

    /// Returns the number of deleted rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }
}

/// A file that was written again, or deleted because it had no other rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ErasedFile {
    /// The guild.
    pub guild_id: GuildId,
    /// The month.
    pub month: Month,
    /// The number of deleted rows.
    pub rows: u64,
    /// The name of the table's folder.
    pub table: &'static str,
}

impl Archive {
    /// Runs an erasure in the store and then in the archive.
    ///
    /// The order matters: after the erasure in the store nothing of the user can come into the
    /// archive again, and a [restoration](Self::restore) leaves the user out. If it is interrupted,
    /// run it again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`] if the store fails; the archive was not touched. Those of
    /// [`forget_user`](Self::forget_user).
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_archive::Archive;
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let store = Store::open(folder.path().join("stats.db"))?;
    /// let archive = Archive::open(folder.path().join("archive"))?;
    /// let erased = archive.erase(store.opt_out_user(40.try_into()?))?;
    /// assert!(erased.is_complete() && erased.store.opted_out);
    /// assert_eq!(erased.archive.files, []);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "gdpr")]
    pub fn erase<E: Erasure>(&self, erasure: E) -> Result<ErasedEverywhere<E::Receipt>, Error> {
        let (user_id, guild_id) = (erasure.user_id(), erasure.guild_id());
        let store = erasure.run()?;
        Ok(ErasedEverywhere { archive: self.forget_user(user_id, guild_id)?, store })
    }

    /// Writes every file that has rows of a user again without these rows, in one guild, or with
    /// `None` in all.
    ///
    /// A file is replaced in one step. It reads one column of each file, and writes those again
    /// where it finds the user. The old files are deleted, and only the file system may keep their
    /// bytes. Delete copies of the archive yourself.
    ///
    /// It is for archives without a store. Otherwise use [`erase`](Self::erase), so that the user
    /// does not come back.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::DiskFull`] and errors of files. The files before the failed one, in the order of table, guild and
    /// month, are done. A damaged or foreign file is not an error but a problem in the report.
    pub fn forget_user(&self, user_id: UserId, guild_id: Option<GuildId>) -> Result<ErasedFiles, Error> {
        let lock = self.writing()?;
        let mut erased = ErasedFiles::default();
        let entries = self.entries(|partition| guild_id.is_none_or(|guild_id| partition.guild_id == guild_id))?;
        // The archive holds no id beyond that.
        let Ok(user) = i64::try_from(user_id.get()) else { return Ok(erased) };
        for (partition, _) in entries {
            match self.forget(&lock, &partition, user) {
                Ok(0) => {}
                Ok(rows) => erased.files.push(ErasedFile {
                    guild_id: partition.guild_id,
                    month: partition.month,
                    rows,
                    table: partition.layout.folder,
                }),
                Err(error) if is_of_file(&error) => erased.problems.push(error),
                Err(error) => return Err(error),
            }
        }
        Ok(erased)
    }

    /// Returns how many rows were deleted.
    fn forget(&self, _lock: &Lock, partition: &Partition, user: i64) -> Result<u64, Error> {
        let Some(column) = partition.layout.position("user_id") else { return Ok(0) };
        let Some(decoder) = self.decoder(partition)? else { return Ok(0) };
        let mut rows = 0;
        decoder.numbers(column, |found| rows += u64::from(found == user))?;
        if rows == 0 {
            return Ok(0);
        }
        let Some(decoder) = self.decoder(partition)? else { return Ok(0) };
        let (partial, mut old) = (self.partial(), Cursor::new(decoder));
        let mut encoder = Encoder::create(&partial, partition)?;
        while let Some(row) = old.row()? {
            if row.number(column) != Some(user) {
                encoder.push(row)?;
            }
            old.step();
        }
        self.publish(partition, encoder)?;
        Ok(rows)
    }
}

fn is_of_file(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Damaged | ErrorKind::Foreign | ErrorKind::SchemaTooNew)
}
