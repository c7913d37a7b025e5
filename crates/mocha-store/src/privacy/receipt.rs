//! What an erasure did.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use mocha_schema::GuildId;

use crate::Error;

/// What an erasure did, without saying whom it erased.
#[derive(Clone, Debug)]
#[must_use = "an erasure may not be complete"]
#[non_exhaustive]
pub struct Receipt {
    /// When: what is not later than this is not recorded again. It is the end of the erasure if the person did something while it ran,
    /// else its beginning.
    pub at: DateTime<Utc>,
    /// The guild; `None` for all.
    pub guild_id: Option<GuildId>,
    /// A random name of this receipt, 32 hexadecimal digits.
    pub id: String,
    /// Whether nothing is recorded of the person from now on.
    pub opted_out: bool,
    /// How many rows there were of the person and are no more, in order of table; tables without any are left out.
    pub removed: Vec<Removed>,
    /// Whether all rows are gone; not if `progress` broke it off. To go on, forget the person again.
    pub rows_gone: bool,
    /// Whether the bytes are gone too: the file was rewritten, and the write-ahead log emptied.
    pub traces_gone: bool,
    /// Why not, if it was tried: somebody else held the lock or kept reading, or the disk is full. Once that is over, have
    /// [`Store::vacuum_erased`](crate::Store::vacuum_erased) do it.
    pub traces_left_by: Option<Arc<Error>>,
}

/// Rows that are gone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Removed {
    /// How many.
    pub rows: u64,
    /// The table's name.
    pub table: &'static str,
}

impl Receipt {
    /// Whether rows and bytes are gone.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.rows_gone && self.traces_gone
    }
}
