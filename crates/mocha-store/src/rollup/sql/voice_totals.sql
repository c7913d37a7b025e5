SELECT
    guild_id,
    user_id,
    assumed,
    coalesce((SELECT users.bot IS TRUE FROM users WHERE users.id = CAST(voice_months.user_id AS TEXT)), 0) AS bot,
    sum(sessions) AS sessions,
    sum(intervals) AS intervals,
    sum(voice_ms) AS voice_ms,
    sum(deafened_ms) AS deafened_ms,
    sum(muted_ms) AS muted_ms,
    sum(streaming_ms) AS streaming_ms,
    sum(talking_ms) AS talking_ms,
    sum(video_ms) AS video_ms
FROM voice_months
WHERE guild_id = ?2 AND month >= ?3
GROUP BY user_id, assumed
