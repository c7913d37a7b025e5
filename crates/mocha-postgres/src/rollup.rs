//! Compares the roll-ups with the events, and computes them again.

use diesel::{
    PgConnection, QueryResult, QueryableByName,
    connection::SimpleConnection,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};
use mocha_recorder::Error;
use mocha_schema::{GuildId, schema::packed_quarters};

use crate::{PgStore, backend::lock_generation};

/// A row in which a roll-up differs from what its events say.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RollupDifference {
    /// Whether the roll-up has this row. Otherwise the events say it, and the roll-up does not have it.
    pub is_kept: bool,
    /// The row, with its columns in their order.
    pub row: String,
    /// The roll-up.
    pub table: &'static str,
}

impl PgStore {
    /// Compares every roll-up with the events from the horizon on, and returns all differences.
    ///
    /// Triggers keep the roll-ups right, so there is a difference only if somebody switched triggers off, or wrote into a
    /// roll-up. It reads all events of the database, at one instant. Roll-ups of longer periods are compared with those of
    /// days, which hold what retention has deleted.
    ///
    /// # Errors
    ///
    /// Those of [`PgStore::read`] that come from the server. A large database needs a longer
    /// [`statement_timeout`](crate::PgStoreBuilder::statement_timeout).
    ///
    /// # Examples
    ///
    /// ```
    /// use diesel::connection::SimpleConnection;
    /// use mocha_postgres::PgStore;
    ///
    /// # let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
    /// let store = PgStore::connect(database.url())?;
    /// assert_eq!(store.verify()?, []);
    ///
    /// store.write(|conn| conn.batch_execute("INSERT INTO member_days VALUES (10, 19000, false, 5, 0)"))?;
    /// let differences = store.verify()?;
    /// assert_eq!((differences[0].table, differences[0].row.as_str()), ("member_days", "(10,19000,f,5,0)"));
    ///
    /// store.rebuild()?;
    /// assert_eq!(store.verify()?, []);
    /// # Ok::<(), mocha_recorder::Error>(())
    /// ```
    pub fn verify(&self) -> Result<Vec<RollupDifference>, Error> {
        self.read(|conn| {
            let mut differences = Vec::new();
            for recount in recounts() {
                recount.compare(conn, &mut differences)?;
            }
            QueryResult::Ok(differences)
        })
    }

    /// Computes every roll-up again, from the horizon on. Recorders wait until it is done.
    ///
    /// # Errors
    ///
    /// Those of [`PgStore::write`] that come from the server.
    pub fn rebuild(&self) -> Result<(), Error> {
        self.rebuild_where("true")
    }

    /// Computes every roll-up of a guild again, from the horizon on, as [`rebuild`](Self::rebuild) does for all.
    ///
    /// # Errors
    ///
    /// Those of [`PgStore::write`] that come from the server.
    pub fn rebuild_guild(&self, guild_id: GuildId) -> Result<(), Error> {
        self.rebuild_where(&format!("guild_id = {guild_id}"))
    }

    fn rebuild_where(&self, guild: &str) -> Result<(), Error> {
        self.write(|conn| {
            lock_generation(conn, true)?;
            for Recount { kept, rows, table } in recounts() {
                conn.batch_execute(&format!(
                    "DELETE FROM {table} WHERE {kept} AND {guild};
                     INSERT INTO {table} SELECT * FROM ({rows}) AS counted WHERE {guild}"
                ))?;
            }
            // They are packed again when somebody asks for it.
            conn.batch_execute(&format!(
                "DELETE FROM packed_quarters WHERE {guild};
                 INSERT INTO packed_quarters
                 SELECT DISTINCT guild_id, quarter / 2880, bot, NULL::TEXT FROM message_quarters WHERE {guild}"
            ))
        })
    }

