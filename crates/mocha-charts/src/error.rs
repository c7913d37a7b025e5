//! The errors of this crate.

use std::{error::Error as StdError, fmt};

/// An error while drawing a chart.
///
/// [`kind`](Self::kind) says what went wrong. `source()` returns the underlying error, if there is one.
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
    /// The file could not be written. `source()` says why.
    Drawing,
    /// An argument is out of range or of the wrong format.
    InvalidInput {
        /// The name of the argument.
        field: &'static str,
    },
}

impl Error {
    pub(crate) fn drawing(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind: ErrorKind::Drawing, reason: "cannot write the picture", source: Some(source.into()) }
    }

    pub(crate) const fn invalid(field: &'static str, reason: &'static str) -> Self {
        Self { kind: ErrorKind::InvalidInput { field }, reason, source: None }
    }

    pub(crate) fn invalid_because(
        field: &'static str,
        reason: &'static str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { kind: ErrorKind::InvalidInput { field }, reason, source: Some(source.into()) }
    }

    /// Returns what went wrong.
    #[must_use]
    pub const fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Returns `true` if the caller gave an invalid argument.
    ///
    /// ```
    /// use mocha_charts::Chart;
    /// use mocha_schema::GuildId;
    /// use mocha_stats::HeatMap;
    ///
    /// # mod fixture { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/fixture.rs")); }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mut conn = fixture::seeded()?;
    /// let answer = HeatMap::of(GuildId::try_from(1)?).load(&mut conn)?;
    /// let error = Chart::heat_map(&answer).scale(0).png().unwrap_err();
    /// assert!(error.is_invalid_input());
    /// assert_eq!(error.to_string(), "`scale` must be 1 to 4");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn is_invalid_input(&self) -> bool {
        matches!(self.kind, ErrorKind::InvalidInput { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ErrorKind::Drawing => f.write_str(self.reason),
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
    use super::*;

    const fn is_error<T: StdError + Send + Sync + 'static>() {}
    const _: () = is_error::<Error>();

    #[test]
    fn the_source_is_the_underlying_error() {
        let error = Error::drawing(std::io::Error::other("full"));
        assert_eq!((error.kind(), error.is_invalid_input()), (&ErrorKind::Drawing, false));
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("full"));
        assert!(size_of::<Error>() <= 64, "{}", size_of::<Error>());
    }
}
