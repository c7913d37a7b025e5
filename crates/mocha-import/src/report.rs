//! The report of an import.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use mocha_schema::{ChannelId, GuildId};

use crate::FileError;

/// Says what an import did, file by file.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ImportReport {
    /// The files, in the order in which they were read.
    pub files: Vec<FileReport>,
    /// Whether the callback ended the import before all files were read.
    pub stopped: bool,
}

/// Says what was done with one file.
#[derive(Debug)]
#[non_exhaustive]
pub struct FileReport {
    /// The channel or thread, if the file names it.
    pub channel_id: Option<ChannelId>,
    /// Why the file was not read to its end. The messages before the fault are imported.
    pub error: Option<FileError>,
    /// The guild, if the file names it.
    pub guild_id: Option<GuildId>,
    /// The file.
    pub path: PathBuf,
    /// How many messages were skipped, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// The skipped messages in their order, the first [`FileReport::MOST_SKIPS`] of each reason.
    pub skips: Vec<Skip>,
    /// How many messages were given to the recorder, including those that it knows already.
    pub taken: u64,
}

/// A message that was skipped.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Skip {
    /// A description of the fault.
    pub detail: String,
    /// The number of the message in the file, from 0.
    pub position: u64,
    /// Why it was skipped.
    pub reason: SkipReason,
}

/// The reasons to skip a message.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum SkipReason {
    /// It is from before the [horizon](mocha_recorder::Recorder::message_horizon) that the store had at the start of the
    /// import. Retention has deleted all messages from before it, and the roll-ups may count this one already.
    BeforeHorizon,
    /// It is older than [`Import::since`](crate::Import::since).
    BeforeStart,
    /// The message, its author or the user of its command has an invalid id.
    InvalidId,
    /// The recorder refused it.
    Refused,
    /// The time in its id and the time beside it differ by more than a day.
    TimeMismatch,
    /// Its type is unknown.
    UnknownType,
    /// It is not a message of an export.
    Unreadable,
}

impl FileReport {
    /// How many messages that were skipped for one reason a report lists, so that a common reason does not hide a rare one.
    pub const MOST_SKIPS: u64 = 10;

    pub(crate) const fn new(path: PathBuf) -> Self {
        Self {
            channel_id: None,
            error: None,
            guild_id: None,
            path,
            skipped: BTreeMap::new(),
            skips: Vec::new(),
            taken: 0,
        }
    }

    /// Returns how many messages the file has, as far as it was read.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.taken + self.skipped.values().sum::<u64>()
    }

    pub(crate) fn skip(&mut self, reason: SkipReason, detail: impl fmt::Display) {
        let position = self.messages();
        let count = self.skipped.entry(reason).or_default();
        *count += 1;
        if *count <= Self::MOST_SKIPS {
            self.skips.push(Skip { detail: detail.to_string(), position, reason });
        }
    }
}

impl ImportReport {
    /// Returns how many messages were given to the recorder.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.files.iter().map(|file| file.taken).sum()
    }

    /// Returns how many messages were skipped, by reason.
    #[must_use]
    pub fn skipped(&self) -> BTreeMap<SkipReason, u64> {
        let mut skipped = BTreeMap::new();
        for (reason, count) in self.files.iter().flat_map(|file| &file.skipped) {
            *skipped.entry(*reason).or_default() += count;
        }
        skipped
    }

    /// Returns the files that were not read to their end.
    pub fn failed(&self) -> impl Iterator<Item = (&FileReport, &FileError)> {
        self.files.iter().filter_map(|file| Some((file, file.error.as_ref()?)))
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeHorizon => "older than the messages that retention keeps",
            Self::BeforeStart => "before the start of the import",
            Self::InvalidId => "invalid id",
            Self::Refused => "refused by the recorder",
            Self::TimeMismatch => "id and time differ",
            Self::UnknownType => "unknown type",
            Self::Unreadable => "unreadable",
        })
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {}: {}: {}", self.position, self.reason, self.detail)
    }
}

/// Writes a line for the totals, one for each file that failed, and one for each skipped message that is listed.
impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} messages from {} files", self.taken(), self.files.len())?;
        for (reason, count) in self.skipped() {
            write!(f, ", {count} skipped ({reason})")?;
        }
        if self.stopped {
            f.write_str(", stopped before the end")?;
        }
        for file in &self.files {
            if let Some(error) = &file.error {
                write!(f, "\n{}: {error}", file.path.display())?;
            }
            for skip in &file.skips {
                write!(f, "\n{}: {skip}", file.path.display())?;
            }
        }
        Ok(())
    }
}
