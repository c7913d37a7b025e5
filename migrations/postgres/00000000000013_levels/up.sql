-- Points that users have beside those that Mocha counts, such as the XP of another bot whose levels were taken over. They have
-- no time.
CREATE TABLE point_balances (
    guild_id BIGINT NOT NULL CHECK (guild_id > 0),
    user_id BIGINT NOT NULL CHECK (user_id > 0),
    points BIGINT NOT NULL CHECK (points BETWEEN 0 AND 1000000000000000),
    PRIMARY KEY (guild_id, user_id)
);

-- Finds the rows of a user for an erasure.
CREATE INDEX idx_point_balances_user ON point_balances (user_id, guild_id);

-- The guilds whose levels were asked for. Levels that users had before the first time are not reported.
CREATE TABLE level_guilds (
    guild_id BIGINT PRIMARY KEY NOT NULL CHECK (guild_id > 0)
);

-- The highest level of each user that was reported, so that each is reported once.
CREATE TABLE reported_levels (
    guild_id BIGINT NOT NULL CHECK (guild_id > 0),
    user_id BIGINT NOT NULL CHECK (user_id > 0),
    level BIGINT NOT NULL CHECK (level > 0),
    PRIMARY KEY (guild_id, user_id)
);

-- Finds the rows of a user for an erasure.
CREATE INDEX idx_reported_levels_user ON reported_levels (user_id, guild_id);
