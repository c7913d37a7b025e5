//! Counts the roll-ups of a PostgreSQL database again from its events. Its horizons are 0.

use std::ops::Range;

use diesel::{prelude::*, sql_query, sql_types::Text};

const MESSAGES: &str = "message_events WHERE message_type IN (0, 19, 20, 23)";
const MESSAGE_SUMS: &str =
    "count(*), coalesce(sum(greatest(character_count, 0)), 0), coalesce(sum(greatest(word_count, 0)), 0),
    count(*) FILTER (WHERE has_attachment), count(*) FILTER (WHERE has_embed)";
const IS_BOT: &str = "EXISTS (SELECT FROM users WHERE users.id = user_id AND bot)";
const INTERVALS: &str = "voice_intervals WHERE ended_at_ms IS NOT NULL";
const INTERVAL_SUMS: &str = "count(*), sum(ended_at_ms - started_at_ms),
    coalesce(sum(ended_at_ms - started_at_ms) FILTER (WHERE server_deaf OR self_deaf), 0),
    coalesce(sum(ended_at_ms - started_at_ms) FILTER (WHERE server_mute OR self_mute), 0),
    coalesce(sum(ended_at_ms - started_at_ms) FILTER (WHERE stream), 0),
    coalesce(sum(ended_at_ms - started_at_ms)
        FILTER (WHERE NOT (server_mute OR self_mute OR server_deaf OR self_deaf OR suppress)), 0),
    coalesce(sum(ended_at_ms - started_at_ms) FILTER (WHERE video), 0)";

/// Returns statements that write two guilds, their channels 10, 11, 20 and 21, and users, unless they are there.
pub(crate) fn parents(users: Range<i64>) -> String {
    format!(
        "INSERT INTO guilds (id, created_at, updated_at) VALUES (1, 0, 0), (2, 0, 0) ON CONFLICT DO NOTHING;
         INSERT INTO users (id, bot, created_at, updated_at)
         SELECT n, n = 1, 0, 0 FROM generate_series({}, {}) AS n ON CONFLICT DO NOTHING;
         INSERT INTO channels (id, guild_id, type, created_at, updated_at)
         VALUES (10, 1, 0, 0, 0), (11, 1, 0, 0, 0), (20, 2, 0, 0, 0), (21, 2, 0, 0, 0) ON CONFLICT DO NOTHING;",
        users.start,
        users.end - 1
    )
}

/// Selects awards. The first message of each span is found by comparing each with all others.
fn awards_by(period: &str) -> String {
    format!(
        "SELECT guild_id, {period}user_id, channel_id, {IS_BOT}, count(*)
         FROM message_events AS one JOIN award_spans USING (guild_id)
         WHERE message_type IN (0, 19, 20, 23) AND NOT EXISTS (
             SELECT FROM message_events AS other
             WHERE other.guild_id = one.guild_id AND other.user_id = one.user_id
                 AND other.message_type IN (0, 19, 20, 23)
                 AND other.created_at / seconds = one.created_at / seconds
                 AND (other.created_at, other.id) < (one.created_at, one.id)
         )
         GROUP BY guild_id, {period}user_id, channel_id"
    )
}

