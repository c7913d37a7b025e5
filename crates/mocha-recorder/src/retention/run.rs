//! Applies a retention policy once.

use std::{collections::VecDeque, ops::ControlFlow};

use chrono::{DateTime, Utc};
use mocha_schema::catalogue::{Kept, Table};

use super::{
    Batches, DeletedBatch, Expired, Horizons, Keep, Keeper, Pace, Retained, RetentionPolicy, RetentionTables, Rows,
    purge::{self, Events},
    tables::{is_archived, is_remembered},
};
use crate::Error;

/// Moves the horizons, then deletes the events from before them, the roll-ups from before theirs, and guilds that are gone.
/// With a keeper it deletes no events of the tables in [`ARCHIVE`](mocha_schema::catalogue::ARCHIVE): the keeper deletes those.
/// `progress` gets what is deleted so far.
///
/// # Errors
///
/// [`ErrorKind::InvalidSetting`](crate::ErrorKind::InvalidSetting) if the policy keeps roll-ups for a shorter time than events;
/// the errors of the database and of the keeper. Rows that were deleted before stay deleted.
pub fn apply<R: RetentionTables>(
    conn: &mut R::Connection,
    retention: &RetentionPolicy,
    now: DateTime<Utc>,
    keeper: Option<&mut (dyn Keeper<R::Connection> + 'static)>,
    mut progress: impl FnMut(&Retained) -> ControlFlow<()>,
) -> Result<Retained, Error> {
    retention.check()?;
    let horizons = R::transaction(conn, "moving the horizons", |conn| Horizons::advance::<R>(conn, retention, now))?;
    let pace = Pace::new("deleting what is too old");
    let mut run = Run::<R> { conn, keeper, pace, retained: Retained::default() };
    run.retained.complete = run.all(retention, now, &horizons, &mut progress)?.is_continue();
    Ok(run.retained)
}

struct Run<'a, R: RetentionTables> {
    conn: &'a mut R::Connection,
    keeper: Option<&'a mut (dyn Keeper<R::Connection> + 'static)>,
    pace: Pace,
    retained: Retained,
}

impl<R: RetentionTables> Run<'_, R> {
    fn all(
        &mut self,
        retention: &RetentionPolicy,
        now: DateTime<Utc>,
        horizons: &Horizons,
        progress: &mut impl FnMut(&Retained) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        for rows in Rows::kept(Kept::Events) {
            let before = rows.at(horizons.of(rows.time.horizon));
            if retention.of(rows.time.horizon) != Keep::Forever && self.delete(&rows, before, progress)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        for rows in Rows::kept(Kept::Rollups) {
            let before = rows.at(horizons.rollups);
            if retention.rollups != Keep::Forever && self.delete(&rows, before, progress)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        match retention.gone_until(now) {
            Some(gone_until) => self.purge(gone_until, progress),
            None => Ok(ControlFlow::Continue(())),
        }
    }

    /// Deletes the rows from before a time, guild by guild. Small guilds share a batch.
    fn delete(
        &mut self,
        rows: &Rows,
        before: i64,
        progress: &mut impl FnMut(&Retained) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let guilds = R::guilds_before(self.conn, rows, before)
            .map_err(|error| R::failed("looking for what is old failed".to_owned(), error))?;
        let mut guilds = VecDeque::from(guilds);
        if guilds.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        if self.keeper.is_some() && is_archived(rows.table) {
            for guild_id in &guilds {
                if self.keep(rows.table, guild_id, Some(before), progress)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            return Ok(ControlFlow::Continue(()));
        }
        let Self { conn, pace, retained, .. } = self;
        let step = |conn: &mut R::Connection, len: i64| {
            let (mut left, mut deleted) = (len, 0);
            while let Some(guild) = guilds.front().filter(|_| left > 0) {
                R::lock_guild(conn, guild, is_remembered(rows.table))?;
                let gone = R::delete_before(conn, rows, guild, before, left)?;
                deleted += gone;
                left = left.saturating_sub_unsigned(gone);
                if left > 0 {
                    guilds.pop_front();
                }
            }
            Ok(DeletedBatch { is_last: guilds.is_empty(), rows: deleted })
        };
        pace.batches::<R>(conn, step, |deleted| {
            *retained.of(rows.table) += deleted;
            progress(retained)
        })
    }

    /// Has the keeper keep and delete events of a guild.
    fn keep(
        &mut self,
        table: &'static Table,
        guild_id: &str,
        before: Option<i64>,
        progress: &mut impl FnMut(&Retained) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let Self { conn, keeper, pace, retained } = self;
        let Some(keeper) = keeper else { return Ok(ControlFlow::Continue(())) };
        let expired = Expired { before, guild_id, table };
        let mut batches = Batches {
            run: &mut |conn, step| {
                let step = |conn: &mut R::Connection, len| {
                    R::lock_guild(conn, guild_id, is_remembered(table))?;
                    step(conn, len)
                };
                pace.batches::<R>(conn, step, |deleted| {
                    *retained.of(table) += deleted;
                    progress(retained)
                })
            },
        };
        keeper
            .keep(conn, &expired, &mut batches)
            .map_err(|error| R::failed(format!("keeping old rows of {} failed", table.name), error))
    }

    fn purge(
        &mut self,
        gone_until: i64,
        progress: &mut impl FnMut(&Retained) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let events = if self.keeper.is_some() { Events::Stay } else { Events::Go };
        let gone = R::gone_guilds(self.conn, gone_until)
            .map_err(|error| R::failed("looking for guilds that are gone failed".to_owned(), error))?;
        for guild in gone {
            for table in Kept::Events.tables().filter(|table| events == Events::Stay && is_archived(table)) {
                if self.keep(table, &guild, None, progress)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            let Self { conn, pace, retained, .. } = self;
            let purged = purge::purge::<R>(conn, pace, &guild, Some(gone_until), events, |deleted| {
                retained.guild_rows += deleted;
                progress(retained)
            })?;
            let ControlFlow::Continue(guilds) = purged else { return Ok(ControlFlow::Break(())) };
            retained.guilds += guilds;
        }
        Ok(ControlFlow::Continue(()))
    }
}
