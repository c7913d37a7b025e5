-- The invites of each guild as the bot knows them: how often each was used when the bot listed them last. The user is the one who
-- created the invite; NULL if nobody did or if nobody said it. An invite that was created after the last list has no time of a list.
CREATE TABLE invites (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 256),
    user_id INTEGER CHECK (user_id > 0),
    is_vanity INTEGER NOT NULL CHECK (is_vanity IN (0, 1)),
    uses INTEGER NOT NULL CHECK (uses >= 0),
    max_uses INTEGER CHECK (max_uses > 0),
    created_at_ms INTEGER CHECK (created_at_ms BETWEEN 0 AND 253402300799999),
    listed_at_ms INTEGER CHECK (listed_at_ms BETWEEN 0 AND 253402300799999),
    PRIMARY KEY (guild_id, code)
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_invites_user ON invites (user_id, guild_id);

-- The joins of guilds whose invites the bot lists, with the invite that was used. The code is NULL if it is unknown.
CREATE TABLE invited_members (
    guild_id INTEGER NOT NULL CHECK (guild_id > 0),
    user_id INTEGER NOT NULL CHECK (user_id > 0),
    joined_at_ms INTEGER NOT NULL CHECK (joined_at_ms BETWEEN 0 AND 253402300799999),
    code TEXT CHECK (length(code) BETWEEN 1 AND 256),
    inviter_id INTEGER CHECK (inviter_id > 0),
    is_vanity INTEGER NOT NULL CHECK (is_vanity IN (0, 1)),
    PRIMARY KEY (guild_id, user_id, joined_at_ms)
) STRICT, WITHOUT ROWID;

CREATE INDEX idx_invited_members_guild_time ON invited_members (guild_id, joined_at_ms);
CREATE INDEX idx_invited_members_inviter ON invited_members (inviter_id, guild_id);
CREATE INDEX idx_invited_members_user ON invited_members (user_id, guild_id);
