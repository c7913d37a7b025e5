//! Moves history between a SQLite file and a PostgreSQL database.

mod connection;
mod copy;
mod privacy;
mod questions;
mod side;
mod table;
mod users;
mod verify;

use std::{fmt, ops::ControlFlow};

use mocha_schema::GuildId;
use mocha_store::Error;

use crate::AnyStore;

/// Copies the history of a store into another one, and compares both. Made by [`Mover::new`].
///
/// One of the two is a SQLite file, and the other one a PostgreSQL database. All guilds are copied, or [some](Self::guild).
/// What the destination has of these guilds becomes what the source has: events, voice including sessions that are still
/// going on, members, channels, users, erasures and opt-outs, and the totals of events that retention deleted. If all guilds
/// are copied, the gateway sessions come along, so the bot resumes them from the destination. Guilds that only the
/// destination has stay as they are.
///
/// The source is read at one instant, and may be recorded into meanwhile. Do not record the same guilds into the destination
/// before the move is complete. A guild with events in the destination that are newer than everything in the source is left
/// alone, and reported in [`Moved::ahead`].
///
/// Move a running bot like this: run the mover, stop the bot, run the mover again, which copies what was recorded in
/// between, and start the bot with the destination.
///
/// # Examples
///
/// ```
/// use mocha_discord::{AnyStore, Mover, PgStore, Store};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
/// # let (folder, url) = (tempfile::tempdir()?, database.url());
/// # let path = folder.path().join("stats.db");
/// let file = AnyStore::from(Store::open(path)?);
/// let server = AnyStore::from(PgStore::connect(url)?);
/// let moved = Mover::new(&file, &server).run()?;
/// assert!(moved.is_complete());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is copied until `run`"]
pub struct Mover<'a> {
    from: AnyStore,
    guilds: Vec<GuildId>,
    on_progress: Option<OnProgress<'a>>,
    to: AnyStore,
}

type OnProgress<'a> = Box<dyn FnMut(&Moved) -> ControlFlow<()> + 'a>;

/// Reports what a [`Mover`] did; while it runs, what it did so far.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Moved {
    /// Guilds that were left alone, because the destination has newer events than the source.
    pub ahead: Vec<GuildId>,
    /// The number of answers that were compared.
    pub answers: u64,
    /// The number of rows that the source does not have and that were deleted in the destination.
    pub deleted: u64,
    /// The differences. Empty if the destination has the rows and the answers of the source.
    pub differences: Vec<MoveDifference>,
    /// Whether it came to the end. `false` if the callback ended it; run it again to continue.
    pub ended: bool,
    /// The number of guilds that are copied and compared.
    pub guilds: u64,
    /// Rows of the source that the destination cannot take, by table. They stay in the source.
    pub odd: Vec<OddRows>,
    /// The number of rows of the source that were looked at.
    pub rows: u64,
    /// The number of rows in the source, when the move began.
    pub total: u64,
    /// The number of rows that were written, because the destination lacked them or had other values.
    pub written: u64,
}

/// The rows of a table that cannot be moved: an id is no number below 2^63, a time is out of range, or a row that they refer
/// to is missing.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OddRows {
    /// The number of rows.
    pub rows: u64,
    /// The table.
    pub table: &'static str,
}

/// A difference between the source and the destination.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum MoveDifference {
    /// A question has another answer.
    Answer {
        /// The guild.
        guild_id: GuildId,
        /// The question, and its window.
        question: String,
    },
    /// A table has another number of rows about a guild.
    Rows {
        /// The number in the source, without odd rows.
        from: u64,
        /// The guild.
        guild_id: GuildId,
        /// The table.
        table: &'static str,
        /// The number in the destination.
        to: u64,
    },
}

impl<'a> Mover<'a> {
    /// Copies from one store to another one.
    pub fn new(from: &AnyStore, to: &AnyStore) -> Self {
        Self { from: from.clone(), guilds: Vec::new(), on_progress: None, to: to.clone() }
    }

    /// Copies this guild only, with its users; call it again for more. Gateway sessions stay.
    pub fn guild(mut self, guild_id: GuildId) -> Self {
        self.guilds.push(guild_id);
        self
    }

    /// Calls `on_progress` after each transaction. [`ControlFlow::Break`] ends the move early.
    pub fn on_progress(mut self, on_progress: impl FnMut(&Moved) -> ControlFlow<()> + 'a) -> Self {
        self.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Copies and compares. It blocks; in an async program use a thread for blocking work.
    ///
    /// Rows are read in pages of 5,000, and compared with those of the destination. Only rows that are missing or different
    /// are written, in a transaction for each page. So it may be interrupted at any time, and run again: it continues where
    /// it stopped. At the end the number of rows of each table and the answers of every question about each guild are
    /// compared, for all time and for 30 days.
    ///
    /// A row that the destination cannot take is [reported](Moved::odd). Then the answers are compared with those of a
    /// temporary file that has the other rows.
    ///
    /// Memory holds two pages of rows, or the members of one guild if they are more. While a SQLite file is the source, its
    /// write-ahead log grows by what is recorded.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`](crate::ErrorKind::InvalidSetting) if both stores are of the same kind, or if the tables of
    /// the destination are [distributed](crate::PgStore::distribute). Otherwise the errors of reading the source and of writing
    /// to the destination. Pages that were written stay.
    pub fn run(self) -> Result<Moved, Error> {
        let Self { from, guilds, on_progress, to } = self;
        let mut progress = on_progress.unwrap_or_else(|| Box::new(|_| ControlFlow::Continue(())));
        copy::run(&from, &to, &guilds, &mut progress)
    }
}

impl Moved {
    /// Returns whether it came to the end, no guild was left alone, and nothing differs. Odd rows do not count.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.ended && self.ahead.is_empty() && self.differences.is_empty()
    }

    fn add_odd(&mut self, table: &'static str, rows: u64) {
        if rows == 0 {
            return;
        }
        match self.odd.iter_mut().find(|odd| odd.table == table) {
            Some(odd) => odd.rows += rows,
            None => self.odd.push(OddRows { rows, table }),
        }
    }
}

impl fmt::Debug for Mover<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, guilds, on_progress: _, to } = self;
        f.debug_struct("Mover").field("from", from).field("guilds", guilds).field("to", to).finish_non_exhaustive()
    }
}
