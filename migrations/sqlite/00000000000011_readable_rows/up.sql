-- Roll-ups count only rows whose ids are plain decimal numbers from 1 to 9223372036854775807, as Discord's are. A row of
-- another program with an id such as `anonymous`, an empty text, `0`, `-5` or `007` stays in its table, and no roll-up and no
-- query counts it. Before, the cast turned such an id into 0, a negative number, or the id of another user.
--
-- The UPDATE statements below subtract such rows: the old trigger subtracts the row, and the new trigger does not add it.

DROP TRIGGER message_events_changed_to;
CREATE TRIGGER message_events_changed_to AFTER UPDATE ON message_events
WHEN (new.message_type = 0 OR new.message_type = 19 OR new.message_type = 20 OR new.message_type = 23)
    AND new.created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
    AND new.guild_id > '0' AND new.guild_id = CAST(CAST(new.guild_id AS INTEGER) AS TEXT)
    AND new.channel_id > '0' AND new.channel_id = CAST(CAST(new.channel_id AS INTEGER) AS TEXT)
    AND new.user_id > '0' AND new.user_id = CAST(CAST(new.user_id AS INTEGER) AS TEXT)
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

DROP TRIGGER voice_events_changed_to;
CREATE TRIGGER voice_events_changed_to AFTER UPDATE ON voice_events
WHEN new.event_type = 'leave' AND new.created_at BETWEEN (SELECT voice_from FROM horizons) AND 253402300799
    AND new.guild_id > '0' AND new.guild_id = CAST(CAST(new.guild_id AS INTEGER) AS TEXT)
    AND (new.channel_id IS NULL OR new.channel_id > '0' AND new.channel_id = CAST(CAST(new.channel_id AS INTEGER) AS TEXT))
    AND new.user_id > '0' AND new.user_id = CAST(CAST(new.user_id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER) * 1000, CAST(new.user_id AS INTEGER), 0, 0,
        1, 0, 0, 0, 0, 0, 0, 0
    );
END;

DROP TRIGGER member_events_changed_to;
CREATE TRIGGER member_events_changed_to AFTER UPDATE ON member_events
WHEN (new.event_type = 'join' OR new.event_type = 'leave')
    AND new.created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
    AND new.guild_id > '0' AND new.guild_id = CAST(CAST(new.guild_id AS INTEGER) AS TEXT)
    AND new.user_id > '0' AND new.user_id = CAST(CAST(new.user_id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO member_changes VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER), CAST(new.user_id AS INTEGER),
        new.event_type = 'join', new.event_type = 'leave'
    );
END;

UPDATE message_events SET id = id
WHERE NOT (
    guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)
    AND channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT)
    AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)
);
UPDATE voice_events SET id = id
WHERE NOT (
    guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)
    AND (channel_id IS NULL OR channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT))
    AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)
);
UPDATE member_events SET id = id
WHERE NOT (
    guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)
    AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)
);

DROP TRIGGER message_events_changed_from;
CREATE TRIGGER message_events_changed_from AFTER UPDATE ON message_events
WHEN (old.message_type = 0 OR old.message_type = 19 OR old.message_type = 20 OR old.message_type = 23)
    AND old.created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
    AND old.guild_id > '0' AND old.guild_id = CAST(CAST(old.guild_id AS INTEGER) AS TEXT)
    AND old.channel_id > '0' AND old.channel_id = CAST(CAST(old.channel_id AS INTEGER) AS TEXT)
    AND old.user_id > '0' AND old.user_id = CAST(CAST(old.user_id AS INTEGER) AS TEXT)
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

DROP TRIGGER message_events_gone;
CREATE TRIGGER message_events_gone AFTER DELETE ON message_events
WHEN (old.message_type = 0 OR old.message_type = 19 OR old.message_type = 20 OR old.message_type = 23)
    AND old.created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
    AND old.guild_id > '0' AND old.guild_id = CAST(CAST(old.guild_id AS INTEGER) AS TEXT)
    AND old.channel_id > '0' AND old.channel_id = CAST(CAST(old.channel_id AS INTEGER) AS TEXT)
    AND old.user_id > '0' AND old.user_id = CAST(CAST(old.user_id AS INTEGER) AS TEXT)
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

