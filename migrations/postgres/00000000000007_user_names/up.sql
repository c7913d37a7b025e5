-- The names that users chose for all servers. `global_name` is NULL if the user has none. A user without a row was not seen
-- since Mocha records these names, so their name is unknown.
CREATE TABLE user_names (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    global_name TEXT,
    updated_at BIGINT NOT NULL CHECK (updated_at BETWEEN 0 AND 253402300799)
);
