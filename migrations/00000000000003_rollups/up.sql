-- Roll-ups: sums that triggers keep, so that they are right at each commit, whoever writes. Ids are numbers here and not
-- texts: a third of the size, and faster to read. Days and the like are counted from 1970-01-01, UTC.
--
-- As far as SQLite knows, sums may be NULL; they never are. A NOT NULL that adding to a sum could break would make SQLite
-- keep a journal of each statement, a third of the time that writing a message takes. The foreign keys of `message_events`
-- are checked at the commit for the same reason.
--
-- REPLACE deletes rows without their triggers, unless `PRAGMA recursive_triggers` is on.

-- From when on the event tables are complete, and the roll-ups: what is older is in the roll-ups only, and stays as it is
-- there, and what comes in late is not counted again. Midnight, UTC, in unix seconds. One row.
CREATE TABLE horizons (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    members_from INTEGER NOT NULL CHECK (members_from >= 0 AND members_from % 86400 = 0),
    messages_from INTEGER NOT NULL CHECK (messages_from >= 0 AND messages_from % 86400 = 0),
    presences_from INTEGER NOT NULL CHECK (presences_from >= 0 AND presences_from % 86400 = 0),
    rollups_from INTEGER NOT NULL CHECK (rollups_from >= 0 AND rollups_from % 86400 = 0),
    voice_from INTEGER NOT NULL CHECK (voice_from >= 0 AND voice_from % 86400 = 0)
) STRICT;
INSERT INTO horizons (id, members_from, messages_from, presences_from, rollups_from, voice_from)
VALUES (1, 0, 0, 0, 0, 0);

-- Messages by day and author. `bot` says whether the author is one.
CREATE TABLE message_days (
    guild_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    messages INTEGER,
    characters INTEGER,
    words INTEGER,
    attachments INTEGER,
    embeds INTEGER,
    PRIMARY KEY (guild_id, day, user_id, channel_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_message_days_user ON message_days (user_id, guild_id, day);

-- The same by thirty days, for windows of months and years.
CREATE TABLE message_months (
    guild_id INTEGER NOT NULL,
    month INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    messages INTEGER,
    characters INTEGER,
    words INTEGER,
    attachments INTEGER,
    embeds INTEGER,
    PRIMARY KEY (guild_id, month, user_id, channel_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_message_months_user ON message_months (user_id, guild_id, month);

-- The same without the author by quarter of an hour, which every time zone in use is a multiple of.
CREATE TABLE message_quarters (
    guild_id INTEGER NOT NULL,
    quarter INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    messages INTEGER,
    characters INTEGER,
    words INTEGER,
    attachments INTEGER,
    embeds INTEGER,
    PRIMARY KEY (guild_id, quarter, channel_id, bot)
) STRICT, WITHOUT ROWID;

-- A message that counts: a message, a reply, a command, of the years 1970 to 9999, as every time here is: what is no number
-- comes after all numbers. This is the way of nearly all; the others go through `message_changes`.
CREATE TRIGGER message_events_added AFTER INSERT ON message_events
WHEN new.message_type IN (0, 19, 20, 23) AND new.created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO message_days
    VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER) / 86400,
        CAST(new.user_id AS INTEGER), CAST(new.channel_id AS INTEGER),
        coalesce((SELECT bot IS TRUE FROM users WHERE id = CAST(CAST(new.user_id AS INTEGER) AS TEXT)), 0),
        1,
        CAST(coalesce(new.character_count, 0) AS INTEGER),
        CAST(coalesce(new.word_count, 0) AS INTEGER),
        new.has_attachment IS TRUE,
        new.has_embed IS TRUE
    )
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    INSERT INTO message_months
    VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER) / 2592000,
        CAST(new.user_id AS INTEGER), CAST(new.channel_id AS INTEGER),
        (SELECT bot FROM message_days
            WHERE guild_id = CAST(new.guild_id AS INTEGER) AND day = CAST(new.created_at AS INTEGER) / 86400
                AND user_id = CAST(new.user_id AS INTEGER) AND channel_id = CAST(new.channel_id AS INTEGER)),
        1,
        CAST(coalesce(new.character_count, 0) AS INTEGER),
        CAST(coalesce(new.word_count, 0) AS INTEGER),
        new.has_attachment IS TRUE,
        new.has_embed IS TRUE
    )
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    INSERT INTO message_quarters
    VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER) / 900,
        CAST(new.channel_id AS INTEGER),
        (SELECT bot FROM message_days
            WHERE guild_id = CAST(new.guild_id AS INTEGER) AND day = CAST(new.created_at AS INTEGER) / 86400
                AND user_id = CAST(new.user_id AS INTEGER) AND channel_id = CAST(new.channel_id AS INTEGER)),
        1,
        CAST(coalesce(new.character_count, 0) AS INTEGER),
        CAST(coalesce(new.word_count, 0) AS INTEGER),
        new.has_attachment IS TRUE,
        new.has_embed IS TRUE
    )
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
END;

