-- Who was forgotten, and who does not want to be recorded: by a hash, never by name or id.

-- The keys of the hashes. The first is made when it is needed; others came along with the tombstones of another file.
CREATE TABLE tombstone_keys (
    id INTEGER PRIMARY KEY NOT NULL,
    key BLOB NOT NULL UNIQUE CHECK (length(key) = 32)
) STRICT;

-- `person` is the HMAC-SHA-256 of the user's id, 8 bytes, big-endian; `guild_id` is 0 for all guilds. What is not later than
-- `forgotten_at_ms` is not recorded, and while `opted_out` nothing is. `returned` is set once the person did something since.
CREATE TABLE tombstones (
    person BLOB NOT NULL CHECK (length(person) = 32),
    guild_id INTEGER NOT NULL,
    forgotten_at_ms INTEGER NOT NULL,
    opted_out INTEGER NOT NULL CHECK (opted_out IN (0, 1)),
    returned INTEGER NOT NULL CHECK (returned IN (0, 1)),
    PRIMARY KEY (person, guild_id)
) STRICT, WITHOUT ROWID;
