//! Conversions of SQLite's errors, I/O errors and closures' errors into errors of the store.

use std::{error::Error as StdError, io, path::Path};

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use mocha_recorder::{Error, ErrorKind};

type BoxedError = Box<dyn StdError + Send + Sync>;

/// Wraps an error of SQLite that Diesel reported, directly or inside another error.
pub(crate) fn classify(context: impl Into<String>, source: impl Into<BoxedError>) -> Error {
    let source = source.into();
    // Some errors contain only the text of the original one.
    let kind = kind_of(source.as_ref()).unwrap_or_else(|| kind_of_message(&source.to_string()));
    let is_caused_by_event = kind == ErrorKind::Database && source.downcast_ref().is_some_and(is_caused_by_values);
    let error = Error::with_source(kind, context, source);
    if is_caused_by_event { error.caused_by_event() } else { error }
}

/// Wraps an error of a caller's closure, which may come from SQLite.
pub(crate) fn of_closure(context: impl Into<String>, source: impl Into<BoxedError>) -> Error {
    let source = source.into();
    let kind = kind_of(source.as_ref()).unwrap_or(ErrorKind::User);
    Error::with_source(kind, context, source)
}

/// Adds advice to the error if the file is damaged.
pub(crate) fn with_advice(error: Error) -> Error {
    if !error.is_corrupt() {
        return error;
    }
    let context = format!("{error}: it is damaged; restore a backup, or salvage what is readable");
    error.in_context(context)
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
fn is_caused_by_values(error: &DieselError) -> bool {
    // A trigger of the bot may raise any text, so this lists SQLite's messages that never concern a
    // value.
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
        DieselError::RollbackErrorOnCommit { commit_error, .. } => is_caused_by_values(commit_error),
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
        classify("writing failed", DieselError::DatabaseError(kind, Box::new(message.to_owned())))
    }

    #[test]
    fn errors_about_values_and_errors_of_the_bots_triggers_are_caused_by_the_event() {
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
    fn errors_that_would_hit_every_event_are_not_caused_by_one() {
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
            assert!(!classify("writing failed", error).is_caused_by_event());
        }
        assert!(sqlites(DatabaseErrorKind::Unknown, "locking protocol").is_busy());
    }
}
