SELECT
    ?2 AS guild_id,
    ?3 AS month,
    user_id,
    coalesce((SELECT users.bot IS TRUE FROM users WHERE users.id = CAST(written.user_id AS TEXT)), 0) AS bot,
    sum(min(messages, 3) << day % 30 * 2) AS days
FROM (
    SELECT user_id, day, sum(messages) AS messages
    FROM message_days
    WHERE guild_id = ?2 AND day >= ?3 * 30 AND day < min((?3 + 1) * 30, (SELECT messages_to FROM watermarks))
    GROUP BY user_id, day
) AS written
GROUP BY user_id
