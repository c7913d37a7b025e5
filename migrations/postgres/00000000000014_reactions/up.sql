-- Reactions to messages that are there now: who reacted to which message with which emoji. A reaction that is taken back has no
-- row. A custom emoji is its id, and any other emoji is its text. The author is that of the message; NULL if nobody said it.
CREATE TABLE reactions (
    guild_id BIGINT NOT NULL CHECK (guild_id > 0),
    message_id BIGINT NOT NULL CHECK (message_id > 0),
    user_id BIGINT NOT NULL CHECK (user_id > 0),
    emoji TEXT NOT NULL CHECK (length(emoji) BETWEEN 1 AND 256),
    emoji_name TEXT CHECK (length(emoji_name) <= 256),
    channel_id BIGINT NOT NULL CHECK (channel_id > 0),
    author_id BIGINT CHECK (author_id > 0),
    created_at BIGINT NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799),
    PRIMARY KEY (guild_id, message_id, user_id, emoji)
);

CREATE INDEX idx_reactions_author ON reactions (author_id, guild_id);
CREATE INDEX idx_reactions_guild_time ON reactions (guild_id, created_at);
CREATE INDEX idx_reactions_user ON reactions (user_id, guild_id);
