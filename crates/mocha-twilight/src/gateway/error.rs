//! The error of a runner.

use std::{error::Error as StdError, fmt};

use tokio::task::JoinError;
use twilight_model::gateway::{CloseCode, ShardId};

/// The error that [`Runner::run`](super::Runner::run) returns.
#[derive(Debug)]
pub struct RunnerError {
    kind: RunnerErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kind of a [`RunnerError`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RunnerErrorKind {
    /// The recorder cannot record the shards: it was shut down, or it records another bot.
    Claim,
    /// Discord closed a shard's connection for good.
    #[non_exhaustive]
    Fatal {
        /// Discord's close code, such as 4004 for a wrong token and 4014 for an intent that is not
        /// allowed. `None` if the connection was closed without one.
        code: Option<u16>,
        /// The shard.
        shard: ShardId,
    },
    /// A second stop ended the runner before the recorder had written everything.
    Hurried,
    /// The bot's closure panicked.
    Panicked,
    /// The recorder could not write everything before it stopped.
    Recorder,
    /// Another program records the shard into the same file now, such as the next version of the bot.
    #[non_exhaustive]
    TakenOver {
        /// The shard.
        shard: ShardId,
    },
}

impl RunnerError {
    /// Returns what kind of error it is.
    #[must_use]
    pub const fn kind(&self) -> &RunnerErrorKind {
        &self.kind
    }

    pub(super) fn claim(error: mocha_recorder::Error) -> Self {
        Self { kind: RunnerErrorKind::Claim, source: Some(Box::new(error)) }
    }

    pub(super) const fn fatal(shard: ShardId, code: Option<u16>) -> Self {
        Self { kind: RunnerErrorKind::Fatal { code, shard }, source: None }
    }

    pub(super) const fn hurried() -> Self {
        Self { kind: RunnerErrorKind::Hurried, source: None }
    }

    pub(super) fn panicked(error: JoinError) -> Self {
        Self { kind: RunnerErrorKind::Panicked, source: Some(Box::new(error)) }
    }

    pub(super) fn recorder(error: mocha_recorder::Error) -> Self {
        Self { kind: RunnerErrorKind::Recorder, source: Some(Box::new(error)) }
    }

    pub(super) const fn taken_over(shard: ShardId) -> Self {
        Self { kind: RunnerErrorKind::TakenOver { shard }, source: None }
    }
}

impl fmt::Display for RunnerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            RunnerErrorKind::Claim => f.write_str("the recorder cannot record the bot's shards"),
            RunnerErrorKind::Fatal { code: Some(code), shard } => {
                write!(f, "Discord closed the connection of shard {shard} for good: code {code}")?;
                CloseCode::try_from(code).map_or(Ok(()), |code| write!(f, " ({code})"))
            }
            RunnerErrorKind::Fatal { code: None, shard } => {
                write!(f, "Discord closed the connection of shard {shard} for good")
            }
            RunnerErrorKind::Hurried => f.write_str("a second stop ended the runner before everything was written"),
            RunnerErrorKind::Panicked => f.write_str("the bot's code for an event panicked"),
            RunnerErrorKind::Recorder => f.write_str("the recorder could not write everything before it stopped"),
            RunnerErrorKind::TakenOver { shard } => {
                write!(f, "another program has taken over shard {shard} and records it into the same file")
            }
        }
    }
}

impl StdError for RunnerError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| -> &(dyn StdError + 'static) { source.as_ref() })
    }
}
