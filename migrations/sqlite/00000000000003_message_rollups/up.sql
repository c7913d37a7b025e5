-- Roll-ups: tables of totals. Triggers maintain them, so they are right at each commit, whichever program writes. Ids are
-- INTEGER here, which takes a third of the space of TEXT and is faster to read. Days and other periods are counted from
-- 1970-01-01, UTC.
--
-- Columns of totals allow NULL, but no total is ever NULL. A NOT NULL that an addition could violate would make SQLite keep a
-- journal of each statement, which takes a third of the time of writing a message. For the same reason the foreign keys of
-- `message_events` are checked at the commit, and triggers use CASE instead of functions such as min(), which may fail.
--
-- No total may overflow: with IGNORE the row would stay, counted in part. Therefore a count that is negative or needs more
-- than 32 bits counts as 0. No message has such a count.
--
-- Triggers write `IN` with more than two numbers as OR. For `IN` SQLite would make a table for each row.
--
-- REPLACE deletes rows without firing their triggers, unless `PRAGMA recursive_triggers` is on.

-- The horizons: the instants from which the event tables and the roll-ups are complete. Each is a midnight, UTC, in unix
-- seconds. Events before a horizon are only in the roll-ups, whose rows stay. A late event from before a horizon is not
-- counted. The table has one row.
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

-- The watermarks: the roll-ups of longer periods include the days before them. When a watermark rises, triggers add the days
-- in between. A watermark never falls. The unit is days since 1970-01-01. The table has one row.
CREATE TABLE watermarks (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    messages_to INTEGER NOT NULL CHECK (messages_to BETWEEN 0 AND 2932896),
    voice_to INTEGER NOT NULL CHECK (voice_to BETWEEN 0 AND 2932896)
) STRICT;
INSERT INTO watermarks (id, messages_to, voice_to) VALUES (1, 0, 0);

CREATE TRIGGER watermarks_fall BEFORE UPDATE ON watermarks
WHEN new.messages_to < old.messages_to OR new.voice_to < old.voice_to
BEGIN
    SELECT RAISE(ABORT, 'a watermark only rises');
END;

-- The ids of the users that are bots. A trigger looks the author up for each message.
CREATE TABLE bots (
    id INTEGER PRIMARY KEY NOT NULL
) STRICT;

-- Messages by day, author and channel. `bot` is 1 if the author is a bot.
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

