-- Awards, for points that spam cannot farm. A user gets one award for each span of time in which the user wrote a message that
-- counts. Spans are counted from 1970-01-01, UTC. An award belongs to the channel and the day of the first message in its span:
-- the one with the lowest time, and among several at that time the one with the lowest id. So the number of awards does not
-- depend on the order in which messages arrive.

-- The length of a span in each guild that counts awards. It divides a day, so no span reaches over a midnight or a horizon. A
-- transaction that counts awards holds the lock of its guild's row.
CREATE TABLE award_spans (
    guild_id BIGINT PRIMARY KEY CHECK (guild_id > 0),
    seconds BIGINT NOT NULL CHECK (seconds > 0 AND 86400 % nullif(seconds, 0) = 0)
);

-- Awards by day, user and channel.
CREATE TABLE award_days (
    guild_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    bot BOOLEAN NOT NULL,
    awards BIGINT NOT NULL,
    PRIMARY KEY (guild_id, day, user_id, channel_id)
) WITH (fillfactor = 80);
CREATE INDEX idx_award_days_user ON award_days (user_id, guild_id, day);

-- The same for all time.
CREATE TABLE award_totals (
    guild_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    bot BOOLEAN NOT NULL,
    awards BIGINT NOT NULL,
    PRIMARY KEY (guild_id, user_id, channel_id)
) WITH (fillfactor = 80);
CREATE INDEX idx_award_totals_user ON award_totals (user_id, guild_id);

-- The awards of all messages from the horizon on, counted from the messages.
CREATE VIEW counted_awards AS
SELECT guild_id, day, user_id, channel_id, EXISTS (SELECT FROM bots WHERE bots.id = user_id) AS bot, count(*) AS awards
FROM (
    SELECT DISTINCT ON (guild_id, user_id, created_at / seconds)
        guild_id, user_id, created_at / 86400 AS day, channel_id
    FROM message_events JOIN award_spans USING (guild_id)
    WHERE message_type IN (0, 19, 20, 23)
        AND created_at >= (SELECT messages_from FROM horizons) AND created_at <= 3599942399
    ORDER BY guild_id, user_id, created_at / seconds, created_at, id
) AS award
GROUP BY guild_id, day, user_id, channel_id;

-- Counts the awards again for the users and days of changed messages. Nothing is added up, so one statement may change a span
-- in several ways. The names of its triggers come after those of `count_messages`, which has locked the generation by then. So
-- the guilds that count awards, the horizon and the bots stay the same until the end of the transaction.
CREATE FUNCTION count_awards() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    from_second BIGINT;
    guilds BIGINT[];
    days BIGINT[];
    authors BIGINT[];
BEGIN
    IF NOT EXISTS (SELECT FROM award_spans) THEN
        RETURN NULL;
    END IF;
    SELECT messages_from INTO from_second FROM horizons;
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM award_days WHERE day >= from_second / 86400;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT array_agg(guild_id), array_agg(created_at / 86400), array_agg(user_id) INTO guilds, days, authors
        FROM added WHERE message_type IN (0, 19, 20, 23) AND created_at >= from_second;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(guild_id), array_agg(created_at / 86400), array_agg(user_id) INTO guilds, days, authors
        FROM gone WHERE message_type IN (0, 19, 20, 23) AND created_at >= from_second;
    ELSE
        SELECT array_agg(guild_id), array_agg(created_at / 86400), array_agg(user_id) INTO guilds, days, authors
        FROM (SELECT * FROM added UNION ALL SELECT * FROM gone) AS changed
        WHERE message_type IN (0, 19, 20, 23) AND created_at >= from_second;
    END IF;
    -- Waits for other transactions that count awards of these guilds. The next statement sees their messages.
    PERFORM FROM award_spans WHERE guild_id = ANY (guilds) ORDER BY guild_id FOR NO KEY UPDATE;
    WITH changed AS (
        SELECT DISTINCT guild, changed.day, author, seconds
        FROM unnest(guilds, days, authors) AS changed (guild, day, author) JOIN award_spans ON guild_id = guild
    ), counted AS (
        SELECT guild, day, author, channel_id AS channel, count(*) AS awards
        FROM changed, LATERAL (
            SELECT DISTINCT ON (created_at / seconds) channel_id FROM message_events
            WHERE user_id = author AND guild_id = guild AND message_type IN (0, 19, 20, 23)
                AND created_at >= day * 86400 AND created_at < (day + 1) * 86400 AND created_at <= 3599942399
            ORDER BY created_at / seconds, created_at, id
        ) AS award
        GROUP BY 1, 2, 3, 4
    ), gone AS (
        DELETE FROM award_days USING changed
        WHERE guild_id = guild AND award_days.day = changed.day AND user_id = author AND NOT EXISTS (
            SELECT FROM counted
            WHERE counted.guild = changed.guild AND counted.day = changed.day AND counted.author = changed.author
                AND channel = channel_id
        )
    )
    INSERT INTO award_days AS kept
    SELECT guild, day, author, channel, EXISTS (SELECT FROM bots WHERE id = author), awards FROM counted ORDER BY 1, 2, 3, 4
    ON CONFLICT (guild_id, day, user_id, channel_id) DO UPDATE SET awards = excluded.awards
    WHERE kept.awards <> excluded.awards;
    RETURN NULL;
