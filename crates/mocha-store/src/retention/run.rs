//! One run of a retention.

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
    purge,
    rows::Rows,
};
use crate::{Error, Operation, Store};

/// What a run of a retention deleted, in rows; while it runs, what it deleted so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Retained {
    /// Whether all that is too old is gone; not if `progress` broke it off.
    pub complete: bool,
    /// Guilds of which everything went.
    pub guilds: u64,
    /// Rows of these guilds, of all tables.
    pub guild_rows: u64,
    /// Rows of `member_events`.
    pub member_events: u64,
    /// Rows of `message_events`.
    pub message_events: u64,
    /// Rows of `presence_events`.
    pub presence_events: u64,
    /// Rows of the roll-ups, all together.
    pub rollups: u64,
    /// Rows of `voice_events`.
    pub voice_events: u64,
    /// Rows of `voice_intervals`.
    pub voice_intervals: u64,
}

impl Retained {
    /// All rows that it deleted.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let Self { complete: _, guilds: _, guild_rows, member_events, message_events, presence_events, .. } = self;
        let Self { rollups, voice_events, voice_intervals, .. } = self;
        guild_rows + member_events + message_events + presence_events + rollups + voice_events + voice_intervals
    }

    /// Where the rows of a table are counted.
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
    /// Deletes what is older than the retention says, as of now; see [`apply_retention_at`](Self::apply_retention_at).
    ///
    /// Now is the time of the store's clock. A clock that is wrong would delete years, so it is compared with the newest
    /// message in the file, whose time is Discord's. (If there is no message, with the newest other event.) It may be ahead
    /// by as long as the store has been open, and by a day more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ClockAhead`](crate::ErrorKind::ClockAhead) if the clock is further ahead: nothing is deleted. For a file
    /// that nobody records into any longer use [`apply_retention_at`](Self::apply_retention_at). Others as there.
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
            let now = trusted_now(&mut conn, &store.link().settings.time)?;
            apply(&mut conn, &retention, now, |so_far| on_progress(*so_far))
        })
    }

    /// Deletes what is older than the retention says, as of `now`.
    ///
    /// First it moves the horizons of the file, the midnights UTC from which on it is complete, in one transaction.
    /// They only ever move forward: a `now` that is too late cannot be taken back. Then it deletes events from before
    /// the horizon, of each guild the oldest first. The roll-ups stay as they are, unless they are to go too, so
    /// totals of whole days do not change. What comes in late, from before the horizon, is not counted and goes at
    /// the next run.
    ///
    /// Not deleted are: what is kept for ever; voice intervals that are still open, and the horizon of voice waits
    /// for those proved to go on since; users, channels and who is a member now.
    ///
    /// It deletes in batches through an index, each in a transaction of some 10 milliseconds, and leaves three times
    /// as long to other writers before the next one; who reads never waits. So it may be ended at any time, by
    /// `progress` or by a crash: the next run goes on where it ended. The pages that become free are used again;
    /// [`free_pages`](Self::free_pages) makes the file smaller.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`](crate::ErrorKind::InvalidSetting) if the roll-ups are kept for a shorter time
    /// than events. [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy), [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull) and others of
    /// SQLite's; what was deleted until then stays deleted.
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
            apply(&mut store.link().connect_writer()?, &retention, now, |so_far| on_progress(*so_far))
        })
    }
}

/// [`Store::apply_retention_at`] over this connection.
pub(crate) fn apply(
    conn: &mut SqliteConnection,
    retention: &RetentionPolicy,
    now: DateTime<Utc>,
    mut progress: impl FnMut(&Retained) -> ControlFlow<()>,
) -> Result<Retained, Error> {
    retention.check()?;
    let horizons = transaction(conn, "moving the horizons", |conn| Horizons::advance(conn, retention, now))?;
    let mut run = Run { conn, pace: Pace::new("deleting what is too old"), retained: Retained::default() };
    run.retained.complete = run.all(retention, now, &horizons, &mut progress)?.is_continue();
    Ok(run.retained)
}

struct Run<'a> {
    conn: &'a mut SqliteConnection,
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

    /// Deletes the rows from before a time, guild by guild; small guilds share a batch.
    fn delete(
        &mut self,
        rows: &Rows,
        before: i64,
        progress: &mut impl FnMut(&Retained) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let Self { conn, pace, retained } = self;
        let guilds = rows.old(conn, before);
        let mut guilds =
            VecDeque::from(guilds.map_err(|error| Error::classify("looking for what is old failed", error))?);
        if guilds.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
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

    fn purge(
        &mut self,
        gone_until: i64,
        progress: &mut impl FnMut(&Retained) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let Self { conn, pace, retained } = self;
        for guild in purge::gone(conn, gone_until)? {
            let purged = purge::purge(conn, pace, &guild, Some(gone_until), |deleted| {
                retained.guild_rows += deleted;
                progress(retained)
            })?;
            let ControlFlow::Continue(guilds) = purged else { return Ok(ControlFlow::Break(())) };
            retained.guilds += guilds;
        }
        Ok(ControlFlow::Continue(()))
    }
}
