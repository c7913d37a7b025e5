//! The report of a check.

use std::fmt;

use super::CheckDepth;
use crate::Verification;

/// Reports what [`Check::run`](super::Check::run) found. Its `Display` is a text of several lines for a log.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CheckReport {
    /// Whether everything was checked. `false` if the callback ended the check.
    pub complete: bool,
    /// SQLite's complaints about damaged pages, rows and indexes. At most a hundred are listed.
    pub damages: Vec<String>,
    /// How thorough the check was.
    pub depth: CheckDepth,
    /// Rows that refer to a missing row, by table. Only a program that does not enforce foreign keys leaves such rows.
    pub orphans: Vec<Orphans>,
    /// Rows with a value that Mocha cannot read, by table and column. Another program wrote them. A row counts once, for the first
    /// such column.
    pub unreadable: Vec<UnreadableRows>,
    /// The comparison of each roll-up with its source. Empty after a quick check, and for a damaged file.
    pub rollups: Vec<Verification>,
}

/// Counts the rows of a table whose foreign key refers to a missing row.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Orphans {
    /// The table that lacks the row.
    pub parent: String,
    /// The number of rows.
    pub rows: u64,
    /// The table that has the rows.
    pub table: String,
}

/// Counts the rows of a table with a value that Mocha cannot read: an id that is not Discord's, a time that is not a whole
/// number of seconds, or an unknown kind of event or status. Queries that need the column leave these rows out.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct UnreadableRows {
    /// The column.
    pub column: String,
    /// The number of rows.
    pub rows: u64,
    /// The table.
    pub table: String,
}

/// The worst finding of a [`CheckReport`].
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Verdict {
    /// The check found no fault.
    Sound,
    /// The callback ended the check, which had found no fault until then.
    Incomplete,
    /// Rows have values that Mocha cannot read. The file is sound, and queries leave such rows out. Correct or delete the rows if
    /// they matter.
    Unreadable,
    /// Rows refer to a missing row. The file is sound, but queries may leave such rows out.
    Orphaned,
    /// A roll-up differs from its source. [`Store::rebuild`](crate::Store::rebuild) repairs it.
    RollupsDiffer,
    /// The file is damaged, and answers may be wrong. Stop the bot and [restore](crate::Store::restore) a backup. Without a
    /// backup, [salvage](crate::Store::salvage) what is readable.
    Damaged,
}

impl CheckReport {
    pub(super) fn new(depth: CheckDepth) -> Self {
        Self {
            complete: true,
            damages: Vec::new(),
            depth,
            orphans: Vec::new(),
            rollups: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    /// Returns the worst finding.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::{Store, Verdict};
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// assert_eq!(store.check().run()?.verdict(), Verdict::Sound);
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if !self.damages.is_empty() {
            Verdict::Damaged
        } else if self.rollups.iter().any(|rollup| !rollup.differences.is_empty()) {
            Verdict::RollupsDiffer
        } else if !self.orphans.is_empty() {
            Verdict::Orphaned
        } else if !self.unreadable.is_empty() {
            Verdict::Unreadable
        } else if !self.complete {
            Verdict::Incomplete
        } else {
            Verdict::Sound
        }
    }

    /// Returns whether everything was checked and no fault was found.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.verdict() == Verdict::Sound
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.verdict().fmt(f)?;
        for damage in &self.damages {
            write!(f, "\n{damage}")?;
        }
        for Orphans { parent, rows, table } in &self.orphans {
            write!(f, "\n{rows} rows of {table} have no row in {parent}")?;
        }
        for UnreadableRows { column, rows, table } in &self.unreadable {
            write!(f, "\n{rows} rows of {table} have a value in {column} that Mocha cannot read")?;
        }
        for rollup in self.rollups.iter().filter(|rollup| !rollup.differences.is_empty()) {
            write!(f, "\n{} rows of {} differ from their source", rollup.differences.len(), rollup.rollup)?;
        }
        if !self.complete {
            f.write_str("\nnot everything was checked")?;
        }
        Ok(())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sound => "the file is sound",
            Self::Incomplete => "the check was ended early and had found no fault",
            Self::Unreadable => "rows have values that Mocha cannot read",
            Self::Orphaned => "rows refer to missing rows",
            Self::RollupsDiffer => "roll-ups differ from their sources: rebuild them",
            Self::Damaged => "the file is damaged: restore a backup, or salvage what is readable",
        })
    }
}
