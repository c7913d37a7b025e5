-- What the recorder keeps beside the eight tables. Times that end in `_ms` are unix milliseconds.

-- Who was in which voice channel, from when to when and in what state; cut where the state changes and at midnight UTC.
-- `ended_at_ms` is NULL while it is open, and `seen_at_ms` is then the last instant known to belong to it.
-- `channel_id` is NULL only in history adopted from a log that does not tell.
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

-- What a guild has beyond its row in `guilds`.
CREATE TABLE guild_states (
    guild_id TEXT PRIMARY KEY NOT NULL,
    afk_channel_id TEXT,
    gone_at INTEGER
) STRICT, WITHOUT ROWID;

-- Channels and threads that Discord deleted; their rows in `channels` stay.
CREATE TABLE gone_channels (
    channel_id TEXT PRIMARY KEY NOT NULL,
    guild_id TEXT NOT NULL,
    gone_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_gone_channels_guild_id ON gone_channels (guild_id);

-- The recorder's own: when it last ran, and whether it stopped cleanly (`stopped_at_ms` is NULL while it runs).
CREATE TABLE recorder_states (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    started_at_ms INTEGER NOT NULL,
    seen_at_ms INTEGER NOT NULL,
    stopped_at_ms INTEGER
) STRICT;
