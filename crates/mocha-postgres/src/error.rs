//! How the errors of PostgreSQL and libpq become errors of Mocha.

use std::error::Error as StdError;

use diesel::{
    ConnectionError,
    result::{DatabaseErrorKind, Error as DieselError},
};
use mocha_recorder::{Error, ErrorKind};

type BoxedError = Box<dyn StdError + Send + Sync>;

/// Wraps an error that Diesel reported, directly or inside another error.
pub(crate) fn classify(context: impl Into<String>, source: impl Into<BoxedError>) -> Error {
    let source = source.into();
    let kind = kind_of(source.as_ref()).unwrap_or_else(|| kind_of_message(&source.to_string()));
    let is_caused_by_event = kind == ErrorKind::Database && source.downcast_ref().is_some_and(blames_values);
    let error = Error::with_source(kind, context, source);
    if is_caused_by_event { error.caused_by_event() } else { error }
}

/// Wraps an error of a caller's closure, which may come from the server.
pub(crate) fn of_closure(context: impl Into<String>, source: impl Into<BoxedError>) -> Error {
    let source = source.into();
    let kind = kind_of(source.as_ref()).unwrap_or(ErrorKind::User);
    Error::with_source(kind, context, source)
}

/// Wraps an error of a migration.
pub(crate) fn of_migration(context: impl Into<String>, source: mocha_schema::Error) -> Error {
    let kind = match source.kind() {
        mocha_schema::ErrorKind::ForeignTable { .. } => ErrorKind::NotMocha,
        mocha_schema::ErrorKind::NoCitus => ErrorKind::NoCitus,
        mocha_schema::ErrorKind::SchemaTooNew { .. } => ErrorKind::SchemaTooNew,
        mocha_schema::ErrorKind::ServerTooOld { .. } => ErrorKind::ServerTooOld,
        _ => return classify(context, source),
    };
    Error::with_source(kind, context, source)
}

/// Returns the kind of the first Diesel error in the chain.
fn kind_of(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<DieselError>() {
            return Some(kind_of_diesel(error));
        }
        if let Some(error) = error.downcast_ref::<ConnectionError>() {
            return Some(kind_of_connection(&error.to_string()));
        }
        next = error.source();
    }
    None
}

fn kind_of_diesel(error: &DieselError) -> ErrorKind {
    match error {
        DieselError::RollbackErrorOnCommit { commit_error, .. } => kind_of_diesel(commit_error),
        DieselError::BrokenTransactionManager => ErrorKind::Unavailable,
        DieselError::DatabaseError(kind, information) => match kind {
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => ErrorKind::Unavailable,
            DatabaseErrorKind::ReadOnlyTransaction => ErrorKind::ReadOnly,
            DatabaseErrorKind::SerializationFailure => ErrorKind::Busy,
            DatabaseErrorKind::Unknown => kind_of_message(information.message()),
            _ => ErrorKind::Database,
        },
        _ => ErrorKind::Database,
    }
}

/// Returns whether values may be the cause: a constraint, a value that a column cannot hold, or a row that cannot be read.
fn blames_values(error: &DieselError) -> bool {
    const VALUES: [&str; 6] = [
        "out of range",
        "value too long",
        "invalid byte sequence",
        "invalid input syntax",
        "cannot be cast",
        "null byte",
    ];
    match error {
        DieselError::RollbackErrorOnCommit { commit_error, .. } => blames_values(commit_error),
        DieselError::DatabaseError(kind, information) => match kind {
            DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::NotNullViolation
            | DatabaseErrorKind::UniqueViolation => true,
            DatabaseErrorKind::Unknown => VALUES.iter().any(|text| information.message().contains(text)),
            _ => false,
        },
        DieselError::DeserializationError(_) | DieselError::SerializationError(_) => true,
        _ => false,
    }
}

