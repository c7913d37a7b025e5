//! The horizons: from when on the file is complete. They only ever move forward.

use chrono::{DateTime, Utc};
use diesel::{QueryResult, QueryableByName, prelude::*, sql_query, sql_types, sqlite::SqliteConnection};
use mocha_schema::{catalogue::Horizon, schema::horizons};

use super::{DAY, RetentionPolicy};

/// Midnights, UTC, in unix seconds, before which a kind of row goes.
#[derive(AsChangeset, Clone, Copy, Debug, Eq, PartialEq, Queryable, Selectable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
#[diesel(table_name = horizons)]
pub(super) struct Horizons {
    #[diesel(column_name = members_from)]
    pub(super) members: i64,
    #[diesel(column_name = messages_from)]
    pub(super) messages: i64,
    #[diesel(column_name = presences_from)]
    pub(super) presences: i64,
    #[diesel(column_name = rollups_from)]
    pub(super) rollups: i64,
    #[diesel(column_name = voice_from)]
    pub(super) voice: i64,
}

impl Horizons {
    pub(super) const fn of(&self, horizon: Horizon) -> i64 {
        match horizon {
            Horizon::Members => self.members,
            Horizon::Messages => self.messages,
            Horizon::Presences => self.presences,
            Horizon::Voice => self.voice,
        }
    }

    /// Moves the horizons of the file to where they should be now; returns where they are.
    ///
    /// That of the roll-ups stays behind those of the events, for events that are counted have sums.
    pub(super) fn advance(
        conn: &mut SqliteConnection,
        retention: &RetentionPolicy,
        now: DateTime<Utc>,
    ) -> QueryResult<Self> {
        let old: Self = horizons::table.find(1).select(Self::as_select()).get_result(conn)?;
        let voice = before_open(conn, retention.voice.from(now))?.max(old.voice);
        // `RetentionPolicy::check` has them kept as long as any events, of which only voice is held back.
        let rollups = floor(retention.rollups.from(now).min(voice));
        let new = Self {
            members: retention.members.from(now).max(old.members),
            messages: retention.messages.from(now).max(old.messages),
            presences: retention.presences.from(now).max(old.presences),
            rollups: rollups.max(old.rollups),
            voice,
        };
        if new != old {
            diesel::update(horizons::table.find(1)).set(new).execute(conn)?;
        }
        Ok(new)
    }
}

/// The time before which whole months can go, if everything before `from` should. All other periods are parts of months, so the sums
/// that stay agree.
const fn floor(from: i64) -> i64 {
    from - from.rem_euclid(30 * DAY)
}

/// A horizon of voice that no interval that still goes on began before: it will count where it began, once it is
/// closed. One whose last proof is older than that is not waited for.
fn before_open(conn: &mut SqliteConnection, from: i64) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Began {
        #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
        at_ms: Option<i64>,
    }
    let Began { at_ms } = sql_query(
        "SELECT min(started_at_ms) AS at_ms FROM voice_intervals INDEXED BY idx_voice_intervals_open \
         WHERE ended_at_ms IS NULL AND seen_at_ms >= ?",
    )
    .bind::<sql_types::BigInt, _>(from.saturating_mul(1000))
    .get_result(conn)?;
    let began = at_ms.map_or(from, |at_ms| at_ms.div_euclid(DAY * 1000) * DAY);
    Ok(from.min(began))
}
