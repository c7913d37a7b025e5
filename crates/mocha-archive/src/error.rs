//! The errors of the archive.

use std::{error::Error as StdError, fmt, io, path::Path};

type BoxedError = Box<dyn StdError + Send + Sync>;

/// Says why the archive could not do something. [`kind`](Self::kind) classifies it, and `source()`
/// has the cause.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    context: String,
    kind: ErrorKind,
    source: Option<BoxedError>,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file of the archive is damaged or missing: its bytes are not those that the manifest
    /// lists. The message names the file. Put back a copy of it.
    Damaged,
    /// The disk is full. The archive is as it was before.
    DiskFull,
    /// A file in the archive's folders was not written by Mocha's archive, or belongs to another
    /// place in it. The message names the file.
    Foreign,
    /// A value in a row, or an argument, is out of range. The message names it.
    Invalid,
    /// Reading or writing a file or folder failed.
    Io,
    /// A newer version of Mocha wrote the file.
    SchemaTooNew,
    /// The store failed. `source()` is its error.
    Store,
    /// Two readings of the same rows differ, so the file was not used. This is a defect of the
    /// machine or of Mocha.
    Unproved,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        Self(Box::new(Inner { context: context.into(), kind, source: None }))
    }

    pub(crate) fn with_source(kind: ErrorKind, context: impl Into<String>, source: impl Into<BoxedError>) -> Self {
        Self(Box::new(Inner { context: context.into(), kind, source: Some(source.into()) }))
    }

    /// Wraps an error of a file or folder. `what` says which operation failed.
    pub(crate) fn io(path: &Path, what: &str, source: io::Error) -> Self {
        Self::with_source(kind_of(&source), format!("{} {what}", path.display()), source)
    }

    /// Wraps an error of writing a Parquet file, which may be one of the disk.
    pub(crate) fn writing(path: &Path, source: parquet::errors::ParquetError) -> Self {
        let mut kind = ErrorKind::Io;
        let mut next: Option<&(dyn StdError + 'static)> = Some(&source);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                kind = kind_of(error);
            }
            next = error.source();
        }
        Self::with_source(kind, format!("{} cannot be written", path.display()), source)
    }

    /// Wraps an error of the store's database.
    pub(crate) fn database(context: &str, source: impl Into<BoxedError>) -> Self {
        Self::with_source(ErrorKind::Store, context, source)
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns whether a file of the archive is damaged or missing.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.0.kind == ErrorKind::Damaged
    }

    /// Returns whether the disk is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        self.0.kind == ErrorKind::DiskFull
    }
}

fn kind_of(error: &io::Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::DiskFull,
        _ => ErrorKind::Io,
    }
}

impl From<mocha_store::Error> for Error {
    fn from(error: mocha_store::Error) -> Self {
        let kind = if error.is_disk_full() { ErrorKind::DiskFull } else { ErrorKind::Store };
        Self::with_source(kind, format!("the store failed: {error}"), error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.context)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}
