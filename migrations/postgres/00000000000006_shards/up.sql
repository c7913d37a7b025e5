-- The state of each shard that a restart needs to resume the gateway session where the database stopped.

-- The positions of the shards in their gateway sessions. Every event up to the sequence number is recorded. `owner` names
-- the recorder that may record the shard: a later one takes the row over, and the earlier one stops. `bot_id` is '0' if the
-- bot is unknown. Without `resume_url` the session cannot be resumed after a restart. Rows of before lack the bot, and their
-- sessions are over.
DROP TABLE gateway_sessions;
CREATE TABLE gateway_sessions (
    bot_id TEXT NOT NULL,
    shard_count BIGINT NOT NULL CHECK (shard_count > 0),
    shard_id BIGINT NOT NULL CHECK (shard_id >= 0 AND shard_id < shard_count),
    owner BIGINT NOT NULL,
    intents BIGINT,
    resume_url TEXT,
    session_id TEXT,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (bot_id, shard_count, shard_id)
);

-- The recorder that a shard is taken from notices it by the generation.
CREATE TRIGGER gateway_sessions_taken AFTER UPDATE OF owner ON gateway_sessions
FOR EACH ROW WHEN (OLD.owner IS DISTINCT FROM NEW.owner) EXECUTE FUNCTION raise_generation();

-- When each shard was last heard. A recorder that knows no shards has the row of shard 0 of 1. `stopped_at_ms` is NULL while
-- the recorder runs and after a crash.
ALTER TABLE recorder_states RENAME TO earlier_recorder_states;
ALTER INDEX recorder_states_pkey RENAME TO earlier_recorder_states_pkey;
CREATE TABLE recorder_states (
    shard_count BIGINT NOT NULL CHECK (shard_count > 0),
    shard_id BIGINT NOT NULL CHECK (shard_id >= 0 AND shard_id < shard_count),
    started_at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT NOT NULL,
    stopped_at_ms BIGINT,
    PRIMARY KEY (shard_count, shard_id)
);
INSERT INTO recorder_states SELECT 1, 0, started_at_ms, seen_at_ms, stopped_at_ms FROM earlier_recorder_states;
DROP TABLE earlier_recorder_states;

-- Guilds in which voice was not heard completely. A resumed session does not tell who is connected there, but the guild's
-- next snapshot does.
CREATE TABLE unheard_guilds (
    guild_id BIGINT PRIMARY KEY CHECK (guild_id > 0)
);