DROP TRIGGER message_events_added;
CREATE TRIGGER message_events_added AFTER INSERT ON message_events
WHEN (new.message_type = 0 OR new.message_type = 19 OR new.message_type = 20 OR new.message_type = 23)
    AND new.created_at BETWEEN (SELECT messages_from FROM horizons) AND 253402300799
    AND new.guild_id > '0' AND new.guild_id = CAST(CAST(new.guild_id AS INTEGER) AS TEXT)
    AND new.channel_id > '0' AND new.channel_id = CAST(CAST(new.channel_id AS INTEGER) AS TEXT)
    AND new.user_id > '0' AND new.user_id = CAST(CAST(new.user_id AS INTEGER) AS TEXT)
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

DROP TRIGGER message_events_late;
CREATE TRIGGER message_events_late AFTER INSERT ON message_events
WHEN new.created_at < (SELECT messages_to * 86400 FROM watermarks)
    AND new.created_at >= (SELECT messages_from FROM horizons)
    AND (new.message_type = 0 OR new.message_type = 19 OR new.message_type = 20 OR new.message_type = 23)
    AND new.guild_id > '0' AND new.guild_id = CAST(CAST(new.guild_id AS INTEGER) AS TEXT)
    AND new.channel_id > '0' AND new.channel_id = CAST(CAST(new.channel_id AS INTEGER) AS TEXT)
    AND new.user_id > '0' AND new.user_id = CAST(CAST(new.user_id AS INTEGER) AS TEXT)
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

DROP TRIGGER voice_events_changed_from;
CREATE TRIGGER voice_events_changed_from AFTER UPDATE ON voice_events
WHEN old.event_type = 'leave' AND old.created_at BETWEEN (SELECT voice_from FROM horizons) AND 253402300799
    AND old.guild_id > '0' AND old.guild_id = CAST(CAST(old.guild_id AS INTEGER) AS TEXT)
    AND (old.channel_id IS NULL OR old.channel_id > '0' AND old.channel_id = CAST(CAST(old.channel_id AS INTEGER) AS TEXT))
    AND old.user_id > '0' AND old.user_id = CAST(CAST(old.user_id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER) * 1000, CAST(old.user_id AS INTEGER), 0, 0,
        -1, 0, 0, 0, 0, 0, 0, 0
    );
END;

DROP TRIGGER voice_events_gone;
CREATE TRIGGER voice_events_gone AFTER DELETE ON voice_events
WHEN old.event_type = 'leave' AND old.created_at BETWEEN (SELECT voice_from FROM horizons) AND 253402300799
    AND old.guild_id > '0' AND old.guild_id = CAST(CAST(old.guild_id AS INTEGER) AS TEXT)
    AND (old.channel_id IS NULL OR old.channel_id > '0' AND old.channel_id = CAST(CAST(old.channel_id AS INTEGER) AS TEXT))
    AND old.user_id > '0' AND old.user_id = CAST(CAST(old.user_id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER) * 1000, CAST(old.user_id AS INTEGER), 0, 0,
        -1, 0, 0, 0, 0, 0, 0, 0
    );
END;

DROP TRIGGER voice_events_added;
CREATE TRIGGER voice_events_added AFTER INSERT ON voice_events
WHEN new.event_type = 'leave' AND new.created_at BETWEEN (SELECT voice_from FROM horizons) AND 253402300799
    AND new.guild_id > '0' AND new.guild_id = CAST(CAST(new.guild_id AS INTEGER) AS TEXT)
    AND (new.channel_id IS NULL OR new.channel_id > '0' AND new.channel_id = CAST(CAST(new.channel_id AS INTEGER) AS TEXT))
    AND new.user_id > '0' AND new.user_id = CAST(CAST(new.user_id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER) * 1000, CAST(new.user_id AS INTEGER), 0, 0,
        1, 0, 0, 0, 0, 0, 0, 0
    );
END;

DROP TRIGGER member_events_changed_from;
CREATE TRIGGER member_events_changed_from AFTER UPDATE ON member_events
WHEN (old.event_type = 'join' OR old.event_type = 'leave')
    AND old.created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
    AND old.guild_id > '0' AND old.guild_id = CAST(CAST(old.guild_id AS INTEGER) AS TEXT)
    AND old.user_id > '0' AND old.user_id = CAST(CAST(old.user_id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO member_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER), CAST(old.user_id AS INTEGER),
        -(old.event_type = 'join'), -(old.event_type = 'leave')
    );
