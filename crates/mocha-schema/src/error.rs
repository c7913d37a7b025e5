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
    /// The PostgreSQL schema has a table of another program under the name of one of Mocha's tables.
    ForeignTable {
        /// The table.
        name: &'static str,
    },
    /// A migration failed, or the list of migrations could not be read. `source()` has the database's reason.
    Migration,
    /// The PostgreSQL database does not have the extension Citus, so its tables cannot be distributed.
    NoCitus,
    /// A newer version of Mocha wrote the file or the database.
    SchemaTooNew {
        /// The newest migration that this version does not know.
        version: String,
    },
    /// The PostgreSQL server is too old.
    ServerTooOld {
        /// Its version.
        version: String,
    },
}

impl Error {
    #[cfg(feature = "postgres")]
    pub(crate) fn foreign_table(name: &'static str) -> Self {
        Self { kind: ErrorKind::ForeignTable { name }, source: None }
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn no_citus() -> Self {
        Self { kind: ErrorKind::NoCitus, source: None }
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn server_too_old(version: String) -> Self {
        Self { kind: ErrorKind::ServerTooOld { version }, source: None }
    }

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
            ErrorKind::ForeignTable { name } => {
                write!(f, "the table {name} is not Mocha's: give Mocha a schema of its own")
            }
            ErrorKind::NoCitus => {
                f.write_str("the database does not have the extension Citus: run CREATE EXTENSION citus")
            }
            ErrorKind::Migration => f.write_str("the tables could not be brought up to date"),
            ErrorKind::SchemaTooNew { version } => {
                write!(f, "the file has migration {version}, which this version of Mocha does not know: update Mocha")
            }
            ErrorKind::ServerTooOld { version } => {
                write!(f, "the server is PostgreSQL {version}, and Mocha needs 15 or newer")
            }
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| -> &(dyn StdError + 'static) { source })
    }
}
