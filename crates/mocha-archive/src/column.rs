//! The columns of archived tables.

/// A column of an archived table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Column {
    /// Whether values are written as differences to the value before. It suits ids and times, which
    /// rise.
    pub(crate) delta: bool,
    /// The name in the Parquet files.
    pub name: &'static str,
    /// Whether the value may be NULL, which means unknown.
    pub optional: bool,
    pub(crate) origin: Origin,
    /// The type of the values.
    pub kind: ColumnKind,
}

/// Where the values of a [`Column`] are in the database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// In the table's column of this name.
    Stored(&'static str),
    /// In this column of the table, if its id is a number.
    Number(&'static str),
    /// In the same column, if its id is another text. Only SQLite's tables have some.
    OtherText(&'static str),
    /// In the user's row, which says whether the user is a bot, as far as the database knows.
    Bot,
}

/// The type of a [`Column`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// BOOLEAN.
    Bool,
    /// INT64: an id of Discord.
    Id,
    /// INT32.
    Int,
    /// INT64: a length of time in milliseconds.
    Millis,
    /// INT64 with the logical type TIMESTAMP in milliseconds, UTC. The store has whole seconds.
    Second,
    /// `BYTE_ARRAY` with the logical type STRING.
    Text,
    /// INT64 with the logical type TIMESTAMP in milliseconds, UTC.
    Time,
}

impl Column {
    const fn new(name: &'static str, column: &'static str, kind: ColumnKind) -> Self {
        Self { delta: false, kind, name, optional: false, origin: Origin::Stored(column) }
    }

    pub(crate) const fn bool(name: &'static str, column: &'static str) -> Self {
        Self::new(name, column, ColumnKind::Bool)
    }

    pub(crate) const fn id(name: &'static str, column: &'static str) -> Self {
        Self::new(name, column, ColumnKind::Id)
    }

    pub(crate) const fn int(name: &'static str, column: &'static str) -> Self {
        Self::new(name, column, ColumnKind::Int)
    }

    pub(crate) const fn millis(name: &'static str, column: &'static str) -> Self {
        Self::new(name, column, ColumnKind::Millis)
    }

    pub(crate) const fn second(name: &'static str, column: &'static str) -> Self {
        Self { delta: true, ..Self::new(name, column, ColumnKind::Second) }
    }

    pub(crate) const fn text(name: &'static str, column: &'static str) -> Self {
        Self::new(name, column, ColumnKind::Text)
    }

    pub(crate) const fn time(name: &'static str, column: &'static str) -> Self {
        Self { delta: true, ..Self::new(name, column, ColumnKind::Time) }
    }

    /// Says whether the row's user is a bot.
    pub(crate) const fn bot() -> Self {
        Self { optional: true, origin: Origin::Bot, ..Self::new("bot", "", ColumnKind::Bool) }
    }

    pub(crate) const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    pub(crate) const fn of(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    pub(crate) const fn rising(self) -> Self {
        Self { delta: true, ..self }
    }

    /// Returns the line of the Parquet schema.
    pub(crate) fn schema(&self) -> String {
        let Self { name, .. } = self;
        let repetition = if self.optional { "optional" } else { "required" };
        match self.kind {
            ColumnKind::Bool => format!("{repetition} boolean {name};"),
            ColumnKind::Id | ColumnKind::Millis => format!("{repetition} int64 {name};"),
            ColumnKind::Int => format!("{repetition} int32 {name};"),
            ColumnKind::Second | ColumnKind::Time => format!("{repetition} int64 {name} (TIMESTAMP(MILLIS,true));"),
            ColumnKind::Text => format!("{repetition} binary {name} (UTF8);"),
        }
    }
}