-- What a change of messages adds to the sums; `messages` is -1 for one that goes.
CREATE VIEW message_changes AS
SELECT guild_id, 0 AS at, user_id, channel_id, messages, characters, words, attachments, embeds
FROM message_days WHERE false;

CREATE TRIGGER message_changes_added INSTEAD OF INSERT ON message_changes
BEGIN
    INSERT INTO message_days
    VALUES (
        new.guild_id, new.at / 86400, new.user_id, new.channel_id,
        coalesce((SELECT bot IS TRUE FROM users WHERE id = CAST(new.user_id AS TEXT)), 0),
        new.messages, new.characters, new.words, new.attachments, new.embeds
    )
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    INSERT INTO message_months
    VALUES (
        new.guild_id, new.at / 2592000, new.user_id, new.channel_id,
        (SELECT bot FROM message_days WHERE guild_id = new.guild_id AND day = new.at / 86400
            AND user_id = new.user_id AND channel_id = new.channel_id),
        new.messages, new.characters, new.words, new.attachments, new.embeds
    )
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    INSERT INTO message_quarters
    VALUES (
        new.guild_id, new.at / 900, new.channel_id,
        (SELECT bot FROM message_days WHERE guild_id = new.guild_id AND day = new.at / 86400
            AND user_id = new.user_id AND channel_id = new.channel_id),
        new.messages, new.characters, new.words, new.attachments, new.embeds
    )
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    -- Days last: they know whether the user is a bot.
    DELETE FROM message_quarters
    WHERE messages = 0 AND guild_id = new.guild_id AND quarter = new.at / 900 AND channel_id = new.channel_id;
    DELETE FROM message_months
    WHERE messages = 0 AND guild_id = new.guild_id AND month = new.at / 2592000
        AND user_id = new.user_id AND channel_id = new.channel_id;
    DELETE FROM message_days
    WHERE messages = 0 AND guild_id = new.guild_id AND day = new.at / 86400
        AND user_id = new.user_id AND channel_id = new.channel_id;
END;

CREATE TRIGGER message_events_gone AFTER DELETE ON message_events
WHEN old.message_type IN (0, 19, 20, 23) AND old.created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO message_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER),
        CAST(old.user_id AS INTEGER), CAST(old.channel_id AS INTEGER),
        -1,
        -CAST(coalesce(old.character_count, 0) AS INTEGER),
        -CAST(coalesce(old.word_count, 0) AS INTEGER),
        -(old.has_attachment IS TRUE),
        -(old.has_embed IS TRUE)
    );
END;

-- A message that changes goes and comes.
CREATE TRIGGER message_events_changed_from AFTER UPDATE ON message_events
WHEN old.message_type IN (0, 19, 20, 23) AND old.created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO message_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER),
        CAST(old.user_id AS INTEGER), CAST(old.channel_id AS INTEGER),
        -1,
        -CAST(coalesce(old.character_count, 0) AS INTEGER),
        -CAST(coalesce(old.word_count, 0) AS INTEGER),
        -(old.has_attachment IS TRUE),
        -(old.has_embed IS TRUE)
    );
