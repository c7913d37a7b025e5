"""DuckDB, as an analyst would use it: a table of plain columns without indexes, in order of time, filled in bulk.

It reads orders as lines of JSON and answers each with a line.
"""

import json
import sys
import time

import duckdb

# A transaction for each event is slow in DuckDB, so fewer are timed and the others are loaded in bulk.
ONE_BY_ONE = 2_000

db = duckdb.connect(sys.argv[1])
db.execute(
    """
    CREATE TABLE IF NOT EXISTS message_events (
        id UBIGINT NOT NULL,
        guild_id UBIGINT NOT NULL,
        channel_id UBIGINT NOT NULL,
        user_id UBIGINT NOT NULL,
        message_type UTINYINT NOT NULL,
        has_attachment BOOLEAN NOT NULL,
        has_embed BOOLEAN NOT NULL,
        character_count UINTEGER NOT NULL,
        word_count UINTEGER NOT NULL,
        created_at TIMESTAMP NOT NULL
    )
    """
)

LEADERBOARD = """
    SELECT user_id, COUNT(*) AS message_count, RANK() OVER (ORDER BY COUNT(*) DESC) AS rank
    FROM message_events
    WHERE guild_id = ? AND created_at >= make_timestamp(?)
    GROUP BY user_id
    ORDER BY message_count DESC
    LIMIT ?
"""

USER_STATISTICS = """
    SELECT COUNT(*), SUM(character_count), COUNT(CASE WHEN has_attachment THEN 1 END)
    FROM message_events
    WHERE guild_id = ? AND user_id = ? AND created_at >= make_timestamp(?)
"""

HEAT_MAP = """
    SELECT isodow(created_at) - 1 AS weekday, hour(created_at) AS hour, COUNT(*)
    FROM message_events
    WHERE guild_id = ? AND created_at >= make_timestamp(?)
    GROUP BY weekday, hour
"""


def load(path, after=0):
    """Loads a file in bulk, without some lines at its start."""
    db.execute(
        """
        INSERT INTO message_events
        SELECT id, guild, channel, author, kind, attachment = 1, embed = 1, characters, words,
               make_timestamp(second * 1000000)
        FROM read_csv(?, header = false, auto_detect = false, delim = ',', skip = ?, columns = {
            'id': 'UBIGINT', 'guild': 'UBIGINT', 'channel': 'UBIGINT', 'author': 'UBIGINT', 'kind': 'UTINYINT',
            'attachment': 'UTINYINT', 'embed': 'UTINYINT', 'characters': 'UINTEGER', 'words': 'UINTEGER',
            'second': 'BIGINT'
        })
        """,
        [path, after],
    )


def import_all(path):
    start = time.perf_counter_ns()
    load(path)
    db.execute("CHECKPOINT")
    return {"len": 0, "nanos": time.perf_counter_ns() - start}


def insert(path):
    rows = []
    with open(path) as lines:
        for line in lines:
            if len(rows) == ONE_BY_ONE:
                break
            *numbers, second = map(int, line.split(","))
            rows.append([*numbers, second * 1_000_000])
    start = time.perf_counter_ns()
    for row in rows:
        db.execute("INSERT INTO message_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, make_timestamp(?))", row)
    nanos = time.perf_counter_ns() - start
    load(path, after=len(rows))
    db.execute("ANALYZE")
    db.execute("CHECKPOINT")
    return {"len": len(rows), "nanos": nanos}


def ask(question):
    guild, since = int(question["guild"]), question["since"] * 1_000_000
    match question["kind"]:
        case "leaderboard":
            return db.execute(LEADERBOARD, [guild, since, question["top"]]).fetchall()
        case "user_statistics":
            return db.execute(USER_STATISTICS, [guild, int(question["user"]), since]).fetchall()
        case _:
            return db.execute(HEAT_MAP, [guild, since]).fetchall()


def measure(order):
    times = []
    begin = time.perf_counter_ns()
    while len(times) < order["least_runs"] or (
        time.perf_counter_ns() - begin < order["least_millis"] * 1_000_000 and len(times) < order["most_runs"]
    ):
        start = time.perf_counter_ns()
        ask(order["question"])
        times.append(time.perf_counter_ns() - start)
    return {"len": len(times), "nanos": sorted(times)[len(times) // 2]}


def obey(order):
    match order["do"]:
        case "versions":
            threads = db.execute("SELECT current_setting('threads')").fetchone()[0]
            return f"{duckdb.__version__} ({threads} threads), Python {sys.version.split()[0]}"
        case "import":
            return import_all(order["path"])
        case "insert":
            return insert(order["path"])
        case "answer":
            return [[str(value or 0) for value in row] for row in ask(order["question"])]
        case "time":
            return measure(order)
        case unknown:
            raise ValueError(f"unknown order: {unknown}")


for line in sys.stdin:
    print(json.dumps(obey(json.loads(line))), flush=True)
