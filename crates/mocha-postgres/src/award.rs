//! Counting awards.

use std::time::Duration;

use diesel::{
    dsl::sql,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool},
};
use mocha_recorder::{Error, ErrorKind, award_seconds};
use mocha_schema::{GuildId, Snowflake, schema::award_spans};

use crate::PgStore;

impl PgStore {
    /// Counts awards in a guild from now on: one for each span of this length in which a user wrote. A guild that counts awards
    /// already gets the new span. If the span is the same, nothing happens. See `Store::count_awards` of mocha-store.
    ///
    /// Recorders wait until the messages that the database has already are counted.
    ///
    /// # Errors
    ///
    /// [`InvalidSetting`](mocha_recorder::ErrorKind::InvalidSetting) of `span`: it is no whole number of seconds that divides a
    /// day. Also if the tables are [distributed](Self::distribute), because a Citus cluster cannot count awards yet. Otherwise
    /// the errors of [`write`](Self::write).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mocha_postgres::PgStore;
    ///
    /// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
    /// let store = PgStore::connect(database.url())?;
    /// store.count_awards(10.try_into()?, Duration::from_mins(1))?;
    /// assert!(store.stop_awards(10.try_into()?)?);
    /// assert!(!store.stop_awards(10.try_into()?)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias("XP", "cooldown", "levels"))]
    pub fn count_awards(&self, guild_id: GuildId, span: Duration) -> Result<(), Error> {
        let seconds = award_seconds(span)?;
        if self.read(|conn| diesel::select(sql::<Bool>("is_distributed()")).get_result(conn))? {
            let why = "a Citus cluster cannot count awards yet";
            return Err(Error::new(ErrorKind::InvalidSetting { name: "span" }, why));
        }
        self.write(|conn| {
            let upsert = "INSERT INTO award_spans AS own VALUES ($1, $2) ON CONFLICT (guild_id) DO UPDATE \
                          SET seconds = excluded.seconds WHERE own.seconds <> excluded.seconds";
            sql_query(upsert).bind::<Snowflake, _>(guild_id).bind::<BigInt, _>(seconds).execute(conn)
        })?;
        Ok(())
    }

    /// Stops counting awards in a guild, and deletes those that can be counted again: all from the horizon on. Returns whether
    /// the guild counted awards.
    ///
    /// # Errors
    ///
    /// The errors of [`write`](Self::write).
    pub fn stop_awards(&self, guild_id: GuildId) -> Result<bool, Error> {
        let own = award_spans::table.filter(award_spans::guild_id.eq(guild_id));
        self.write(|conn| diesel::delete(own).execute(conn)).map(|stopped| stopped > 0)
    }
}
