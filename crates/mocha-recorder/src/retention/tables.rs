//! The statements of retention.

use std::time::Duration;

use mocha_schema::catalogue::{ARCHIVE, Guild, Kept, TABLES, Table, Time};

use super::{BoxedError, Horizons};
use crate::Error;

/// The statements by which a store applies a retention policy and deletes guilds. The decisions are in this crate.
///
/// A guild is named by the text in the column `guild_id`, or by the decimal digits of the number there.
pub trait RetentionTables {
    /// The connection that the statements run on.
    type Connection;

    /// How long a transaction should hold its locks.
    const HOLD: Duration;

    /// Runs `work` in one transaction that may write. It is committed if `work` returns `Ok`.
    ///
    /// # Errors
    ///
    /// Those of `work` and of the database. The error says that `what` failed.
    fn transaction<T>(
        conn: &mut Self::Connection,
        what: &str,
        work: impl FnOnce(&mut Self::Connection) -> Result<T, BoxedError>,
    ) -> Result<T, Error>;

    /// Takes the locks that a recorder takes before it changes rows about a guild, until the end of the transaction. So the two
    /// never wait for each other. If `is_remembered`, recorders forget what they remember of rows, as
    /// [`Tables::generation`](crate::backend::Tables::generation) says.
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn lock_guild(conn: &mut Self::Connection, guild: &str, is_remembered: bool) -> Result<(), BoxedError>;

    /// Turns an error of a statement or of a [`Keeper`](super::Keeper) into Mocha's.
    fn failed(context: String, error: BoxedError) -> Error;

    /// Returns the second of the newest row of an event table.
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn newest_second(conn: &mut Self::Connection, table: &str) -> Result<Option<i64>, BoxedError>;

    /// Reads the horizons, and makes other transactions that move them wait.
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn horizons(conn: &mut Self::Connection) -> Result<Horizons, BoxedError>;

    /// Writes the horizons.
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn set_horizons(conn: &mut Self::Connection, horizons: &Horizons) -> Result<(), BoxedError>;

    /// Returns when the earliest open interval of voice began that was confirmed at or after this time. Both are unix
    /// milliseconds.
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn first_open_interval(conn: &mut Self::Connection, seen_from_ms: i64) -> Result<Option<i64>, BoxedError>;

    /// Returns the guilds with rows from before a time, in the unit of the table, in the order in which they are locked.
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn guilds_before(conn: &mut Self::Connection, rows: &Rows, before: i64) -> Result<Vec<String>, BoxedError>;

    /// Deletes the oldest rows of a guild from before a time, in the unit of the table, at most `limit` of them. Returns how
    /// many.
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn delete_before(
        conn: &mut Self::Connection,
        rows: &Rows,
        guild: &str,
        before: i64,
        limit: i64,
    ) -> Result<u64, BoxedError>;

    /// Returns the guilds that the bot was removed from until this unix second and has not been seen in since.
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn gone_guilds(conn: &mut Self::Connection, until: i64) -> Result<Vec<String>, BoxedError>;

    /// Returns whether a guild is one of [`gone_guilds`](Self::gone_guilds).
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn is_gone(conn: &mut Self::Connection, guild: &str, until: i64) -> Result<bool, BoxedError>;

    /// Returns whether a table has rows about a guild.
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn has_rows(conn: &mut Self::Connection, table: &'static Table, guild: &str) -> Result<bool, BoxedError>;

    /// Deletes rows about a guild: at most `limit`, or all. Returns how many.
    ///
    /// # Errors
    ///
    /// Those of the database.
    fn delete_guild_rows(
        conn: &mut Self::Connection,
        table: &'static Table,
        guild: &str,
        limit: Option<i64>,
    ) -> Result<u64, BoxedError>;
}

/// The rows of a table by guild and time.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rows {
    /// The table.
    pub table: &'static Table,
    /// Its time.
    pub time: Time,
}

impl Rows {
    /// Returns the tables of this kind whose rows have a time. All-time totals have none, and are deleted together with the
    /// shorter periods.
    pub fn kept(kept: Kept) -> impl Iterator<Item = Self> {
        kept.tables().filter_map(|table| Some(Self { table, time: table.time? }))
    }

    /// Converts a time in unix seconds into the unit of the table.
    #[must_use]
    pub const fn at(&self, seconds: i64) -> i64 {
        seconds.saturating_mul(1000).div_euclid(self.time.unit_ms)
    }

    /// Returns a further SQL condition besides age: the recorder still needs open intervals.
    #[must_use]
    pub fn is_over(&self) -> &'static str {
        let has_end = self.table.columns.iter().any(|column| column.name == "ended_at_ms");
        if has_end { "ended_at_ms IS NOT NULL" } else { "true" }
    }
}

/// Returns whether a keeper keeps the rows of the table. An archive has no files for small tables, so their old rows are
/// deleted.
pub(super) fn is_archived(table: &Table) -> bool {
    ARCHIVE.iter().any(|archived| archived.table == table.name)
}

/// Returns whether recorders may remember rows of the table. They do not remember messages, and only write roll-ups.
pub(super) fn is_remembered(table: &Table) -> bool {
    table.kept != Kept::Rollups && table.name != "message_events"
}

/// Returns the tables with rows about guilds, in the order in which they are emptied: events before the roll-ups from
/// which their triggers subtract them. The guild's own rows are not included.
pub fn guild_tables() -> impl Iterator<Item = &'static Table> {
    let kept = [Kept::Events, Kept::Rollups, Kept::Member, Kept::User, Kept::File].into_iter().flat_map(Kept::tables);
    kept.filter(|table| table.guild.is_some() && !is_guilds_own(table))
}

/// Returns the tables that have one row for each guild.
pub(super) fn guilds_own_tables() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(|table| is_guilds_own(table))
}

fn is_guilds_own(table: &Table) -> bool {
    table.guild == Some(Guild::Own) || table.key == ["guild_id"]
}
