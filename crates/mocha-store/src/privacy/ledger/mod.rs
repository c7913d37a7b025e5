//! What the file keeps of whom, column by column.

mod column;
mod rollups;
mod tables;

pub use self::tables::LEDGER;

/// A table of the file in the [`LEDGER`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// Its columns, in the file's order.
    pub columns: &'static [Column],
    /// For how long a row is kept.
    pub kept: Kept,
    /// Its name in the file.
    pub name: &'static str,
    /// How its rows say whose they are; `None` if they are nobody's.
    pub person: Option<Person>,
    /// What its rows are for.
    pub purpose: &'static str,
    /// What makes its rows: a bot that hears none of them has none.
    pub sources: &'static [Source],
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

impl Table {
    /// The condition that a row is the person's, `?1`, in the guild, `?2`, or in any.
    pub(crate) fn condition(&self, in_guild: bool) -> Option<&'static str> {
        Some(match (self.person?, in_guild) {
            (Person::Own, _) => "id = ?1",
            (Person::Number, false) => "user_id = CAST(?1 AS INTEGER)",
            (Person::Number, true) => "user_id = CAST(?1 AS INTEGER) AND guild_id = CAST(?2 AS INTEGER)",
            // Its key begins with the guild, and SQLite would read all of the table.
            (Person::Text, false) if self.name == "voice_intervals" => {
                "user_id = ?1 AND guild_id IN ( \
                 WITH RECURSIVE guild (id) AS ( \
                 SELECT min(guild_id) FROM voice_intervals UNION ALL \
                 SELECT (SELECT min(guild_id) FROM voice_intervals WHERE guild_id > guild.id) FROM guild \
                 WHERE guild.id IS NOT NULL) SELECT id FROM guild)"
            }
            (Person::Text, false) => "user_id = ?1",
            (Person::Text, true) => "user_id = ?1 AND guild_id = ?2",
        })
    }
}
