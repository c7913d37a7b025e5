//! The error of a backfill.

use std::{error::Error as StdError, fmt};

/// The error that [`Backfill::run`](super::Backfill::run) returns.
#[derive(Debug)]
pub struct BackfillError {
    kind: BackfillErrorKind,
    source: Box<dyn StdError + Send + Sync>,
}

/// The kind of a [`BackfillError`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BackfillErrorKind {
    /// Discord refused the token or the guild, or did not answer.
    Http,
    /// The recorder was shut down, or the file cannot be read or written.
    Recorder,
}

impl BackfillError {
    /// Returns what kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> &BackfillErrorKind {
        &self.kind
    }

    pub(super) fn http(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind: BackfillErrorKind::Http, source: source.into() }
    }

    pub(super) fn recorder(error: mocha_recorder::Error) -> Self {
        Self { kind: BackfillErrorKind::Recorder, source: Box::new(error) }
    }
}

impl fmt::Display for BackfillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            BackfillErrorKind::Http => "could not read the history from Discord",
            BackfillErrorKind::Recorder => "could not record the history",
        })
    }
}

impl StdError for BackfillError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
