SELECT
    guild_id,
    user_id,
    channel_id,
    coalesce((SELECT users.bot IS TRUE FROM users WHERE users.id = CAST(message_months.user_id AS TEXT)), 0) AS bot,
    sum(messages) AS messages,
    sum(characters) AS characters,
    sum(words) AS words,
    sum(attachments) AS attachments,
    sum(embeds) AS embeds
FROM message_months
WHERE guild_id = ?2 AND month >= ?3
GROUP BY user_id, channel_id
