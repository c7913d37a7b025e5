-- Ids are Discord's snowflakes as decimal TEXT. Times are INTEGER unix seconds. Booleans are 0 or 1.

CREATE TABLE guilds (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT,
    icon TEXT,
    member_count INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX idx_guilds_created_at ON guilds (created_at);

CREATE TABLE users (
    id TEXT PRIMARY KEY NOT NULL,
    username TEXT,
    discriminator TEXT,
    avatar TEXT,
    bot INTEGER DEFAULT false,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX idx_users_bot ON users (bot);

CREATE TABLE channels (
    id TEXT PRIMARY KEY NOT NULL,
    guild_id TEXT NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
    name TEXT,
    type INTEGER NOT NULL,
    parent_id TEXT,
    position INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX idx_channels_guild_id ON channels (guild_id);
CREATE INDEX idx_channels_type ON channels (type);

-- `id` is `guild_id:user_id`.
CREATE TABLE members (
    id TEXT PRIMARY KEY NOT NULL,
    guild_id TEXT NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    nickname TEXT,
    joined_at INTEGER,
    premium_since INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX idx_members_guild_id ON members (guild_id);
CREATE INDEX idx_members_user_id ON members (user_id);
CREATE INDEX idx_members_joined_at ON members (joined_at);

-- Its foreign keys are checked at the commit. Otherwise SQLite would keep a journal of each statement that fires a trigger.
CREATE TABLE message_events (
    id TEXT PRIMARY KEY NOT NULL,
    guild_id TEXT NOT NULL REFERENCES guilds (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    channel_id TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
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

-- `duration` is in milliseconds. `channel_id` is NULL for a disconnect.
CREATE TABLE voice_events (
    id TEXT PRIMARY KEY NOT NULL,
    guild_id TEXT NOT NULL,
    channel_id TEXT,
    user_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    session_start INTEGER,
    session_end INTEGER,
    duration INTEGER DEFAULT 0,
    muted INTEGER DEFAULT false,
    deafened INTEGER DEFAULT false,
    created_at INTEGER NOT NULL
);
CREATE INDEX idx_voice_events_guild_time ON voice_events (guild_id, created_at);
CREATE INDEX idx_voice_events_user_time ON voice_events (user_id, created_at);
CREATE INDEX idx_voice_events_channel_time ON voice_events (channel_id, created_at);
CREATE INDEX idx_voice_events_session ON voice_events (session_start, session_end);

CREATE TABLE member_events (
    id TEXT PRIMARY KEY NOT NULL,
    guild_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    member_count INTEGER,
    created_at INTEGER NOT NULL
);
CREATE INDEX idx_member_events_guild_time ON member_events (guild_id, created_at);
CREATE INDEX idx_member_events_type_time ON member_events (event_type, created_at);

CREATE TABLE presence_events (
    id TEXT PRIMARY KEY NOT NULL,
    guild_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    status TEXT,
    activity_type INTEGER,
    activity_name TEXT,
    created_at INTEGER NOT NULL
);
CREATE INDEX idx_presence_events_guild_time ON presence_events (guild_id, created_at);
CREATE INDEX idx_presence_events_user_time ON presence_events (user_id, created_at);
CREATE INDEX idx_presence_events_status ON presence_events (status);
