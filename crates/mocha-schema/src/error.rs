//! The error of a migration.

use std::{error::Error as StdError, fmt};

/// The error that [`migrate`](crate::migrate) returns.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds of [`Error`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A migration failed, or the list of migrations could not be read. `source()` has SQLite's reason.
    Migration,
    /// A newer version of Mocha wrote the file.
    SchemaTooNew {
        /// The newest migration in the file that this version does not know.
        version: String,
    },
}

impl Error {
    pub(crate) fn migration(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind: ErrorKind::Migration, source: Some(source.into()) }
    }

    pub(crate) fn too_new(version: String) -> Self {
        Self { kind: ErrorKind::SchemaTooNew { version }, source: None }
    }

    /// Returns what went wrong.
    #[must_use]
    pub const fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Returns `true` if a newer version of Mocha wrote the file, so that an update of Mocha helps.
    #[must_use]
    pub const fn is_schema_too_new(&self) -> bool {
        matches!(self.kind, ErrorKind::SchemaTooNew { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Migration => f.write_str("the tables could not be brought up to date"),
            ErrorKind::SchemaTooNew { version } => {
                write!(f, "the file has migration {version}, which this version of Mocha does not know: update Mocha")
            }
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| -> &(dyn StdError + 'static) { source })
    }
}
