//! What can go wrong with a picture.

use std::{error::Error as StdError, fmt};

/// Why a picture could not be drawn. [`kind`](Self::kind) says what, `source()` has the reason, if there is one below.
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
    /// The picture could not be written; `source()` says why.
    Drawing,
    /// An argument cannot be.
    InvalidInput {
        /// The argument.
        field: &'static str,
    },
}

impl Error {
    pub(crate) fn drawing(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind: ErrorKind::Drawing, reason: "the picture could not be written", source: Some(source.into()) }
    }

    pub(crate) const fn invalid(field: &'static str, reason: &'static str) -> Self {
        Self { kind: ErrorKind::InvalidInput { field }, reason, source: None }
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Whether the caller gave an argument that cannot be.
    ///
    /// ```
    /// use mocha_charts::Chart;
    /// use mocha_schema::GuildId;
    /// use mocha_stats::HeatMap;
    ///
    /// # mod fixture { include!("fixture.rs"); }
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
    fn the_source_is_what_went_wrong_below() {
        let error = Error::drawing(std::io::Error::other("full"));
        assert_eq!((error.kind(), error.is_invalid_input()), (&ErrorKind::Drawing, false));
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("full"));
        assert!(size_of::<Error>() <= 64, "{}", size_of::<Error>());
    }
}
