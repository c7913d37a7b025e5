-- The tables of the SQLite file, with the same names and columns. Differences:
--
-- * Discord's ids are BIGINT, and keys begin with the guild, so that a guild's rows can be on one machine of several.
-- * Booleans are BOOLEAN. Checks refuse ids and times that no query could read, so no trigger needs to skip rows.
-- * `rowid` is the order in which rows were written, which SQLite keeps by itself. The last of several events in one second counts.
-- * Foreign keys are checked at the commit, because a batch writes users last.
--
-- Times are unix seconds. Times that end in `_ms` are unix milliseconds.

CREATE TABLE guilds (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    name TEXT,
    icon TEXT,
    member_count INTEGER,
    created_at BIGINT NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799),
    updated_at BIGINT NOT NULL CHECK (updated_at BETWEEN 0 AND 253402300799)
);
CREATE INDEX idx_guilds_created_at ON guilds (created_at);

CREATE TABLE users (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    username TEXT,
    discriminator TEXT,
    avatar TEXT,
    bot BOOLEAN DEFAULT false,
    created_at BIGINT NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799),
    updated_at BIGINT NOT NULL CHECK (updated_at BETWEEN 0 AND 253402300799)
);
CREATE INDEX idx_users_bot ON users (bot);

-- The key replaces the original's index of `guild_id`.
CREATE TABLE channels (
    id BIGINT NOT NULL CHECK (id > 0),
    guild_id BIGINT NOT NULL REFERENCES guilds (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    name TEXT,
    type INTEGER NOT NULL,
    parent_id BIGINT CHECK (parent_id > 0),
    position INTEGER,
    created_at BIGINT NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799),
    updated_at BIGINT NOT NULL CHECK (updated_at BETWEEN 0 AND 253402300799),
    PRIMARY KEY (guild_id, id)
);
CREATE INDEX idx_channels_id ON channels (id);
CREATE INDEX idx_channels_type ON channels (type);

-- The key replaces the original's index of `guild_id`. Every query of `joined_at` asks about one guild.
CREATE TABLE members (
    id TEXT COLLATE "C" NOT NULL CHECK (id = guild_id || ':' || user_id),
    guild_id BIGINT NOT NULL REFERENCES guilds (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    nickname TEXT,
    joined_at BIGINT CHECK (joined_at BETWEEN 0 AND 253402300799),
    premium_since BIGINT CHECK (premium_since BETWEEN 0 AND 253402300799),
    created_at BIGINT NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799),
    updated_at BIGINT NOT NULL CHECK (updated_at BETWEEN 0 AND 253402300799),
    PRIMARY KEY (guild_id, user_id)
);
CREATE INDEX idx_members_user_id ON members (user_id);
CREATE INDEX idx_members_joined_at ON members (guild_id, joined_at);

-- The index of users replaces two of the original: `(user_id, created_at)`, by which erasures find a user's rows, and
-- `(guild_id, user_id)`, by which queries read one member. Each index costs as much as the table itself.
-- The channel refers to the guild, so a message has no reference of its own: each costs a lookup for every row.
CREATE TABLE message_events (
    id BIGINT NOT NULL CHECK (id > 0),
    guild_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL CHECK (channel_id > 0),
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    message_type INTEGER DEFAULT 0,
    has_attachment BOOLEAN DEFAULT false,
    has_embed BOOLEAN DEFAULT false,
    character_count INTEGER DEFAULT 0,
    word_count INTEGER DEFAULT 0,
    created_at BIGINT NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799),
    PRIMARY KEY (guild_id, id),
    FOREIGN KEY (guild_id, channel_id) REFERENCES channels (guild_id, id)
        ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX idx_message_events_guild_time ON message_events (guild_id, created_at);
CREATE INDEX idx_message_events_user_time ON message_events (user_id, guild_id, created_at);
CREATE INDEX idx_message_events_channel_time ON message_events (channel_id, created_at);

