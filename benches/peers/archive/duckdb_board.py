"""The leaderboards of an archive by DuckDB: a line for each guild and user."""

import sys

import duckdb

db = duckdb.connect()
db.execute("SET TimeZone = 'UTC'")
rows = db.execute(
    """
    SELECT guild_id, user_id, count(*) AS messages
    FROM read_parquet(? || '/messages/*/*/*.parquet', hive_partitioning = true)
    WHERE kind IN (0, 19, 20, 23) AND bot IS NOT TRUE
    GROUP BY guild_id, user_id
    """,
    [sys.argv[1]],
).fetchall()
print("\n".join(sorted(f"{guild},{user},{messages}" for guild, user, messages in rows)))
