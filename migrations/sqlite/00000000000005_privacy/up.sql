-- Tombstones: users who were erased or opted out, as keyed hashes, never by name or id.

-- The keys of the hashes. The first one is created when it is needed. Others came with the tombstones of another file.
CREATE TABLE tombstone_keys (
    id INTEGER PRIMARY KEY NOT NULL,
    key BLOB NOT NULL UNIQUE CHECK (length(key) = 32)
) STRICT;

-- `person` is the HMAC-SHA-256 of the user's id, which is hashed as 8 bytes, big-endian. `guild_id` is 0 for all guilds.
-- Events at or before `forgotten_at_ms` are not recorded. While `opted_out` is 1, nothing is recorded. `returned` is 1 if the
-- user was active again since the erasure.
CREATE TABLE tombstones (
    person BLOB NOT NULL CHECK (length(person) = 32),
    guild_id INTEGER NOT NULL,
    forgotten_at_ms INTEGER NOT NULL,
    opted_out INTEGER NOT NULL CHECK (opted_out IN (0, 1)),
    returned INTEGER NOT NULL CHECK (returned IN (0, 1)),
    PRIMARY KEY (person, guild_id)
) STRICT, WITHOUT ROWID;
