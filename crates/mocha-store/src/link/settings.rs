//! The settings with which a store is opened.

use std::time::Duration;

use mocha_recorder::RecorderSettings;

use crate::{CheckDepth, Maintenance};

/// Chooses what a power loss or a crash of the operating system may cost. A crash of the program,
/// even by SIGKILL, never loses committed data. No setting damages the file: transactions and their
/// roll-ups are kept whole or not at all.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Durability {
    /// `synchronous = NORMAL`: a power loss may undo the last commits, back to the last checkpoint
    /// at most, including commits that [`flush`](crate::Recorder::flush) confirmed. The latest
    /// commits are lost first, never one in the middle. A checkpoint happens after about 16 MB of
    /// changes, at a shutdown, and by [`Store::checkpoint`](crate::Store::checkpoint).
    #[default]
    Normal,
    /// `synchronous = FULL`: each commit waits for the disk. A power loss undoes no confirmed
    /// commit, provided that the disk keeps what it reports as written. This costs one wait for the
    /// disk per flush interval.
    Full,
}

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) busy_timeout: Duration,
    pub(crate) check_on_open: Option<CheckDepth>,
    pub(crate) durability: Durability,
    pub(crate) maintenance: Maintenance,
    pub(crate) readers: u32,
    pub(crate) recorder: RecorderSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            check_on_open: None,
            durability: Durability::Normal,
            maintenance: Maintenance::default(),
            readers: 4,
            recorder: RecorderSettings::default(),
        }
    }
}