END
$$;

-- A Citus cluster does not count awards: the functions read rows of several guilds at once.
DO $$
BEGIN
    IF is_distributed() THEN
        RETURN;
    END IF;
    CREATE TRIGGER message_events_added_to_awards AFTER INSERT ON message_events
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_awards();
    CREATE TRIGGER message_events_changed_in_awards AFTER UPDATE ON message_events
    REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_awards();
    CREATE TRIGGER message_events_gone_from_awards AFTER DELETE ON message_events
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_awards();
    CREATE TRIGGER message_events_truncated_in_awards AFTER TRUNCATE ON message_events
    FOR EACH STATEMENT EXECUTE FUNCTION count_awards();
END
$$;

-- Adds changes of days to the totals.
CREATE FUNCTION add_up_awards() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    guilds BIGINT[];
    users BIGINT[];
    channels BIGINT[];
    are_bots BOOLEAN[];
    counts BIGINT[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM award_totals;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT array_agg(guild_id), array_agg(user_id), array_agg(channel_id), array_agg(bot), array_agg(awards)
        INTO guilds, users, channels, are_bots, counts FROM added;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(guild_id), array_agg(user_id), array_agg(channel_id), array_agg(bot), array_agg(-awards)
        INTO guilds, users, channels, are_bots, counts FROM gone;
    ELSE
        SELECT array_agg(guild_id), array_agg(user_id), array_agg(channel_id), array_agg(bot), array_agg(one * awards)
        INTO guilds, users, channels, are_bots, counts
        FROM (SELECT 1 AS one, * FROM added UNION ALL SELECT -1, * FROM gone) AS changed;
    END IF;
    INSERT INTO award_totals AS total
    SELECT guild, author, channel, bool_or(is_bot), sum(awards)
    FROM unnest(guilds, users, channels, are_bots, counts) AS changed (guild, author, channel, is_bot, awards)
    GROUP BY 1, 2, 3 HAVING sum(awards) <> 0 ORDER BY 1, 2, 3
    ON CONFLICT (guild_id, user_id, channel_id) DO UPDATE SET awards = total.awards + excluded.awards;
    DELETE FROM award_totals
    USING (SELECT DISTINCT guild, author, channel
        FROM unnest(guilds, users, channels) AS changed (guild, author, channel)) AS changed
    WHERE guild_id = guild AND user_id = author AND channel_id = channel AND awards = 0;
    RETURN NULL;
END
$$;

CREATE TRIGGER award_days_added AFTER INSERT ON award_days
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION add_up_awards();
CREATE TRIGGER award_days_changed AFTER UPDATE ON award_days
REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION add_up_awards();
CREATE TRIGGER award_days_gone AFTER DELETE ON award_days
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION add_up_awards();
CREATE TRIGGER award_days_truncated AFTER TRUNCATE ON award_days
FOR EACH STATEMENT EXECUTE FUNCTION add_up_awards();

-- A change of a span waits for all transactions that count, and later ones see it. Then the guild is counted again.
CREATE TRIGGER award_spans_change BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON award_spans
FOR EACH STATEMENT EXECUTE FUNCTION raise_generation();

CREATE FUNCTION recount_awards() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM award_days WHERE day >= (SELECT messages_from / 86400 FROM horizons);
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM award_days
        WHERE guild_id = old.guild_id AND day >= (SELECT messages_from / 86400 FROM horizons);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        DELETE FROM award_days
        WHERE guild_id = new.guild_id AND day >= (SELECT messages_from / 86400 FROM horizons);
        INSERT INTO award_days SELECT * FROM counted_awards WHERE guild_id = new.guild_id ORDER BY 1, 2, 3, 4;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER award_spans_changed AFTER INSERT OR UPDATE OR DELETE ON award_spans
FOR EACH ROW EXECUTE FUNCTION recount_awards();
CREATE TRIGGER award_spans_truncated AFTER TRUNCATE ON award_spans
FOR EACH STATEMENT EXECUTE FUNCTION recount_awards();

CREATE FUNCTION move_awards() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    changed CONSTANT BIGINT = CASE WHEN TG_OP = 'INSERT' THEN new.id ELSE old.id END;
BEGIN
    UPDATE award_days SET bot = TG_OP = 'INSERT' WHERE user_id = changed;
    UPDATE award_totals SET bot = TG_OP = 'INSERT' WHERE user_id = changed;
    RETURN NULL;
END
$$;

DO $$
BEGIN
    IF is_distributed() THEN
        RETURN;
    END IF;
    CREATE TRIGGER bots_changed AFTER INSERT OR DELETE ON bots FOR EACH ROW EXECUTE FUNCTION move_awards();
END
$$;
