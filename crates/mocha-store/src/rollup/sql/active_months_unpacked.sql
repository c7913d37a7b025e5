-- Splits rows into days. Bits beyond the thirtieth day appear as days of the next month.
SELECT guild_id, month * 30 + place.key AS day, user_id, bot, days >> place.key * 2 & 3 AS messages
FROM ({rows})
CROSS JOIN json_each('[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]') AS place
WHERE days >> place.key * 2 & 3 <> 0
