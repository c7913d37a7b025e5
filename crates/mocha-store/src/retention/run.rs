//! Runs a retention policy once.

use std::{collections::VecDeque, ops::ControlFlow};

use chrono::{DateTime, Utc};
use diesel::{
    RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
    sqlite::SqliteConnection,
};
use mocha_schema::catalogue::{Kept, Table};

use super::{
    Keep, RetentionPolicy,
    batch::{Batch, Pace, transaction},
    clock::trusted_now,
    horizon::Horizons,
    keeper::{Batches, Expired, Keeper},
    purge::{self, Events},
    rows::Rows,
};
use crate::{
    Error, Operation, Store,
    error::{classify, of_closure},
    tables,
};

/// Reports how many rows a retention policy deleted; while it runs, how many so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Retained {
    /// Whether everything that is too old is deleted. `false` if the callback ended the run.
    pub complete: bool,
    /// Guilds that were deleted completely.
    pub guilds: u64,
    /// Rows about these guilds, in all tables.
    pub guild_rows: u64,
    /// Rows of `member_events`.
    pub member_events: u64,
    /// Rows of `message_events`.
    pub message_events: u64,
    /// Rows of `presence_events`.
    pub presence_events: u64,
    /// Rows of all aggregates together.
    pub rollups: u64,
    /// Rows of `voice_events`.
    pub voice_events: u64,
    /// Rows of `voice_intervals`.
    pub voice_intervals: u64,
}

impl Retained {
    /// Returns how many rows were deleted in all.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let Self { complete: _, guilds: _, guild_rows, member_events, message_events, presence_events, .. } = self;
        let Self { rollups, voice_events, voice_intervals, .. } = self;
        guild_rows + member_events + message_events + presence_events + rollups + voice_events + voice_intervals
    }

    /// Returns the counter for the rows of a table.
    fn of(&mut self, table: &Table) -> &mut u64 {
        match table.name {
            "member_events" => &mut self.member_events,
            "message_events" => &mut self.message_events,
            "presence_events" => &mut self.presence_events,
            "voice_events" => &mut self.voice_events,
            "voice_intervals" => &mut self.voice_intervals,
            _ => &mut self.rollups,
        }
    }
}

impl Store {
    /// Deletes events that are older than the policy allows, as of now; see
    /// [`apply_retention_at`](Self::apply_retention_at).
    ///
    /// The store's clock says what time it is now. A wrong clock would delete years, so it is
    /// compared with the newest message in the file, whose time comes from Discord, or with the
    /// newest other event if there is no message. The clock may be ahead of it by as long as the
    /// store has been open, and by one day more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ClockAhead`](crate::ErrorKind::ClockAhead) if the clock is further ahead:
    /// nothing is deleted. Use [`apply_retention_at`](Self::apply_retention_at) for a file that is
    /// no longer recorded into. It can fail in the same ways as that method.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use mocha_store::{Keep, RetentionPolicy, Store};
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// let retention = RetentionPolicy::default().presences(Keep::Days(30));
    /// let retained = store.apply_retention(&retention).on_progress(|so_far| {
    ///     println!("{} messages deleted", so_far.message_events);
    ///     ControlFlow::Continue(())
    /// }).run()?;
    /// assert!(retained.complete);
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    #[doc(alias = "prune")]
    #[doc(alias = "retain")]
    pub fn apply_retention<'a>(&self, retention: &RetentionPolicy) -> Operation<'a, Retained, Retained> {
        let (retention, store) = (*retention, self.clone());
        Operation::new(move |on_progress| {
            let mut conn = store.link().connect_writer()?;
            let now = trusted_now(&mut conn, &store.link().settings.recorder.time)?;
            apply(&mut conn, &retention, now, None, |so_far| on_progress(*so_far))
        })
    }

