-- The uses of the bot's commands, each with its user, command, channel and time.
CREATE TABLE command_uses (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    interaction_id INTEGER NOT NULL CHECK (interaction_id > 0),
    channel_id INTEGER NOT NULL CHECK (channel_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799),
    PRIMARY KEY (guild_id, interaction_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_command_uses_guild_time ON command_uses (guild_id, created_at);
CREATE INDEX idx_command_uses_user ON command_uses (user_id, guild_id);
