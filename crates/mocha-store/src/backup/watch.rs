//! The progress of a backup or a restore, and its callback.

use std::{
    fmt,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use crate::{Error, ErrorKind};

/// The phases of a backup or a restore.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum BackupPhase {
    /// Rows are counted, and the copy is checked. The total is unknown.
    Checking,
    /// Pages are copied.
    Copying,
    /// The file that a restore replaces is copied aside.
    Keeping,
}

/// Reports the progress of a backup or a restore.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct BackupProgress {
    /// How many bytes of this phase are done, of `total_bytes`.
    pub done_bytes: u64,
    /// The current phase.
    pub phase: BackupPhase,
    /// The approximate number of bytes in this phase.
    pub total_bytes: u64,
}

pub(super) type Callback<'a> = Box<dyn FnMut(BackupProgress) -> ControlFlow<()> + Send + 'a>;

/// Calls the caller's callback now and then.
pub(super) struct Watch<'a> {
    callback: Option<Callback<'a>>,
    last: Option<Instant>,
    now: BackupProgress,
    stopped: bool,
}

/// The callback is called no more often than this.
const INTERVAL: Duration = Duration::from_millis(10);

impl<'a> Watch<'a> {
    pub(super) fn new(callback: Option<Callback<'a>>) -> Self {
        let now = BackupProgress { done_bytes: 0, phase: BackupPhase::Checking, total_bytes: 0 };
        Self { callback, last: None, now, stopped: false }
    }

    /// Begins a phase, and calls the callback at once.
    pub(super) fn begin(&mut self, phase: BackupPhase, total_bytes: u64) -> Result<(), Error> {
        self.now = BackupProgress { done_bytes: 0, phase, total_bytes };
        self.last = None;
        self.go_on()
    }

    /// Reports how much of the phase is done.
    pub(super) fn done(&mut self, bytes: u64) {
        self.now.done_bytes = bytes.min(self.now.total_bytes);
    }

    /// Returns whether SQLite's statement may continue. After a `Break` the callback is not called
    /// again.
    pub(super) fn tick(&mut self) -> ControlFlow<()> {
        let is_due = self.last.is_none_or(|last| last.elapsed() >= INTERVAL);
        if let Some(callback) = self.callback.as_mut().filter(|_| is_due && !self.stopped) {
            self.stopped = callback(self.now).is_break();
            self.last = Some(Instant::now());
        }
        if self.stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Does the same where no statement can be interrupted.
    pub(super) fn go_on(&mut self) -> Result<(), Error> {
        match self.tick() {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::new(ErrorKind::Stopped, "the callback stopped it")),
        }
    }
}

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("now", &self.now).field("stopped", &self.stopped).finish_non_exhaustive()
    }
}