    /// Deletes events that are older than the policy allows, as of `now`.
    ///
    /// First it moves the horizons of the file in one transaction. A horizon is the midnight in UTC
    /// from which on events are complete. Horizons only move forward: a `now` that is too late
    /// cannot be taken back. Then it deletes the events from before the horizon, the oldest of each
    /// guild first. Aggregates stay unless the policy deletes them too, so totals of whole days do
    /// not change. An event from before the horizon that arrives late is not counted, and the next
    /// run deletes it.
    ///
    /// It never deletes: what the policy keeps for ever; voice intervals that are still open (the
    /// horizon of voice waits for those that are still confirmed); users, channels and current
    /// members.
    ///
    /// It deletes in batches through an index, each in a transaction of about 10 milliseconds, and
    /// then leaves three times as long to other writers. Readers never wait. The callback or a
    /// crash may end it at any time: the next run continues. Freed pages are used again;
    /// [`free_pages`](Self::free_pages) makes the file smaller.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`](crate::ErrorKind::InvalidSetting) if the policy keeps
    /// aggregates for a shorter time than events.
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy),
    /// [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull) and others of SQLite; what was deleted
    /// until then stays deleted.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{TimeDelta, Utc};
    /// use mocha_store::{RetentionPolicy, Store};
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// let yesterday = Utc::now() - TimeDelta::days(1);
    /// let retained = store.apply_retention_at(&RetentionPolicy::default(), yesterday).run()?;
    /// assert_eq!(retained.rows(), 0);
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    pub fn apply_retention_at<'a>(
        &self,
        retention: &RetentionPolicy,
        now: DateTime<Utc>,
    ) -> Operation<'a, Retained, Retained> {
        let (retention, store) = (*retention, self.clone());
        Operation::new(move |on_progress| {
            apply(&mut store.link().connect_writer()?, &retention, now, None, |so_far| on_progress(*so_far))
        })
    }

    /// Applies a retention policy as [`apply_retention_at`](Self::apply_retention_at) does, but
    /// deletes no event itself: the keeper keeps the events elsewhere, and deletes them. Without
    /// `now` the store's clock counts, as in [`apply_retention`](Self::apply_retention).
    ///
    /// Aggregates are deleted as by those methods. A guild that the bot left long ago is deleted
    /// only after the keeper deleted all of its events.
    ///
    /// # Errors
    ///
    /// Those of [`apply_retention`](Self::apply_retention). An error of the keeper is the
    /// `source()`; its kind is [`ErrorKind::User`](crate::ErrorKind::User) unless it comes from
    /// SQLite. What was deleted until then stays deleted, and the next run continues.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use diesel::SqliteConnection;
    /// use mocha_store::{Batches, Expired, Keeper, RetentionPolicy, Store};
    ///
    /// struct Nowhere;
    ///
    /// impl Keeper for Nowhere {
    ///     fn keep(
    ///         &mut self,
    ///         _conn: &mut SqliteConnection,
    ///         _expired: &Expired<'_>,
    ///         _batches: &mut Batches<'_>,
    ///     ) -> Result<ControlFlow<()>, Box<dyn std::error::Error + Send + Sync>> {
    ///         Err("there is no room for old events".into())
    ///     }
    /// }
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// // The keeper is not asked, because nothing is too old.
    /// let retained = store.apply_retention_keeping(&RetentionPolicy::default(), None, Nowhere).run()?;
    /// assert_eq!(retained.rows(), 0);
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    pub fn apply_retention_keeping<'a>(
        &self,
        retention: &RetentionPolicy,
        now: Option<DateTime<Utc>>,
        mut keeper: impl Keeper + 'static,
    ) -> Operation<'a, Retained, Retained> {
        let (retention, store) = (*retention, self.clone());
        Operation::new(move |on_progress| {
            let mut conn = store.link().connect_writer()?;
            let now = match now {
                Some(now) => now,
                None => trusted_now(&mut conn, &store.link().settings.recorder.time)?,
            };
            apply(&mut conn, &retention, now, Some(&mut keeper), |so_far| on_progress(*so_far))
        })
    }
}

/// Runs [`Store::apply_retention_at`] over this connection.
pub(crate) fn apply(
    conn: &mut SqliteConnection,
    retention: &RetentionPolicy,
    now: DateTime<Utc>,
    keeper: Option<&mut (dyn Keeper + 'static)>,
    mut progress: impl FnMut(&Retained) -> ControlFlow<()>,
) -> Result<Retained, Error> {
    retention.check()?;
    let horizons = transaction(conn, "moving the horizons", |conn| Horizons::advance(conn, retention, now))?;
    let pace = Pace::new("deleting what is too old");
    let mut run = Run { conn, keeper, pace, retained: Retained::default() };
    run.retained.complete = run.all(retention, now, &horizons, &mut progress)?.is_continue();
    Ok(run.retained)
}

struct Run<'a> {
    conn: &'a mut SqliteConnection,
    keeper: Option<&'a mut (dyn Keeper + 'static)>,
    pace: Pace,
    retained: Retained,
}

impl Run<'_> {
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
        let guilds = rows.old(self.conn, before);
        let mut guilds = VecDeque::from(guilds.map_err(|error| classify("looking for what is old failed", error))?);
        if guilds.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        if self.keeper.is_some() && rows.table.kept == Kept::Events {
            for guild_id in &guilds {
                if self.keep(rows.table, guild_id, Some(before), progress)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            return Ok(ControlFlow::Continue(()));
        }
        let Self { conn, pace, retained, .. } = self;
        let delete = rows.delete();
        let step = |conn: &mut SqliteConnection, len: i64| {
            let mut left = len;
            while let Some(guild) = guilds.front().filter(|_| left > 0) {
                let deleted = sql_query(&delete)
                    .bind::<Text, _>(guild)
                    .bind::<BigInt, _>(before)
                    .bind::<BigInt, _>(left)
                    .execute(conn)?;
                left -= i64::try_from(deleted).unwrap_or(i64::MAX);
                if left > 0 {
                    guilds.pop_front();
                }
            }
            Ok(Batch { done: u64::try_from(len - left).unwrap_or(0), last: guilds.is_empty() })
        };
        pace.batches(conn, step, |deleted| {
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
        let mut done = |deleted| {
            *retained.of(table) += deleted;
            progress(retained)
        };
        let expired = Expired { before, guild_id, table };
        keeper
            .keep(conn, &expired, &mut Batches { done: &mut done, pace })
            .map_err(|error| of_closure(format!("keeping old rows of {} failed", table.name), error))
    }

    fn purge(
        &mut self,
        gone_until: i64,
        progress: &mut impl FnMut(&Retained) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let events = if self.keeper.is_some() { Events::Stay } else { Events::Go };
        for guild in purge::gone(self.conn, gone_until)? {
            for table in tables::kept(Kept::Events).filter(|_| events == Events::Stay) {
                if self.keep(table, &guild, None, progress)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            let Self { conn, pace, retained, .. } = self;
            let purged = purge::purge(conn, pace, &guild, Some(gone_until), events, |deleted| {
                retained.guild_rows += deleted;
                progress(retained)
            })?;
            let ControlFlow::Continue(guilds) = purged else { return Ok(ControlFlow::Break(())) };
            retained.guilds += guilds;
        }
        Ok(ControlFlow::Continue(()))
    }
}
