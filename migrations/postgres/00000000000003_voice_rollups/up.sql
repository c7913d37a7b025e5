-- Roll-ups of voice. They work like those of messages.

-- Milliseconds of closed intervals, in total and in each state, by user and the day on which the interval began. A member who
-- is talking is not muted, not deafened and not in the audience of a stage. `sessions` counts the sessions that ended, from
-- the voice log.
CREATE TABLE voice_days (
    guild_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    assumed BOOLEAN NOT NULL,
    bot BOOLEAN NOT NULL,
    sessions BIGINT NOT NULL,
    intervals BIGINT NOT NULL,
    voice_ms BIGINT NOT NULL,
    deafened_ms BIGINT NOT NULL,
    muted_ms BIGINT NOT NULL,
    streaming_ms BIGINT NOT NULL,
    talking_ms BIGINT NOT NULL,
    video_ms BIGINT NOT NULL,
    PRIMARY KEY (guild_id, day, user_id, assumed)
) WITH (fillfactor = 80);
CREATE INDEX idx_voice_days_user ON voice_days (user_id, guild_id, day);

-- The same by thirty days. `days` has two bits for each day, from the lowest, like the column of `active_months`: 1 for a day
-- with time in voice, else 0.
CREATE TABLE voice_months (
    guild_id BIGINT NOT NULL,
    month BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    assumed BOOLEAN NOT NULL,
    bot BOOLEAN NOT NULL,
    sessions BIGINT NOT NULL,
    intervals BIGINT NOT NULL,
    voice_ms BIGINT NOT NULL,
    deafened_ms BIGINT NOT NULL,
    muted_ms BIGINT NOT NULL,
    streaming_ms BIGINT NOT NULL,
    talking_ms BIGINT NOT NULL,
    video_ms BIGINT NOT NULL,
    days BIGINT NOT NULL,
    PRIMARY KEY (guild_id, month, user_id, assumed)
) WITH (fillfactor = 80);
CREATE INDEX idx_voice_months_user ON voice_months (user_id, guild_id, month);

-- The same for all time.
CREATE TABLE voice_totals (
    guild_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    assumed BOOLEAN NOT NULL,
    bot BOOLEAN NOT NULL,
    sessions BIGINT NOT NULL,
    intervals BIGINT NOT NULL,
    voice_ms BIGINT NOT NULL,
    deafened_ms BIGINT NOT NULL,
    muted_ms BIGINT NOT NULL,
    streaming_ms BIGINT NOT NULL,
    talking_ms BIGINT NOT NULL,
    video_ms BIGINT NOT NULL,
    PRIMARY KEY (guild_id, user_id, assumed)
) WITH (fillfactor = 80);
CREATE INDEX idx_voice_totals_user ON voice_totals (user_id, guild_id);

-- Days by channel, without sessions. `channel_id` is 0 if it is unknown.
CREATE TABLE voice_channel_days (
    guild_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    assumed BOOLEAN NOT NULL,
    bot BOOLEAN NOT NULL,
    intervals BIGINT NOT NULL,
    voice_ms BIGINT NOT NULL,
    deafened_ms BIGINT NOT NULL,
    muted_ms BIGINT NOT NULL,
    streaming_ms BIGINT NOT NULL,
    talking_ms BIGINT NOT NULL,
    video_ms BIGINT NOT NULL,
    PRIMARY KEY (guild_id, day, user_id, channel_id, assumed)
) WITH (fillfactor = 80);
CREATE INDEX idx_voice_channel_days_user ON voice_channel_days (user_id, guild_id, day);

-- The same by thirty days.
CREATE TABLE voice_channel_months (
    guild_id BIGINT NOT NULL,
    month BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    assumed BOOLEAN NOT NULL,
    bot BOOLEAN NOT NULL,
    intervals BIGINT NOT NULL,
    voice_ms BIGINT NOT NULL,
    deafened_ms BIGINT NOT NULL,
    muted_ms BIGINT NOT NULL,
    streaming_ms BIGINT NOT NULL,
    talking_ms BIGINT NOT NULL,
    video_ms BIGINT NOT NULL,
    PRIMARY KEY (guild_id, month, user_id, channel_id, assumed)
) WITH (fillfactor = 80);
CREATE INDEX idx_voice_channel_months_user ON voice_channel_months (user_id, guild_id, month);