-- The same by ten days (a third of a month), for the days before the watermark. Windows of weeks and the ends of longer
-- windows read it.
CREATE TABLE message_thirds (
    guild_id INTEGER NOT NULL,
    third INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    messages INTEGER,
    characters INTEGER,
    words INTEGER,
    attachments INTEGER,
    embeds INTEGER,
    PRIMARY KEY (guild_id, third, user_id, channel_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_message_thirds_user ON message_thirds (user_id, guild_id, third);

-- The same by thirty days, for the days before the watermark. Windows of months and years read it.
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

-- The same for all days before the watermark.
CREATE TABLE message_totals (
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    messages INTEGER,
    characters INTEGER,
    words INTEGER,
    attachments INTEGER,
    embeds INTEGER,
    PRIMARY KEY (guild_id, user_id, channel_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_message_totals_user ON message_totals (user_id, guild_id);

CREATE TRIGGER message_months_added AFTER INSERT ON message_months
BEGIN
    INSERT INTO message_totals
    VALUES (
        new.guild_id, new.user_id, new.channel_id, new.bot,
        coalesce(new.messages, 0), coalesce(new.characters, 0), coalesce(new.words, 0), coalesce(new.attachments, 0),
        coalesce(new.embeds, 0)
    )
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
END;

CREATE TRIGGER message_months_gone AFTER DELETE ON message_months
BEGIN
    UPDATE message_totals SET
        messages = messages - coalesce(old.messages, 0),
        characters = characters - coalesce(old.characters, 0),
        words = words - coalesce(old.words, 0),
        attachments = attachments - coalesce(old.attachments, 0),
        embeds = embeds - coalesce(old.embeds, 0)
    WHERE guild_id = old.guild_id AND user_id = old.user_id AND channel_id = old.channel_id;
    DELETE FROM message_totals
    WHERE messages = 0
        AND guild_id = old.guild_id AND user_id = old.user_id AND channel_id = old.channel_id;
END;

CREATE TRIGGER message_months_changed AFTER UPDATE OF messages, characters, words, attachments,
    embeds
ON message_months
BEGIN
    UPDATE message_totals SET
        messages = messages - coalesce(old.messages, 0) + coalesce(new.messages, 0),
        characters = characters - coalesce(old.characters, 0) + coalesce(new.characters, 0),
        words = words - coalesce(old.words, 0) + coalesce(new.words, 0),
        attachments = attachments - coalesce(old.attachments, 0) + coalesce(new.attachments, 0),
        embeds = embeds - coalesce(old.embeds, 0) + coalesce(new.embeds, 0)
    WHERE guild_id = old.guild_id AND user_id = old.user_id AND channel_id = old.channel_id;
    DELETE FROM message_totals
    WHERE messages = 0
        AND guild_id = old.guild_id AND user_id = old.user_id AND channel_id = old.channel_id;
END;

-- The messages of a guild by quarter of an hour. The offset of every time zone in use is a multiple of it. By channel a busy
-- guild would have ten times as many rows, and no query needs them.
CREATE TABLE message_quarters (
    guild_id INTEGER NOT NULL,
    quarter INTEGER NOT NULL,
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    messages INTEGER,
    characters INTEGER,
    words INTEGER,
    attachments INTEGER,
    embeds INTEGER,
    PRIMARY KEY (guild_id, quarter, bot)
) STRICT, WITHOUT ROWID;

-- The quarters of an hour of each month before the watermark, packed into one row. A heat map over years would otherwise read
-- a hundred thousand rows. `quarters` is a JSON object of the number of messages by quarter of an hour, counted from the
-- month's start. It is NULL if the month has changed since. The view reads such a month from `message_quarters`, and the
-- next rise of the watermark fills it.
CREATE TABLE packed_quarters (
    guild_id INTEGER NOT NULL,
    month INTEGER NOT NULL,
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    quarters TEXT,
    PRIMARY KEY (guild_id, month, bot)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_packed_quarters_changed ON packed_quarters (month) WHERE quarters IS NULL;

CREATE VIEW quarters_of_months AS
SELECT guild_id, month, bot, coalesce(quarters, (
    SELECT json_group_object(message_quarters.quarter % 2880, message_quarters.messages)
    FROM message_quarters
    WHERE message_quarters.guild_id = packed_quarters.guild_id
        AND message_quarters.quarter >= packed_quarters.month * 2880
        AND message_quarters.quarter < (packed_quarters.month + 1) * 2880
        AND message_quarters.bot = packed_quarters.bot
)) AS quarters
FROM packed_quarters;

-- The days on which each user wrote in any channel, by thirty days, for the days before the watermark. `days` has two bits
-- for each day, from the lowest: the number of messages, where 3 means three or more.
CREATE TABLE active_months (
    guild_id INTEGER NOT NULL,
    month INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    days INTEGER,
    PRIMARY KEY (guild_id, month, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_active_months_user ON active_months (user_id, guild_id, month);

-- Counts a new message, reply or command of the years 1970 to 9999. SQLite orders values that are not numbers after all
-- numbers, so the upper bound excludes them. Nearly every message takes this trigger. Other changes go through
-- `message_changes`.
CREATE TRIGGER message_events_added AFTER INSERT ON message_events
WHEN (new.message_type = 0 OR new.message_type = 19 OR new.message_type = 20 OR new.message_type = 23)
    AND new.created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO message_days
    VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER) / 86400,
        CAST(new.user_id AS INTEGER), CAST(new.channel_id AS INTEGER),
        EXISTS (SELECT 1 FROM bots WHERE id = CAST(new.user_id AS INTEGER)),
        1,
        CASE WHEN new.character_count BETWEEN 0 AND 2147483647 THEN CAST(new.character_count AS INTEGER) ELSE 0 END,
        CASE WHEN new.word_count BETWEEN 0 AND 2147483647 THEN CAST(new.word_count AS INTEGER) ELSE 0 END,
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
        EXISTS (SELECT 1 FROM bots WHERE id = CAST(new.user_id AS INTEGER)),
        1,
        CASE WHEN new.character_count BETWEEN 0 AND 2147483647 THEN CAST(new.character_count AS INTEGER) ELSE 0 END,
        CASE WHEN new.word_count BETWEEN 0 AND 2147483647 THEN CAST(new.word_count AS INTEGER) ELSE 0 END,
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

-- Counts a late message of a day before the watermark in the roll-ups of longer periods.
CREATE TRIGGER message_events_late AFTER INSERT ON message_events
WHEN new.created_at < (SELECT messages_to * 86400 FROM watermarks)
    AND new.created_at >= (SELECT messages_from FROM horizons)
    AND (new.message_type = 0 OR new.message_type = 19 OR new.message_type = 20 OR new.message_type = 23)
BEGIN
    INSERT INTO message_day_changes VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER) / 86400,
        CAST(new.user_id AS INTEGER), CAST(new.channel_id AS INTEGER),
        1,
        CASE WHEN new.character_count BETWEEN 0 AND 2147483647 THEN CAST(new.character_count AS INTEGER) ELSE 0 END,
        CASE WHEN new.word_count BETWEEN 0 AND 2147483647 THEN CAST(new.word_count AS INTEGER) ELSE 0 END,
        new.has_attachment IS TRUE,
        new.has_embed IS TRUE
    );
END;

-- An insert into this view adds a change of a day before the watermark to the roll-ups of longer periods.
CREATE VIEW message_day_changes AS
SELECT guild_id, day, user_id, channel_id, messages, characters, words, attachments, embeds
FROM message_days WHERE false;

CREATE TRIGGER message_day_changes_added INSTEAD OF INSERT ON message_day_changes
BEGIN
    INSERT INTO message_thirds
    VALUES (
        new.guild_id, new.day / 10, new.user_id, new.channel_id,
        EXISTS (SELECT 1 FROM bots WHERE id = new.user_id),
        new.messages, new.characters, new.words, new.attachments, new.embeds
    )
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    DELETE FROM message_thirds
    WHERE messages = 0 AND guild_id = new.guild_id AND third = new.day / 10
        AND user_id = new.user_id AND channel_id = new.channel_id;
    INSERT INTO message_months
    VALUES (
        new.guild_id, new.day / 30, new.user_id, new.channel_id,
        EXISTS (SELECT 1 FROM bots WHERE id = new.user_id),
        new.messages, new.characters, new.words, new.attachments, new.embeds
    )
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    DELETE FROM message_months
    WHERE messages = 0 AND guild_id = new.guild_id AND month = new.day / 30
        AND user_id = new.user_id AND channel_id = new.channel_id;
    INSERT INTO packed_quarters
    SELECT new.guild_id, new.day / 30, EXISTS (SELECT 1 FROM bots WHERE id = new.user_id), NULL
    WHERE new.day / 30 < (SELECT messages_to / 30 FROM watermarks)
    ON CONFLICT DO UPDATE SET quarters = NULL WHERE quarters IS NOT NULL;
END;

-- Adds to the old count. `message_days` may not include the message yet, so it cannot be counted from there.
CREATE TRIGGER message_day_changes_came INSTEAD OF INSERT ON message_day_changes
WHEN new.messages > 0
BEGIN
    INSERT INTO active_months
    VALUES (
        new.guild_id, new.day / 30, new.user_id,
        EXISTS (SELECT 1 FROM bots WHERE id = new.user_id),
        CASE WHEN new.messages < 3 THEN new.messages ELSE 3 END << new.day % 30 * 2
    )
    ON CONFLICT DO UPDATE SET
        days = (days & ~(3 << new.day % 30 * 2)) | (
            CASE WHEN (days >> new.day % 30 * 2 & 3) + new.messages < 3
                THEN (days >> new.day % 30 * 2 & 3) + new.messages ELSE 3 END << new.day % 30 * 2
        );
END;

-- Counts the day again from `message_days`, because 3 may have stood for more. `message_days` includes the change already.
CREATE TRIGGER message_day_changes_went INSTEAD OF INSERT ON message_day_changes
WHEN new.messages < 0
BEGIN
    UPDATE active_months SET
        days = (days & ~(3 << new.day % 30 * 2)) | ((
            SELECT CASE WHEN sum(message_days.messages) > 3 THEN 3 ELSE coalesce(sum(message_days.messages), 0) END
            FROM message_days INDEXED BY idx_message_days_user
            WHERE message_days.user_id = new.user_id AND message_days.guild_id = new.guild_id
                AND message_days.day = new.day
        ) << new.day % 30 * 2)
    WHERE guild_id = new.guild_id AND month = new.day / 30 AND user_id = new.user_id;
    DELETE FROM active_months
    WHERE days = 0 AND guild_id = new.guild_id AND month = new.day / 30 AND user_id = new.user_id;
END;

-- The guilds that have messages. Each step seeks the next guild in the index.
CREATE VIEW message_guilds AS
WITH RECURSIVE found (guild_id) AS (
    SELECT min(guild_id) FROM message_days
    UNION ALL
    SELECT (SELECT min(guild_id) FROM message_days WHERE guild_id > found.guild_id) FROM found WHERE guild_id IS NOT NULL
)
SELECT guild_id FROM found WHERE guild_id IS NOT NULL;

-- Adds the days that the watermark rises over.
CREATE TRIGGER watermarks_messages_rise AFTER UPDATE OF messages_to ON watermarks
WHEN new.messages_to > old.messages_to
BEGIN
    INSERT INTO message_thirds
    SELECT added.guild_id, added.day / 10, added.user_id, added.channel_id, added.bot,
        sum(added.messages), sum(added.characters), sum(added.words), sum(added.attachments), sum(added.embeds)
    FROM message_guilds AS guild CROSS JOIN message_days AS added
    WHERE added.guild_id = guild.guild_id AND added.day >= old.messages_to AND added.day < new.messages_to
    GROUP BY 1, 2, 3, 4
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    INSERT INTO message_months
    SELECT added.guild_id, added.day / 30, added.user_id, added.channel_id, added.bot,
        sum(added.messages), sum(added.characters), sum(added.words), sum(added.attachments), sum(added.embeds)
    FROM message_guilds AS guild CROSS JOIN message_days AS added
    WHERE added.guild_id = guild.guild_id AND added.day >= old.messages_to AND added.day < new.messages_to
    GROUP BY 1, 2, 3, 4
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    INSERT INTO active_months
    SELECT guild_id, day / 30, user_id, bot, sum(min(messages, 3) << day % 30 * 2)
    FROM (
        SELECT added.guild_id, added.day, added.user_id, added.bot, sum(added.messages) AS messages
        FROM message_guilds AS guild CROSS JOIN message_days AS added
        WHERE added.guild_id = guild.guild_id AND added.day >= old.messages_to AND added.day < new.messages_to
        GROUP BY 1, 2, 3
    )
    WHERE true GROUP BY 1, 2, 3
    ON CONFLICT DO UPDATE SET days = days | excluded.days;
    DELETE FROM packed_quarters
    WHERE quarters IS NULL AND NOT EXISTS (
        SELECT 1 FROM message_quarters
        WHERE message_quarters.guild_id = packed_quarters.guild_id
            AND message_quarters.quarter >= packed_quarters.month * 2880
            AND message_quarters.quarter < (packed_quarters.month + 1) * 2880
            AND message_quarters.bot = packed_quarters.bot
    );
    UPDATE packed_quarters SET quarters = (
        SELECT known.quarters FROM quarters_of_months AS known
        WHERE known.guild_id = packed_quarters.guild_id AND known.month = packed_quarters.month
            AND known.bot = packed_quarters.bot
    )
    WHERE quarters IS NULL;
END;

-- Packs the months that the watermark rises over.
CREATE TRIGGER watermarks_messages_month AFTER UPDATE OF messages_to ON watermarks
WHEN new.messages_to / 30 > old.messages_to / 30
BEGIN
    INSERT INTO packed_quarters
    SELECT added.guild_id, added.quarter / 2880, added.bot, json_group_object(added.quarter % 2880, added.messages)
    FROM message_guilds AS guild CROSS JOIN message_quarters AS added
    WHERE added.guild_id = guild.guild_id
        AND added.quarter >= old.messages_to / 30 * 2880 AND added.quarter < new.messages_to / 30 * 2880
    GROUP BY 1, 2, 3
    ON CONFLICT DO UPDATE SET quarters = excluded.quarters;
END;

-- An insert into this view adds a change of messages to the roll-ups. `messages` is -1 for a deleted message.
CREATE VIEW message_changes AS
SELECT guild_id, 0 AS at, user_id, channel_id, messages, characters, words, attachments, embeds
FROM message_days WHERE false;

CREATE TRIGGER message_changes_added INSTEAD OF INSERT ON message_changes
BEGIN
    INSERT INTO message_days
    VALUES (
        new.guild_id, new.at / 86400, new.user_id, new.channel_id,
        EXISTS (SELECT 1 FROM bots WHERE id = new.user_id),
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
        new.guild_id, new.at / 900,
        EXISTS (SELECT 1 FROM bots WHERE id = new.user_id),
        new.messages, new.characters, new.words, new.attachments, new.embeds
    )
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    INSERT INTO message_day_changes
    SELECT new.guild_id, new.at / 86400, new.user_id, new.channel_id,
        new.messages, new.characters, new.words, new.attachments, new.embeds
    WHERE new.at / 86400 < (SELECT messages_to FROM watermarks);
    DELETE FROM message_quarters
    WHERE messages = 0 AND guild_id = new.guild_id AND quarter = new.at / 900;
    DELETE FROM message_days
    WHERE messages = 0 AND guild_id = new.guild_id AND day = new.at / 86400
        AND user_id = new.user_id AND channel_id = new.channel_id;
END;

CREATE TRIGGER message_events_gone AFTER DELETE ON message_events
WHEN (old.message_type = 0 OR old.message_type = 19 OR old.message_type = 20 OR old.message_type = 23)
    AND old.created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO message_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER),
        CAST(old.user_id AS INTEGER), CAST(old.channel_id AS INTEGER),
        -1,
        -CASE WHEN old.character_count BETWEEN 0 AND 2147483647 THEN CAST(old.character_count AS INTEGER) ELSE 0 END,
        -CASE WHEN old.word_count BETWEEN 0 AND 2147483647 THEN CAST(old.word_count AS INTEGER) ELSE 0 END,
        -(old.has_attachment IS TRUE),
        -(old.has_embed IS TRUE)
    );
END;

-- A changed message is subtracted and added.
CREATE TRIGGER message_events_changed_from AFTER UPDATE ON message_events
WHEN (old.message_type = 0 OR old.message_type = 19 OR old.message_type = 20 OR old.message_type = 23)
    AND old.created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO message_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER),
        CAST(old.user_id AS INTEGER), CAST(old.channel_id AS INTEGER),
        -1,
        -CASE WHEN old.character_count BETWEEN 0 AND 2147483647 THEN CAST(old.character_count AS INTEGER) ELSE 0 END,
        -CASE WHEN old.word_count BETWEEN 0 AND 2147483647 THEN CAST(old.word_count AS INTEGER) ELSE 0 END,
        -(old.has_attachment IS TRUE),
        -(old.has_embed IS TRUE)
    );