END;

CREATE TRIGGER message_events_changed_to AFTER UPDATE ON message_events
WHEN new.message_type IN (0, 19, 20, 23) AND new.created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO message_changes VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER),
        CAST(new.user_id AS INTEGER), CAST(new.channel_id AS INTEGER),
        1,
        CAST(coalesce(new.character_count, 0) AS INTEGER),
        CAST(coalesce(new.word_count, 0) AS INTEGER),
        new.has_attachment IS TRUE,
        new.has_embed IS TRUE
    );
END;

-- Milliseconds of the intervals that are closed, by the day each began in: all, and those in each state; talking is neither
-- muted nor deafened nor in the audience of a stage. `channel_id` is 0 where it is not known, and so it is of `sessions`,
-- which counts what the voice log has of sessions that ended.
CREATE TABLE voice_days (
    guild_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    assumed INTEGER NOT NULL CHECK (assumed IN (0, 1)),
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    sessions INTEGER,
    intervals INTEGER,
    voice_ms INTEGER,
    deafened_ms INTEGER,
    muted_ms INTEGER,
    streaming_ms INTEGER,
    talking_ms INTEGER,
    video_ms INTEGER,
    PRIMARY KEY (guild_id, day, user_id, channel_id, assumed)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_voice_days_user ON voice_days (user_id, guild_id, day);

-- The same by thirty days.
CREATE TABLE voice_months (
    guild_id INTEGER NOT NULL,
    month INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    assumed INTEGER NOT NULL CHECK (assumed IN (0, 1)),
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    sessions INTEGER,
    intervals INTEGER,
    voice_ms INTEGER,
    deafened_ms INTEGER,
    muted_ms INTEGER,
    streaming_ms INTEGER,
    talking_ms INTEGER,
    video_ms INTEGER,
    PRIMARY KEY (guild_id, month, user_id, channel_id, assumed)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_voice_months_user ON voice_months (user_id, guild_id, month);

-- What a change of voice adds to the sums; its counts are -1 for what goes.
CREATE VIEW voice_changes AS
SELECT guild_id, 0 AS at_ms, user_id, channel_id, assumed,
    sessions, intervals, voice_ms, deafened_ms, muted_ms, streaming_ms, talking_ms, video_ms
FROM voice_days WHERE false;

CREATE TRIGGER voice_changes_added INSTEAD OF INSERT ON voice_changes
BEGIN
    INSERT INTO voice_days
    VALUES (
        new.guild_id, new.at_ms / 86400000, new.user_id, new.channel_id, new.assumed,
        coalesce((SELECT bot IS TRUE FROM users WHERE id = CAST(new.user_id AS TEXT)), 0),
        new.sessions, new.intervals,
        new.voice_ms, new.deafened_ms, new.muted_ms, new.streaming_ms, new.talking_ms, new.video_ms
    )
    ON CONFLICT DO UPDATE SET
        sessions = sessions + excluded.sessions,
        intervals = intervals + excluded.intervals,
        voice_ms = voice_ms + excluded.voice_ms,
        deafened_ms = deafened_ms + excluded.deafened_ms,
        muted_ms = muted_ms + excluded.muted_ms,
        streaming_ms = streaming_ms + excluded.streaming_ms,
        talking_ms = talking_ms + excluded.talking_ms,
        video_ms = video_ms + excluded.video_ms;
    INSERT INTO voice_months
    VALUES (
        new.guild_id, new.at_ms / 2592000000, new.user_id, new.channel_id, new.assumed,
        coalesce((SELECT bot IS TRUE FROM users WHERE id = CAST(new.user_id AS TEXT)), 0),
        new.sessions, new.intervals,
        new.voice_ms, new.deafened_ms, new.muted_ms, new.streaming_ms, new.talking_ms, new.video_ms
    )
    ON CONFLICT DO UPDATE SET
        sessions = sessions + excluded.sessions,
        intervals = intervals + excluded.intervals,
        voice_ms = voice_ms + excluded.voice_ms,
        deafened_ms = deafened_ms + excluded.deafened_ms,
        muted_ms = muted_ms + excluded.muted_ms,
        streaming_ms = streaming_ms + excluded.streaming_ms,
        talking_ms = talking_ms + excluded.talking_ms,
        video_ms = video_ms + excluded.video_ms;
    DELETE FROM voice_days
    WHERE sessions = 0 AND intervals = 0 AND guild_id = new.guild_id AND day = new.at_ms / 86400000
        AND user_id = new.user_id AND channel_id = new.channel_id AND assumed = new.assumed;
    DELETE FROM voice_months
    WHERE sessions = 0 AND intervals = 0 AND guild_id = new.guild_id AND month = new.at_ms / 2592000000
        AND user_id = new.user_id AND channel_id = new.channel_id AND assumed = new.assumed;
END;

CREATE TRIGGER voice_intervals_added AFTER INSERT ON voice_intervals
WHEN new.ended_at_ms IS NOT NULL AND new.started_at_ms BETWEEN (SELECT voice_from * 1000 FROM horizons) AND 253402300799999
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(new.guild_id AS INTEGER), new.started_at_ms,
        CAST(new.user_id AS INTEGER), CAST(coalesce(new.channel_id, 0) AS INTEGER), new.assumed,
        0,
        1,
        (new.ended_at_ms - new.started_at_ms),
        (new.ended_at_ms - new.started_at_ms) * (new.server_deaf OR new.self_deaf),
        (new.ended_at_ms - new.started_at_ms) * (new.server_mute OR new.self_mute),
        (new.ended_at_ms - new.started_at_ms) * new.stream,
        (new.ended_at_ms - new.started_at_ms)
            * NOT (new.server_mute OR new.self_mute OR new.server_deaf OR new.self_deaf OR new.suppress),
        (new.ended_at_ms - new.started_at_ms) * new.video
    );
END;

CREATE TRIGGER voice_intervals_gone AFTER DELETE ON voice_intervals
WHEN old.ended_at_ms IS NOT NULL AND old.started_at_ms BETWEEN (SELECT voice_from * 1000 FROM horizons) AND 253402300799999
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(old.guild_id AS INTEGER), old.started_at_ms,
        CAST(old.user_id AS INTEGER), CAST(coalesce(old.channel_id, 0) AS INTEGER), old.assumed,
        0,
        -1,
        -(old.ended_at_ms - old.started_at_ms),
        -(old.ended_at_ms - old.started_at_ms) * (old.server_deaf OR old.self_deaf),
        -(old.ended_at_ms - old.started_at_ms) * (old.server_mute OR old.self_mute),
        -(old.ended_at_ms - old.started_at_ms) * old.stream,
        -(old.ended_at_ms - old.started_at_ms)
            * NOT (old.server_mute OR old.self_mute OR old.server_deaf OR old.self_deaf OR old.suppress),
        -(old.ended_at_ms - old.started_at_ms) * old.video
    );
