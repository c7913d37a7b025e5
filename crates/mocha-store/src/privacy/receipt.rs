//! The receipt of an erasure.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use mocha_schema::GuildId;

use crate::Error;

/// Reports what an erasure did, without naming the user.
#[derive(Clone, Debug)]
#[must_use = "an erasure may not be complete"]
#[non_exhaustive]
pub struct Receipt {
    /// The instant of the erasure: earlier events are not recorded again. It is the end of the
    /// erasure if the user was active while it ran, otherwise its beginning.
    pub at: DateTime<Utc>,
    /// The guild; `None` for all guilds.
    pub guild_id: Option<GuildId>,
    /// A random name of this receipt, 32 hexadecimal digits.
    pub id: String,
    /// Whether the user is opted out, so that nothing is recorded from now on.
    pub opted_out: bool,
    /// The number of deleted rows by table, in the order of table names. Tables without any are
    /// left out.
    pub removed: Vec<Removed>,
    /// Whether all rows are deleted. `false` if the callback ended the erasure; run it again to
    /// continue.
    pub rows_gone: bool,
    /// Whether the bytes are gone too: the file was rewritten, and the write-ahead log was emptied.
    pub traces_gone: bool,
    /// The error if the bytes could not be removed: another connection held the lock or kept
    /// reading, or the disk is full. Call
    /// [`Store::vacuum_erased`](crate::Store::vacuum_erased) later.
    pub traces_left_by: Option<Arc<Error>>,
}

/// The deleted rows of a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Removed {
    /// The number of rows.
    pub rows: u64,
    /// The name of the table.
    pub table: &'static str,
}

impl Receipt {
    /// Returns whether both rows and bytes are gone.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.rows_gone && self.traces_gone
    }
}