END;

CREATE TRIGGER message_events_changed_to AFTER UPDATE ON message_events
WHEN (new.message_type = 0 OR new.message_type = 19 OR new.message_type = 20 OR new.message_type = 23)
    AND new.created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO message_changes VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER),
        CAST(new.user_id AS INTEGER), CAST(new.channel_id AS INTEGER),
        1,
        CASE WHEN new.character_count BETWEEN 0 AND 2147483647 THEN CAST(new.character_count AS INTEGER) ELSE 0 END,
        CASE WHEN new.word_count BETWEEN 0 AND 2147483647 THEN CAST(new.word_count AS INTEGER) ELSE 0 END,
        new.has_attachment IS TRUE,
        new.has_embed IS TRUE
    );
END;

-- Mocha may learn late that a user is a bot. An insert into this view moves what was counted for the user. Quarters of an
-- hour before the horizon stay as they are, because they do not name their authors.
CREATE VIEW bot_changes AS SELECT id, bot FROM users WHERE false;

CREATE TRIGGER bot_changes_added INSTEAD OF INSERT ON bot_changes
WHEN new.id = CAST(CAST(new.id AS INTEGER) AS TEXT)
BEGIN
    INSERT OR IGNORE INTO bots SELECT CAST(new.id AS INTEGER) WHERE new.bot;
    DELETE FROM bots WHERE id = CAST(new.id AS INTEGER) AND NOT new.bot;
    INSERT INTO message_quarters
    SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 900, new.bot,
        count(*), sum(CASE WHEN character_count BETWEEN 0 AND 2147483647 THEN CAST(character_count AS INTEGER) ELSE 0 END),
        sum(CASE WHEN word_count BETWEEN 0 AND 2147483647 THEN CAST(word_count AS INTEGER) ELSE 0 END),
        sum(has_attachment IS TRUE),
        sum(has_embed IS TRUE)
    FROM message_events INDEXED BY idx_message_events_user_time
    WHERE user_id = new.id AND message_type IN (0, 19, 20, 23)
        AND created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
    GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    INSERT INTO message_quarters
    SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 900, 1 - new.bot,
        -count(*), -sum(CASE WHEN character_count BETWEEN 0 AND 2147483647 THEN CAST(character_count AS INTEGER) ELSE 0 END),
        -sum(CASE WHEN word_count BETWEEN 0 AND 2147483647 THEN CAST(word_count AS INTEGER) ELSE 0 END),
        -sum(has_attachment IS TRUE),
        -sum(has_embed IS TRUE)
    FROM message_events INDEXED BY idx_message_events_user_time
    WHERE user_id = new.id AND message_type IN (0, 19, 20, 23)
        AND created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
    GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET
        messages = messages + excluded.messages,
        characters = characters + excluded.characters,
        words = words + excluded.words,
        attachments = attachments + excluded.attachments,
        embeds = embeds + excluded.embeds;
    DELETE FROM message_quarters
    WHERE messages = 0 AND (guild_id, quarter) IN (
        SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 900
        FROM message_events INDEXED BY idx_message_events_user_time
        WHERE user_id = new.id AND created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
    );
    UPDATE message_days SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
    UPDATE message_thirds SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
    UPDATE message_months SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
    UPDATE active_months SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
    INSERT INTO packed_quarters
    SELECT DISTINCT guild_id, day / 30, flag.value, NULL
    FROM message_days INDEXED BY idx_message_days_user CROSS JOIN (SELECT 0 AS value UNION ALL SELECT 1) AS flag
    WHERE user_id = CAST(new.id AS INTEGER) AND day / 30 < (SELECT messages_to / 30 FROM watermarks)
    ON CONFLICT DO UPDATE SET quarters = NULL WHERE quarters IS NOT NULL;
    UPDATE message_totals SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