END;

CREATE TRIGGER voice_intervals_changed_from AFTER UPDATE ON voice_intervals
WHEN old.ended_at_ms IS NOT NULL AND old.started_at_ms BETWEEN (SELECT voice_from * 1000 FROM horizons) AND 253402300799999
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(old.guild_id AS INTEGER), old.started_at_ms,
        CAST(old.user_id AS INTEGER), CAST(coalesce(old.channel_id, 0) AS INTEGER), old.assumed,
        0,
        -1,
        -(old.ended_at_ms - old.started_at_ms),
        -(old.ended_at_ms - old.started_at_ms) * (old.server_deaf OR old.self_deaf),
        -(old.ended_at_ms - old.started_at_ms) * (old.server_mute OR old.self_mute),
        -(old.ended_at_ms - old.started_at_ms) * old.stream,
        -(old.ended_at_ms - old.started_at_ms)
            * NOT (old.server_mute OR old.self_mute OR old.server_deaf OR old.self_deaf OR old.suppress),
        -(old.ended_at_ms - old.started_at_ms) * old.video
    );
END;

CREATE TRIGGER voice_intervals_changed_to AFTER UPDATE ON voice_intervals
WHEN new.ended_at_ms IS NOT NULL AND new.started_at_ms BETWEEN (SELECT voice_from * 1000 FROM horizons) AND 253402300799999
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(new.guild_id AS INTEGER), new.started_at_ms,
        CAST(new.user_id AS INTEGER), CAST(coalesce(new.channel_id, 0) AS INTEGER), new.assumed,
        0,
        1,
        (new.ended_at_ms - new.started_at_ms),
        (new.ended_at_ms - new.started_at_ms) * (new.server_deaf OR new.self_deaf),
        (new.ended_at_ms - new.started_at_ms) * (new.server_mute OR new.self_mute),
        (new.ended_at_ms - new.started_at_ms) * new.stream,
        (new.ended_at_ms - new.started_at_ms)
            * NOT (new.server_mute OR new.self_mute OR new.server_deaf OR new.self_deaf OR new.suppress),
        (new.ended_at_ms - new.started_at_ms) * new.video
    );