END;

DROP TRIGGER member_events_gone;
CREATE TRIGGER member_events_gone AFTER DELETE ON member_events
WHEN (old.event_type = 'join' OR old.event_type = 'leave')
    AND old.created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
    AND old.guild_id > '0' AND old.guild_id = CAST(CAST(old.guild_id AS INTEGER) AS TEXT)
    AND old.user_id > '0' AND old.user_id = CAST(CAST(old.user_id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO member_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER), CAST(old.user_id AS INTEGER),
        -(old.event_type = 'join'), -(old.event_type = 'leave')
    );
END;

DROP TRIGGER member_events_added;
CREATE TRIGGER member_events_added AFTER INSERT ON member_events
WHEN (new.event_type = 'join' OR new.event_type = 'leave')
    AND new.created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
    AND new.guild_id > '0' AND new.guild_id = CAST(CAST(new.guild_id AS INTEGER) AS TEXT)
    AND new.user_id > '0' AND new.user_id = CAST(CAST(new.user_id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO member_changes VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER), CAST(new.user_id AS INTEGER),
        new.event_type = 'join', new.event_type = 'leave'
    );
END;

DROP TRIGGER bot_changes_added;
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
        AND guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)
        AND channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT)
        AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)
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
        AND guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)
        AND channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT)
        AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)
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

DROP TRIGGER bot_changes_added_to_members;
CREATE TRIGGER bot_changes_added_to_members INSTEAD OF INSERT ON bot_changes
WHEN new.id = CAST(CAST(new.id AS INTEGER) AS TEXT)
BEGIN
    INSERT INTO member_days
    SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 86400, new.bot,
        sum(event_type = 'join'), sum(event_type = 'leave')
    FROM member_events INDEXED BY idx_member_events_user_time
    WHERE user_id = new.id AND event_type IN ('join', 'leave')
        AND created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
        AND guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)
        AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)
    GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET joins = joins + excluded.joins, leaves = leaves + excluded.leaves;
    INSERT INTO member_days
    SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 86400, 1 - new.bot,
        -sum(event_type = 'join'), -sum(event_type = 'leave')
    FROM member_events INDEXED BY idx_member_events_user_time
    WHERE user_id = new.id AND event_type IN ('join', 'leave')
        AND created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
        AND guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)
        AND user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)
    GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET joins = joins + excluded.joins, leaves = leaves + excluded.leaves;
    DELETE FROM member_days
    WHERE joins = 0 AND leaves = 0 AND (guild_id, day) IN (
        SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 86400
        FROM member_events INDEXED BY idx_member_events_user_time
        WHERE user_id = new.id AND created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
    );
END;

-- The rows of the eight tables with a value that Mocha cannot read, each with the first such column: an id that is not Discord's, a
-- time that is not a whole number of seconds from 1970 to 9999, or an unknown kind of event or status. An event after 3599942399,
-- in January 2084, is a mistake too: windows without an end leave it out.
CREATE VIEW unreadable_rows AS
SELECT table_name, row_id, column_name FROM (
SELECT 'guilds' AS table_name, id AS row_id, CASE
    WHEN id IS NOT NULL AND NOT (id > '0' AND id = CAST(CAST(id AS INTEGER) AS TEXT)) THEN 'id'
    WHEN created_at IS NOT NULL AND NOT (typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 253402300799) THEN 'created_at'
    WHEN updated_at IS NOT NULL AND NOT (typeof(updated_at) = 'integer' AND updated_at BETWEEN 0 AND 253402300799) THEN 'updated_at'
END AS column_name FROM guilds
UNION ALL
SELECT 'users' AS table_name, id AS row_id, CASE
    WHEN id IS NOT NULL AND NOT (id > '0' AND id = CAST(CAST(id AS INTEGER) AS TEXT)) THEN 'id'
    WHEN created_at IS NOT NULL AND NOT (typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 253402300799) THEN 'created_at'
    WHEN updated_at IS NOT NULL AND NOT (typeof(updated_at) = 'integer' AND updated_at BETWEEN 0 AND 253402300799) THEN 'updated_at'
END AS column_name FROM users
UNION ALL
SELECT 'channels' AS table_name, id AS row_id, CASE
    WHEN id IS NOT NULL AND NOT (id > '0' AND id = CAST(CAST(id AS INTEGER) AS TEXT)) THEN 'id'
    WHEN guild_id IS NOT NULL AND NOT (guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)) THEN 'guild_id'
    WHEN created_at IS NOT NULL AND NOT (typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 253402300799) THEN 'created_at'
    WHEN updated_at IS NOT NULL AND NOT (typeof(updated_at) = 'integer' AND updated_at BETWEEN 0 AND 253402300799) THEN 'updated_at'