END;

-- Compares with `bots` instead of the previous row, which REPLACE may have deleted without firing triggers.
CREATE TRIGGER users_bot_added AFTER INSERT ON users
WHEN (new.bot IS TRUE) <> EXISTS (SELECT 1 FROM bots WHERE id = CAST(new.id AS INTEGER))
BEGIN
    INSERT INTO bot_changes VALUES (new.id, new.bot IS TRUE);
END;

CREATE TRIGGER users_bot_gone AFTER DELETE ON users
WHEN EXISTS (SELECT 1 FROM bots WHERE id = CAST(old.id AS INTEGER))
BEGIN
    INSERT INTO bot_changes VALUES (old.id, 0);
END;

CREATE TRIGGER users_bot_changed_from AFTER UPDATE OF id ON users
WHEN new.id <> old.id AND EXISTS (SELECT 1 FROM bots WHERE id = CAST(old.id AS INTEGER))
BEGIN
    INSERT INTO bot_changes VALUES (old.id, 0);
END;

CREATE TRIGGER users_bot_changed_to AFTER UPDATE OF id, bot ON users
WHEN (new.bot IS TRUE) <> EXISTS (SELECT 1 FROM bots WHERE id = CAST(new.id AS INTEGER))
BEGIN
    INSERT INTO bot_changes VALUES (new.id, new.bot IS TRUE);