END;

CREATE TRIGGER voice_events_added AFTER INSERT ON voice_events
WHEN new.event_type = 'leave' AND new.created_at BETWEEN (SELECT voice_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER) * 1000, CAST(new.user_id AS INTEGER), 0, 0,
        1, 0, 0, 0, 0, 0, 0, 0
    );
END;

CREATE TRIGGER voice_events_gone AFTER DELETE ON voice_events
WHEN old.event_type = 'leave' AND old.created_at BETWEEN (SELECT voice_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER) * 1000, CAST(old.user_id AS INTEGER), 0, 0,
        -1, 0, 0, 0, 0, 0, 0, 0
    );
END;

CREATE TRIGGER voice_events_changed_from AFTER UPDATE ON voice_events
WHEN old.event_type = 'leave' AND old.created_at BETWEEN (SELECT voice_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER) * 1000, CAST(old.user_id AS INTEGER), 0, 0,
        -1, 0, 0, 0, 0, 0, 0, 0
    );
END;

CREATE TRIGGER voice_events_changed_to AFTER UPDATE ON voice_events
WHEN new.event_type = 'leave' AND new.created_at BETWEEN (SELECT voice_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER) * 1000, CAST(new.user_id AS INTEGER), 0, 0,
        1, 0, 0, 0, 0, 0, 0, 0
    );
END;

-- Whether a user is a bot may be learned late; what was counted moves along. Of quarter hours before the horizon nobody
-- knows whose they are: there it stays.
CREATE VIEW bot_changes AS SELECT id, bot FROM users WHERE false;

