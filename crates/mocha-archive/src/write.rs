//! Adds rows of a store to the archive.

use std::io::BufWriter;

use crate::{
    Archive, Database, Error, LAYOUTS, Partition, Source, Span,
    archive::Lock,
    batch::{Batch, Row},
    decode::Cursor,
    encode::Encoder,
};

/// Reports what was added to an archive.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Written {
    /// The number of files that were written.
    pub files: u64,
    /// The number of rows in these files, including those that were there before.
    pub rows: u64,
    /// The number of the store's rows that were already in files, which did not change.
    pub unchanged: u64,
    /// The number of the store's rows that do not fit into the archive's columns: their ids are no
    /// numbers, or a value is out of range. They are only in the store.
    pub unreadable: u64,
}

impl Archive {
    /// Adds all events of a store.
    ///
    /// The file of a month is written again if the store has rows that it lacks, or has other
    /// values for a row. Rows that only the archive has stay. The store is read month by month,
    /// each month at one instant, and may be recorded into meanwhile. Running it again changes
    /// nothing. An interruption leaves whole months.
    ///
    /// Memory holds some 131,072 rows at most.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) and
    /// [`ErrorKind::Foreign`](crate::ErrorKind::Foreign) if a file that is there cannot be used:
    /// it is left as it is. [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull),
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) and errors of files.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::DateTime;
    /// use mocha_archive::Archive;
    /// use mocha_store::{Store, event::MemberLeft};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let store = Store::open(folder.path().join("stats.db"))?;
    /// let recorder = store.recorder()?;
    /// let at = DateTime::from_timestamp(1_700_000_000, 0).ok_or("no such time")?;
    /// recorder.record(MemberLeft { at, guild_id: 10.try_into()?, user_id: 40.try_into()? })?;
    /// recorder.flush()?;
    ///
    /// let archive = Archive::open(folder.path().join("archive"))?;
    /// assert_eq!(archive.add(&store)?.files, 1);
    /// assert!(folder.path().join("archive/members/guild_id=10/month=2023-11/part-0.parquet").is_file());
    /// assert_eq!(archive.add(&store)?.unchanged, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&self, store: &impl Database) -> Result<Written, Error> {
        let mut written = Written::default();
        for layout in LAYOUTS {
            for partition in store.read(|conn| conn.partitions(layout))? {
                let lock = self.writing()?;
                store.read(|conn| self.merge(&lock, conn, &partition, Span::of(partition.month), &mut written))?;
            }
            written.unreadable += store.read(|conn| conn.unreadable(layout))?;
        }
        Ok(written)
    }

    /// Adds all events of a source, as [`add`](Self::add) does. Its partitions are read one after
    /// the other.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn add_from(&self, source: &mut dyn Source) -> Result<Written, Error> {
        let mut written = Written::default();
        for layout in LAYOUTS {
            for partition in source.partitions(layout)? {
                let lock = self.writing()?;
                self.merge(&lock, source, &partition, Span::of(partition.month), &mut written)?;
            }
            written.unreadable += source.unreadable(layout)?;
        }
        Ok(written)
    }

    /// Adds the rows of a source in a span of a partition. Afterwards the partition's file holds
    /// each of them.
    pub(crate) fn merge(
        &self,
        _lock: &Lock,
        source: &mut dyn Source,
        partition: &Partition,
        span: Span,
        written: &mut Written,
    ) -> Result<(), Error> {
        if let Some(decoder) = self.decoder(partition)? {
            let mut old = Cursor::new(decoder);
            let (mut rows, mut all_there) = (0, true);
            source.rows(partition, span, &mut |batch| {
                rows += u64::try_from(batch.len()).unwrap_or(0);
                for row in batch.rows() {
                    all_there = all_there && seek(&mut old, row)? == Found::Equal;
                }
                Ok(())
            })?;
            if all_there {
                written.unchanged += rows;
                return Ok(());
            }
        }
        let partial = self.partial();
        let mut encoder = Encoder::create(&partial, partition)?;
        let mut old = self.decoder(partition)?.map(Cursor::new);
        source.rows(partition, span, &mut |batch| add(batch, old.as_mut(), &mut encoder))?;
        if let Some(old) = &mut old {
            while let Some(row) = old.row()? {
                encoder.push(row)?;
                old.step();
            }
        }
        let summary = self.publish(partition, encoder)?;
        written.files += 1;
        written.rows += summary.rows;
        Ok(())
    }
}

/// Adds new rows, and the old ones that are in order before them. A new row takes the place of an
/// old one with its key.
fn add(
    batch: &Batch,
    mut old: Option<&mut Cursor>,
    encoder: &mut Encoder<'_, BufWriter<std::fs::File>>,
) -> Result<(), Error> {
    for row in batch.rows() {
        if let Some(old) = &mut old {
            while let Some(before) = old.row()?.filter(|old| old.key() <= row.key()) {
                if before.key() < row.key() {
                    encoder.push(before)?;
                }
                old.step();
            }
        }
        encoder.push(row)?;
    }
    Ok(())
}

/// A file's counterpart of a row of a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Found {
    Equal,
    /// A row with the same key and other values.
    Other,
    None,
}

/// Goes on in a file to the key of a row, and compares.
fn seek(old: &mut Cursor, row: Row<'_>) -> Result<Found, Error> {
    while let Some(there) = old.row()? {
        if there.key() < row.key() {
            old.step();
            continue;
        }
        return Ok(match there.key() == row.key() {
            true if there.equals(row) => Found::Equal,
            true => Found::Other,
            false => Found::None,
        });
    }
    Ok(Found::None)
}