-- Adds changes of voice to the roll-ups. Array by array, the n-th elements describe the n-th change. Its counts are negative
-- for deleted rows.
CREATE FUNCTION add_voice(
    guilds BIGINT[], all_days BIGINT[], users BIGINT[], channels BIGINT[], are_assumed BOOLEAN[], ended BIGINT[],
    counts BIGINT[], times BIGINT[], deafened BIGINT[], muted BIGINT[], streaming BIGINT[], talking BIGINT[], video BIGINT[]
) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    user_bots CONSTANT BIGINT[] = ARRAY(SELECT id FROM bots WHERE id = ANY (users));
BEGIN
    INSERT INTO voice_days AS total
    SELECT guild, day, member, is_assumed, member = ANY (user_bots),
        sum(sessions), sum(intervals), sum(voice_ms), sum(deafened_ms),
        sum(muted_ms), sum(streaming_ms), sum(talking_ms), sum(video_ms)
    FROM unnest(
        guilds, all_days, users, are_assumed, ended, counts, times, deafened, muted, streaming, talking, video
    ) AS changed (
        guild, day, member, is_assumed, sessions, intervals, voice_ms, deafened_ms, muted_ms, streaming_ms, talking_ms, video_ms
    )
    GROUP BY 1, 2, 3, 4
    HAVING (sum(sessions), sum(intervals), sum(voice_ms), sum(deafened_ms), sum(muted_ms), sum(streaming_ms), sum(talking_ms), sum(video_ms))
        <> (0, 0, 0, 0, 0, 0, 0, 0)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (guild_id, day, user_id, assumed) DO UPDATE SET
        sessions = total.sessions + excluded.sessions,
        intervals = total.intervals + excluded.intervals,
        voice_ms = total.voice_ms + excluded.voice_ms,
        deafened_ms = total.deafened_ms + excluded.deafened_ms,
        muted_ms = total.muted_ms + excluded.muted_ms,
        streaming_ms = total.streaming_ms + excluded.streaming_ms,
        talking_ms = total.talking_ms + excluded.talking_ms,
        video_ms = total.video_ms + excluded.video_ms;

    INSERT INTO voice_channel_days AS total
    SELECT guild, day, member, channel, is_assumed, member = ANY (user_bots),
        sum(intervals), sum(voice_ms), sum(deafened_ms), sum(muted_ms),
        sum(streaming_ms), sum(talking_ms), sum(video_ms)
    FROM unnest(
        guilds, all_days, users, channels, are_assumed, counts, times, deafened, muted, streaming, talking, video
    ) AS changed (
        guild, day, member, channel, is_assumed, intervals, voice_ms, deafened_ms, muted_ms, streaming_ms, talking_ms, video_ms
    )
    WHERE intervals <> 0
    GROUP BY 1, 2, 3, 4, 5
    HAVING (sum(intervals), sum(voice_ms), sum(deafened_ms), sum(muted_ms), sum(streaming_ms), sum(talking_ms), sum(video_ms))
        <> (0, 0, 0, 0, 0, 0, 0)
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (guild_id, day, user_id, channel_id, assumed) DO UPDATE SET
        intervals = total.intervals + excluded.intervals,
        voice_ms = total.voice_ms + excluded.voice_ms,
        deafened_ms = total.deafened_ms + excluded.deafened_ms,
        muted_ms = total.muted_ms + excluded.muted_ms,
        streaming_ms = total.streaming_ms + excluded.streaming_ms,
        talking_ms = total.talking_ms + excluded.talking_ms,
        video_ms = total.video_ms + excluded.video_ms;

    INSERT INTO voice_months AS total
    SELECT guild, day / 30, member, is_assumed, member = ANY (user_bots),
        sum(sessions), sum(intervals), sum(voice_ms), sum(deafened_ms),
        sum(muted_ms), sum(streaming_ms), sum(talking_ms), sum(video_ms),
        coalesce(bit_or(1::BIGINT << (day % 30 * 2)::INTEGER) FILTER (WHERE voice_ms > 0), 0)
    FROM unnest(
        guilds, all_days, users, are_assumed, ended, counts, times, deafened, muted, streaming, talking, video
    ) AS changed (
        guild, day, member, is_assumed, sessions, intervals, voice_ms, deafened_ms, muted_ms, streaming_ms, talking_ms, video_ms
    )
    GROUP BY 1, 2, 3, 4
    HAVING (sum(sessions), sum(intervals), sum(voice_ms), sum(deafened_ms), sum(muted_ms), sum(streaming_ms), sum(talking_ms), sum(video_ms))
        <> (0, 0, 0, 0, 0, 0, 0, 0)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (guild_id, month, user_id, assumed) DO UPDATE SET
        sessions = total.sessions + excluded.sessions,
        intervals = total.intervals + excluded.intervals,
        voice_ms = total.voice_ms + excluded.voice_ms,
        deafened_ms = total.deafened_ms + excluded.deafened_ms,
        muted_ms = total.muted_ms + excluded.muted_ms,
        streaming_ms = total.streaming_ms + excluded.streaming_ms,
        talking_ms = total.talking_ms + excluded.talking_ms,
        video_ms = total.video_ms + excluded.video_ms,
        days = total.days | excluded.days;

    INSERT INTO voice_channel_months AS total
    SELECT guild, day / 30, member, channel, is_assumed, member = ANY (user_bots),
        sum(intervals), sum(voice_ms), sum(deafened_ms), sum(muted_ms),
        sum(streaming_ms), sum(talking_ms), sum(video_ms)
    FROM unnest(
        guilds, all_days, users, channels, are_assumed, counts, times, deafened, muted, streaming, talking, video
    ) AS changed (
        guild, day, member, channel, is_assumed, intervals, voice_ms, deafened_ms, muted_ms, streaming_ms, talking_ms, video_ms
    )
    WHERE intervals <> 0
    GROUP BY 1, 2, 3, 4, 5
    HAVING (sum(intervals), sum(voice_ms), sum(deafened_ms), sum(muted_ms), sum(streaming_ms), sum(talking_ms), sum(video_ms))
        <> (0, 0, 0, 0, 0, 0, 0)
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (guild_id, month, user_id, channel_id, assumed) DO UPDATE SET
        intervals = total.intervals + excluded.intervals,
        voice_ms = total.voice_ms + excluded.voice_ms,
        deafened_ms = total.deafened_ms + excluded.deafened_ms,
        muted_ms = total.muted_ms + excluded.muted_ms,
        streaming_ms = total.streaming_ms + excluded.streaming_ms,
        talking_ms = total.talking_ms + excluded.talking_ms,
        video_ms = total.video_ms + excluded.video_ms;

    INSERT INTO voice_totals AS total
    SELECT guild, member, is_assumed, member = ANY (user_bots),
        sum(sessions), sum(intervals), sum(voice_ms), sum(deafened_ms),
        sum(muted_ms), sum(streaming_ms), sum(talking_ms), sum(video_ms)
    FROM unnest(
        guilds, users, are_assumed, ended, counts, times, deafened, muted, streaming, talking, video
    ) AS changed (
        guild, member, is_assumed, sessions, intervals, voice_ms, deafened_ms, muted_ms, streaming_ms, talking_ms, video_ms
    )
    GROUP BY 1, 2, 3
    HAVING (sum(sessions), sum(intervals), sum(voice_ms), sum(deafened_ms), sum(muted_ms), sum(streaming_ms), sum(talking_ms), sum(video_ms))
        <> (0, 0, 0, 0, 0, 0, 0, 0)
    ORDER BY 1, 2, 3
    ON CONFLICT (guild_id, user_id, assumed) DO UPDATE SET
        sessions = total.sessions + excluded.sessions,
        intervals = total.intervals + excluded.intervals,
        voice_ms = total.voice_ms + excluded.voice_ms,
        deafened_ms = total.deafened_ms + excluded.deafened_ms,
        muted_ms = total.muted_ms + excluded.muted_ms,
        streaming_ms = total.streaming_ms + excluded.streaming_ms,
        talking_ms = total.talking_ms + excluded.talking_ms,
        video_ms = total.video_ms + excluded.video_ms;

    IF NOT 0 > ANY (counts || ended) THEN
        RETURN;
    END IF;

    -- Some rows may count nothing now. They are locked already, in order.
    DELETE FROM voice_days AS total
    USING (SELECT DISTINCT guild, day, member FROM unnest(guilds, all_days, users) AS changed (guild, day, member)) AS changed
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND total.day = changed.day AND user_id = member AND sessions = 0 AND intervals = 0;
    DELETE FROM voice_channel_days AS total
    USING (SELECT DISTINCT guild, day, member FROM unnest(guilds, all_days, users) AS changed (guild, day, member)) AS changed
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND total.day = changed.day AND user_id = member AND intervals = 0;
    DELETE FROM voice_channel_months
    USING (SELECT DISTINCT guild, day / 30 AS number, member
        FROM unnest(guilds, all_days, users) AS changed (guild, day, member)) AS changed
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND month = number AND user_id = member AND intervals = 0;
    DELETE FROM voice_totals
    USING (SELECT DISTINCT guild, member FROM unnest(guilds, users) AS changed (guild, member)) AS changed
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND user_id = member AND sessions = 0 AND intervals = 0;
    DELETE FROM voice_months
    USING (SELECT DISTINCT guild, day / 30 AS number, member
        FROM unnest(guilds, all_days, users) AS changed (guild, day, member)) AS changed
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND month = number AND user_id = member AND sessions = 0 AND intervals = 0;

    -- Days without time in voice lose their bit.
    PERFORM FROM voice_months
    WHERE guild_id = ANY (guilds) AND (guild_id, month, user_id) IN (
        SELECT guild, day / 30, member FROM unnest(guilds, all_days, users) AS changed (guild, day, member)
    )
    ORDER BY guild_id, month, user_id, assumed FOR UPDATE;
    UPDATE voice_months SET days = (days & ~mask) | bits
    FROM (
        SELECT guild, less.day / 30 AS number, member, is_assumed, bit_or(1::BIGINT << (less.day % 30 * 2)::INTEGER) AS mask,
            bit_or(coalesce((
                SELECT (total.voice_ms > 0)::INTEGER::BIGINT FROM voice_days AS total
                WHERE total.guild_id = ANY (guilds) AND total.guild_id = guild AND total.day = less.day
                    AND total.user_id = member AND total.assumed = is_assumed
            ), 0) << (less.day % 30 * 2)::INTEGER) AS bits
        FROM (
            SELECT DISTINCT guild, day, member, is_assumed
            FROM unnest(guilds, all_days, users, are_assumed, counts) AS changed (guild, day, member, is_assumed, intervals)
            WHERE intervals < 0
        ) AS less
        GROUP BY 1, 2, 3, 4
    ) AS again
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND month = number AND user_id = member AND assumed = is_assumed;
END
$$;

