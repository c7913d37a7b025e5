-- The original's table of messages, as its ORM makes it.
CREATE TABLE message_events (
    id TEXT PRIMARY KEY NOT NULL,
    guild_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    message_type INTEGER DEFAULT 0,
    has_attachment INTEGER DEFAULT false,
    has_embed INTEGER DEFAULT false,
    character_count INTEGER DEFAULT 0,
    word_count INTEGER DEFAULT 0,
    created_at INTEGER NOT NULL
);
CREATE INDEX idx_message_events_guild_time ON message_events (guild_id, created_at);
CREATE INDEX idx_message_events_user_time ON message_events (user_id, created_at);
CREATE INDEX idx_message_events_channel_time ON message_events (channel_id, created_at);
CREATE INDEX idx_message_events_guild_user ON message_events (guild_id, user_id);
