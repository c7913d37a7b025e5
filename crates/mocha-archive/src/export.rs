//! Exports the archived rows about a user.

use std::io::Write;

use mocha_schema::{GuildId, UserId};
use serde_json::{Map, Value};

use crate::{Archive, ColumnKind, Database, Error, ErrorKind, LAYOUTS, batch::Row};

impl Archive {
    /// Exports what a store and the archive contain about a user as JSON, in one guild or with `None`
    /// in all. Give it to users who ask for their data.
    ///
    /// It writes one object: `store` is what the store's `export_user` writes, and `archive` has an array
    /// of rows for each table, by the name of its folder. Ids are strings, times unix milliseconds. A
    /// row that is in both is exported twice. Returns the number of rows. Memory use does not grow
    /// with them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] if the writer fails. [`ErrorKind::Damaged`] and [`ErrorKind::Foreign`] if a
    /// file cannot be read: the export is not complete. [`ErrorKind::Store`] if the store fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_archive::Archive;
    /// use mocha_store::Store;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let store = Store::open(folder.path().join("stats.db"))?;
    /// let archive = Archive::open(folder.path().join("archive"))?;
    /// let mut json = Vec::new();
    /// assert_eq!(archive.export_user(&store, 40.try_into()?, None, &mut json)?, 0);
    /// assert!(json.starts_with(br#"{"store":{"user_id":"40""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "gdpr")]
    pub fn export_user(
        &self,
        store: &impl Database,
        user_id: UserId,
        guild_id: Option<GuildId>,
        mut writer: impl Write,
    ) -> Result<u64, Error> {
        let failed = |error| Error::with_source(ErrorKind::Io, "the export cannot be written", error);
        writer.write_all(b"{\"store\":").map_err(failed)?;
        let mut rows = store.export(user_id, guild_id, &mut writer)?;
        writer.write_all(b",\"archive\":{").map_err(failed)?;
        let _lock = self.reading()?;
        let user = i64::try_from(user_id.get()).ok();
        for (index, layout) in LAYOUTS.into_iter().enumerate() {
            write!(writer, "{}\"{}\":[", if index > 0 { "," } else { "" }, layout.folder).map_err(failed)?;
            let mut is_first = true;
            let entries = self.entries(|partition| {
                partition.layout == layout && guild_id.is_none_or(|guild_id| partition.guild_id == guild_id)
            })?;
            for (partition, _) in entries {
                let Some(mut decoder) = self.decoder(&partition)? else { continue };
                while let Some(batch) = decoder.next()? {
                    for row in batch.rows().filter(|row| user.is_some() && row.named("user_id") == user) {
                        let comma = if is_first { "" } else { "," };
                        write!(writer, "{comma}\n{}", json(row)).map_err(failed)?;
                        (is_first, rows) = (false, rows + 1);
                    }
                }
            }
            writer.write_all(b"]").map_err(failed)?;
        }
        writer.write_all(b"}}\n").map_err(failed)?;
        Ok(rows)
    }
}

/// Returns a row as JSON.
fn json(row: Row<'_>) -> Value {
    let columns = row.batch.layout().columns.iter().enumerate();
    let values = columns.map(|(position, column)| {
        let number = row.number(position);
        let value = match column.kind {
            ColumnKind::Bool => number.map(|value| Value::from(value != 0)),
            // Most JSON readers cannot hold such a large number.
            ColumnKind::Id => number.map(|value| Value::from(value.to_string())),
            ColumnKind::Text => row.text(position).map(Value::from),
            _ => number.map(Value::from),
        };
        (column.name.to_owned(), value.unwrap_or(Value::Null))
    });
    Value::Object(values.collect::<Map<_, _>>())
}
