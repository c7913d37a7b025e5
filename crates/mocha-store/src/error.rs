//! The errors of the store.

use std::{error::Error as StdError, fmt, io, path::Path};

use diesel::result::{DatabaseErrorKind, Error as DieselError};

type BoxedError = Box<dyn StdError + Send + Sync>;

/// Says why the store could not do something. [`kind`](Self::kind) classifies it, and `source()`
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
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Another connection locked the file for longer than the busy timeout. Nothing was written;
    /// try again.
    Busy,
    /// The clock is ahead of everything in the file by more than can be explained, so nothing is deleted for its age.
    ClockAhead,
    /// The recorder was shut down.
    Closed,
    /// The file is damaged: [restore](crate::Store::restore) a backup or, without one, [salvage](crate::Store::salvage) what is
    /// readable.
    Corrupt,
    /// SQLite refused for a reason that has no kind of its own.
    Database,
    /// The disk is full. Nothing was written. The store works again once there is room.
    DiskFull,
    /// A setting of the builder is out of range.
    InvalidSetting {
        /// The setting.
        name: &'static str,
    },
    /// An event has a value that the file cannot hold. The event was not written.
    InvalidEvent {
        /// The field.
        field: &'static str,
    },
    /// Reading or writing a file or folder failed.
    Io,
    /// The file does not belong to Mocha: it is no SQLite database, or has other tables. Opening
    /// did not change it.
    NotMocha,
    /// The queue of the recorder is full. The event was dropped and counted as dropped.
    QueueFull,
    /// The file or its folder cannot be written.
    ReadOnly,
    /// The file was deleted or replaced after it was opened. Nothing was written. Put it back, or
    /// open the store again.
    Replaced,
    /// A newer version of Mocha wrote the file. Opening did not change it.
    SchemaTooNew,
    /// The SQLite that the program is linked with has a bug that damages files.
    SqliteTooOld,
    /// Your progress callback stopped the operation. Nothing changed.
    Stopped,
    /// Your closure failed, for a reason that does not come from SQLite.
    User,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        Self(Box::new(Inner { context: context.into(), kind, source: None }))
    }

    pub(crate) fn with_source(kind: ErrorKind, context: impl Into<String>, source: impl Into<BoxedError>) -> Self {
        Self(Box::new(Inner { context: context.into(), kind, source: Some(source.into()) }))
    }

    /// Wraps an error of SQLite that Diesel reported, directly or inside another error.
    pub(crate) fn classify(context: impl Into<String>, source: impl Into<BoxedError>) -> Self {
        let source = source.into();
        // Some errors contain only the text of the original one.
        let kind = kind_of(source.as_ref()).unwrap_or_else(|| kind_of_message(&source.to_string()));
        Self::with_source(kind, context, source)
    }

    /// Wraps an error of a caller's closure, which may come from SQLite.
    pub(crate) fn of_closure(context: impl Into<String>, source: impl Into<BoxedError>) -> Self {
        let source = source.into();
        let kind = kind_of(source.as_ref()).unwrap_or(ErrorKind::User);
        Self::with_source(kind, context, source)
    }

    /// Returns whether the values of an event may be the cause. Every other failure affects all
    /// events alike or is temporary.
    pub(crate) fn is_caused_by_event(&self) -> bool {
        let source = self.0.source.as_ref().and_then(|source| source.downcast_ref());
        self.0.kind == ErrorKind::Database && source.is_some_and(blames_values)
    }

    /// Returns whether it may pass without a change to the file or the disk.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Busy | ErrorKind::Database)
    }

    /// Says what to do if the file is damaged.
    pub(crate) fn with_advice(mut self) -> Self {
        if self.is_corrupt() {
            self.0.context.push_str(": it is damaged; restore a backup, or salvage what is readable");
        }
        self
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Returns whether another connection held the lock for too long. Try again later.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.0.kind == ErrorKind::Busy
    }

    /// Returns whether the clock is too far ahead to delete what is old: set it, or name the time.
    #[must_use]
    pub fn is_clock_ahead(&self) -> bool {
        self.0.kind == ErrorKind::ClockAhead
    }

    /// Returns whether the file is damaged.
    #[must_use]
    pub fn is_corrupt(&self) -> bool {
        self.0.kind == ErrorKind::Corrupt
    }

    /// Returns whether the disk is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        self.0.kind == ErrorKind::DiskFull
    }

    /// Returns whether the caller passed an invalid event or setting.
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        matches!(self.0.kind, ErrorKind::InvalidEvent { .. } | ErrorKind::InvalidSetting { .. })
    }

    /// Returns whether the recorder refused an event because its queue is full.
    #[must_use]
    pub fn is_queue_full(&self) -> bool {
        self.0.kind == ErrorKind::QueueFull
    }

    /// Returns whether the file needs a newer version of Mocha.
    #[must_use]
    pub fn is_schema_too_new(&self) -> bool {
        self.0.kind == ErrorKind::SchemaTooNew
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

/// Returns the kind of the first Diesel error in the chain.
fn kind_of(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<DieselError>() {
            return Some(kind_of_diesel(error));
        }
        if let Some(error) = error.downcast_ref::<diesel::ConnectionError>() {
            return Some(kind_of_message(&error.to_string()));
        }
        next = error.source();
    }
    None
}