/// Returns the rows in which a roll-up differs from a recount.
pub(crate) fn differences(conn: &mut PgConnection) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let messages_by = |period: &str| {
        format!(
            "SELECT guild_id, {period}user_id, channel_id, {IS_BOT}, {MESSAGE_SUMS} FROM {MESSAGES}
             GROUP BY guild_id, {period}user_id, channel_id"
        )
    };
    // A row may have only sessions or only intervals.
    let voice_by = |period: &str, of_session: &str, days: &str| {
        format!(
            "SELECT guild_id, {period}user_id, assumed, {IS_BOT}, sum(sessions), sum(intervals), sum(ms), sum(deafened),
                 sum(muted), sum(streaming), sum(talking), sum(video){days}
             FROM (
                 SELECT guild_id, started_at_ms / 86400000 AS day, user_id, assumed, 0 AS sessions, one.* FROM voice_intervals,
                     LATERAL (SELECT 1 AS intervals, ended_at_ms - started_at_ms AS ms,
                         (ended_at_ms - started_at_ms) * (server_deaf OR self_deaf)::INTEGER AS deafened,
                         (ended_at_ms - started_at_ms) * (server_mute OR self_mute)::INTEGER AS muted,
                         (ended_at_ms - started_at_ms) * stream::INTEGER AS streaming,
                         (ended_at_ms - started_at_ms)
                             * (NOT (server_mute OR self_mute OR server_deaf OR self_deaf OR suppress))::INTEGER AS talking,
                         (ended_at_ms - started_at_ms) * video::INTEGER AS video) AS one
                 WHERE ended_at_ms IS NOT NULL
                 UNION ALL
                 SELECT guild_id, created_at / 86400, user_id, false, 1, 0, 0, 0, 0, 0, 0, 0
                 FROM voice_events WHERE event_type = 'leave'
             ) AS voice GROUP BY guild_id, {of_session}user_id, assumed"
        )
    };
    let channels_by = |period: &str| {
        format!(
            "SELECT guild_id, {period}, user_id, coalesce(channel_id, 0), assumed, {IS_BOT}, {INTERVAL_SUMS} FROM {INTERVALS}
             GROUP BY guild_id, {period}, user_id, coalesce(channel_id, 0), assumed"
        )
    };
    let day_bits = ", coalesce(bit_or(1::BIGINT << (day % 30 * 2)::INTEGER) FILTER (WHERE ms > 0), 0)";
    let recounts = [
        ("bots", "SELECT id FROM users WHERE bot".to_owned()),
        ("message_days", messages_by("created_at / 86400, ")),
        ("message_thirds", messages_by("created_at / 864000, ")),
        ("message_months", messages_by("created_at / 2592000, ")),
        ("message_totals", messages_by("")),
        (
            "message_quarters",
            format!(
                "SELECT guild_id, created_at / 900, {IS_BOT}, {MESSAGE_SUMS} FROM {MESSAGES}
                 GROUP BY guild_id, created_at / 900, {IS_BOT}"
            ),
        ),
        (
            "active_months",
            format!(
                "SELECT guild_id, day / 30, user_id, {IS_BOT}, sum(least(messages, 3) << (day % 30 * 2)::INTEGER)
                 FROM (SELECT guild_id, created_at / 86400 AS day, user_id, count(*) AS messages FROM {MESSAGES}
                     GROUP BY 1, 2, 3) AS days
                 GROUP BY guild_id, day / 30, user_id"
            ),
        ),
        // A month without messages may still have a packed row, which counts nothing.
        (
            "(SELECT guild_id, month * 2880 + pair.key::BIGINT, bot, pair.value::BIGINT
              FROM quarters_of_months, json_each_text(quarters::JSON) AS pair)",
            format!(
                "SELECT guild_id, created_at / 900, {IS_BOT}, count(*) FROM {MESSAGES}
                 GROUP BY guild_id, created_at / 900, {IS_BOT}"
            ),
        ),
        ("voice_days", voice_by("day, ", "day, ", "")),
        ("voice_months", voice_by("day / 30, ", "day / 30, ", day_bits)),
        ("voice_totals", voice_by("", "", "")),
        ("voice_channel_days", channels_by("started_at_ms / 86400000")),
        ("voice_channel_months", channels_by("started_at_ms / 2592000000")),
        (
            "member_days",
            format!(
                "SELECT guild_id, created_at / 86400, {IS_BOT}, count(*) FILTER (WHERE event_type = 'join'),
                     count(*) FILTER (WHERE event_type = 'leave')
                 FROM member_events WHERE event_type IN ('join', 'leave')
                 GROUP BY guild_id, created_at / 86400, {IS_BOT}"
            ),
        ),
    ];
    let awards = [("award_days", awards_by("created_at / 86400, ")), ("award_totals", awards_by(""))];
    let mut differences = Vec::new();
    for (table, recount) in recounts.into_iter().chain(awards) {
        let kept = format!("SELECT * FROM {table} AS kept");
        let sql = format!(
            "SELECT 'kept ' || rows::TEXT AS line FROM ({kept} EXCEPT ALL ({recount})) AS rows
             UNION ALL SELECT 'counted ' || rows::TEXT FROM (({recount}) EXCEPT ALL {kept}) AS rows ORDER BY 1"
        );
        for Line { line } in sql_query(sql).load::<Line>(conn)? {
            differences.push(format!("{table}: {line}"));
        }
    }
    Ok(differences)
}
