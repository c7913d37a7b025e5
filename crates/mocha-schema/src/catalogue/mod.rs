//! The tables of the file: what each is for, how its rows are found, and what it keeps about whom.
//!
//! [`TABLES`] is the only list of them. Retention, erasure, export, salvage, verification, and the deletion of a guild read it, so a
//! new table needs an entry here, and no other list. A test compares it with a migrated file.
//!
//! ```
//! use mocha_schema::catalogue::{Horizon, TABLES};
//!
//! let table = TABLES.iter().find(|table| table.name == "message_days").ok_or("no such table")?;
//! assert_eq!(table.key, ["guild_id", "day", "user_id", "channel_id"]);
//! assert_eq!(table.made_of, ["message_events"]);
//! let time = table.time.ok_or("a table without a time")?;
//! assert_eq!((time.column, time.unit_ms, time.horizon), ("day", 86_400_000, Horizon::Messages));
//! # Ok::<(), &str>(())
//! ```

mod column;
mod rollups;
mod tables;

pub use self::{rollups::*, tables::TABLES};

/// A table of the file in the list of all [`TABLES`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// Its columns, in the file's order.
    pub columns: &'static [Column],
    /// How its rows say which guild they belong to; `None` if they belong to none, or outlive it.
    pub guild: Option<Guild>,
    /// For how long a row is kept.
    pub kept: Kept,
    /// The columns of its primary key, in order. SQLite keeps a row id beside a key that is `id` alone, and beside no other.
    pub key: &'static [&'static str],
    /// The tables whose rows triggers count in this one; none if its rows are written by themselves.
    pub made_of: &'static [&'static str],
    /// Its name in the file.
    pub name: &'static str,
    /// How its rows say whose they are; `None` if they are nobody's.
    pub person: Option<Person>,
    /// What its rows are for.
    pub purpose: &'static str,
    /// What makes its rows: a bot that hears none of them has none.
    pub sources: &'static [Source],
    /// The time of a row; `None` if its rows have none that retention goes by.
    pub time: Option<Time>,
}

/// The time of a row of a [`Table`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Time {
    /// The column that has it, as a number of units since 1970-01-01, UTC.
    pub column: &'static str,
    /// The horizon from which the events are complete that the row is, or counts.
    pub horizon: Horizon,
    /// A unit of the column, in milliseconds: the period of a row of sums.
    pub unit_ms: i64,
}

/// The horizons in the table `horizons`: events from before one are deleted, and only sums tell of them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Horizon {
    /// `members_from`.
    Members,
    /// `messages_from`.
    Messages,
    /// `presences_from`.
    Presences,
    /// `voice_from`.
    Voice,
}

/// A column of a [`Table`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Column {
    /// What it tells of people.
    pub class: Class,
    /// Its name in the file.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// What fills it, if that is not all that makes the rows.
    pub source: Option<Source>,
}

/// What a column tells of people.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Class {
    /// What a person did, or a sum of it: personal while the row names the person.
    Derived,
    /// Who it is: an id, a name, a picture, or a key made of them.
    Identifying,
    /// Nothing.
    Plain,
}

/// For how long rows are kept. Erasing a person takes rows of all kinds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Kept {
    /// Until the retention of events removes them.
    Events,
    /// For as long as the file: no person's.
    File,
    /// While the person is a member.
    Member,
    /// Until the retention of roll-ups removes them, if it is limited.
    Rollups,
    /// For as long as the file: without it the person would be recorded again.
    Tombstone,
    /// Until the person is erased.
    User,
}

/// How rows say which guild they belong to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Guild {
    /// By a `guild_id`, an integer.
    Number,
    /// The row is the guild's own: its `id`, decimal text.
    Own,
    /// By a `guild_id`, decimal text.
    Text,
}

/// How rows say whose they are.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Person {
    /// The row is the user's own: its `id`, decimal text.
    Own,
    /// By a `user_id`, an integer.
    Number,
    /// By a `user_id`, decimal text.
    Text,
}

/// What a bot hears that data is made of.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// Guilds, channels and threads.
    Guilds,
    /// Members coming, being there and going.
    Members,
    /// What messages hold.
    MessageContent,
    /// Messages.
    Messages,
    /// Status and activities.
    Presence,
    /// The recorder itself.
    Recorder,
    /// Voice.
    Voice,
}

impl Column {
    const fn new(class: Class, name: &'static str, purpose: &'static str) -> Self {
        Self { class, name, purpose, source: None }
    }

    const fn of(self, source: Source) -> Self {
        Self { source: Some(source), ..self }
    }
}

impl Horizon {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Members, Self::Messages, Self::Presences, Self::Voice];

    /// Its column in `horizons`: unix seconds.
    #[must_use]
    pub const fn column(self) -> &'static str {
        match self {
            Self::Members => "members_from",
            Self::Messages => "messages_from",
            Self::Presences => "presences_from",
            Self::Voice => "voice_from",
        }
    }
}

impl Table {
    /// Returns the entry with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// Returns the entries of the tables that triggers count in this one.
    pub fn sources_of_sums(&self) -> impl Iterator<Item = &'static Self> {
        self.made_of.iter().filter_map(|name| Self::find(name))
    }
}
