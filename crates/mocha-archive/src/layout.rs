//! The archived tables: their columns in the files, and how rows of the store become rows of files.

use crate::{Column, ColumnKind, column::Origin, member, message, presence, voice_event, voice_interval};

/// The version of the files' schema, in their key-value metadata.
pub const SCHEMA_VERSION: u32 = 1;

/// A table of the archive, as an entry in [`LAYOUTS`].
#[derive(Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Layout {
    /// The columns, in the files' order.
    pub columns: &'static [Column],
    /// The position of the column that is NULL while a row may still change.
    pub(crate) end: Option<usize>,
    /// The name of the table's folder in the archive.
    pub folder: &'static str,
    /// The positions of the columns that identify a row in a guild, besides its time: a number,
    /// and a text for rows without a number.
    pub(crate) key: (Option<usize>, Option<usize>),
    /// The name of the store's table.
    pub table: &'static str,
    /// The position of the column by whose time rows are sorted and divided into months.
    pub(crate) time: usize,
}

/// The archived tables, in the order in which they are written and restored.
///
/// # Examples
///
/// ```
/// use mocha_archive::LAYOUTS;
///
/// let folders: Vec<&str> = LAYOUTS.iter().map(|layout| layout.folder).collect();
/// assert_eq!(folders, ["messages", "voice", "voice_log", "members", "presences"]);
/// let columns: Vec<&str> = LAYOUTS[0].columns.iter().map(|column| column.name).collect();
/// assert_eq!(columns[..4], ["guild_id", "message_id", "other_id", "channel_id"]);
/// ```
pub static LAYOUTS: [&Layout; 5] =
    [&message::LAYOUT, &voice_interval::LAYOUT, &voice_event::LAYOUT, &member::LAYOUT, &presence::LAYOUT];

impl Layout {
    /// Returns the layout of a table of the store.
    pub(crate) fn of_table(name: &str) -> Option<&'static Self> {
        LAYOUTS.into_iter().find(|layout| layout.table == name)
    }

    pub(crate) fn of_folder(name: &str) -> Option<&'static Self> {
        LAYOUTS.into_iter().find(|layout| layout.folder == name)
    }

    /// Returns the position of a column.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Returns the schema of the files in the notation of Parquet.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_archive::LAYOUTS;
    ///
    /// let schema = LAYOUTS[0].schema();
    /// assert!(schema.starts_with("message messages {"));
    /// assert!(schema.contains("required int64 created_at (TIMESTAMP(MILLIS,true));"));
    /// ```
    #[must_use]
    pub fn schema(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| format!("  {}\n", column.schema())).collect();
        format!("message {} {{\n{}}}\n", self.folder, columns.concat())
    }

    /// Returns the column of time in the store, and its unit in milliseconds.
    pub(crate) fn store_time(&self) -> (&'static str, i64) {
        match self.columns.get(self.time) {
            Some(Column { kind: ColumnKind::Time, origin: Origin::Stored(name), .. }) => (name, 1),
            Some(Column { origin: Origin::Stored(name), .. }) => (name, 1000),
            _ => ("created_at", 1000),
        }
    }

    /// Returns the column of the store that is NULL while a row may still change.
    pub(crate) fn end_sql(&self) -> Option<&'static str> {
        match self.columns.get(self.end?)?.origin {
            Origin::Stored(name) => Some(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use mocha_schema::catalogue::{ARCHIVE, Kept, TABLES};
    use parquet::schema::parser::parse_message_type;

    use super::*;

    #[test]
    fn every_event_table_of_the_store_is_archived() {
        // They are small, and retention deletes their old rows.
        let small = ["command_uses", "ended_boosts", "invited_members", "message_addressees", "reactions"];
        let events = TABLES.iter().filter(|table| table.kept == Kept::Events && !small.contains(&table.name));
        let events = events.map(|table| table.name);
        let missing: Vec<&str> = events.filter(|name| Layout::of_table(name).is_none()).collect();
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn the_ledger_knows_every_column() {
        for (layout, entry) in LAYOUTS.into_iter().zip(ARCHIVE) {
            assert_eq!((layout.folder, layout.table), (entry.folder, entry.table));
            let listed: Vec<&str> = entry.columns.iter().map(|column| column.name).collect();
            let columns: Vec<&str> = layout.columns.iter().map(|column| column.name).collect();
            assert_eq!(columns, listed, "{}", layout.folder);
        }
        assert_eq!(LAYOUTS.len(), ARCHIVE.len());
    }

    #[test]
    fn every_schema_is_one_of_parquet() -> Result<(), Box<dyn std::error::Error>> {
        for layout in LAYOUTS {
            let parsed = parse_message_type(&layout.schema())?;
            assert_eq!(parsed.get_fields().len(), layout.columns.len(), "{}", layout.folder);
        }
        Ok(())
    }
}
