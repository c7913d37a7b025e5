//! Retention that archives events before it deletes them.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use mocha_store::{Batches, DeletedBatch, Expired, Keeper, Operation, Retained, RetentionPolicy};

use crate::{
    Archive, Batch, Database, Partition, Span, Written, database::Connection, decode::Cursor, layout::Layout, source,
};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

impl Archive {
    /// Applies a retention policy to a store: archives events that are too old, then deletes them.
    ///
    /// It does what the store's own `apply_retention` does, except that an event is deleted only if this
    /// archive has it. A month is written and read back first. Then each of its rows is read from
    /// the file once more, and deleted from the store if all its values are the same there. An event
    /// that comes or changes in between stays, and the next run archives it. Events that the archive
    /// cannot hold stay in the store.
    ///
    /// A guild that the bot left long ago is deleted after all of its events are in the archive.
    ///
    /// It may be interrupted at any point, by the callback or by a crash: the next run continues. The
    /// archive is locked for one month at a time.
    ///
    /// # Errors
    ///
    /// Those of the store's `apply_retention_keeping`. The archive's own error, such as
    /// [`ErrorKind::Damaged`](crate::ErrorKind::Damaged) or
    /// [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull), is its `source()`. Nothing was deleted
    /// that is not in the archive.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_archive::Archive;
    /// use mocha_store::{Keep, RetentionPolicy, Store};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let store = Store::open(folder.path().join("stats.db"))?;
    /// let archive = Archive::open(folder.path().join("archive"))?;
    /// let retention = RetentionPolicy::default().messages(Keep::Days(90));
    /// let retained = archive.apply_retention(&store, &retention).run()?;
    /// assert!(retained.complete);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply_retention<'a>(
        &self,
        store: &impl Database,
        retention: &RetentionPolicy,
    ) -> Operation<'a, Retained, Retained> {
        store.retain(retention, None, self.keeper())
    }

    /// Applies a retention policy as [`apply_retention`](Self::apply_retention) does, as of `now`.
    pub fn apply_retention_at<'a>(
        &self,
        store: &impl Database,
        retention: &RetentionPolicy,
        now: DateTime<Utc>,
    ) -> Operation<'a, Retained, Retained> {
        store.retain(retention, Some(now), self.keeper())
    }
    /// Returns what archives events before the store's own schedule deletes them. Give it to
    /// [`Maintenance::keeper`](mocha_store::Maintenance::keeper) together with a retention policy:
    /// the store then does once an hour what [`apply_retention`](Self::apply_retention) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_archive::Archive;
    /// use mocha_store::{Keep, Maintenance, RetentionPolicy, Store};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let archive = Archive::open(folder.path().join("archive"))?;
    /// let retention = RetentionPolicy::default().messages(Keep::Days(90));
    /// let maintenance = Maintenance::default().retention(retention).keeper(archive.keeper());
    /// let store = Store::builder().maintenance(maintenance).open(folder.path().join("stats.db"))?;
    /// assert_eq!(store.maintenance_stats().failures, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn keeper(&self) -> ArchiveKeeper {
        ArchiveKeeper(self.clone())
    }
}

/// Archives events and deletes those that are in the archive. [`Archive::keeper`] returns it.
#[derive(Clone, Debug)]
pub struct ArchiveKeeper(Archive);

impl<C: Connection> Keeper<C> for ArchiveKeeper {
    fn keep(
        &mut self,
        conn: &mut C,
        expired: &Expired<'_>,
        batches: &mut Batches<'_, C>,
    ) -> Result<ControlFlow<()>, BoxedError> {
        let Some(layout) = Layout::of_table(expired.table.name) else { return Ok(ControlFlow::Continue(())) };
        // The archive cannot hold rows of a guild whose id is no number. They stay.
        let Some(guild_id) = source::readable_id(expired.guild_id) else { return Ok(ControlFlow::Continue(())) };
        let before_ms = expired.before.map(|before| before.saturating_mul(layout.store_time().1));
        for partition in source::partitions_of(conn, layout, guild_id, before_ms)? {
            let (from_ms, to_ms) = partition.month.range_ms();
            let to_ms = to_ms.min(before_ms.unwrap_or(to_ms));
            let span = Span { from_ms, only_over: before_ms.is_some(), to_ms };
            if self.keep_month(conn, &partition, span, batches)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl ArchiveKeeper {
    fn keep_month<C: Connection>(
        &self,
        conn: &mut C,
        partition: &Partition,
        span: Span,
        batches: &mut Batches<'_, C>,
    ) -> Result<ControlFlow<()>, BoxedError> {
        let Self(archive) = self;
        // It is held until the rows are deleted, so that the file stays what it is.
        let lock = archive.writing()?;
        archive.merge(&lock, conn, partition, span, &mut Written::default())?;
        // No file: the archive can hold none of the rows.
        let Some(decoder) = archive.decoder(partition)? else { return Ok(ControlFlow::Continue(())) };
        // Rows before it were deleted by an earlier run. If they counted as looked at, a run that is
        // always broken off early would never come to the rest of the file.
        let Some(from_ms) = source::first_ms(conn, partition, span)? else { return Ok(ControlFlow::Continue(())) };
        let (span, mut cursor) = (Span { from_ms, ..span }, Cursor::new(decoder));
        Ok(batches.run(conn, |conn, len| delete(conn, &mut cursor, span, len))?)
    }
}

/// Deletes the rows of the database that equal the next rows of the file. Looks at so many rows at
/// most.
fn delete<C: Connection>(
    conn: &mut C,
    cursor: &mut Cursor,
    span: Span,
    len: usize,
) -> Result<DeletedBatch, BoxedError> {
    let Some(layout) = cursor.row()?.map(|row| row.batch.layout()) else {
        return Ok(DeletedBatch { is_last: true, rows: 0 });
    };
    let (mut archived, mut is_last) = (Batch::new(layout), true);
    while let Some(row) = cursor.row()?.filter(|row| row.time() < span.to_ms) {
        if archived.len() >= len {
            is_last = false;
            break;
        }
        let is_over = layout.end.is_none_or(|end| row.number(end).is_some());
        if row.time() >= span.from_ms && (is_over || !span.only_over) {
            archived.push_row(row);
        }
        cursor.step();
    }
    let sql = conn.dialect().delete(layout);
    let rows = if archived.is_empty() { 0 } else { conn.execute_batch(&sql, &archived)? };
    Ok(DeletedBatch { is_last, rows: u64::try_from(rows).unwrap_or(u64::MAX) })
}
