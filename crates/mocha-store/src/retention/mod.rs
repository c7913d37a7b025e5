//! Retention: deletes old events, and everything about guilds that the bot left long ago. The decisions are in
//! `mocha-recorder`, and the statements in [`tables`].

mod rows;
mod tables;

use chrono::{DateTime, Utc};
use diesel::sqlite::SqliteConnection;
use mocha_recorder::retention::purge_guild;
pub use mocha_recorder::retention::{Batches, DeletedBatch, Expired, Keep, Keeper, Purged, Retained, RetentionPolicy};
pub(crate) use mocha_recorder::retention::{Pace, apply, trusted_now};
use mocha_schema::GuildId;

pub(crate) use self::tables::SqliteTables;
use crate::{Operation, Store};

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
            let now = trusted_now::<SqliteTables>(&mut conn, &store.link().settings.recorder.time)?;
            apply::<SqliteTables>(&mut conn, &retention, now, None, |so_far| on_progress(*so_far))
        })
    }

    /// Deletes events that are older than the policy allows, as of `now`.
    ///
    /// First it moves the horizons of the file in one transaction. A horizon is the midnight in UTC
    /// from which on events are complete. Horizons only move forward: a `now` that is too late
    /// cannot be taken back. Then it deletes the events from before the horizon, the oldest of each
    /// guild first. Roll-ups stay unless the policy deletes them too, so totals of whole days do
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
    /// [`ErrorKind::InvalidSetting`](crate::ErrorKind::InvalidSetting) if the policy keeps roll-ups
    /// for a shorter time than events. [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the
    /// file was deleted or replaced. [`ErrorKind::Busy`](crate::ErrorKind::Busy),
    /// [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull) and others of SQLite; rows that were deleted
    /// before stay deleted.
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
            let mut conn = store.link().connect_writer()?;
            apply::<SqliteTables>(&mut conn, &retention, now, None, |so_far| on_progress(*so_far))
        })
    }

    /// Applies a retention policy as [`apply_retention_at`](Self::apply_retention_at) does, but
    /// deletes no event itself: the keeper keeps the events elsewhere, and deletes them. Without
    /// `now` the store's clock counts, as in [`apply_retention`](Self::apply_retention).
    ///
    /// Roll-ups are deleted as by those methods. A guild that the bot left long ago is deleted only
    /// after the keeper deleted all of its events.
    ///
    /// # Errors
    ///
    /// Those of [`apply_retention`](Self::apply_retention). An error of the keeper is the
    /// `source()`; its kind is [`ErrorKind::User`](crate::ErrorKind::User) unless it comes from
    /// SQLite. Rows that were deleted before stay deleted, and the next run continues.
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
    /// impl Keeper<SqliteConnection> for Nowhere {
    ///     fn keep(
    ///         &mut self,
    ///         _conn: &mut SqliteConnection,
    ///         _expired: &Expired<'_>,
    ///         _batches: &mut Batches<'_, SqliteConnection>,
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
        mut keeper: impl Keeper<SqliteConnection> + 'static,
    ) -> Operation<'a, Retained, Retained> {
        let (retention, store) = (*retention, self.clone());
        Operation::new(move |on_progress| {
            let mut conn = store.link().connect_writer()?;
            let now = match now {
                Some(now) => now,
                None => trusted_now::<SqliteTables>(&mut conn, &store.link().settings.recorder.time)?,
            };
            apply::<SqliteTables>(&mut conn, &retention, now, Some(&mut keeper), |so_far| on_progress(*so_far))
        })
    }

    /// Deletes everything about a guild: its events, roll-ups, voice, members, channels, and the
    /// guild itself. Users stay because they belong to no single guild.
    ///
    /// Let the bot leave the guild first: events that are recorded meanwhile may stay or bring the
    /// guild back. To delete guilds some time after the bot was removed from them, see
    /// [`RetentionPolicy::gone_guilds`](crate::RetentionPolicy::gone_guilds).
    ///
    /// It deletes in batches as [`apply_retention_at`](Self::apply_retention_at) does, events
    /// before the roll-ups that count them, so the roll-ups stay consistent with the remaining
    /// events. For days whose events retention deleted, coarser roll-ups may remain a little longer
    /// than the daily ones. You can end it at any time and call it again; a crash does no harm
    /// either. An unknown guild is not an error.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Replaced`](crate::ErrorKind::Replaced) if the file was deleted or replaced.
    /// [`ErrorKind::Busy`](crate::ErrorKind::Busy), [`ErrorKind::DiskFull`](crate::ErrorKind::DiskFull) and others of
    /// SQLite's; rows that were deleted before stay deleted.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::Utc;
    /// use mocha_store::{Store, event::MessageSent};
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// let recorder = store.recorder()?;
    /// let message = MessageSent {
    ///     at: Utc::now(),
    ///     channel_id: 20.try_into()?,
    ///     content: None,
    ///     guild_id: 10.try_into()?,
    ///     kind: 0,
    ///     message_id: 30.try_into()?,
    ///     user_id: 40.try_into()?,
    /// };
    /// recorder.record(message)?;
    /// recorder.flush()?;
    /// let purged = store.purge_guild(message.guild_id).run()?;
    /// assert!(purged.complete && purged.rows > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn purge_guild<'a>(&self, guild_id: GuildId) -> Operation<'a, Purged, Purged> {
        let store = self.clone();
        Operation::new(move |on_progress| {
            let mut conn = store.link().connect_writer()?;
            purge_guild::<SqliteTables>(&mut conn, &guild_id.to_string(), on_progress)
        })
    }
}