CREATE TRIGGER bot_changes_added INSTEAD OF INSERT ON bot_changes
WHEN new.id = CAST(CAST(new.id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO message_quarters
    SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 900, CAST(channel_id AS INTEGER), new.bot,
        count(*), sum(CAST(coalesce(character_count, 0) AS INTEGER)),
        sum(CAST(coalesce(word_count, 0) AS INTEGER)),
        sum(has_attachment IS TRUE),
        sum(has_embed IS TRUE)
    FROM message_events INDEXED BY idx_message_events_user_time
    WHERE user_id = new.id AND message_type IN (0, 19, 20, 23)
        AND created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
    GROUP BY 1, 2, 3
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    INSERT INTO message_quarters
    SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 900, CAST(channel_id AS INTEGER), 1 - new.bot,
        -count(*), -sum(CAST(coalesce(character_count, 0) AS INTEGER)),
        -sum(CAST(coalesce(word_count, 0) AS INTEGER)),
        -sum(has_attachment IS TRUE),
        -sum(has_embed IS TRUE)
    FROM message_events INDEXED BY idx_message_events_user_time
    WHERE user_id = new.id AND message_type IN (0, 19, 20, 23)
        AND created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
    GROUP BY 1, 2, 3
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    DELETE FROM message_quarters
    WHERE messages = 0 AND (guild_id, quarter, channel_id) IN (
        SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 900, CAST(channel_id AS INTEGER)
        FROM message_events INDEXED BY idx_message_events_user_time
        WHERE user_id = new.id AND created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
    );
    UPDATE message_days SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
    UPDATE message_months SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
    UPDATE voice_days SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
    UPDATE voice_months SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
END;

CREATE TRIGGER users_bot_added AFTER INSERT ON users
WHEN new.bot IS TRUE
BEGIN
    INSERT INTO bot_changes VALUES (new.id, 1);
END;

CREATE TRIGGER users_bot_gone AFTER DELETE ON users
WHEN old.bot IS TRUE
BEGIN
    INSERT INTO bot_changes VALUES (old.id, 0);
END;

CREATE TRIGGER users_bot_changed_from AFTER UPDATE ON users
WHEN old.bot IS TRUE AND (new.bot IS NOT TRUE OR new.id <> old.id)
BEGIN
    INSERT INTO bot_changes VALUES (old.id, 0);
END;

CREATE TRIGGER users_bot_changed_to AFTER UPDATE ON users
WHEN new.bot IS TRUE AND (old.bot IS NOT TRUE OR new.id <> old.id)
BEGIN
    INSERT INTO bot_changes VALUES (new.id, 1);
END;

-- What is there already.

INSERT INTO message_days
SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 86400,
    CAST(user_id AS INTEGER), CAST(channel_id AS INTEGER),
    coalesce((SELECT bot IS TRUE FROM users WHERE id = CAST(CAST(user_id AS INTEGER) AS TEXT)), 0),
    count(*),
    sum(CAST(coalesce(character_count, 0) AS INTEGER)),
    sum(CAST(coalesce(word_count, 0) AS INTEGER)),
    sum(has_attachment IS TRUE),
    sum(has_embed IS TRUE)
FROM message_events
WHERE message_type IN (0, 19, 20, 23) AND created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
GROUP BY 1, 2, 3, 4;

INSERT INTO message_months
SELECT guild_id, day / 30, user_id, channel_id, bot,
    sum(messages), sum(characters), sum(words), sum(attachments), sum(embeds)
FROM message_days
GROUP BY 1, 2, 3, 4;

INSERT INTO message_quarters
SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 900, CAST(channel_id AS INTEGER),
    coalesce((SELECT bot IS TRUE FROM users WHERE id = CAST(CAST(user_id AS INTEGER) AS TEXT)), 0),
    count(*),
    sum(CAST(coalesce(character_count, 0) AS INTEGER)),
    sum(CAST(coalesce(word_count, 0) AS INTEGER)),
    sum(has_attachment IS TRUE),
    sum(has_embed IS TRUE)
FROM message_events
WHERE message_type IN (0, 19, 20, 23) AND created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
GROUP BY 1, 2, 3, 4;

INSERT INTO voice_changes
SELECT CAST(guild_id AS INTEGER), started_at_ms, CAST(user_id AS INTEGER), CAST(coalesce(channel_id, 0) AS INTEGER), assumed,
    0,
    1,
    (ended_at_ms - started_at_ms),
    (ended_at_ms - started_at_ms) * (server_deaf OR self_deaf),
    (ended_at_ms - started_at_ms) * (server_mute OR self_mute),
    (ended_at_ms - started_at_ms) * stream,
    (ended_at_ms - started_at_ms) * NOT (server_mute OR self_mute OR server_deaf OR self_deaf OR suppress),
    (ended_at_ms - started_at_ms) * video
FROM voice_intervals
WHERE ended_at_ms IS NOT NULL
    AND started_at_ms BETWEEN (SELECT voice_from * 1000 FROM horizons) AND 253402300799999;

INSERT INTO voice_changes
SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) * 1000, CAST(user_id AS INTEGER), 0, 0, 1, 0, 0, 0, 0, 0, 0, 0
FROM voice_events
WHERE event_type = 'leave' AND created_at BETWEEN (SELECT voice_from FROM horizons) AND 253402300799;