    /// Packs the quarters of an hour of months that ended, so that heat maps over years read fewer rows. Returns how many
    /// rows it packed.
    ///
    /// Call it once a day. Answers are right without it.
    ///
    /// # Errors
    ///
    /// Those of [`PgStore::write`] that come from the server.
    pub fn pack_quarters(&self) -> Result<u64, Error> {
        #[derive(QueryableByName)]
        struct Packed {
            #[diesel(sql_type = diesel::sql_types::Bool)]
            packed: bool,
        }
        let month = self.clock().now().timestamp().div_euclid(30 * 86_400);
        let changed = packed_quarters::table
            .filter(packed_quarters::quarters.is_null())
            .filter(packed_quarters::month.lt(month))
            .select(packed_quarters::guild_id)
            .distinct()
            .order(packed_quarters::guild_id);
        let mut rows = 0;
        for guild_id in self.read(|conn| changed.load::<i64>(conn))? {
            // One month in a transaction, so that recorders hardly wait.
            while self.write(|conn| {
                let query = sql_query("SELECT pack_quarters($1, $2) AS packed");
                let packed: Packed = query.bind::<BigInt, _>(guild_id).bind::<BigInt, _>(month).get_result(conn)?;
                QueryResult::Ok(packed.packed)
            })? {
                rows += 1;
            }
        }
        Ok(rows)
    }
}

/// How the rows of a roll-up are computed again.
struct Recount {
    /// The condition for rows that are computed again.
    kept: &'static str,
    /// The query for all rows.
    rows: String,
    table: &'static str,
}

impl Recount {
    fn compare(&self, conn: &mut PgConnection, differences: &mut Vec<RollupDifference>) -> QueryResult<()> {
        #[derive(QueryableByName)]
        struct Line {
            #[diesel(sql_type = Text)]
            kind: String,
            #[diesel(sql_type = Text)]
            row: String,
        }
        let Self { kept, rows, table } = self;
        let kept = format!("SELECT * FROM {table} WHERE {kept}");
        let sql = format!(
            "SELECT 'kept' AS kind, differs::TEXT AS row FROM ({kept} EXCEPT ALL ({rows})) AS differs
             UNION ALL SELECT 'counted', differs::TEXT FROM (({rows}) EXCEPT ALL {kept}) AS differs ORDER BY 2, 1"
        );
        for Line { kind, row } in sql_query(sql).load::<Line>(conn)? {
            differences.push(RollupDifference { is_kept: kind == "kept", row, table });
        }
        Ok(())
    }
}

/// The condition for days that retention keeps. It deletes whole months, table by table.
const IS_KEPT: &str = "day >= (SELECT rollups_from / 86400 FROM horizons)";

/// The condition for the months of these days.
const IN_KEPT_MONTH: &str = "month >= (SELECT rollups_from / 2592000 FROM horizons)";

const IS_BOT: &str = "EXISTS (SELECT FROM bots WHERE bots.id = user_id)";

