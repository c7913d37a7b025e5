-- Finds the joins and leaves of a user, for an erasure and for a user that turns out to be a bot.
CREATE INDEX idx_member_events_user_time ON member_events (user_id, created_at);

-- Joins and leaves by day, with rows of their own for bots. Totals are never NULL. Longer periods need no table: ten years
-- have 3,650 rows.
CREATE TABLE member_days (
    guild_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    joins INTEGER,
    leaves INTEGER,
    PRIMARY KEY (guild_id, day, bot)
) STRICT, WITHOUT ROWID;

-- An insert into this view adds a change of `member_events` to the roll-up. A deleted join or leave is -1.
CREATE VIEW member_changes AS SELECT guild_id, 0 AS at, 0 AS user_id, joins, leaves FROM member_days WHERE false;

CREATE TRIGGER member_changes_added INSTEAD OF INSERT ON member_changes
BEGIN
    INSERT INTO member_days
    VALUES (
        new.guild_id, new.at / 86400, EXISTS (SELECT 1 FROM bots WHERE id = new.user_id), new.joins, new.leaves
    )
    ON CONFLICT DO UPDATE SET joins = joins + excluded.joins, leaves = leaves + excluded.leaves;
    DELETE FROM member_days
    WHERE joins = 0 AND leaves = 0 AND guild_id = new.guild_id AND day = new.at / 86400;
END;

CREATE TRIGGER member_events_added AFTER INSERT ON member_events
WHEN (new.event_type = 'join' OR new.event_type = 'leave')
    AND new.created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO member_changes VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER), CAST(new.user_id AS INTEGER),
        new.event_type = 'join', new.event_type = 'leave'
    );
END;

CREATE TRIGGER member_events_gone AFTER DELETE ON member_events
WHEN (old.event_type = 'join' OR old.event_type = 'leave')
    AND old.created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO member_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER), CAST(old.user_id AS INTEGER),
        -(old.event_type = 'join'), -(old.event_type = 'leave')
    );
END;

-- A changed entry is subtracted and added.
CREATE TRIGGER member_events_changed_from AFTER UPDATE ON member_events
WHEN (old.event_type = 'join' OR old.event_type = 'leave')
    AND old.created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO member_changes VALUES (
        CAST(old.guild_id AS INTEGER), CAST(old.created_at AS INTEGER), CAST(old.user_id AS INTEGER),
        -(old.event_type = 'join'), -(old.event_type = 'leave')
    );
END;

CREATE TRIGGER member_events_changed_to AFTER UPDATE ON member_events
WHEN (new.event_type = 'join' OR new.event_type = 'leave')
    AND new.created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
BEGIN
    INSERT INTO member_changes VALUES (
        CAST(new.guild_id AS INTEGER), CAST(new.created_at AS INTEGER), CAST(new.user_id AS INTEGER),
        new.event_type = 'join', new.event_type = 'leave'
    );
END;

-- Days before the horizon stay as they are, because they do not name the users.
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

-- Counts the rows that exist already.
INSERT INTO member_days
SELECT CAST(guild_id AS INTEGER), CAST(created_at AS INTEGER) / 86400,
    EXISTS (SELECT 1 FROM bots WHERE bots.id = CAST(member_events.user_id AS INTEGER)),
    sum(event_type = 'join'), sum(event_type = 'leave')
FROM member_events
WHERE event_type IN ('join', 'leave')
    AND created_at BETWEEN (SELECT members_from FROM horizons) AND 253402300799
GROUP BY 1, 2, 3;
