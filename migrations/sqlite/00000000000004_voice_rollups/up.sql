-- Roll-ups of voice. They work like those of messages.

-- Milliseconds of closed intervals, in total and in each state, by user and the day on which the interval began. A member who
-- is talking is not muted, not deafened and not in the audience of a stage. `sessions` counts the sessions that ended, from
-- the voice log.
CREATE TABLE voice_days (
    guild_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
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
    PRIMARY KEY (guild_id, day, user_id, assumed)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_voice_days_user ON voice_days (user_id, guild_id, day);

-- The same by thirty days, for the days before the watermark. `days` has two bits for each day, from the lowest, like the
-- column of `active_months`: 1 for a day with time in voice, else 0.
CREATE TABLE voice_months (
    guild_id INTEGER NOT NULL,
    month INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
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
    days INTEGER,
    PRIMARY KEY (guild_id, month, user_id, assumed)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_voice_months_user ON voice_months (user_id, guild_id, month);

-- The same for all days before the watermark.
CREATE TABLE voice_totals (
    guild_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
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
    PRIMARY KEY (guild_id, user_id, assumed)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_voice_totals_user ON voice_totals (user_id, guild_id);

CREATE TRIGGER voice_months_added AFTER INSERT ON voice_months
BEGIN
    INSERT INTO voice_totals
    VALUES (
        new.guild_id, new.user_id, new.assumed, new.bot,
        coalesce(new.sessions, 0), coalesce(new.intervals, 0), coalesce(new.voice_ms, 0), coalesce(new.deafened_ms, 0),
        coalesce(new.muted_ms, 0), coalesce(new.streaming_ms, 0), coalesce(new.talking_ms, 0), coalesce(new.video_ms, 0)
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
END;

CREATE TRIGGER voice_months_gone AFTER DELETE ON voice_months
BEGIN
    UPDATE voice_totals SET
        sessions = sessions - coalesce(old.sessions, 0),
        intervals = intervals - coalesce(old.intervals, 0),
        voice_ms = voice_ms - coalesce(old.voice_ms, 0),
        deafened_ms = deafened_ms - coalesce(old.deafened_ms, 0),
        muted_ms = muted_ms - coalesce(old.muted_ms, 0),
        streaming_ms = streaming_ms - coalesce(old.streaming_ms, 0),
        talking_ms = talking_ms - coalesce(old.talking_ms, 0),
        video_ms = video_ms - coalesce(old.video_ms, 0)
    WHERE guild_id = old.guild_id AND user_id = old.user_id AND assumed = old.assumed;
    DELETE FROM voice_totals
    WHERE sessions = 0 AND intervals = 0
        AND guild_id = old.guild_id AND user_id = old.user_id AND assumed = old.assumed;
END;

CREATE TRIGGER voice_months_changed AFTER UPDATE OF sessions, intervals, voice_ms, deafened_ms,
    muted_ms, streaming_ms, talking_ms, video_ms
ON voice_months
BEGIN
    UPDATE voice_totals SET
        sessions = sessions - coalesce(old.sessions, 0) + coalesce(new.sessions, 0),
        intervals = intervals - coalesce(old.intervals, 0) + coalesce(new.intervals, 0),
        voice_ms = voice_ms - coalesce(old.voice_ms, 0) + coalesce(new.voice_ms, 0),
        deafened_ms = deafened_ms - coalesce(old.deafened_ms, 0) + coalesce(new.deafened_ms, 0),
        muted_ms = muted_ms - coalesce(old.muted_ms, 0) + coalesce(new.muted_ms, 0),
        streaming_ms = streaming_ms - coalesce(old.streaming_ms, 0) + coalesce(new.streaming_ms, 0),
        talking_ms = talking_ms - coalesce(old.talking_ms, 0) + coalesce(new.talking_ms, 0),
        video_ms = video_ms - coalesce(old.video_ms, 0) + coalesce(new.video_ms, 0)
    WHERE guild_id = old.guild_id AND user_id = old.user_id AND assumed = old.assumed;
    DELETE FROM voice_totals
    WHERE sessions = 0 AND intervals = 0
        AND guild_id = old.guild_id AND user_id = old.user_id AND assumed = old.assumed;
END;

-- Days by channel, without sessions. `channel_id` is 0 if it is unknown.
CREATE TABLE voice_channel_days (
    guild_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    assumed INTEGER NOT NULL CHECK (assumed IN (0, 1)),
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    intervals INTEGER,
    voice_ms INTEGER,
    deafened_ms INTEGER,
    muted_ms INTEGER,
    streaming_ms INTEGER,
    talking_ms INTEGER,
    video_ms INTEGER,
    PRIMARY KEY (guild_id, day, user_id, channel_id, assumed)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_voice_channel_days_user ON voice_channel_days (user_id, guild_id, day);

-- The same by thirty days, for the days before the watermark.
CREATE TABLE voice_channel_months (
    guild_id INTEGER NOT NULL,
    month INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL,
    assumed INTEGER NOT NULL CHECK (assumed IN (0, 1)),
    bot INTEGER NOT NULL CHECK (bot IN (0, 1)),
    intervals INTEGER,
    voice_ms INTEGER,
    deafened_ms INTEGER,
    muted_ms INTEGER,
    streaming_ms INTEGER,
    talking_ms INTEGER,
    video_ms INTEGER,
    PRIMARY KEY (guild_id, month, user_id, channel_id, assumed)
) STRICT, WITHOUT ROWID;
CREATE INDEX idx_voice_channel_months_user ON voice_channel_months (user_id, guild_id, month);

-- An insert into this view adds a change of voice to the roll-ups. Its counts are -1 for a deleted row.
CREATE VIEW voice_changes AS
SELECT guild_id, 0 AS at_ms, user_id, 0 AS channel_id, assumed,
    sessions, intervals, voice_ms, deafened_ms, muted_ms, streaming_ms, talking_ms, video_ms
FROM voice_days WHERE false;

CREATE TRIGGER voice_changes_added INSTEAD OF INSERT ON voice_changes
BEGIN
    INSERT INTO voice_days
    VALUES (
        new.guild_id, new.at_ms / 86400000, new.user_id, new.assumed,
        EXISTS (SELECT 1 FROM bots WHERE id = new.user_id),
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
    INSERT INTO voice_channel_days
    SELECT new.guild_id, new.at_ms / 86400000, new.user_id, new.channel_id, new.assumed,
        EXISTS (SELECT 1 FROM bots WHERE id = new.user_id),
        new.intervals, new.voice_ms, new.deafened_ms, new.muted_ms, new.streaming_ms, new.talking_ms, new.video_ms
    WHERE new.intervals <> 0
    ON CONFLICT DO UPDATE SET
        intervals = intervals + excluded.intervals,
        voice_ms = voice_ms + excluded.voice_ms,
        deafened_ms = deafened_ms + excluded.deafened_ms,
        muted_ms = muted_ms + excluded.muted_ms,
        streaming_ms = streaming_ms + excluded.streaming_ms,
        talking_ms = talking_ms + excluded.talking_ms,
        video_ms = video_ms + excluded.video_ms;
    INSERT INTO voice_day_changes
    SELECT new.guild_id, new.at_ms / 86400000, new.user_id, new.channel_id, new.assumed,
        new.sessions, new.intervals,
        new.voice_ms, new.deafened_ms, new.muted_ms, new.streaming_ms, new.talking_ms, new.video_ms
    WHERE new.at_ms / 86400000 < (SELECT voice_to FROM watermarks);
    DELETE FROM voice_days
    WHERE sessions = 0 AND intervals = 0 AND guild_id = new.guild_id AND day = new.at_ms / 86400000
        AND user_id = new.user_id AND assumed = new.assumed;
    DELETE FROM voice_channel_days
    WHERE intervals = 0 AND guild_id = new.guild_id AND day = new.at_ms / 86400000
        AND user_id = new.user_id AND channel_id = new.channel_id AND assumed = new.assumed;
END;

-- An insert into this view adds a change of a day before the watermark to the roll-ups of longer periods.
CREATE VIEW voice_day_changes AS
SELECT guild_id, day, user_id, 0 AS channel_id, assumed,
    sessions, intervals, voice_ms, deafened_ms, muted_ms, streaming_ms, talking_ms, video_ms
FROM voice_days WHERE false;

CREATE TRIGGER voice_day_changes_added INSTEAD OF INSERT ON voice_day_changes
BEGIN
    INSERT INTO voice_months
    VALUES (
        new.guild_id, new.day / 30, new.user_id, new.assumed,
        EXISTS (SELECT 1 FROM bots WHERE id = new.user_id),
        new.sessions, new.intervals,
        new.voice_ms, new.deafened_ms, new.muted_ms, new.streaming_ms, new.talking_ms, new.video_ms, 0
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
    INSERT INTO voice_channel_months
    SELECT new.guild_id, new.day / 30, new.user_id, new.channel_id, new.assumed,
        EXISTS (SELECT 1 FROM bots WHERE id = new.user_id),
        new.intervals, new.voice_ms, new.deafened_ms, new.muted_ms, new.streaming_ms, new.talking_ms, new.video_ms
    WHERE new.intervals <> 0
    ON CONFLICT DO UPDATE SET
        intervals = intervals + excluded.intervals,
        voice_ms = voice_ms + excluded.voice_ms,
        deafened_ms = deafened_ms + excluded.deafened_ms,
        muted_ms = muted_ms + excluded.muted_ms,
        streaming_ms = streaming_ms + excluded.streaming_ms,
        talking_ms = talking_ms + excluded.talking_ms,
        video_ms = video_ms + excluded.video_ms;
    UPDATE voice_months SET
        days = (days & ~(1 << new.day % 30 * 2)) | (EXISTS (
            SELECT 1 FROM voice_days
            WHERE voice_days.guild_id = new.guild_id AND voice_days.day = new.day AND voice_days.user_id = new.user_id
                AND voice_days.assumed = new.assumed AND voice_days.voice_ms > 0
        ) << new.day % 30 * 2)
    WHERE guild_id = new.guild_id AND month = new.day / 30 AND user_id = new.user_id AND assumed = new.assumed;
    DELETE FROM voice_months
    WHERE sessions = 0 AND intervals = 0 AND guild_id = new.guild_id AND month = new.day / 30
        AND user_id = new.user_id AND assumed = new.assumed;
    DELETE FROM voice_channel_months
    WHERE intervals = 0 AND guild_id = new.guild_id AND month = new.day / 30
        AND user_id = new.user_id AND channel_id = new.channel_id AND assumed = new.assumed;
END;

-- The guilds that have voice time. Each step seeks the next guild in the index.
CREATE VIEW voice_guilds AS
WITH RECURSIVE found (guild_id) AS (
    SELECT min(guild_id) FROM voice_days
    UNION ALL
    SELECT (SELECT min(guild_id) FROM voice_days WHERE guild_id > found.guild_id) FROM found WHERE guild_id IS NOT NULL
)
SELECT guild_id FROM found WHERE guild_id IS NOT NULL;

-- Adds the days that the watermark rises over.
CREATE TRIGGER watermarks_voice_rise AFTER UPDATE OF voice_to ON watermarks
WHEN new.voice_to > old.voice_to
BEGIN
    INSERT INTO voice_months
    SELECT added.guild_id, added.day / 30, added.user_id, added.assumed, added.bot,
        sum(added.sessions), sum(added.intervals), sum(added.voice_ms),
        sum(added.deafened_ms), sum(added.muted_ms), sum(added.streaming_ms), sum(added.talking_ms), sum(added.video_ms),
        sum((added.voice_ms > 0) << added.day % 30 * 2)
    FROM voice_guilds AS guild CROSS JOIN voice_days AS added
    WHERE added.guild_id = guild.guild_id AND added.day >= old.voice_to AND added.day < new.voice_to
    GROUP BY 1, 2, 3, 4
    ON CONFLICT DO UPDATE SET
        sessions = sessions + excluded.sessions,
        intervals = intervals + excluded.intervals,
        voice_ms = voice_ms + excluded.voice_ms,
        deafened_ms = deafened_ms + excluded.deafened_ms,
        muted_ms = muted_ms + excluded.muted_ms,
        streaming_ms = streaming_ms + excluded.streaming_ms,
        talking_ms = talking_ms + excluded.talking_ms,
        video_ms = video_ms + excluded.video_ms,
        days = days | excluded.days;
    INSERT INTO voice_channel_months
    SELECT added.guild_id, added.day / 30, added.user_id, added.channel_id, added.assumed, added.bot,
        sum(added.intervals), sum(added.voice_ms),
        sum(added.deafened_ms), sum(added.muted_ms), sum(added.streaming_ms), sum(added.talking_ms), sum(added.video_ms)
    FROM voice_guilds AS guild CROSS JOIN voice_channel_days AS added
    WHERE added.guild_id = guild.guild_id AND added.day >= old.voice_to AND added.day < new.voice_to
    GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT DO UPDATE SET
        intervals = intervals + excluded.intervals,
        voice_ms = voice_ms + excluded.voice_ms,
        deafened_ms = deafened_ms + excluded.deafened_ms,
        muted_ms = muted_ms + excluded.muted_ms,
        streaming_ms = streaming_ms + excluded.streaming_ms,
        talking_ms = talking_ms + excluded.talking_ms,
        video_ms = video_ms + excluded.video_ms;
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

CREATE TRIGGER bot_changes_added_to_voice INSTEAD OF INSERT ON bot_changes
WHEN new.id = CAST(CAST(new.id AS INTEGER) AS TEXT)
BEGIN
    UPDATE voice_days SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
    UPDATE voice_channel_days SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
    UPDATE voice_months SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
    UPDATE voice_channel_months SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
    UPDATE voice_totals SET bot = new.bot WHERE user_id = CAST(new.id AS INTEGER);
END;

-- Counts the rows that exist already.

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

UPDATE watermarks
SET voice_to = coalesce((
    SELECT max(day) FROM voice_days WHERE day <= CAST(strftime('%s', 'now') AS INTEGER) / 86400
), 0);
