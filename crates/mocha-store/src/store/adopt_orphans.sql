-- Adds a row for each guild, user and channel that only other rows mention. `{first_seen}` is the oldest time of these rows, or
-- that of the adoption. The recorder adds the name later.

INSERT INTO guilds (id, created_at, updated_at)
SELECT guild_id, {first_seen}, {first_seen}
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
SELECT user_id, {first_seen}, {first_seen}
FROM (
    SELECT user_id, created_at FROM members
    UNION ALL SELECT user_id, created_at FROM message_events
    UNION ALL SELECT user_id, created_at FROM voice_events
    UNION ALL SELECT user_id, created_at FROM member_events
    UNION ALL SELECT user_id, created_at FROM presence_events
)
WHERE user_id NOT IN (SELECT id FROM users)
GROUP BY user_id;

-- Type 0 is a text channel, type 2 a voice channel.
INSERT INTO channels (id, guild_id, type, created_at, updated_at)
SELECT channel_id, guild_id, MIN(type), {first_seen}, {first_seen}
FROM (
    SELECT channel_id, guild_id, 0 AS type, created_at FROM message_events
    UNION ALL SELECT channel_id, guild_id, 2 AS type, created_at FROM voice_events WHERE channel_id IS NOT NULL
)
WHERE channel_id NOT IN (SELECT id FROM channels)
GROUP BY channel_id;