END;

-- Counts the rows that exist already.

INSERT INTO bots SELECT CAST(id AS INTEGER) FROM users WHERE bot IS TRUE AND id = CAST(CAST(id AS INTEGER) AS TEXT);

INSERT INTO message_days
SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 86400,
    CAST(user_id AS INTEGER), CAST(channel_id AS INTEGER),
    EXISTS (SELECT 1 FROM bots WHERE bots.id = CAST(message_events.user_id AS INTEGER)),
    count(*),
    sum(CASE WHEN character_count BETWEEN 0 AND 2147483647 THEN CAST(character_count AS INTEGER) ELSE 0 END),
    sum(CASE WHEN word_count BETWEEN 0 AND 2147483647 THEN CAST(word_count AS INTEGER) ELSE 0 END),
    sum(has_attachment IS TRUE),
    sum(has_embed IS TRUE)
FROM message_events
WHERE message_type IN (0, 19, 20, 23) AND created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
GROUP BY 1, 2, 3, 4;

INSERT INTO message_quarters
SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 900,
    EXISTS (SELECT 1 FROM bots WHERE bots.id = CAST(message_events.user_id AS INTEGER)),
    count(*),
    sum(CASE WHEN character_count BETWEEN 0 AND 2147483647 THEN CAST(character_count AS INTEGER) ELSE 0 END),
    sum(CASE WHEN word_count BETWEEN 0 AND 2147483647 THEN CAST(word_count AS INTEGER) ELSE 0 END),
    sum(has_attachment IS TRUE),
    sum(has_embed IS TRUE)
FROM message_events
WHERE message_type IN (0, 19, 20, 23) AND created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
GROUP BY 1, 2, 3;

-- Excludes the last day, which may not be over, and days in the future, which are mistakes.
UPDATE watermarks
SET messages_to = coalesce((
    SELECT max(day) FROM message_days WHERE day <= CAST(strftime('%s', 'now') AS INTEGER) / 86400
), 0);