/// Diesel passes on the message without its SQLSTATE, so only this function interprets messages. A server that speaks
/// another language than English gives [`ErrorKind::Database`] instead.
fn kind_of_message(message: &str) -> ErrorKind {
    const KINDS: [(&str, ErrorKind); 26] = [
        ("canceling statement due to", ErrorKind::Busy),
        ("deadlock detected", ErrorKind::Busy),
        ("distributed deadlock", ErrorKind::Busy),
        ("could not obtain lock", ErrorKind::Busy),
        ("No space left on device", ErrorKind::DiskFull),
        ("disk full", ErrorKind::DiskFull),
        // A new connection on a full disk.
        ("could not write init file", ErrorKind::DiskFull),
        ("read-only transaction", ErrorKind::ReadOnly),
        ("recovery is in progress", ErrorKind::ReadOnly),
        ("terminating connection", ErrorKind::Unavailable),
        ("server closed the connection", ErrorKind::Unavailable),
        ("connection to server was lost", ErrorKind::Unavailable),
        ("no connection to the server", ErrorKind::Unavailable),
        ("SSL connection has been closed", ErrorKind::Unavailable),
        ("the database system is", ErrorKind::Unavailable),
        ("too many clients", ErrorKind::Unavailable),
        ("remaining connection slots", ErrorKind::Unavailable),
        ("could not receive data from server", ErrorKind::Unavailable),
        ("could not send data to server", ErrorKind::Unavailable),
        ("authentication failed", ErrorKind::AccessDenied),
        ("no password supplied", ErrorKind::AccessDenied),
        ("no pg_hba.conf entry", ErrorKind::AccessDenied),
        ("permission denied", ErrorKind::AccessDenied),
        ("relation \"", ErrorKind::NotMocha),
        ("invalid page in block", ErrorKind::Corrupt),
        ("could not read block", ErrorKind::Corrupt),
    ];
    KINDS.into_iter().find(|(text, _)| message.contains(text)).map_or(ErrorKind::Database, |(_, kind)| kind)
}

/// Returns the kind of a failure to connect. Only a server that was reached can refuse.
fn kind_of_connection(message: &str) -> ErrorKind {
    let is_refusal = message.contains("FATAL") && message.contains("does not exist");
    match kind_of_message(message) {
        ErrorKind::Database | ErrorKind::NotMocha if is_refusal => ErrorKind::AccessDenied,
        ErrorKind::AccessDenied if message.contains("FATAL") || message.contains("no password supplied") => {
            ErrorKind::AccessDenied
        }
        _ if message.contains("invalid connection option") || message.contains("invalid URI") => {
            ErrorKind::InvalidSetting { name: "url" }
        }
        _ => ErrorKind::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(kind: DatabaseErrorKind, message: &str) -> Error {
        classify("writing failed", DieselError::DatabaseError(kind, Box::new(message.to_owned())))
    }

    #[test]
    fn an_event_is_blamed_for_its_values_alone() {
        for kind in [
            DatabaseErrorKind::CheckViolation,
            DatabaseErrorKind::ForeignKeyViolation,
            DatabaseErrorKind::NotNullViolation,
            DatabaseErrorKind::UniqueViolation,
        ] {
            assert!(servers(kind, "violates a constraint").is_caused_by_event());
        }
        assert!(servers(DatabaseErrorKind::Unknown, "integer out of range").is_caused_by_event());
        for message in ["deadlock detected", "the database system is shutting down", "No space left on device", "odd"] {
            assert!(!servers(DatabaseErrorKind::Unknown, message).is_caused_by_event(), "{message}");
        }
    }

    #[test]
    fn failures_to_connect_say_who_can_help() {
        for (message, kind) in [
            (
                "connection to server on socket \"/x/.s.PGSQL.5432\" failed: No such file or directory",
                ErrorKind::Unavailable,
            ),
            ("failed: FATAL:  password authentication failed for user \"mocha\"", ErrorKind::AccessDenied),
            ("failed: fe_sendauth: no password supplied", ErrorKind::AccessDenied),
            ("failed: FATAL:  database \"nowhere\" does not exist", ErrorKind::AccessDenied),
            ("failed: FATAL:  the database system is starting up", ErrorKind::Unavailable),
            ("failed: FATAL:  sorry, too many clients already", ErrorKind::Unavailable),
            ("failed: Connection refused", ErrorKind::Unavailable),
            ("failed: Permission denied", ErrorKind::Unavailable),
        ] {
            assert_eq!(*classify("", ConnectionError::BadConnection(message.to_owned())).kind(), kind, "{message}");
        }
    }
}
