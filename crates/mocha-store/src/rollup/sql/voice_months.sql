SELECT
    guild_id,
    ?3 AS month,
    user_id,
    assumed,
    coalesce((SELECT users.bot IS TRUE FROM users WHERE users.id = CAST(voice_days.user_id AS TEXT)), 0) AS bot,
    sum(sessions) AS sessions,
    sum(intervals) AS intervals,
    sum(voice_ms) AS voice_ms,
    sum(deafened_ms) AS deafened_ms,
    sum(muted_ms) AS muted_ms,
    sum(streaming_ms) AS streaming_ms,
    sum(talking_ms) AS talking_ms,
    sum(video_ms) AS video_ms,
    sum((voice_ms > 0) << day % 30 * 2) AS days
FROM voice_days
WHERE guild_id = ?2 AND day >= ?3 * 30 AND day < min((?3 + 1) * 30, (SELECT voice_to FROM watermarks))
GROUP BY user_id, assumed
