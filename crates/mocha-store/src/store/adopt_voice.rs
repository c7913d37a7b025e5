//! Computes voice intervals from the sessions of an adopted log.

use std::collections::HashMap;

use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_query, sqlite::SqliteConnection};
use mocha_schema::{ChannelId, GuildId, UserId, VoiceInterval, VoiceState, schema::voice_intervals};

use mocha_recorder::days;

/// A row of the log. Another program wrote it, so every value is checked before it is used.
#[derive(Debug, QueryableByName)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct Entry {
    #[diesel(sql_type = diesel::sql_types::Text)]
    guild_id: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    user_id: String,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    channel_id: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Text)]
    event_type: String,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    session_start: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    duration: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    muted: bool,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    deafened: bool,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    created_at: i64,
}

/// Fills `voice_intervals` from the sessions that have a `leave` in `voice_events`.
pub(crate) fn fill_intervals(conn: &mut SqliteConnection) -> QueryResult<()> {
    let entries: Vec<Entry> = sql_query(
        "SELECT guild_id, user_id, channel_id, event_type, \
         CASE WHEN typeof(session_start) = 'integer' THEN session_start END AS session_start, duration, \
         coalesce(muted, 0) AS muted, coalesce(deafened, 0) AS deafened, created_at \
         FROM voice_events WHERE event_type IN ('join', 'leave', 'move') AND typeof(created_at) = 'integer' \
         AND guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT) \
         AND (channel_id IS NULL OR channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT)) \
         AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT) \
         ORDER BY created_at, rowid",
    )
    .load(conn)?;
    let now_ms = chrono::Utc::now().timestamp_millis();
    for interval in intervals(&entries, now_ms) {
        diesel::insert_into(voice_intervals::table).values(interval).execute(conn)?;
    }
    Ok(())
}

/// How far a clock may be ahead.
const DAY_MS: i64 = 86_400_000;

/// The start of the year 2015, in which Discord began.
pub(super) const FIRST_MS: i64 = 1_420_070_400_000;

/// The starts of a member's stays in channels since the last leave, with channel and state.
type Stays = Vec<(i64, Option<ChannelId>, VoiceState)>;

/// Computes the intervals. Where sessions of one member overlap, the time counts once.
fn intervals(entries: &[Entry], now_ms: i64) -> Vec<VoiceInterval> {
    let mut stays: HashMap<(GuildId, UserId), Stays> = HashMap::new();
    let mut ends: HashMap<(GuildId, UserId), i64> = HashMap::new();
    let mut intervals = Vec::new();
    for entry in entries {
        let (Ok(guild_id), Ok(user_id)) = (entry.guild_id.parse(), entry.user_id.parse()) else { continue };
        let key = (guild_id, user_id);
        let channel_id = entry.channel_id.as_deref().and_then(|id| id.parse().ok());
        let state = VoiceState { self_mute: entry.muted, self_deaf: entry.deafened, ..VoiceState::default() };
        if entry.event_type != "leave" {
            stays.entry(key).or_default().push((entry.created_at.saturating_mul(1000), channel_id, state));
            continue;
        }
        let stays = stays.remove(&key).unwrap_or_default();
        let Some(duration_ms) = entry.duration.filter(|duration| *duration > 0) else { continue };
        let ended_at_ms = entry.created_at.saturating_mul(1000);
        let started_at_ms =
            entry.session_start.map_or(ended_at_ms.saturating_sub(duration_ms), |s| s.saturating_mul(1000));
        let ended_at_ms = started_at_ms.saturating_add(duration_ms);
        // Skips impossible sessions: those that begin before Discord did, or end after their row was written or after tomorrow.
        let written_ms = entry.created_at.saturating_add(1).saturating_mul(1000);
        if started_at_ms < FIRST_MS || ended_at_ms > written_ms.min(now_ms.saturating_add(DAY_MS)) {
            continue;
        }
        let free_from = ends.get(&key).copied().unwrap_or(0).max(0);
        let mut stay = (started_at_ms, channel_id, state);
        let later = stays.into_iter().filter(|(at, ..)| *at < ended_at_ms).chain([(ended_at_ms, None, state)]);
        for next in later {
            let (from, to) = (stay.0.max(started_at_ms).max(free_from), next.0);
            for (from, to) in days(from, to) {
                intervals.push(VoiceInterval {
                    guild_id,
                    user_id,
                    started_at_ms: from,
                    ended_at_ms: Some(to),
                    seen_at_ms: to,
                    session_started_at_ms: started_at_ms,
                    channel_id: stay.1,
                    state: stay.2,
                    assumed: false,
                });
            }
            stay = next;
        }
        let end = ends.entry(key).or_default();
        *end = ended_at_ms.max(*end);
    }
    intervals
}
