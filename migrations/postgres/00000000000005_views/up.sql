-- Views for Grafana and other programs that draw tables, with times as TIMESTAMPTZ and names beside ids. They are read-only.
-- Mocha itself does not read them.

CREATE VIEW messages_by_quarter AS
SELECT to_timestamp(total.quarter * 900) AS "time", total.guild_id, guilds.name AS guild, total.bot, total.messages,
    total.characters, total.words, total.attachments, total.embeds
FROM message_quarters AS total LEFT JOIN guilds ON guilds.id = total.guild_id;

CREATE VIEW messages_by_day AS
SELECT to_timestamp(total.day * 86400) AS "time", total.guild_id, guilds.name AS guild, total.channel_id,
    channels.name AS channel, total.user_id, users.username AS "user", total.bot, total.messages, total.characters,
    total.words, total.attachments, total.embeds
FROM message_days AS total
    LEFT JOIN guilds ON guilds.id = total.guild_id
    LEFT JOIN channels ON channels.guild_id = total.guild_id AND channels.id = total.channel_id
    LEFT JOIN users ON users.id = total.user_id;

-- Channels that are unknown are NULL.
CREATE VIEW voice_by_day AS
SELECT to_timestamp(total.day * 86400) AS "time", total.guild_id, guilds.name AS guild,
    nullif(total.channel_id, 0) AS channel_id, channels.name AS channel, total.user_id, users.username AS "user", total.bot,
    total.assumed, total.voice_ms / 1000.0 AS voice_seconds, total.deafened_ms / 1000.0 AS deafened_seconds,
    total.muted_ms / 1000.0 AS muted_seconds, total.streaming_ms / 1000.0 AS streaming_seconds,
    total.talking_ms / 1000.0 AS talking_seconds, total.video_ms / 1000.0 AS video_seconds
FROM voice_channel_days AS total
    LEFT JOIN guilds ON guilds.id = total.guild_id
    LEFT JOIN channels ON channels.guild_id = total.guild_id AND channels.id = total.channel_id
    LEFT JOIN users ON users.id = total.user_id;

CREATE VIEW members_by_day AS
SELECT to_timestamp(total.day * 86400) AS "time", total.guild_id, guilds.name AS guild, total.bot, total.joins, total.leaves
FROM member_days AS total LEFT JOIN guilds ON guilds.id = total.guild_id;

-- Members who are in voice. The session is known to have lasted until `seen`.
CREATE VIEW voice_now AS
SELECT to_timestamp(open.session_started_at_ms / 1000.0) AS since, to_timestamp(open.seen_at_ms / 1000.0) AS seen,
    open.guild_id, guilds.name AS guild, open.channel_id, channels.name AS channel, open.user_id, users.username AS "user",
    users.bot IS TRUE AS bot
FROM voice_intervals AS open
    LEFT JOIN guilds ON guilds.id = open.guild_id
    LEFT JOIN channels ON channels.guild_id = open.guild_id AND channels.id = open.channel_id
    LEFT JOIN users ON users.id = open.user_id
WHERE open.ended_at_ms IS NULL;
