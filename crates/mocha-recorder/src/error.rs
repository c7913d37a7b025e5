//! The errors of the recorder and of the stores.

use std::{error::Error as StdError, fmt};

type BoxedError = Box<dyn StdError + Send + Sync>;

/// The error of the recorder and of the stores. [`kind`](Self::kind) classifies it, and `source()` has the cause.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    context: String,
    is_caused_by_event: bool,
    kind: ErrorKind,
    source: Option<BoxedError>,
}

/// The kinds of [`Error`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The database server refuses the user or the password, has no such database, or the user may not create tables.
    AccessDenied,
    /// Another connection locked the file for longer than the busy timeout. Nothing was written;
    /// try again.
    Busy,
    /// The clock is implausibly far ahead of everything in the file, so nothing was deleted because of its age.
    ClockAhead,
    /// The recorder was shut down.
    Closed,
    /// The file is damaged: restore a backup or, without one, salvage what is readable.
    Corrupt,
    /// The database reported an error that has no kind of its own.
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
    /// The PostgreSQL database does not have the extension Citus, so its tables cannot be distributed.
    NoCitus,
    /// The file does not belong to Mocha: it is not a SQLite database, or has other tables. Opening
    /// did not change it.
    NotMocha,
    /// The recorder has the shards of another bot. Give each bot a process of its own.
    OtherBot,
    /// The queue of the recorder is full. The event was dropped and counted as dropped.
    QueueFull,
    /// The file or its folder cannot be written.
    ReadOnly,
    /// The file was deleted or replaced after it was opened. Nothing was written. Put it back, or
    /// open the store again.
    Replaced,
    /// A newer version of Mocha wrote the file. Opening did not change it.
    SchemaTooNew,
    /// The database server is older than Mocha supports.
    ServerTooOld,
    /// The SQLite that the program is linked with has a bug that damages files.
    SqliteTooOld,
    /// Your progress callback stopped the operation. Nothing changed.
    Stopped,
    /// The database server cannot be reached, or it ended the connection. Nothing was written; try again.
    Unavailable,
    /// Your closure failed, for a reason that does not come from the database.
    User,
}

impl Error {
    /// Creates an error, for backends. `context` names the failed operation and its place.
    pub fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        Self(Box::new(Inner { context: context.into(), is_caused_by_event: false, kind, source: None }))
    }

    /// Creates an error with a cause, for backends. `context` names the failed operation and its place.
    pub fn with_source(kind: ErrorKind, context: impl Into<String>, source: impl Into<BoxedError>) -> Self {
        let source = Some(source.into());
        Self(Box::new(Inner { context: context.into(), is_caused_by_event: false, kind, source }))
    }

    /// Replaces the message of the error.
    #[must_use]
    pub fn in_context(mut self, context: impl Into<String>) -> Self {
        self.0.context = context.into();
        self
    }

    /// Marks the error as one that the values of an event may have caused. Any other failure affects all events or is temporary.
    ///
    /// The recorder then leaves the event out. This is for backends.
    #[must_use]
    pub fn caused_by_event(mut self) -> Self {
        self.0.is_caused_by_event = true;
        self
    }

    /// Returns whether the values of an event may have caused the error.
    #[must_use]
    pub fn is_caused_by_event(&self) -> bool {
        self.0.is_caused_by_event
    }

    /// Returns whether the error may disappear while the file or the server stays the same.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Busy | ErrorKind::Database | ErrorKind::Unavailable)
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

    /// Returns whether the clock is too far ahead to delete old events. Set the clock, or pass the time.
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

    /// Returns whether the database server could not be reached.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.0.kind == ErrorKind::Unavailable
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
