SELECT
    ?2 AS guild_id,
    CAST(created_at AS INTEGER) / 900 AS quarter,
    coalesce((
        SELECT users.bot IS TRUE FROM users
        WHERE users.id = CAST(CAST(message_events.user_id AS INTEGER) AS TEXT)
    ), 0) AS bot,
    count(*) AS messages,
    sum(CASE WHEN character_count BETWEEN 0 AND 2147483647 THEN CAST(character_count AS INTEGER) ELSE 0 END) AS characters,
    sum(CASE WHEN word_count BETWEEN 0 AND 2147483647 THEN CAST(word_count AS INTEGER) ELSE 0 END) AS words,
    sum(has_attachment IS TRUE) AS attachments,
    sum(has_embed IS TRUE) AS embeds
FROM message_events INDEXED BY idx_message_events_guild_time
WHERE guild_id IN (SELECT value FROM json_each(?1))
    AND created_at >= max(?3 * 2592000, (SELECT messages_from FROM horizons))
    AND created_at < min((?3 + 1) * 2592000, 253402300800)
    AND message_type IN (0, 19, 20, 23)
    AND guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)
    AND channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT)
    AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)
GROUP BY 1, 2, 3
