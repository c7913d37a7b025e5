-- Counts unreadable rows as before. On an UPDATE one trigger subtracts nothing and the other adds the row.

DROP VIEW unreadable_rows;

DROP TRIGGER message_events_changed_to;
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

DROP TRIGGER voice_events_changed_to;
CREATE TRIGGER voice_events_changed_to AFTER UPDATE ON voice_events
WHEN new.event_type = 'leave' AND new.created_at BETWEEN (SELECT voice_from FROM horizons) AND 253402300799
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
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER) * 1000, CAST(old.user_id AS INTEGER), 0, 0,
        -1, 0, 0, 0, 0, 0, 0, 0
    );
END;

DROP TRIGGER voice_events_gone;
CREATE TRIGGER voice_events_gone AFTER DELETE ON voice_events
WHEN old.event_type = 'leave' AND old.created_at BETWEEN (SELECT voice_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO voice_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER) * 1000, CAST(old.user_id AS INTEGER), 0, 0,
        -1, 0, 0, 0, 0, 0, 0, 0
    );
END;

DROP TRIGGER voice_events_added;
CREATE TRIGGER voice_events_added AFTER INSERT ON voice_events
WHEN new.event_type = 'leave' AND new.created_at BETWEEN (SELECT voice_from FROM horizons) AND 253402300799
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
    GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET joins = joins + excluded.joins, leaves = leaves + excluded.leaves;
    INSERT INTO member_days
    SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 86400, 1 - new.bot,
        -sum(event_type = 'join'), -sum(event_type = 'leave')
    FROM member_events INDEXED BY idx_member_events_user_time
    WHERE user_id = new.id AND event_type IN ('join', 'leave')
        AND created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
    GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET joins = joins + excluded.joins, leaves = leaves + excluded.leaves;
    DELETE FROM member_days
    WHERE joins = 0 AND leaves = 0 AND (guild_id, day) IN (
        SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 86400
        FROM member_events INDEXED BY idx_member_events_user_time
        WHERE user_id = new.id AND created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
    );
END;
