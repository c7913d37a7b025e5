SELECT
    ?2 AS guild_id,
    ?3 AS month,
    bot,
    json_group_object(quarter % 2880, messages) AS quarters
FROM message_quarters
WHERE guild_id = ?2 AND quarter >= ?3 * 2880 AND quarter < (?3 + 1) * 2880
    AND ?3 < (SELECT messages_to / 30 FROM watermarks)
GROUP BY bot
