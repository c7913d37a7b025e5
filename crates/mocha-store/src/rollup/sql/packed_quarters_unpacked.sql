-- Splits rows into quarters of an hour. A text that is not JSON has none.
SELECT guild_id, month * 2880 + CAST(place.key AS INTEGER) AS quarter, bot, CAST(place.value AS INTEGER) AS messages
FROM ({rows}) CROSS JOIN json_each(CASE WHEN json_valid(quarters) THEN quarters ELSE '{}' END) AS place
