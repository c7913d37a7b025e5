-- A parent that only its children speak of is as old as the oldest of them whose time can be read, or as the adoption; what it is
-- called comes later.

INSERT INTO guilds (id, created_at, updated_at)
SELECT guild_id, coalesce(MIN(CASE WHEN typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 253402300799 THEN created_at END), CAST(strftime('%s', 'now') AS INTEGER)),
    coalesce(MIN(CASE WHEN typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 253402300799 THEN created_at END), CAST(strftime('%s', 'now') AS INTEGER))
FROM (
    SELECT guild_id, created_at FROM channels
    UNION ALL SELECT guild_id, created_at FROM members
    UNION ALL SELECT guild_id, created_at FROM message_events
    UNION ALL SELECT guild_id, created_at FROM voice_events
    UNION ALL SELECT guild_id, created_at FROM member_events
    UNION ALL SELECT guild_id, created_at FROM presence_events
)
WHERE guild_id NOT IN (SELECT id FROM guilds)
GROUP BY guild_id;

INSERT INTO users (id, created_at, updated_at)
SELECT user_id, coalesce(MIN(CASE WHEN typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 253402300799 THEN created_at END), CAST(strftime('%s', 'now') AS INTEGER)),
    coalesce(MIN(CASE WHEN typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 253402300799 THEN created_at END), CAST(strftime('%s', 'now') AS INTEGER))
FROM (
    SELECT user_id, created_at FROM members
    UNION ALL SELECT user_id, created_at FROM message_events
    UNION ALL SELECT user_id, created_at FROM voice_events
    UNION ALL SELECT user_id, created_at FROM member_events
    UNION ALL SELECT user_id, created_at FROM presence_events
)
WHERE user_id NOT IN (SELECT id FROM users)
GROUP BY user_id;

-- 0 is a text channel, 2 a voice channel.
INSERT INTO channels (id, guild_id, type, created_at, updated_at)
SELECT channel_id, guild_id, MIN(type), coalesce(MIN(CASE WHEN typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 253402300799 THEN created_at END), CAST(strftime('%s', 'now') AS INTEGER)),
    coalesce(MIN(CASE WHEN typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 253402300799 THEN created_at END), CAST(strftime('%s', 'now') AS INTEGER))
FROM (
    SELECT channel_id, guild_id, 0 AS type, created_at FROM message_events
    UNION ALL SELECT channel_id, guild_id, 2 AS type, created_at FROM voice_events WHERE channel_id IS NOT NULL
)
WHERE channel_id NOT IN (SELECT id FROM channels)
GROUP BY channel_id;
