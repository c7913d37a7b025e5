-- Lists the guilds and months in which a table has rows. Each step seeks the next one. The program fills `{table}` and the other
-- names in braces in.
WITH RECURSIVE
known (guild_id) AS (
    SELECT min(guild_id) FROM {table}
    UNION ALL
    SELECT (SELECT min(guild_id) FROM {table} WHERE guild_id > known.guild_id) FROM known WHERE guild_id IS NOT NULL
),
slices (guild_id, month) AS (
    SELECT guild_id, (
        SELECT CAST(min({time}) AS INTEGER) / {month} FROM {table}
        WHERE guild_id = known.guild_id AND {time} BETWEEN (SELECT {from} FROM horizons) AND {last}
    )
    FROM known WHERE guild_id IS NOT NULL
    UNION ALL
    SELECT guild_id, (
        SELECT CAST(min({time}) AS INTEGER) / {month} FROM {table}
        WHERE guild_id = slices.guild_id AND {time} BETWEEN (slices.month + 1) * {month} AND {last}
    )
    FROM slices WHERE month IS NOT NULL
)
SELECT CAST(guild_id AS INTEGER) AS guild_id, month, json_quote(CAST(guild_id AS TEXT)) AS name
FROM slices
-- Leaves out guilds whose id is not a number. No roll-up counts their events, and some such texts are not UTF-8.
WHERE month IS NOT NULL AND CAST(guild_id AS TEXT) = CAST(CAST(guild_id AS INTEGER) AS TEXT)
