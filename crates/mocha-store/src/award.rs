//! Counting awards.

use std::time::Duration;

use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};
use mocha_recorder::award_seconds;
use mocha_schema::{GuildId, schema::award_spans};

use crate::{Error, Store};

impl Store {
    /// Counts awards in a guild from now on: one for each span of this length in which a user
    /// wrote. A guild that counts awards already gets the new span. If the span is the same,
    /// nothing happens.
    ///
    /// Messages, replies and commands count. Spans are counted from 1970-01-01, UTC, so an award
    /// does not depend on the order in which messages arrive. It belongs to the channel and the
    /// second of the first message in its span. `Leaderboard::score` of mocha-stats ranks users by
    /// awards.
    ///
    /// Messages that the file has already get their awards at once, in one transaction, which takes
    /// some seconds for each million. Awards from before the horizon of a retention policy stay as
    /// they were counted. From then on triggers keep the awards right at each commit.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`](crate::ErrorKind::InvalidSetting) of `span`: it is no whole
    /// number of seconds that divides a day. The errors of [`write`](Self::write).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use chrono::DateTime;
    /// use diesel::prelude::*;
    /// use mocha_schema::{GuildId, schema::award_totals};
    /// use mocha_store::{Clock, Store, event::MessageSent};
    ///
    /// let store = Store::builder().clock(Clock::Events).open_in_memory()?;
    /// let guild_id = GuildId::try_from(10)?;
    /// store.count_awards(guild_id, Duration::from_mins(1))?;
    /// let recorder = store.recorder()?;
    /// // Two of three messages lie in one minute.
    /// for (message_id, second) in [(30, 1_700_000_040), (31, 1_700_000_099), (32, 1_700_000_100)] {
    ///     recorder.record(MessageSent {
    ///         at: DateTime::from_timestamp(second, 0).ok_or("no such time")?,
    ///         channel_id: 20.try_into()?,
    ///         content: None,
    ///         guild_id,
    ///         kind: 0,
    ///         message_id: message_id.try_into()?,
    ///         user_id: 40.try_into()?,
    ///     })?;
    /// }
    /// recorder.flush()?;
    /// let awards = store.read(|conn| award_totals::table.select(award_totals::awards).get_result::<Option<i64>>(conn))?;
    /// assert_eq!(awards, Some(2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias("XP", "cooldown", "levels"))]
    pub fn count_awards(&self, guild_id: GuildId, span: Duration) -> Result<(), Error> {
        let seconds = award_seconds(span)?;
        self.write(|conn| {
            let upsert = "INSERT INTO award_spans VALUES (?, ?) ON CONFLICT DO UPDATE SET seconds = excluded.seconds \
                          WHERE seconds <> excluded.seconds";
            sql_query(upsert).bind::<Text, _>(guild_id).bind::<BigInt, _>(seconds).execute(conn)
        })?;
        Ok(())
    }

    /// Stops counting awards in a guild, and deletes those that can be counted again: all from the
    /// horizon on. Returns whether the guild counted awards.
    ///
    /// # Errors
    ///
    /// The errors of [`write`](Self::write).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mocha_store::Store;
    ///
    /// let store = Store::builder().open_in_memory()?;
    /// store.count_awards(10.try_into()?, Duration::from_mins(1))?;
    /// assert!(store.stop_awards(10.try_into()?)?);
    /// assert!(!store.stop_awards(10.try_into()?)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stop_awards(&self, guild_id: GuildId) -> Result<bool, Error> {
        let own = award_spans::table.filter(award_spans::guild_id.eq(guild_id));
        self.write(|conn| diesel::delete(own).execute(conn)).map(|stopped| stopped > 0)
    }
}
