-- The foreign keys make a badge go with its guild or user.
CREATE TABLE badges (
    guild_id TEXT NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (guild_id, user_id)
) STRICT, WITHOUT ROWID;
