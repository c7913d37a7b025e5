-- The boosts of servers that ended. Boosts that go on are in `members.premium_since`. `ended_at` is the time at which
-- Mocha noticed the end.
CREATE TABLE ended_boosts (
    guild_id BIGINT NOT NULL CHECK (guild_id > 0),
    user_id BIGINT NOT NULL CHECK (user_id > 0),
    started_at BIGINT NOT NULL CHECK (started_at BETWEEN 0 AND 253402300799),
    ended_at BIGINT NOT NULL CHECK (ended_at BETWEEN started_at AND 253402300799),
    PRIMARY KEY (guild_id, user_id, started_at)
);

CREATE INDEX idx_ended_boosts_guild_time ON ended_boosts (guild_id, ended_at);
CREATE INDEX idx_ended_boosts_user ON ended_boosts (user_id, guild_id);