pub(crate) fn kind_of_diesel(error: &DieselError) -> ErrorKind {
    match error {
        DieselError::RollbackErrorOnCommit { commit_error, .. } => kind_of_diesel(commit_error),
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, information) => kind_of_message(information.message()),
        _ => ErrorKind::Database,
    }
}

/// Returns whether values may be the cause: a constraint, a type mismatch, a value that is too
/// large, or a row that cannot be read.
fn blames_values(error: &DieselError) -> bool {
    // A trigger of the bot's own may raise any text, so SQLite's messages that never concern a
    // value are listed here.
    const OTHERS: [&str; 15] = [
        "SQL logic error",
        "abort due to ROLLBACK",
        "access permission denied",
        "authorization denied",
        "bad parameter or other API misuse",
        "cannot commit",
        "cannot open savepoint",
        "cannot release savepoint",
        "cannot rollback",
        "cannot start a transaction",
        "database schema has changed",
        "interrupted",
        "no such savepoint",
        "query aborted",
        "unknown error",
    ];
    match error {
        DieselError::RollbackErrorOnCommit { commit_error, .. } => blames_values(commit_error),
        DieselError::DatabaseError(kind, information) => match kind {
            DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::UniqueViolation => true,
            DatabaseErrorKind::Unknown => !OTHERS.iter().any(|text| information.message().starts_with(text)),
            _ => false,
        },
        DieselError::DeserializationError(_) | DieselError::SerializationError(_) => true,
        _ => false,
    }
}

/// Diesel passes on SQLite's message without its code, so only this function interprets messages.
fn kind_of_message(message: &str) -> ErrorKind {
    const KINDS: [(&str, ErrorKind); 14] = [
        ("database is locked", ErrorKind::Busy),
        ("database table is locked", ErrorKind::Busy),
        ("locking protocol", ErrorKind::Busy),
        ("database or disk is full", ErrorKind::DiskFull),
        ("database disk image is malformed", ErrorKind::Corrupt),
        ("malformed database schema", ErrorKind::Corrupt),
        ("file is not a database", ErrorKind::NotMocha),
        // Another program changed the tables.
        ("no such table", ErrorKind::NotMocha),
        ("no such column", ErrorKind::NotMocha),
        ("has no column named", ErrorKind::NotMocha),
        ("attempt to write a readonly database", ErrorKind::ReadOnly),
        ("unable to open database file", ErrorKind::Io),
        ("disk I/O error", ErrorKind::Io),
        ("out of memory", ErrorKind::Io),
    ];
    KINDS.into_iter().find(|(text, _)| message.contains(text)).map_or(ErrorKind::Database, |(_, kind)| kind)
}

/// Wraps an error of a file or folder. `what` says which operation failed.
pub(crate) fn io_error(path: &Path, what: &str, source: io::Error) -> Error {
    let kind = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::DiskFull,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::ReadOnly,
        _ => ErrorKind::Io,
    };
    Error::with_source(kind, format!("{} {what}", path.display()), source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlites(kind: DatabaseErrorKind, message: &str) -> Error {
        Error::classify("writing failed", DieselError::DatabaseError(kind, Box::new(message.to_owned())))
    }

    #[test]
    fn an_event_is_blamed_for_its_values_and_what_the_authors_triggers_say_of_them() {
        for kind in [
            DatabaseErrorKind::CheckViolation,
            DatabaseErrorKind::ForeignKeyViolation,
            DatabaseErrorKind::NotNullViolation,
            DatabaseErrorKind::UniqueViolation,
        ] {
            assert!(sqlites(kind, "constraint failed").is_caused_by_event());
        }
        for message in [
            "cannot store TEXT value in INTEGER column message_events.words",
            "constraint failed",
            "datatype mismatch",
            "not this one, says a trigger",
            "string or blob too big",
        ] {
            assert!(sqlites(DatabaseErrorKind::Unknown, message).is_caused_by_event(), "{message}");
        }
    }

    #[test]
    fn an_event_is_not_blamed_for_what_befalls_every_one_or_passes() {
        for message in [
            "SQL logic error",
            "attempt to write a readonly database",
            "cannot commit - no transaction is active",
            "cannot rollback - no transaction is active",
            "cannot start a transaction within a transaction",
            "database disk image is malformed",
            "database is locked",
            "database or disk is full",
            "database schema has changed",
            "disk I/O error",
            "interrupted",
            "locking protocol",
            "no such table: message_events",
        ] {
            assert!(!sqlites(DatabaseErrorKind::Unknown, message).is_caused_by_event(), "{message}");
        }
        for kind in [DatabaseErrorKind::ClosedConnection, DatabaseErrorKind::ReadOnlyTransaction] {
            assert!(!sqlites(kind, "as a server says").is_caused_by_event());
        }
        for error in [
            DieselError::AlreadyInTransaction,
            DieselError::BrokenTransactionManager,
            DieselError::NotInTransaction,
            DieselError::RollbackTransaction,
        ] {
            assert!(!Error::classify("writing failed", error).is_caused_by_event());
        }
        assert!(sqlites(DatabaseErrorKind::Unknown, "locking protocol").is_busy());
    }
}