/// The roll-ups in the order in which they are computed.
#[expect(clippy::too_many_lines, reason = "an entry for each roll-up")]
fn recounts() -> Vec<Recount> {
    let messages = |period: &str| {
        format!(
            "SELECT guild_id, {period}, {IS_BOT}, count(*), coalesce(sum(greatest(character_count, 0)), 0),
                 coalesce(sum(greatest(word_count, 0)), 0), count(*) FILTER (WHERE has_attachment),
                 count(*) FILTER (WHERE has_embed)
             FROM message_events
             WHERE message_type IN (0, 19, 20, 23) AND created_at >= (SELECT messages_from FROM horizons)
             GROUP BY guild_id, {period}, {IS_BOT}"
        )
    };
    let longer = |period: &str, days: &str| {
        format!(
            "SELECT guild_id, {period}user_id, channel_id, bot, sum(messages), sum(characters), sum(words),
                 sum(attachments), sum(embeds)
             FROM message_days WHERE {days} GROUP BY guild_id, {period}user_id, channel_id, bot"
        )
    };
    let voice_sums =
        "sum(intervals), sum(voice_ms), sum(deafened_ms), sum(muted_ms), sum(streaming_ms), sum(talking_ms),
        sum(video_ms)";
    let intervals = "SELECT guild_id, started_at_ms / 86400000 AS day, user_id, coalesce(channel_id, 0) AS channel_id,
            assumed, 0 AS sessions, 1 AS intervals, ms AS voice_ms,
            ms * (server_deaf OR self_deaf)::INTEGER AS deafened_ms,
            ms * (server_mute OR self_mute)::INTEGER AS muted_ms, ms * stream::INTEGER AS streaming_ms,
            ms * (NOT (server_mute OR self_mute OR server_deaf OR self_deaf OR suppress))::INTEGER AS talking_ms,
            ms * video::INTEGER AS video_ms
        FROM voice_intervals, LATERAL (SELECT ended_at_ms - started_at_ms AS ms) AS length
        WHERE ended_at_ms IS NOT NULL AND started_at_ms >= (SELECT voice_from * 1000 FROM horizons)";
    let recount = |table, kept, rows| Recount { kept, rows, table };
    vec![
        recount(
            "message_days",
            "day >= (SELECT messages_from / 86400 FROM horizons)",
            messages("created_at / 86400, user_id, channel_id"),
        ),
        recount(
            "message_quarters",
            "quarter >= (SELECT messages_from / 900 FROM horizons)",
            messages("created_at / 900"),
        ),
        recount(
            "message_thirds",
            "third >= (SELECT rollups_from / 864000 FROM horizons)",
            longer("day / 10, ", IS_KEPT),
        ),
        recount("message_months", IN_KEPT_MONTH, longer("day / 30, ", IS_KEPT)),
        recount("message_totals", "true", longer("", "true")),
        recount(
            "active_months",
            IN_KEPT_MONTH,
            format!(
                "SELECT guild_id, day / 30, user_id, bot, sum(least(messages, 3) << (day % 30 * 2)::INTEGER)
                 FROM (SELECT guild_id, day, user_id, bot, sum(messages)::BIGINT AS messages FROM message_days
                     WHERE {IS_KEPT} GROUP BY 1, 2, 3, 4) AS days
                 GROUP BY guild_id, day / 30, user_id, bot"
            ),
        ),
        recount(
            "voice_channel_days",
            "day >= (SELECT voice_from / 86400 FROM horizons)",
            format!(
                "SELECT guild_id, day, user_id, channel_id, assumed, {IS_BOT}, {voice_sums} FROM ({intervals}) AS spent
                 GROUP BY guild_id, day, user_id, channel_id, assumed"
            ),
        ),
        recount(
            "voice_days",
            "day >= (SELECT voice_from / 86400 FROM horizons)",
            format!(
                "SELECT guild_id, day, user_id, assumed, {IS_BOT}, sum(sessions), {voice_sums}
                 FROM ({intervals} UNION ALL
                     SELECT guild_id, created_at / 86400, user_id, 0, false, 1, 0, 0, 0, 0, 0, 0, 0 FROM voice_events
                     WHERE event_type = 'leave' AND created_at >= (SELECT voice_from FROM horizons)) AS spent
                 GROUP BY guild_id, day, user_id, assumed"
            ),
        ),
        recount(
            "voice_channel_months",
            IN_KEPT_MONTH,
            format!(
                "SELECT guild_id, day / 30, user_id, channel_id, assumed, bot, {voice_sums} FROM voice_channel_days
                 WHERE {IS_KEPT} GROUP BY guild_id, day / 30, user_id, channel_id, assumed, bot"
            ),
        ),
        recount(
            "voice_months",
            IN_KEPT_MONTH,
            format!(
                "SELECT guild_id, day / 30, user_id, assumed, bot, sum(sessions), {voice_sums},
                     coalesce(bit_or(1::BIGINT << (day % 30 * 2)::INTEGER) FILTER (WHERE voice_ms > 0), 0)
                 FROM voice_days WHERE {IS_KEPT} GROUP BY guild_id, day / 30, user_id, assumed, bot"
            ),
        ),
        recount(
            "voice_totals",
            "true",
            format!(
                "SELECT guild_id, user_id, assumed, bot, sum(sessions), {voice_sums}
                 FROM voice_days GROUP BY guild_id, user_id, assumed, bot"
            ),
        ),
        recount(
            "member_days",
            "day >= (SELECT members_from / 86400 FROM horizons)",
            format!(
                "SELECT guild_id, created_at / 86400, {IS_BOT}, count(*) FILTER (WHERE event_type = 'join'),
                     count(*) FILTER (WHERE event_type = 'leave')
                 FROM member_events
                 WHERE event_type IN ('join', 'leave') AND created_at >= (SELECT members_from FROM horizons)
                 GROUP BY guild_id, created_at / 86400, {IS_BOT}"
            ),
        ),
        recount(
            "award_days",
            "day >= (SELECT messages_from / 86400 FROM horizons)",
            "SELECT * FROM counted_awards".to_owned(),
        ),
        recount(
            "award_totals",
            "true",
            "SELECT guild_id, user_id, channel_id, bot, sum(awards) FROM award_days
             GROUP BY guild_id, user_id, channel_id, bot"
                .to_owned(),
        ),
    ]
}
