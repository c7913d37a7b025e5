SELECT
    ?2 AS guild_id,
    day,
    user_id,
    assumed,
    coalesce((SELECT users.bot IS TRUE FROM users WHERE users.id = CAST(part.user_id AS TEXT)), 0) AS bot,
    sum(sessions) AS sessions,
    sum(intervals) AS intervals,
    sum(voice_ms) AS voice_ms,
    sum(deafened_ms) AS deafened_ms,
    sum(muted_ms) AS muted_ms,
    sum(streaming_ms) AS streaming_ms,
    sum(talking_ms) AS talking_ms,
    sum(video_ms) AS video_ms
FROM (
    SELECT
        started_at_ms / 86400000 AS day,
        CAST(user_id AS INTEGER) AS user_id,
        assumed,
        0 AS sessions,
        1 AS intervals,
        ended_at_ms - started_at_ms AS voice_ms,
        (ended_at_ms - started_at_ms) * (server_deaf OR self_deaf) AS deafened_ms,
        (ended_at_ms - started_at_ms) * (server_mute OR self_mute) AS muted_ms,
        (ended_at_ms - started_at_ms) * stream AS streaming_ms,
        (ended_at_ms - started_at_ms)
            * NOT (server_mute OR self_mute OR server_deaf OR self_deaf OR suppress) AS talking_ms,
        (ended_at_ms - started_at_ms) * video AS video_ms
    FROM voice_intervals INDEXED BY idx_voice_intervals_guild_time
    WHERE guild_id IN (SELECT value FROM json_each(?1))
        AND started_at_ms >= max(?3 * 2592000, (SELECT voice_from FROM horizons)) * 1000
        AND started_at_ms < min((?3 + 1) * 2592000, 253402300800) * 1000
        AND ended_at_ms IS NOT NULL
    UNION ALL
    SELECT CAST(created_at AS INTEGER) / 86400, CAST(user_id AS INTEGER), 0, 1, 0, 0, 0, 0, 0, 0, 0
    FROM voice_events INDEXED BY idx_voice_events_guild_time
    WHERE guild_id IN (SELECT value FROM json_each(?1))
        AND created_at >= max(?3 * 2592000, (SELECT voice_from FROM horizons))
        AND created_at < min((?3 + 1) * 2592000, 253402300800)
        AND event_type = 'leave'
        AND guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)
        AND (channel_id IS NULL OR channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT))
        AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)
) AS part
GROUP BY 2, 3, 4
