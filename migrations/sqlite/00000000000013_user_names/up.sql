-- The names that users chose for all servers. `global_name` is NULL if the user has none. A user without a row was not seen
-- since Mocha records these names, so their name is unknown.
CREATE TABLE user_names (
    id TEXT PRIMARY KEY NOT NULL,
    global_name TEXT,
    updated_at INTEGER NOT NULL
) STRICT;
