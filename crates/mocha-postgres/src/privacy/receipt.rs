//! The receipt of an erasure.

use chrono::{DateTime, Utc};
use mocha_schema::GuildId;

/// Reports what an erasure did, without naming the user.
///
/// It cannot know of copies outside the database: archives of the write-ahead log, replicas that lag behind, base backups and
/// dumps. The bytes of deleted rows also stay in the server's files until vacuuming reuses their space.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "an erasure may not be complete"]
#[non_exhaustive]
pub struct Receipt {
    /// The instant of the erasure: earlier events are not recorded again. It is the end of the erasure if the user did
    /// something while it ran, otherwise its beginning.
    pub at: DateTime<Utc>,
    /// The guild; `None` for all guilds.
    pub guild_id: Option<GuildId>,
    /// A random name of this receipt, 32 hexadecimal digits.
    pub id: String,
    /// Whether the user is opted out, so that nothing is recorded from now on.
    pub opted_out: bool,
    /// The number of deleted rows by table, in the order of table names. Tables without any are left out.
    pub removed: Vec<Removed>,
    /// Whether all rows are deleted. `false` if the callback ended the erasure; run it again to continue.
    pub rows_gone: bool,
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
