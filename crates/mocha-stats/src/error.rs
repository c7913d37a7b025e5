//! Errors of queries.

use std::{error::Error as StdError, fmt};

use chrono::{DateTime, Utc};

/// Why a question could not be asked or answered. [`kind`](Self::kind) says what, `source()` has
/// the database's reason.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    reason: &'static str,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kinds of [`Error`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The database failed, or it holds a value that is none of Mocha's; `source()` says which.
    Database,
    /// An argument cannot be.
    InvalidInput {
        /// The argument.
        field: &'static str,
    },
}

impl Error {
    /// A row has a value that Mocha does not write.
    pub(crate) fn row(reason: String) -> Self {
        diesel::result::Error::DeserializationError(reason.into()).into()
    }

    pub(crate) const fn invalid(field: &'static str, reason: &'static str) -> Self {
        Self { kind: ErrorKind::InvalidInput { field }, reason, source: None }
    }

    /// Returns the kind of the error.
    #[must_use]
    pub const fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Whether the database could not be read, so that another question may fail too.
    ///
    /// ```
    /// use diesel::{Connection, SqliteConnection};
    /// use mocha_schema::GuildId;
    /// use mocha_stats::Leaderboard;
    ///
    /// let mut not_migrated = SqliteConnection::establish(":memory:")?;
    /// let error = Leaderboard::messages(GuildId::try_from(1)?).load(&mut not_migrated).unwrap_err();
    /// assert!(error.is_database());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn is_database(&self) -> bool {
        matches!(self.kind, ErrorKind::Database)
    }

    /// Whether the caller gave an argument that cannot be.
    ///
    /// ```
    /// use chrono::{DateTime, TimeDelta};
    /// use mocha_stats::Window;
    ///
    /// let error = Window::last(TimeDelta::days(-1), DateTime::UNIX_EPOCH).unwrap_err();
    /// assert!(error.is_invalid_input());
    /// assert_eq!(error.to_string(), "`length` must not be negative");
    /// ```
    #[must_use]
    pub const fn is_invalid_input(&self) -> bool {
        matches!(self.kind, ErrorKind::InvalidInput { .. })
    }
}

/// So that a question can be asked inside the closure of Diesel's `transaction`.
impl From<diesel::result::Error> for Error {
    fn from(source: diesel::result::Error) -> Self {
        Self { kind: ErrorKind::Database, reason: "the database did not answer", source: Some(Box::new(source)) }
    }
}

/// A time that the database holds in unix milliseconds.
pub(crate) fn instant(ms: i64) -> Result<DateTime<Utc>, Error> {
    DateTime::from_timestamp_millis(ms).ok_or_else(|| Error::row(format!("{ms} unix milliseconds are no time")))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ErrorKind::Database => f.write_str(self.reason),
            ErrorKind::InvalidInput { field } => write!(f, "`{field}` {}", self.reason),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source: &(dyn StdError + 'static) = self.source.as_deref()?;
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use diesel::{Connection, SqliteConnection};
    use mocha_schema::GuildId;

    use super::*;
    use crate::HeatMap;

    const fn is_error<T: StdError + Send + Sync + 'static>() {}
    const _: () = is_error::<Error>();

    #[test]
    fn the_source_is_diesels_error() -> Result<(), Box<dyn StdError>> {
        let mut conn = SqliteConnection::establish(":memory:")?;
        let error = HeatMap::of(GuildId::try_from(1)?).load(&mut conn).unwrap_err();
        assert_eq!((error.kind(), error.is_invalid_input()), (&ErrorKind::Database, false));
        assert_eq!(error.to_string(), "the database did not answer");
        let source = error.source().and_then(|source| source.downcast_ref::<diesel::result::Error>());
        assert!(source.is_some_and(|source| source.to_string().contains("no such table")), "{source:?}");
        assert!(size_of::<Error>() <= 64, "{}", size_of::<Error>());
        Ok(())
    }
}
