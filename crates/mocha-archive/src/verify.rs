//! Compares the files with the manifest.

use crate::{Archive, Error, LAYOUTS, archive::Lock, decode::Decoder, encode::Summary, manifest::files_below};

/// Reports whether every file of an archive is as the manifest says.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Verified {
    /// The number of files that are as the manifest says.
    pub files: u64,
    /// The faults, each with the name of its file.
    pub problems: Vec<Error>,
    /// The number of rows in sound files.
    pub rows: u64,
}

impl Verified {
    /// Returns whether nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }
}

impl Archive {
    /// Reads every file to its end, and compares its bytes, its number of rows and its times with
    /// the manifest. Looks for files that the manifest does not list.
    ///
    /// # Errors
    ///
    /// Those of [`manifest`](Self::manifest). A fault of a file is not an error but a problem in the report.
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// let archive = mocha_archive::Archive::open(folder.path())?;
    /// std::fs::create_dir_all(folder.path().join("messages"))?;
    /// std::fs::write(folder.path().join("messages/other.parquet"), "PAR1")?;
    /// let verified = archive.verify()?;
    /// assert!(verified.problems[0].to_string().contains("messages/other.parquet"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(&self) -> Result<Verified, Error> {
        let lock = self.reading()?;
        let entries = self.entries(|_| true)?;
        let mut verified = Verified::default();
        for (partition, entry) in &entries {
            let read = || {
                self.compare(partition, entry)?;
                Decoder::open(&self.path(partition), partition)?.summary()
            };
            let expected = (entry.rows, entry.first_ms, entry.last_ms);
            match read() {
                Ok(Summary { rows, first_ms, last_ms, .. }) if (rows, first_ms, last_ms) == expected => {
                    verified.files += 1;
                    verified.rows += rows;
                }
                Ok(_) => {
                    let what = format!("{} has other rows than its entry says", self.path(partition).display());
                    verified.problems.push(Error::new(crate::ErrorKind::Damaged, what));
                }
                Err(error) => verified.problems.push(error),
            }
        }
        self.unlisted(&lock, &mut verified)?;
        Ok(verified)
    }

    fn unlisted(&self, _lock: &Lock, verified: &mut Verified) -> Result<(), Error> {
        let listed: Vec<_> = self.entries(|_| true)?.iter().map(|(partition, _)| self.path(partition)).collect();
        for layout in LAYOUTS {
            for path in files_below(&self.folder().join(layout.folder))? {
                if listed.binary_search(&path).is_err() && !listed.contains(&path) {
                    let what = format!("{} is not in the manifest of the archive", path.display());
                    verified.problems.push(Error::new(crate::ErrorKind::Foreign, what));
                }
            }
        }
        Ok(())
    }
}
