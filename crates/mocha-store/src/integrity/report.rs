//! What a check found.

use std::fmt;

use super::CheckDepth;
use crate::Verification;

/// What [`Check::run`](super::Check::run) found. Its `Display` is a text of several lines for a log.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct CheckReport {
    /// Whether all was looked at; not if `progress` broke it off.
    pub complete: bool,
    /// What SQLite complains about: pages, rows and indexes that are not as they should be. At most a hundred are listed.
    pub damages: Vec<String>,
    /// How thorough it was.
    pub depth: CheckDepth,
    /// Rows without the row that they belong to, by table. Only a program that does not enforce foreign keys leaves such.
    pub orphans: Vec<Orphans>,
    /// Rows with a value that Mocha cannot read, by table and column. Another program wrote them. A row counts once, for the first
    /// such column.
    pub unreadable: Vec<UnreadableRows>,
    /// Each roll-up held against what it is a sum of; none after a quick check, and none in a damaged file.
    pub rollups: Vec<Verification>,
}

/// Rows of a table whose foreign key points nowhere.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Orphans {
    /// The table in which there is no such row.
    pub parent: String,
    /// How many there are.
    pub rows: u64,
    /// The table that has them.
    pub table: String,
}

/// Rows of a table with a value that Mocha cannot read: an id that is not Discord's, a time that is not a whole number of seconds, or
/// an unknown kind of event or status. Queries leave the row out where they need that column.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct UnreadableRows {
    /// The column.
    pub column: String,
    /// How many there are.
    pub rows: u64,
    /// The table.
    pub table: String,
}

/// What to make of a [`CheckReport`]: the worst of what was found.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Verdict {
    /// All that was looked at is as it should be.
    Sound,
    /// The check was broken off, and found nothing until then.
    Incomplete,
    /// Rows have values that Mocha cannot read. Nothing is wrong with the file, and queries leave such rows out. Correct or delete the
    /// rows if they matter.
    Unreadable,
    /// Rows have lost the row that they belong to. Nothing is wrong with the file; the questions may leave such rows out.
    Orphaned,
    /// A roll-up is not what it is a sum of: [`Store::rebuild`](crate::Store::rebuild) mends that.
    RollupsDiffer,
    /// The file is damaged, and so may the answers be: stop the bot, and [restore](crate::Store::restore) a backup or, without
    /// one, [salvage](crate::Store::salvage) what is readable.
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

    /// The worst of what was found.
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

    /// Whether all was looked at and is as it should be.
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
            write!(f, "\n{} rows of {} differ from what they are sums of", rollup.differences.len(), rollup.rollup)?;
        }
        if !self.complete {
            f.write_str("\nnot all was looked at")?;
        }
        Ok(())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sound => "the file is sound",
            Self::Incomplete => "nothing was found until the check was broken off",
            Self::Unreadable => "rows have values that Mocha cannot read",
            Self::Orphaned => "rows have lost the row that they belong to",
            Self::RollupsDiffer => "roll-ups differ from what they are sums of: rebuild them",
            Self::Damaged => "the file is damaged: restore a backup, or salvage what is readable",
        })
    }
}
