//! Retention that archives events before it deletes them.

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use diesel::{RunQueryDsl as _, sqlite::SqliteConnection};
use mocha_store::{Batches, DeletedBatch, Expired, Keeper, Operation, Retained, RetentionPolicy, Store};

use crate::{Archive, Error, Partition, Span, Written, decode::Cursor, layout::Layout, source, statement::Statement};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

impl Archive {
    /// Applies a retention policy to a store: archives events that are too old, then deletes them.
    ///
    /// It does what [`Store::apply_retention`] does, except that an event is deleted only if this
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
    /// Those of [`Store::apply_retention_keeping`]. The archive's own error, such as
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
    pub fn apply_retention<'a>(&self, store: &Store, retention: &RetentionPolicy) -> Operation<'a, Retained, Retained> {
        store.apply_retention_keeping(retention, None, ArchiveKeeper(self.clone()))
    }

    /// Applies a retention policy as [`apply_retention`](Self::apply_retention) does, as of `now`.
    /// See [`Store::apply_retention_at`].
    pub fn apply_retention_at<'a>(
        &self,
        store: &Store,
        retention: &RetentionPolicy,
        now: DateTime<Utc>,
    ) -> Operation<'a, Retained, Retained> {
        store.apply_retention_keeping(retention, Some(now), ArchiveKeeper(self.clone()))
    }
}

/// Archives events and deletes those that are in the archive.
struct ArchiveKeeper(Archive);

impl Keeper<SqliteConnection> for ArchiveKeeper {
    fn keep(
        &mut self,
        conn: &mut SqliteConnection,
        expired: &Expired<'_>,
        batches: &mut Batches<'_, SqliteConnection>,
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
    fn keep_month(
        &self,
        conn: &mut SqliteConnection,
        partition: &Partition,
        span: Span,
        batches: &mut Batches<'_, SqliteConnection>,
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
        let span = Span { from_ms, ..span };
        let mut cursor = Cursor::new(decoder);
        let mut cause = None;
        let deleted = batches.run(conn, |conn, len| delete(conn, &mut cursor, span, len, &mut cause));
        match cause {
            Some(cause) => Err(Box::new(cause)),
            None => Ok(deleted?),
        }
    }
}

/// Deletes the rows of the store that equal the next rows of the file. Looks at so many rows at most.
fn delete(
    conn: &mut SqliteConnection,
    cursor: &mut Cursor,
    span: Span,
    len: usize,
    cause: &mut Option<Error>,
) -> Result<DeletedBatch, BoxedError> {
    let (mut looked_at, mut rows) = (0, 0);
    while looked_at < len {
        let row = cursor.row().map_err(|error| {
            *cause = Some(error);
            "the archive failed"
        })?;
        let Some(row) = row.filter(|row| row.time() < span.to_ms) else {
            return Ok(DeletedBatch { is_last: true, rows });
        };
        let layout = row.batch.layout();
        if row.time() < span.from_ms {
            cursor.step();
            continue;
        }
        let is_over = layout.end.is_none_or(|end| row.number(end).is_some());
        if is_over || !span.only_over {
            let deleted = Statement { row, sql: layout.delete }.execute(conn)?;
            rows += u64::try_from(deleted).unwrap_or(u64::MAX);
            looked_at += 1;
        }
        cursor.step();
    }
    Ok(DeletedBatch { is_last: false, rows })
}
