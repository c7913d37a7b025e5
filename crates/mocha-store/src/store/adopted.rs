//! The report of an adoption.

use std::fmt;

/// Reports which values the adoption of a file of the TypeScript original converted or set aside.
/// [`Store::adopted`](super::Store::adopted) returns it.
///
/// Its `Display` is a text of several lines for a log. It has no names and no ids.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Adopted {
    /// The values that were not as documented, by table in the order of the schema.
    pub oddities: Vec<Oddity>,
    /// How many rows the eight tables had.
    pub rows: u64,
}

/// Counts the values in one column of an old file that were not as documented.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Oddity {
    /// The column.
    pub column: &'static str,
    /// The oddity.
    pub kind: OddityKind,
    /// How many rows have such a value; at least one.
    pub rows: u64,
    /// The table.
    pub table: &'static str,
}

/// An oddity of values in an old file, and how the adoption treated them.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum OddityKind {
    /// Several rows describe the same guild, user, channel or member. The newest one stays.
    Duplicate,
    /// The id of a member is not made of guild and user. It was converted.
    GeneratedId,
    /// An id is not a decimal number from 1 to 9223372036854775807. The row stays as it is, and no
    /// question counts it.
    InvalidId,
    /// A time cannot be converted, or lies in the future. The row of an event stays as it is. The
    /// row of a guild, user, channel or member gets the time of the adoption, or none.
    InvalidTime,
    /// A `leave` has a start and an end, but no duration. The duration was computed.
    MissingDuration,
    /// A time is in milliseconds. It was converted to seconds.
    Milliseconds,
    /// An id has leading zeros. They were removed.
    PaddedId,
    /// A time has a fraction. The fraction was dropped.
    RealTime,
    /// A time is a text. It was converted.
    TextTime,
    /// Mocha does not know the kind of an event or a status. The row stays as it is, and no
    /// question counts it.
    UnknownWord,
}

impl Adopted {
    /// Returns how many values were set aside because they could not be converted.
    #[must_use]
    pub fn set_aside(&self) -> u64 {
        self.oddities.iter().filter(|oddity| !oddity.kind.is_converted()).map(|oddity| oddity.rows).sum()
    }

    /// Adds rows to those with the same oddity.
    pub(super) fn add(&mut self, column: &'static str, kind: OddityKind, rows: u64, table: &'static str) {
        let same = |oddity: &&mut Oddity| (oddity.column, oddity.kind, oddity.table) == (column, kind, table);
        if rows == 0 {
            return;
        }
        match self.oddities.iter_mut().find(same) {
            Some(oddity) => oddity.rows = oddity.rows.saturating_add(rows),
            None => self.oddities.push(Oddity { column, kind, rows, table }),
        }
    }

    /// Logs it, without names and ids.
    pub(super) fn log(&self) {
        tracing::info!(rows = self.rows, set_aside = self.set_aside(), "adopted a file of the TypeScript original");
        for Oddity { column, kind, rows, table } in &self.oddities {
            if kind.is_converted() {
                tracing::info!(table, column, rows, "{kind}");
            } else {
                tracing::warn!(table, column, rows, "{kind}");
            }
        }
    }
}

impl OddityKind {
    /// Returns `true` if the values were converted, and `false` if they were set aside.
    #[must_use]
    pub const fn is_converted(self) -> bool {
        !matches!(self, Self::InvalidId | Self::InvalidTime | Self::UnknownWord)
    }

    /// Returns the oddity of a column that Mocha cannot read.
    pub(super) fn of_unreadable(column: &str) -> Self {
        match column {
            "event_type" | "status" => Self::UnknownWord,
            "id" => Self::InvalidId,
            _ if column.ends_with("_id") => Self::InvalidId,
            _ => Self::InvalidTime,
        }
    }
}

impl fmt::Display for Adopted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows were adopted", self.rows)?;
        for Oddity { column, kind, rows, table } in &self.oddities {
            write!(f, "\n{table}.{column}: {rows} rows: {kind}")?;
        }
        Ok(())
    }
}

impl fmt::Display for OddityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Duplicate => "several rows with the same id; the newest stays",
            Self::GeneratedId => "a generated id; converted",
            Self::InvalidId => "not a Discord id; set aside",
            Self::InvalidTime => "not a time, or one in the future; set aside",
            Self::MissingDuration => "no duration; computed",
            Self::Milliseconds => "a time in milliseconds; converted",
            Self::PaddedId => "an id with leading zeros; converted",
            Self::RealTime => "a time with a fraction; converted",
            Self::TextTime => "a time as a text; converted",
            Self::UnknownWord => "an unknown word; set aside",
        })
    }
}
