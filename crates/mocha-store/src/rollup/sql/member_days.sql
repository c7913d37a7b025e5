SELECT
    ?2 AS guild_id,
    CAST(created_at AS INTEGER) / 86400 AS day,
    coalesce((
        SELECT users.bot IS TRUE FROM users
        WHERE users.id = CAST(CAST(member_events.user_id AS INTEGER) AS TEXT)
    ), 0) AS bot,
    sum(event_type = 'join') AS joins,
    sum(event_type = 'leave') AS leaves
FROM member_events INDEXED BY idx_member_events_guild_time
WHERE guild_id IN (SELECT value FROM json_each(?1))
    AND created_at >= max(?3 * 2592000, (SELECT members_from FROM horizons))
    AND created_at < min((?3 + 1) * 2592000, 253402300800)
    AND event_type IN ('join', 'leave')
    AND guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)
    AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)
GROUP BY 1, 2, 3