CREATE FUNCTION count_voice() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    from_ms BIGINT;
    guilds BIGINT[];
    days BIGINT[];
    members BIGINT[];
    channels BIGINT[];
    are_assumed BOOLEAN[];
    counts BIGINT[];
    times BIGINT[];
    deafened BIGINT[];
    muted BIGINT[];
    streaming BIGINT[];
    talking BIGINT[];
    video_times BIGINT[];
BEGIN
    -- Until the end of the transaction the horizon stays, and users stay bots or humans.
    PERFORM hold_generation();
    SELECT voice_from * 1000 INTO from_ms FROM horizons;
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(guild_id), array_agg(started_at_ms / 86400000), array_agg(user_id),
            array_agg(coalesce(channel_id, 0)), array_agg(assumed), array_agg(one), array_agg(ms),
            array_agg(ms * (server_deaf OR self_deaf)::INTEGER), array_agg(ms * (server_mute OR self_mute)::INTEGER),
            array_agg(ms * stream::INTEGER),
            array_agg(ms * (NOT (server_mute OR self_mute OR server_deaf OR self_deaf OR suppress))::INTEGER),
            array_agg(ms * video::INTEGER)
        INTO guilds, days, members, channels, are_assumed, counts, times, deafened, muted, streaming, talking, video_times
        FROM (SELECT 1 AS one, ended_at_ms - started_at_ms AS ms, * FROM added WHERE ended_at_ms IS NOT NULL) AS changed
        WHERE started_at_ms >= from_ms;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(guild_id), array_agg(started_at_ms / 86400000), array_agg(user_id),
            array_agg(coalesce(channel_id, 0)), array_agg(assumed), array_agg(one), array_agg(ms),
            array_agg(ms * (server_deaf OR self_deaf)::INTEGER), array_agg(ms * (server_mute OR self_mute)::INTEGER),
            array_agg(ms * stream::INTEGER),
            array_agg(ms * (NOT (server_mute OR self_mute OR server_deaf OR self_deaf OR suppress))::INTEGER),
            array_agg(ms * video::INTEGER)
        INTO guilds, days, members, channels, are_assumed, counts, times, deafened, muted, streaming, talking, video_times
        FROM (SELECT -1 AS one, started_at_ms - ended_at_ms AS ms, * FROM gone WHERE ended_at_ms IS NOT NULL) AS changed
        WHERE started_at_ms >= from_ms;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT array_agg(guild_id), array_agg(started_at_ms / 86400000), array_agg(user_id),
            array_agg(coalesce(channel_id, 0)), array_agg(assumed), array_agg(one), array_agg(ms),
            array_agg(ms * (server_deaf OR self_deaf)::INTEGER), array_agg(ms * (server_mute OR self_mute)::INTEGER),
            array_agg(ms * stream::INTEGER),
            array_agg(ms * (NOT (server_mute OR self_mute OR server_deaf OR self_deaf OR suppress))::INTEGER),
            array_agg(ms * video::INTEGER)
        INTO guilds, days, members, channels, are_assumed, counts, times, deafened, muted, streaming, talking, video_times
        FROM (
            SELECT 1 AS one, ended_at_ms - started_at_ms AS ms, * FROM added WHERE ended_at_ms IS NOT NULL
            UNION ALL
            SELECT -1, started_at_ms - ended_at_ms, * FROM gone WHERE ended_at_ms IS NOT NULL
        ) AS changed
        WHERE started_at_ms >= from_ms;
    ELSE
        -- TRUNCATE. The roll-ups know what it deleted.
        SELECT array_agg(guild_id), array_agg(day), array_agg(user_id), array_agg(channel_id), array_agg(assumed),
            array_agg(-intervals), array_agg(-voice_ms), array_agg(-deafened_ms), array_agg(-muted_ms),
            array_agg(-streaming_ms), array_agg(-talking_ms), array_agg(-video_ms)
        INTO guilds, days, members, channels, are_assumed, counts, times, deafened, muted, streaming, talking, video_times
        FROM voice_channel_days WHERE day >= from_ms / 86400000;
    END IF;
    IF guilds IS NOT NULL THEN
        PERFORM add_voice(
            guilds, days, members, channels, are_assumed, array_fill(0::BIGINT, ARRAY[cardinality(guilds)]), counts, times,
            deafened, muted, streaming, talking, video_times
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER voice_intervals_added AFTER INSERT ON voice_intervals
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_voice();
CREATE TRIGGER voice_intervals_changed AFTER UPDATE ON voice_intervals
REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_voice();
CREATE TRIGGER voice_intervals_gone AFTER DELETE ON voice_intervals
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_voice();
CREATE TRIGGER voice_intervals_truncated AFTER TRUNCATE ON voice_intervals
FOR EACH STATEMENT EXECUTE FUNCTION count_voice();

CREATE FUNCTION count_sessions() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    from_second BIGINT;
    guilds BIGINT[];
    days BIGINT[];
    members BIGINT[];
    ended BIGINT[];
    zeros BIGINT[];
BEGIN
    -- Until the end of the transaction the horizon stays, and users stay bots or humans.
    PERFORM hold_generation();
    SELECT voice_from INTO from_second FROM horizons;
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(guild_id), array_agg(created_at / 86400), array_agg(user_id), array_agg(1)
        INTO guilds, days, members, ended
        FROM added WHERE event_type = 'leave' AND created_at >= from_second;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(guild_id), array_agg(created_at / 86400), array_agg(user_id), array_agg(-1)
        INTO guilds, days, members, ended
        FROM gone WHERE event_type = 'leave' AND created_at >= from_second;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT array_agg(guild_id), array_agg(created_at / 86400), array_agg(user_id), array_agg(one)
        INTO guilds, days, members, ended
        FROM (SELECT 1 AS one, * FROM added UNION ALL SELECT -1, * FROM gone) AS changed
        WHERE event_type = 'leave' AND created_at >= from_second;
    ELSE
        -- TRUNCATE. The roll-ups know what it deleted.
        SELECT array_agg(guild_id), array_agg(day), array_agg(user_id), array_agg(-sessions)
        INTO guilds, days, members, ended
        FROM voice_days WHERE day >= from_second / 86400 AND sessions <> 0;
    END IF;
    IF guilds IS NOT NULL THEN
        -- A session counts once, also if a part of it is assumed.
        zeros := array_fill(0::BIGINT, ARRAY[cardinality(guilds)]);
        PERFORM add_voice(
            guilds, days, members, zeros, array_fill(false, ARRAY[cardinality(guilds)]), ended, zeros, zeros, zeros, zeros,
            zeros, zeros, zeros
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER voice_events_added AFTER INSERT ON voice_events
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_sessions();
CREATE TRIGGER voice_events_changed AFTER UPDATE ON voice_events
REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_sessions();
CREATE TRIGGER voice_events_gone AFTER DELETE ON voice_events
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_sessions();
CREATE TRIGGER voice_events_truncated AFTER TRUNCATE ON voice_events
FOR EACH STATEMENT EXECUTE FUNCTION count_sessions();
