DROP TABLE unheard_guilds;

ALTER TABLE recorder_states RENAME TO later_recorder_states;
CREATE TABLE recorder_states (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    started_at_ms INTEGER NOT NULL,
    seen_at_ms INTEGER NOT NULL,
    stopped_at_ms INTEGER
) STRICT;
INSERT INTO recorder_states
SELECT 1, started_at_ms, seen_at_ms, stopped_at_ms FROM later_recorder_states ORDER BY seen_at_ms DESC LIMIT 1;
DROP TABLE later_recorder_states;

DROP TABLE gateway_sessions;
CREATE TABLE gateway_sessions (
    shard_count INTEGER NOT NULL CHECK (shard_count > 0),
    shard_id INTEGER NOT NULL CHECK (shard_id >= 0 AND shard_id < shard_count),
    session_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (shard_count, shard_id)
) STRICT, WITHOUT ROWID;
