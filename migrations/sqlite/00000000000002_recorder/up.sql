-- The recorder's tables beside the eight tables. Times that end in `_ms` are unix milliseconds.

-- Half-open intervals that members spent in one voice channel and one state. An interval ends where the state changes and
-- at midnight UTC. `ended_at_ms` is NULL while it is open. `seen_at_ms` is the last instant that is known to belong to it.
-- `channel_id` is NULL only in history that was adopted from a log without it.
CREATE TABLE voice_intervals (
    guild_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    ended_at_ms INTEGER CHECK (ended_at_ms > started_at_ms AND ended_at_ms <= (started_at_ms / 86400000 + 1) * 86400000),
    seen_at_ms INTEGER NOT NULL,
    session_started_at_ms INTEGER NOT NULL CHECK (session_started_at_ms <= started_at_ms),
    channel_id TEXT,
    server_mute INTEGER NOT NULL CHECK (server_mute IN (0, 1)),
    server_deaf INTEGER NOT NULL CHECK (server_deaf IN (0, 1)),
    self_mute INTEGER NOT NULL CHECK (self_mute IN (0, 1)),
    self_deaf INTEGER NOT NULL CHECK (self_deaf IN (0, 1)),
    stream INTEGER NOT NULL CHECK (stream IN (0, 1)),
    video INTEGER NOT NULL CHECK (video IN (0, 1)),
    suppress INTEGER NOT NULL CHECK (suppress IN (0, 1)),
    assumed INTEGER NOT NULL CHECK (assumed IN (0, 1)),
    PRIMARY KEY (guild_id, user_id, started_at_ms)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX idx_voice_intervals_open ON voice_intervals (guild_id, user_id) WHERE ended_at_ms IS NULL;
CREATE INDEX idx_voice_intervals_guild_time ON voice_intervals (guild_id, started_at_ms);

-- The state of a guild that `guilds` has no column for.
CREATE TABLE guild_states (
    guild_id TEXT PRIMARY KEY NOT NULL,
    afk_channel_id TEXT,
    gone_at INTEGER
) STRICT, WITHOUT ROWID;

-- Deleted channels and threads. Their rows in `channels` stay.
CREATE TABLE gone_channels (
    channel_id TEXT PRIMARY KEY NOT NULL,
    guild_id TEXT NOT NULL,
    gone_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_gone_channels_guild_id ON gone_channels (guild_id);

-- When the recorder last ran, and whether it stopped cleanly. `stopped_at_ms` is NULL while it runs and after a crash.
CREATE TABLE recorder_states (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    started_at_ms INTEGER NOT NULL,
    seen_at_ms INTEGER NOT NULL,
    stopped_at_ms INTEGER
) STRICT;