END AS column_name FROM channels
UNION ALL
SELECT 'members' AS table_name, id AS row_id, CASE
    WHEN guild_id IS NOT NULL AND NOT (guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)) THEN 'guild_id'
    WHEN user_id IS NOT NULL AND NOT (user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)) THEN 'user_id'
    WHEN joined_at IS NOT NULL AND NOT (typeof(joined_at) = 'integer' AND joined_at BETWEEN 0 AND 253402300799) THEN 'joined_at'
    WHEN premium_since IS NOT NULL AND NOT (typeof(premium_since) = 'integer' AND premium_since BETWEEN 0 AND 253402300799) THEN 'premium_since'
    WHEN created_at IS NOT NULL AND NOT (typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 253402300799) THEN 'created_at'
    WHEN updated_at IS NOT NULL AND NOT (typeof(updated_at) = 'integer' AND updated_at BETWEEN 0 AND 253402300799) THEN 'updated_at'
END AS column_name FROM members
UNION ALL
SELECT 'message_events' AS table_name, id AS row_id, CASE
    WHEN guild_id IS NOT NULL AND NOT (guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)) THEN 'guild_id'
    WHEN channel_id IS NOT NULL AND NOT (channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT)) THEN 'channel_id'
    WHEN user_id IS NOT NULL AND NOT (user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)) THEN 'user_id'
    WHEN created_at IS NOT NULL AND NOT (typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 3599942399) THEN 'created_at'
END AS column_name FROM message_events
UNION ALL
SELECT 'voice_events' AS table_name, id AS row_id, CASE
    WHEN guild_id IS NOT NULL AND NOT (guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)) THEN 'guild_id'
    WHEN channel_id IS NOT NULL AND NOT (channel_id > '0' AND channel_id = CAST(CAST(channel_id AS INTEGER) AS TEXT)) THEN 'channel_id'
    WHEN user_id IS NOT NULL AND NOT (user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)) THEN 'user_id'
    WHEN session_start IS NOT NULL AND NOT (typeof(session_start) = 'integer' AND session_start BETWEEN 0 AND 253402300799) THEN 'session_start'
    WHEN session_end IS NOT NULL AND NOT (typeof(session_end) = 'integer' AND session_end BETWEEN 0 AND 253402300799) THEN 'session_end'
    WHEN created_at IS NOT NULL AND NOT (typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 3599942399) THEN 'created_at'
    WHEN event_type NOT IN ('join', 'leave', 'move') THEN 'event_type'
END AS column_name FROM voice_events
UNION ALL
SELECT 'member_events' AS table_name, id AS row_id, CASE
    WHEN guild_id IS NOT NULL AND NOT (guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)) THEN 'guild_id'
    WHEN user_id IS NOT NULL AND NOT (user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)) THEN 'user_id'
    WHEN created_at IS NOT NULL AND NOT (typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 3599942399) THEN 'created_at'
    WHEN event_type NOT IN ('join', 'leave') THEN 'event_type'
END AS column_name FROM member_events
UNION ALL
SELECT 'presence_events' AS table_name, id AS row_id, CASE
    WHEN guild_id IS NOT NULL AND NOT (guild_id > '0' AND guild_id = CAST(CAST(guild_id AS INTEGER) AS TEXT)) THEN 'guild_id'
    WHEN user_id IS NOT NULL AND NOT (user_id > '0' AND user_id = CAST(CAST(user_id AS INTEGER) AS TEXT)) THEN 'user_id'
    WHEN created_at IS NOT NULL AND NOT (typeof(created_at) = 'integer' AND created_at BETWEEN 0 AND 3599942399) THEN 'created_at'
    WHEN status NOT IN ('online', 'idle', 'dnd', 'offline') THEN 'status'
END AS column_name FROM presence_events
) WHERE column_name IS NOT NULL;