-- `duration` is in milliseconds. `channel_id` is NULL for a disconnect.
CREATE TABLE voice_events (
    id TEXT COLLATE "C" NOT NULL,
    guild_id BIGINT NOT NULL CHECK (guild_id > 0),
    channel_id BIGINT CHECK (channel_id > 0),
    user_id BIGINT NOT NULL CHECK (user_id > 0),
    event_type TEXT NOT NULL,
    session_start BIGINT CHECK (session_start BETWEEN 0 AND 253402300799),
    session_end BIGINT CHECK (session_end BETWEEN 0 AND 253402300799),
    duration BIGINT DEFAULT 0,
    muted BOOLEAN DEFAULT false,
    deafened BOOLEAN DEFAULT false,
    created_at BIGINT NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799),
    PRIMARY KEY (guild_id, id)
);
CREATE INDEX idx_voice_events_guild_time ON voice_events (guild_id, created_at);
CREATE INDEX idx_voice_events_user_time ON voice_events (user_id, guild_id, created_at);
CREATE INDEX idx_voice_events_channel_time ON voice_events (channel_id, created_at);
CREATE INDEX idx_voice_events_session ON voice_events (session_start, session_end);

CREATE TABLE member_events (
    id TEXT COLLATE "C" NOT NULL,
    guild_id BIGINT NOT NULL CHECK (guild_id > 0),
    user_id BIGINT NOT NULL CHECK (user_id > 0),
    event_type TEXT NOT NULL,
    member_count INTEGER,
    created_at BIGINT NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799),
    rowid BIGINT GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (guild_id, id)
);
CREATE INDEX idx_member_events_guild_time ON member_events (guild_id, created_at);
CREATE INDEX idx_member_events_type_time ON member_events (event_type, created_at);
CREATE INDEX idx_member_events_user_time ON member_events (user_id, guild_id, created_at);

-- Every query of `status` asks about one guild.
CREATE TABLE presence_events (
    id TEXT COLLATE "C" NOT NULL,
    guild_id BIGINT NOT NULL CHECK (guild_id > 0),
    user_id BIGINT NOT NULL CHECK (user_id > 0),
    status TEXT,
    activity_type INTEGER,
    activity_name TEXT,
    created_at BIGINT NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799),
    rowid BIGINT GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (guild_id, id)
);
CREATE INDEX idx_presence_events_guild_time ON presence_events (guild_id, created_at);
CREATE INDEX idx_presence_events_user_time ON presence_events (user_id, guild_id, created_at);
CREATE INDEX idx_presence_events_status ON presence_events (guild_id, status);

-- Half-open intervals that members spent in one voice channel and one state. An interval ends where the state changes and
-- at midnight UTC. `ended_at_ms` is NULL while it is open. `seen_at_ms` is the last instant that is known to belong to it.
CREATE TABLE voice_intervals (
    guild_id BIGINT NOT NULL CHECK (guild_id > 0),
    user_id BIGINT NOT NULL CHECK (user_id > 0),
    started_at_ms BIGINT NOT NULL CHECK (started_at_ms BETWEEN 0 AND 253402300799999),
    ended_at_ms BIGINT CHECK (ended_at_ms > started_at_ms AND ended_at_ms <= (started_at_ms / 86400000 + 1) * 86400000),
    seen_at_ms BIGINT NOT NULL,
    session_started_at_ms BIGINT NOT NULL CHECK (session_started_at_ms <= started_at_ms),
    channel_id BIGINT CHECK (channel_id > 0),
    server_mute BOOLEAN NOT NULL,
    server_deaf BOOLEAN NOT NULL,
    self_mute BOOLEAN NOT NULL,
    self_deaf BOOLEAN NOT NULL,
    stream BOOLEAN NOT NULL,
    video BOOLEAN NOT NULL,
    suppress BOOLEAN NOT NULL,
    assumed BOOLEAN NOT NULL,
    PRIMARY KEY (guild_id, user_id, started_at_ms)
);
CREATE UNIQUE INDEX idx_voice_intervals_open ON voice_intervals (guild_id, user_id) WHERE ended_at_ms IS NULL;
CREATE INDEX idx_voice_intervals_guild_time ON voice_intervals (guild_id, started_at_ms);
CREATE INDEX idx_voice_intervals_user ON voice_intervals (user_id);

-- The state of a guild that `guilds` has no column for.
CREATE TABLE guild_states (
    guild_id BIGINT PRIMARY KEY CHECK (guild_id > 0),
    afk_channel_id BIGINT CHECK (afk_channel_id > 0),
    gone_at BIGINT CHECK (gone_at BETWEEN 0 AND 253402300799)
);

-- Deleted channels and threads. Their rows in `channels` stay.
CREATE TABLE gone_channels (
    channel_id BIGINT NOT NULL CHECK (channel_id > 0),
    guild_id BIGINT NOT NULL CHECK (guild_id > 0),
    gone_at BIGINT NOT NULL CHECK (gone_at BETWEEN 0 AND 253402300799),
    PRIMARY KEY (guild_id, channel_id)
);

