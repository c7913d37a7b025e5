-- Of each guild the months in which a table has something, found by seeking from one to the next. `{table}` and the like are
-- filled in.
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
-- No roll-up counts events of a guild whose id is not a number, and some such texts could not be read.
WHERE month IS NOT NULL AND CAST(guild_id AS TEXT) = CAST(CAST(guild_id AS INTEGER) AS TEXT)
