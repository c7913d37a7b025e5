-- The positions of the shards in their gateway sessions. Every event up to the sequence number is recorded.
CREATE TABLE gateway_sessions (
    shard_count INTEGER NOT NULL CHECK (shard_count > 0),
    shard_id INTEGER NOT NULL CHECK (shard_id >= 0 AND shard_id < shard_count),
    session_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (shard_count, shard_id)
) STRICT, WITHOUT ROWID;
