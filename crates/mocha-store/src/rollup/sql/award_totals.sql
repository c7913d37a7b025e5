SELECT
    guild_id,
    user_id,
    channel_id,
    coalesce((SELECT users.bot IS TRUE FROM users WHERE users.id = CAST(award_days.user_id AS TEXT)), 0) AS bot,
    sum(awards) AS awards
FROM award_days
-- All time is one slice.
WHERE guild_id = ?2 AND ?3 = 0
GROUP BY user_id, channel_id
