SELECT
    ?2 AS guild_id,
    day,
    CAST(user_id AS INTEGER) AS user_id,
    CAST(channel_id AS INTEGER) AS channel_id,
    coalesce((SELECT users.bot IS TRUE FROM users WHERE users.id = first.user_id), 0) AS bot,
    count(*) AS awards
FROM (
    SELECT CAST(created_at AS INTEGER) / 86400 AS day, user_id, channel_id, row_number() OVER (
        PARTITION BY user_id, CAST(created_at AS INTEGER) / seconds
        ORDER BY CAST(created_at AS INTEGER), CAST(message_events.id AS INTEGER), message_events.id
    ) AS place
    FROM award_spans CROSS JOIN message_events INDEXED BY idx_message_events_guild_time
    WHERE award_spans.guild_id = CAST(?2 AS TEXT) AND message_events.guild_id = CAST(?2 AS TEXT)
        AND created_at >= max(?3 * 2592000, (SELECT messages_from FROM horizons))
        AND created_at < min((?3 + 1) * 2592000, 3599942400)
        AND message_type IN (0, 19, 20, 23)
        AND channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT)
        AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)
        -- The names of the guild are not needed, because only one of them counts.
        AND ?1 IS NOT NULL
) AS first
WHERE place = 1
GROUP BY 1, 2, 3, 4
