SELECT
    guild_id,
    day / 10 AS third,
    user_id,
    channel_id,
    coalesce((SELECT users.bot IS TRUE FROM users WHERE users.id = CAST(message_days.user_id AS TEXT)), 0) AS bot,
    sum(messages) AS messages,
    sum(characters) AS characters,
    sum(words) AS words,
    sum(attachments) AS attachments,
    sum(embeds) AS embeds
FROM message_days
WHERE guild_id = ?2 AND day >= ?3 * 30 AND day < min((?3 + 1) * 30, (SELECT messages_to FROM watermarks))
GROUP BY 2, user_id, channel_id
