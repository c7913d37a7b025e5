-- The days of some rows; those of a number that has too many bits are days of another month.
SELECT guild_id, month * 30 + place.key AS day, user_id, bot, days >> place.key * 2 & 3 AS messages
FROM ({rows})
CROSS JOIN json_each('[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]') AS place
WHERE days >> place.key * 2 & 3 <> 0
