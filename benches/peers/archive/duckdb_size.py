"""The bytes a message takes in an archive and in DuckDB's own file, and how fast DuckDB fills that."""

import os
import sys
import time
from pathlib import Path

import duckdb

archive, file = sys.argv[1:]
Path(file).unlink(missing_ok=True)
db = duckdb.connect(file)
db.execute("SET TimeZone = 'UTC'")
db.execute(
    """
    CREATE TEMPORARY TABLE memory AS
    SELECT * EXCLUDE month FROM read_parquet(? || '/messages/*/*/*.parquet', hive_partitioning = true)
    ORDER BY guild_id, created_at, message_id
    """,
    [archive],
)
start = time.monotonic()
db.execute("CREATE TABLE messages AS SELECT * FROM memory")
db.execute("CHECKPOINT")
seconds = time.monotonic() - start
(rows,) = db.execute("SELECT count(*) FROM messages").fetchone()
db.close()
parquet = sum(path.stat().st_size for path in Path(archive, "messages").rglob("*.parquet"))
print(f"archive: {rows} messages, {parquet / rows:.2f} bytes a message")
print(f"DuckDB's own file: {os.path.getsize(file) / rows:.2f} bytes a message, {rows / seconds:.0f} rows a second")
