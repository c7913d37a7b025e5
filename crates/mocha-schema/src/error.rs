//! What can go wrong with a file's schema.

use std::{error::Error as StdError, fmt};

/// Why a file could not be migrated.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds of [`Error`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A migration or a question about the migrations failed; `source()` has SQLite's reason.
    Migration,
    /// The file was written by a newer Mocha.
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

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Whether the file was written by a newer Mocha, so that an update helps.
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