-- When a recorder last ran, and whether it stopped cleanly. The last one of several recorders to write counts.
CREATE TABLE recorder_states (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    started_at_ms BIGINT NOT NULL,
    seen_at_ms BIGINT NOT NULL,
    stopped_at_ms BIGINT
);

-- The last batch that each running recorder committed. If a connection breaks during a COMMIT, the recorder asks here whether
-- the batch is in the database. `recorder` is 16 random bytes.
CREATE TABLE recorder_batches (
    recorder BYTEA PRIMARY KEY CHECK (length(recorder) = 16),
    batch BIGINT NOT NULL,
    committed_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- The positions of the shards in their gateway sessions. Every event up to the sequence number is recorded.
CREATE TABLE gateway_sessions (
    shard_count BIGINT NOT NULL CHECK (shard_count > 0),
    shard_id BIGINT NOT NULL CHECK (shard_id >= 0 AND shard_id < shard_count),
    session_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (shard_count, shard_id)
);

-- The generation rises when something changes that recorders and triggers rely on: tombstones, horizons, and which users are
-- bots. Each transaction that counts events locks the row FOR SHARE, and each such change updates it. So the change waits for
-- running transactions, and later ones see it. The table has one row.
CREATE TABLE generations (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation BIGINT NOT NULL
);
INSERT INTO generations (id, generation) VALUES (1, 0);

-- Whether the tables are distributed over several servers by Citus. `PgStore::distribute` replaces this function.
CREATE FUNCTION is_distributed() RETURNS BOOLEAN LANGUAGE sql STABLE AS 'SELECT false';

-- Locks the generation for a trigger that counts events. On Citus such triggers run on other servers than the one with the
-- row, so every writer has to lock it first.
CREATE FUNCTION hold_generation() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT is_distributed() THEN
        PERFORM FROM generations WHERE id = 1 FOR SHARE;
    END IF;
END
$$;

-- The horizons: the instants from which the event tables and the roll-ups are complete. Each is a midnight, UTC, in unix
-- seconds. Events before a horizon are only in the roll-ups, whose rows stay. A late event from before a horizon is not
-- counted. The table has one row.
CREATE TABLE horizons (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    members_from BIGINT NOT NULL CHECK (members_from >= 0 AND members_from % 86400 = 0),
    messages_from BIGINT NOT NULL CHECK (messages_from >= 0 AND messages_from % 86400 = 0),
    presences_from BIGINT NOT NULL CHECK (presences_from >= 0 AND presences_from % 86400 = 0),
    rollups_from BIGINT NOT NULL CHECK (rollups_from >= 0 AND rollups_from % 86400 = 0),
    voice_from BIGINT NOT NULL CHECK (voice_from >= 0 AND voice_from % 86400 = 0)
);
INSERT INTO horizons (id, members_from, messages_from, presences_from, rollups_from, voice_from)
VALUES (1, 0, 0, 0, 0, 0);

-- In SQLite, roll-ups of longer periods include only the days before the watermark. Here triggers keep all roll-ups complete,
-- because several recorders would have to agree on when a watermark rises. So it is the first day of the year 10000, and
-- queries read both databases alike. The table has one row.
CREATE TABLE watermarks (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    messages_to BIGINT NOT NULL CHECK (messages_to = 2932897),
    voice_to BIGINT NOT NULL CHECK (voice_to = 2932897)
);
INSERT INTO watermarks (id, messages_to, voice_to) VALUES (1, 2932897, 2932897);

-- Tombstones: users who were erased or opted out, as keyed hashes, never by name or id.

-- The keys of the hashes. The first one is created when it is needed. Others came with the tombstones of another file.
CREATE TABLE tombstone_keys (
    id INTEGER PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
    key BYTEA NOT NULL UNIQUE CHECK (length(key) = 32)
);

-- `person` is the HMAC-SHA-256 of the user's id, which is hashed as 8 bytes, big-endian. `guild_id` is 0 for all guilds.
-- Events at or before `forgotten_at_ms` are not recorded. While `opted_out` is true, nothing is recorded. `returned` is true
-- if the user was active again since the erasure.
CREATE TABLE tombstones (
    person BYTEA NOT NULL CHECK (length(person) = 32),
    guild_id BIGINT NOT NULL,
    forgotten_at_ms BIGINT NOT NULL,
    opted_out BOOLEAN NOT NULL,
    returned BOOLEAN NOT NULL,
    PRIMARY KEY (person, guild_id)
);
