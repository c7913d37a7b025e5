//! The catalogue of tables: their purpose, how their rows are found, and which personal data they hold.
//!
//! [`TABLES`] is the only list of tables. Retention, erasure, export, salvage, verification, and the deletion of a guild
//! read it, so a new table needs only an entry here. A test compares the list with a migrated file.
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

mod archive;
mod column;
mod community;
mod placement;
mod postgres;
mod rollups;
mod tables;

pub use self::{
    archive::{ARCHIVE, ArchivedTable},
    placement::Placement,
    postgres::POSTGRES_TABLES,
    rollups::*,
    tables::TABLES,
};

/// A table of the file, as an entry in [`TABLES`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// Its columns, in the file's order.
    pub columns: &'static [Column],
    /// How a row names its guild. `None` if rows belong to no guild or outlive it.
    pub guild: Option<Guild>,
    /// How long a row is kept.
    pub kept: Kept,
    /// The columns of its primary key, in order. The table has SQLite's row ids only if the key is `id` alone.
    pub key: &'static [&'static str],
    /// The tables from which triggers compute this one. Empty if the table is not a roll-up.
    pub made_of: &'static [&'static str],
    /// Its name in the file.
    pub name: &'static str,
    /// How a row names its user. `None` if rows belong to no user.
    pub person: Option<Person>,
    /// The purpose of its rows.
    pub purpose: &'static str,
    /// The data that the rows are made of. The table stays empty if the bot receives none of it.
    pub sources: &'static [Source],
    /// The time of a row. `None` if rows have no time that retention uses.
    pub time: Option<Time>,
}

/// The time of a row of a [`Table`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Time {
    /// The column that holds it, as a number of units since 1970-01-01, UTC.
    pub column: &'static str,
    /// The horizon of the events that the table holds or counts.
    pub horizon: Horizon,
    /// The unit of the column in milliseconds. In a roll-up it is the period of a row.
    pub unit_ms: i64,
}

/// A horizon in the table `horizons`. Events before it are deleted, and only roll-ups count them.
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
    /// Which personal data it holds.
    pub class: Class,
    /// Its name in the file.
    pub name: &'static str,
    /// The purpose of the column.
    pub purpose: &'static str,
    /// The data that fills the column, if it needs less than the sources of the table.
    pub source: Option<Source>,
}

/// A class of personal data.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Class {
    /// An action of a user or a total of actions. It is personal while the row names the user.
    Derived,
    /// The identity of a user: an id, a name, an avatar, or a key made of them.
    Identifying,
    /// No personal data.
    Plain,
}

/// How long rows are kept. Erasing a user deletes the user's rows, however long they would be kept.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Kept {
    /// Until the retention of events deletes them.
    Events,
    /// As long as the file. The rows belong to no user.
    File,
    /// While the user is a member.
    Member,
    /// Until the retention of roll-ups deletes them, if it is limited.
    Rollups,
    /// As long as the file. Without the row the user would be recorded again.
    Tombstone,
    /// Until the user is erased.
    User,
}

/// How a row names its guild.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Guild {
    /// By the integer in `guild_id`.
    Number,
    /// By the decimal text in `id`. The row describes the guild.
    Own,
    /// By the decimal text in `guild_id`.
    Text,
}

/// How a row names its user.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Person {
    /// By the decimal text in `id`. The row describes the user.
    Own,
    /// By the integer in `user_id`.
    Number,
    /// By the decimal text in `user_id`.
    Text,
}

/// A kind of data that a bot receives and rows are made of.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Source {
    /// Uses of the bot's commands.
    Commands,
    /// Replies and mentions.
    Conversations,
    /// Guilds, channels and threads.
    Guilds,
    /// Invites, and which of them joins used.
    Invites,
    /// Members, joins and leaves.
    Members,
    /// The content of messages.
    MessageContent,
    /// Messages.
    Messages,
    /// Status and activities.
    Presence,
    /// Reactions to messages.
    Reactions,
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
    /// All horizons.
    pub const ALL: [Self; 4] = [Self::Members, Self::Messages, Self::Presences, Self::Voice];

    /// Returns its column in `horizons`. The unit is unix seconds.
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

impl Kept {
    /// Returns the tables whose rows are kept for this long.
    pub fn tables(self) -> impl Iterator<Item = &'static Table> {
        TABLES.iter().filter(move |table| table.kept == self)
    }
}

impl Table {
    /// Returns the entry with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// Returns the column with the number of a second user whom a row names, such as the author of the message that a reaction is
    /// to. The column may be NULL. Erasing this user deletes the row too.
    ///
    /// ```
    /// use mocha_schema::catalogue::Table;
    ///
    /// assert_eq!(Table::find("reactions").and_then(Table::second_person), Some("author_id"));
    /// ```
    #[must_use]
    pub fn second_person(&self) -> Option<&'static str> {
        match self.name {
            "invited_members" => Some("inviter_id"),
            "message_addressees" => Some("addressee_id"),
            "reactions" => Some("author_id"),
            _ => None,
        }
    }

    /// Returns the entries of the tables in [`made_of`](Self::made_of).
    pub fn sources_of_sums(&self) -> impl Iterator<Item = &'static Self> {
        self.made_of.iter().filter_map(|name| Self::find(name))
    }
}
