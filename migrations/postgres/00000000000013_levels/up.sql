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
