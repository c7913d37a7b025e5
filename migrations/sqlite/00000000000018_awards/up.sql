-- Awards, for points that spam cannot farm. A user gets one award for each span of time in which the user wrote a message that
-- counts. Spans are counted from 1970-01-01, UTC. An award belongs to the channel and the day of the first message in its span:
-- the one with the lowest time, and among several at that time the one with the lowest id. So the number of awards does not
-- depend on the order in which messages arrive.

-- The length of a span in each guild that counts awards. It divides a day, so no span reaches over a midnight or a horizon.
CREATE TABLE award_spans (
    guild_id TEXT PRIMARY KEY NOT NULL CHECK (guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)),
    seconds INTEGER NOT NULL CHECK (seconds > 0 AND 86400 % seconds = 0)
) STRICT, WITHOUT ROWID;

-- Awards by day, user and channel.
CREATE TABLE award_days (
    guild_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    awards INTEGER,
    PRIMARY KEY (guild_id, day, user_id, channel_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_award_days_user ON award_days (user_id, guild_id, day);

-- The same for all time. There is no watermark: an award is added to both at once.
CREATE TABLE award_totals (
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    awards INTEGER,
    PRIMARY KEY (guild_id, user_id, channel_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_award_totals_user ON award_totals (user_id, guild_id);

CREATE TRIGGER award_days_added AFTER INSERT ON award_days
BEGIN
    INSERT INTO award_totals
    VALUES (new.guild_id, new.user_id, new.channel_id, new.bot, coalesce(new.awards, 0))
    ON CONFLICT DO UPDATE SET awards = awards + excluded.awards;
END;

CREATE TRIGGER award_days_gone AFTER DELETE ON award_days
BEGIN
    UPDATE award_totals SET awards = awards - coalesce(old.awards, 0)
    WHERE guild_id = old.guild_id AND user_id = old.user_id AND channel_id = old.channel_id;
    DELETE FROM award_totals
    WHERE awards = 0 AND guild_id = old.guild_id AND user_id = old.user_id AND channel_id = old.channel_id;
END;

-- A total of 0 stays until its day is deleted, because the award may move to another day or channel and back.
CREATE TRIGGER award_days_changed AFTER UPDATE OF awards ON award_days
BEGIN
    UPDATE award_totals SET awards = awards - coalesce(old.awards, 0) + coalesce(new.awards, 0)
    WHERE guild_id = old.guild_id AND user_id = old.user_id AND channel_id = old.channel_id;
END;

CREATE TRIGGER bots_added_to_awards AFTER INSERT ON bots
BEGIN
    UPDATE award_days SET bot = 1 WHERE user_id = new.id;
    UPDATE award_totals SET bot = 1 WHERE user_id = new.id;
END;

CREATE TRIGGER bots_gone_from_awards AFTER DELETE ON bots
BEGIN
    UPDATE award_days SET bot = 0 WHERE user_id = old.id;
    UPDATE award_totals SET bot = 0 WHERE user_id = old.id;
END;

-- An insert into this view adds a message to its span, or takes it out if `award` is -1. The table may have the message
-- already, under `stored_id`, so that row does not count as another message of the span. If the message is before all others of
-- the span, the award moves from the next one to it, or back.
CREATE VIEW award_changes AS
SELECT 1 AS award, id AS stored_id, id, guild_id, channel_id, user_id, created_at, 1 AS seconds FROM message_events WHERE false;

CREATE TRIGGER award_changes_added INSTEAD OF INSERT ON award_changes
WHEN NOT EXISTS (
    SELECT 1 FROM message_events AS other INDEXED BY idx_message_events_user_time
    WHERE other.user_id = new.user_id AND other.guild_id = new.guild_id AND other.id <> new.stored_id
        AND other.created_at >= new.created_at - new.created_at % new.seconds
        AND other.created_at < new.created_at + 1
        AND (other.message_type = 0 OR other.message_type = 19 OR other.message_type = 20 OR other.message_type = 23)
        AND other.channel_id > '0' AND other.channel_id = CAST(CAST(other.channel_id AS INTEGER) AS TEXT)
        AND (CAST(other.created_at AS INTEGER), CAST(other.id AS INTEGER), other.id)
            < (new.created_at, CAST(new.id AS INTEGER), new.id)
)
BEGIN
    INSERT INTO award_days
    VALUES (
        CAST(new.guild_id AS INTEGER), new.created_at / 86400, CAST(new.user_id AS INTEGER),
        CAST(new.channel_id AS INTEGER),
        EXISTS (SELECT 1 FROM bots WHERE id = CAST(new.user_id AS INTEGER)), new.award
    )
    ON CONFLICT DO UPDATE SET awards = awards + excluded.awards;
    INSERT INTO award_days
    SELECT CAST(new.guild_id AS INTEGER), new.created_at / 86400, CAST(new.user_id AS INTEGER),
        CAST(next.channel_id AS INTEGER),
        EXISTS (SELECT 1 FROM bots WHERE id = CAST(new.user_id AS INTEGER)), -new.award
    FROM (
        SELECT other.channel_id FROM message_events AS other INDEXED BY idx_message_events_user_time
        WHERE other.user_id = new.user_id AND other.guild_id = new.guild_id AND other.id <> new.stored_id
            AND other.created_at >= new.created_at
            AND other.created_at < new.created_at - new.created_at % new.seconds + new.seconds
            AND (other.message_type = 0 OR other.message_type = 19 OR other.message_type = 20 OR other.message_type = 23)
            AND other.channel_id > '0' AND other.channel_id = CAST(CAST(other.channel_id AS INTEGER) AS TEXT)
            AND (CAST(other.created_at AS INTEGER), CAST(other.id AS INTEGER), other.id)
                > (new.created_at, CAST(new.id AS INTEGER), new.id)
        ORDER BY CAST(other.created_at AS INTEGER), CAST(other.id AS INTEGER), other.id LIMIT 1
    ) AS next
    WHERE true
    ON CONFLICT DO UPDATE SET awards = awards + excluded.awards;
    DELETE FROM award_days
    WHERE awards = 0 AND guild_id = CAST(new.guild_id AS INTEGER) AND day = new.created_at / 86400
        AND user_id = CAST(new.user_id AS INTEGER);
END;

CREATE TRIGGER message_events_added_to_awards AFTER INSERT ON message_events
WHEN EXISTS (SELECT 1 FROM award_spans WHERE guild_id = new.guild_id)
    AND (new.message_type = 0 OR new.message_type = 19 OR new.message_type = 20 OR new.message_type = 23)
    AND new.created_at BETWEEN (SELECT messages_from FROM horizons) AND 3599942399
    AND new.channel_id > '0' AND new.channel_id = CAST(CAST(new.channel_id AS INTEGER) AS TEXT)
    AND new.user_id > '0' AND new.user_id = CAST(CAST(new.user_id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO award_changes
    SELECT 1, new.id, new.id, new.guild_id, new.channel_id, new.user_id, CAST(new.created_at AS INTEGER), seconds
    FROM award_spans WHERE guild_id = new.guild_id;
END;

CREATE TRIGGER message_events_gone_from_awards AFTER DELETE ON message_events
WHEN EXISTS (SELECT 1 FROM award_spans WHERE guild_id = old.guild_id)
    AND (old.message_type = 0 OR old.message_type = 19 OR old.message_type = 20 OR old.message_type = 23)
    AND old.created_at BETWEEN (SELECT messages_from FROM horizons) AND 3599942399
    AND old.channel_id > '0' AND old.channel_id = CAST(CAST(old.channel_id AS INTEGER) AS TEXT)
    AND old.user_id > '0' AND old.user_id = CAST(CAST(old.user_id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO award_changes
    SELECT -1, old.id, old.id, old.guild_id, old.channel_id, old.user_id, CAST(old.created_at AS INTEGER), seconds
    FROM award_spans WHERE guild_id = old.guild_id;
END;

-- A changed message is taken out and added again. Its content does not matter, so late embeds cost nothing here.
CREATE TRIGGER message_events_changed_from_awards
AFTER UPDATE OF id, guild_id, channel_id, user_id, message_type, created_at ON message_events
WHEN EXISTS (SELECT 1 FROM award_spans WHERE guild_id = old.guild_id)
    AND (old.message_type = 0 OR old.message_type = 19 OR old.message_type = 20 OR old.message_type = 23)
    AND old.created_at BETWEEN (SELECT messages_from FROM horizons) AND 3599942399
    AND old.channel_id > '0' AND old.channel_id = CAST(CAST(old.channel_id AS INTEGER) AS TEXT)
    AND old.user_id > '0' AND old.user_id = CAST(CAST(old.user_id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO award_changes
    SELECT -1, new.id, old.id, old.guild_id, old.channel_id, old.user_id, CAST(old.created_at AS INTEGER), seconds
    FROM award_spans WHERE guild_id = old.guild_id;
END;

CREATE TRIGGER message_events_changed_to_awards
AFTER UPDATE OF id, guild_id, channel_id, user_id, message_type, created_at ON message_events
WHEN EXISTS (SELECT 1 FROM award_spans WHERE guild_id = new.guild_id)
    AND (new.message_type = 0 OR new.message_type = 19 OR new.message_type = 20 OR new.message_type = 23)
    AND new.created_at BETWEEN (SELECT messages_from FROM horizons) AND 3599942399
    AND new.channel_id > '0' AND new.channel_id = CAST(CAST(new.channel_id AS INTEGER) AS TEXT)
    AND new.user_id > '0' AND new.user_id = CAST(CAST(new.user_id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO award_changes
    SELECT 1, new.id, new.id, new.guild_id, new.channel_id, new.user_id, CAST(new.created_at AS INTEGER), seconds
    FROM award_spans WHERE guild_id = new.guild_id;
END;

-- An insert into this view counts the awards of a guild again, from the horizon on.
CREATE VIEW award_recounts AS SELECT guild_id FROM award_spans WHERE false;

CREATE TRIGGER award_recounts_added INSTEAD OF INSERT ON award_recounts
BEGIN
    DELETE FROM award_days
    WHERE guild_id = CAST(new.guild_id AS INTEGER) AND day >= (SELECT messages_from / 86400 FROM horizons);
    INSERT INTO award_days
    SELECT CAST(new.guild_id AS INTEGER), day, CAST(user_id AS INTEGER), CAST(channel_id AS INTEGER),
        EXISTS (SELECT 1 FROM bots WHERE id = CAST(user_id AS INTEGER)), count(*)
    FROM (
        SELECT CAST(created_at AS INTEGER) / 86400 AS day, user_id, channel_id, row_number() OVER (
            PARTITION BY user_id, CAST(created_at AS INTEGER) / seconds
            ORDER BY CAST(created_at AS INTEGER), CAST(id AS INTEGER), id
        ) AS place
        FROM award_spans CROSS JOIN message_events INDEXED BY idx_message_events_guild_time
        WHERE award_spans.guild_id = new.guild_id AND message_events.guild_id = new.guild_id
            AND message_type IN (0, 19, 20, 23)
            AND created_at BETWEEN (SELECT messages_from FROM horizons) AND 3599942399
            AND channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT)
            AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)
    )
    WHERE place = 1 GROUP BY 1, 2, 3, 4;
END;

CREATE TRIGGER award_spans_added AFTER INSERT ON award_spans
BEGIN
    INSERT INTO award_recounts VALUES (new.guild_id);
END;

CREATE TRIGGER award_spans_changed AFTER UPDATE ON award_spans
BEGIN
    INSERT INTO award_recounts VALUES (old.guild_id);
    INSERT INTO award_recounts SELECT new.guild_id WHERE new.guild_id <> old.guild_id;
END;

CREATE TRIGGER award_spans_gone AFTER DELETE ON award_spans
BEGIN
    INSERT INTO award_recounts VALUES (old.guild_id);
END;
