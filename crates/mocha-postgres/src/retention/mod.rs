//! Retention: deletes old events, and everything about guilds that the bot left long ago. The decisions are in
//! `mocha-recorder`, and the statements in [`tables`].

mod tables;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use mocha_recorder::{
    Operation,
    retention::{Keeper, Purged, Retained, RetentionPolicy, apply, purge_guild, trusted_now},
};
use mocha_schema::GuildId;

use self::tables::PgTables;
use crate::PgStore;

impl PgStore {
    /// Deletes events that are older than the policy allows, as of now; see
    /// [`apply_retention_at`](Self::apply_retention_at).
    ///
    /// Nothing calls it by itself: call it once an hour or once a day, in one process or in several.
    ///
    /// The store's clock says what time it is now. A wrong clock would delete years, so it is compared with the newest
    /// message in the database, whose time comes from Discord, or with the newest other event if there is no message. The
    /// clock may be ahead of it by as long as the store has been connected, and by one day more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ClockAhead`](mocha_recorder::ErrorKind::ClockAhead) if the clock is further ahead: nothing is deleted.
    /// Use [`apply_retention_at`](Self::apply_retention_at) for a database that is no longer recorded into. It can fail in
    /// the same ways as that method.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_postgres::{Keep, PgStore, RetentionPolicy};
    ///
    /// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
    /// let store = PgStore::connect(database.url())?;
    /// let retention = RetentionPolicy::default().presences(Keep::Days(30));
    /// assert!(store.apply_retention(&retention).run()?.complete);
    /// # Ok::<(), mocha_recorder::Error>(())
    /// ```
    #[doc(alias = "prune")]
    #[doc(alias = "retain")]
    pub fn apply_retention<'a>(&self, retention: &RetentionPolicy) -> Operation<'a, Retained, Retained> {
        self.retention(retention, None, None)
    }

    /// Deletes events that are older than the policy allows, as of `now`.
    ///
    /// First it moves the horizons in one transaction, which waits for running batches. A horizon is the midnight in UTC from
    /// which on events are complete. Horizons only move forward: a `now` that is too late cannot be taken back. Then it deletes
    /// the events from before the horizon, the oldest of each guild first. Roll-ups stay unless the policy deletes them too, so
    /// totals of whole days do not change. An event from before the horizon that arrives late is not counted, and the next run
    /// deletes it.
    ///
    /// It never deletes: what the policy keeps for ever; voice intervals that are still open (the horizon of voice waits for
    /// those that are still confirmed); users, channels and current members.
    ///
    /// It deletes in transactions of about 50 milliseconds, and leaves three times as long to others. Recorders of the guild
    /// wait for a transaction that deletes messages or roll-ups, all recorders for one that deletes other events, and readers
    /// never do. The callback or a crash may end it at any time: the next run continues. Autovacuum makes the space of deleted
    /// rows available again.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`](mocha_recorder::ErrorKind::InvalidSetting) if the policy keeps roll-ups for a shorter time
    /// than events. Otherwise those of [`write`](Self::write) that come from the server; rows that were deleted before stay
    /// deleted.
    ///
    /// # Examples
    ///
    /// ```
    /// use chrono::{TimeDelta, Utc};
    /// use mocha_postgres::{PgStore, RetentionPolicy};
    ///
    /// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
    /// let store = PgStore::connect(database.url())?;
    /// let yesterday = Utc::now() - TimeDelta::days(1);
    /// let retained = store.apply_retention_at(&RetentionPolicy::default(), yesterday).run()?;
    /// assert_eq!(retained.rows(), 0);
    /// # Ok::<(), mocha_recorder::Error>(())
    /// ```
    pub fn apply_retention_at<'a>(
        &self,
        retention: &RetentionPolicy,
        now: DateTime<Utc>,
    ) -> Operation<'a, Retained, Retained> {
        self.retention(retention, Some(now), None)
    }

    /// Applies a retention policy as [`apply_retention_at`](Self::apply_retention_at) does, but deletes no event itself: the
    /// keeper keeps the events elsewhere, and deletes them. Without `now` the store's clock counts, as in
    /// [`apply_retention`](Self::apply_retention).
    ///
    /// Roll-ups are deleted as by those methods. A guild that the bot left long ago is deleted only after the keeper
    /// deleted all of its events.
    ///
    /// # Errors
    ///
    /// Those of [`apply_retention`](Self::apply_retention). An error of the keeper is the `source()`; its kind is
    /// [`ErrorKind::User`](mocha_recorder::ErrorKind::User) unless it comes from the server. Rows that were deleted before
    /// stay deleted, and the next run continues.
    pub fn apply_retention_keeping<'a>(
        &self,
        retention: &RetentionPolicy,
        now: Option<DateTime<Utc>>,
        keeper: impl Keeper<PgConnection> + 'static,
    ) -> Operation<'a, Retained, Retained> {
        self.retention(retention, now, Some(Box::new(keeper)))
    }

    fn retention<'a>(
        &self,
        retention: &RetentionPolicy,
        now: Option<DateTime<Utc>>,
        mut keeper: Option<Box<dyn Keeper<PgConnection>>>,
    ) -> Operation<'a, Retained, Retained> {
        let (retention, store) = (*retention, self.clone());
        Operation::new(move |on_progress| {
            let mut conn = store.connection()?;
            let conn = &mut *conn;
            let now = match now {
                Some(now) => now,
                None => trusted_now::<PgTables>(conn, &store.clock())?,
            };
            apply::<PgTables>(conn, &retention, now, keeper.as_deref_mut(), |so_far| on_progress(*so_far))
        })
    }

    /// Deletes everything about a guild: its events, roll-ups, voice, members, channels, and the guild itself. Users stay
    /// because they belong to no single guild.
    ///
    /// Let the bot leave the guild first: events that are recorded meanwhile may stay or bring the guild back. To delete
    /// guilds some time after the bot was removed from them, see [`RetentionPolicy::gone_guilds`].
    ///
    /// It deletes in transactions as [`apply_retention_at`](Self::apply_retention_at) does, events before the roll-ups that
    /// count them, so the roll-ups stay consistent with the remaining events. For days whose events retention deleted, longer
    /// roll-ups may remain a little longer than the daily ones. You can end it at any time and call it again; a crash does no
    /// harm either. An unknown guild is not an error.
    ///
    /// # Errors
    ///
    /// Those of [`write`](Self::write) that come from the server; rows that were deleted before stay deleted.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_postgres::PgStore;
    /// use mocha_recorder::event::GuildSeen;
    ///
    /// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
    /// let store = PgStore::connect(database.url())?;
    /// let recorder = store.recorder()?;
    /// let guild_id = 10.try_into()?;
    /// let (at, name) = (chrono::Utc::now(), "Rust".to_owned());
    /// recorder.record(GuildSeen { afk_channel_id: None, at, guild_id, icon: None, member_count: None, name })?;
    /// recorder.flush()?;
    /// let purged = store.purge_guild(guild_id).run()?;
    /// assert!(purged.complete && purged.rows > 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn purge_guild<'a>(&self, guild_id: GuildId) -> Operation<'a, Purged, Purged> {
        let store = self.clone();
        Operation::new(move |on_progress| {
            purge_guild::<PgTables>(&mut *store.connection()?, &guild_id.to_string(), on_progress)
        })
    }
}
