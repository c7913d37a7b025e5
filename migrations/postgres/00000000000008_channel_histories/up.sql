-- The spans of each channel's history that were read from Discord's API. All messages with ids from `from_id` on and below
-- `before_id` are recorded, as far as Discord still had them.
CREATE TABLE channel_histories (
    guild_id BIGINT NOT NULL CHECK (guild_id > 0),
    channel_id BIGINT NOT NULL CHECK (channel_id > 0),
    before_id BIGINT NOT NULL CHECK (before_id > 0),
    from_id BIGINT NOT NULL CHECK (from_id >= 0 AND from_id <= before_id),
    PRIMARY KEY (guild_id, channel_id, before_id)
);
