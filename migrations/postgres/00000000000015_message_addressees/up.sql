-- The users whom messages address: the author of the message that a reply answers, and the users whom a message mentions. A user
-- has one row for each message. `replied_message_id` is the message that a reply answers; NULL for users who are only mentioned.
CREATE TABLE message_addressees (
    guild_id BIGINT NOT NULL CHECK (guild_id > 0),
    message_id BIGINT NOT NULL CHECK (message_id > 0),
    addressee_id BIGINT NOT NULL CHECK (addressee_id > 0),
    user_id BIGINT NOT NULL CHECK (user_id > 0),
    channel_id BIGINT NOT NULL CHECK (channel_id > 0),
    replied_message_id BIGINT CHECK (replied_message_id > 0),
    created_at BIGINT NOT NULL CHECK (created_at BETWEEN 0 AND 253402300799),
    PRIMARY KEY (guild_id, message_id, addressee_id)
);

CREATE INDEX idx_message_addressees_addressee ON message_addressees (addressee_id, guild_id);
CREATE INDEX idx_message_addressees_guild_time ON message_addressees (guild_id, created_at);
CREATE INDEX idx_message_addressees_user ON message_addressees (user_id, guild_id);
