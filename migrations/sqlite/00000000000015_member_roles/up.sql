-- The roles of current members, as they are now. Only bots that choose to record roles have rows. A member without a row has no
-- role, or was not seen since the bot records roles.
CREATE TABLE member_roles (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    role_id INTEGER NOT NULL CHECK (role_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    PRIMARY KEY (guild_id, role_id, user_id)
) STRICT, WITHOUT ROWID;

-- Finds the roles of a member, and the rows of a user for an erasure.
CREATE INDEX idx_member_roles_user ON member_roles (user_id, guild_id);
