-- The quarters of an hour of some rows; a text that is no JSON has none.
SELECT guild_id, month * 2880 + CAST(place.key AS INTEGER) AS quarter, bot, CAST(place.value AS INTEGER) AS messages
FROM ({rows}) CROSS JOIN json_each(CASE WHEN json_valid(quarters) THEN quarters ELSE '{}' END) AS place
