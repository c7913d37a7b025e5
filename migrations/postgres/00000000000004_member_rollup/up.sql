-- Joins and leaves by day, with rows of their own for bots. Longer periods need no table: ten years have 3,650 rows.
CREATE TABLE member_days (
    guild_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    bot BOOLEAN NOT NULL,
    joins BIGINT NOT NULL,
    leaves BIGINT NOT NULL,
    PRIMARY KEY (guild_id, day, bot)
) WITH (fillfactor = 80);

CREATE FUNCTION count_members() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    from_second BIGINT;
    guilds BIGINT[];
    all_days BIGINT[];
    users BIGINT[];
    joined BIGINT[];
    went BIGINT[];
    user_bots BIGINT[];
BEGIN
    -- Until the end of the transaction the horizon stays, and users stay bots or humans.
    PERFORM hold_generation();
    SELECT members_from INTO from_second FROM horizons;
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM member_days WHERE day >= from_second / 86400;
        RETURN NULL;
    ELSIF TG_OP = 'INSERT' THEN
        SELECT array_agg(guild_id), array_agg(created_at / 86400), array_agg(user_id),
            array_agg((event_type = 'join')::INTEGER), array_agg((event_type = 'leave')::INTEGER)
        INTO guilds, all_days, users, joined, went
        FROM added WHERE event_type IN ('join', 'leave') AND created_at >= from_second;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(guild_id), array_agg(created_at / 86400), array_agg(user_id),
            array_agg(-(event_type = 'join')::INTEGER), array_agg(-(event_type = 'leave')::INTEGER)
        INTO guilds, all_days, users, joined, went
        FROM gone WHERE event_type IN ('join', 'leave') AND created_at >= from_second;
    ELSE
        SELECT array_agg(guild_id), array_agg(created_at / 86400), array_agg(user_id),
            array_agg(one * (event_type = 'join')::INTEGER), array_agg(one * (event_type = 'leave')::INTEGER)
        INTO guilds, all_days, users, joined, went
        FROM (SELECT 1 AS one, * FROM added UNION ALL SELECT -1, * FROM gone) AS changed
        WHERE event_type IN ('join', 'leave') AND created_at >= from_second;
    END IF;
    IF guilds IS NULL THEN
        RETURN NULL;
    END IF;
    user_bots := ARRAY(SELECT id FROM bots WHERE id = ANY (users));

    INSERT INTO member_days AS total
    SELECT guild, day, member = ANY (user_bots), sum(joins), sum(leaves)
    FROM unnest(guilds, all_days, users, joined, went) AS changed (guild, day, member, joins, leaves)
    GROUP BY 1, 2, 3 HAVING (sum(joins), sum(leaves)) <> (0, 0) ORDER BY 1, 2, 3
    ON CONFLICT (guild_id, day, bot) DO UPDATE SET
        joins = total.joins + excluded.joins,
        leaves = total.leaves + excluded.leaves;
    DELETE FROM member_days AS total
    USING (SELECT DISTINCT guild, day FROM unnest(guilds, all_days) AS changed (guild, day)) AS changed
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND total.day = changed.day AND joins = 0 AND leaves = 0;
    RETURN NULL;
END
$$;

CREATE TRIGGER member_events_added AFTER INSERT ON member_events
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_members();
CREATE TRIGGER member_events_changed AFTER UPDATE ON member_events
REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_members();
CREATE TRIGGER member_events_gone AFTER DELETE ON member_events
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_members();
CREATE TRIGGER member_events_truncated AFTER TRUNCATE ON member_events
FOR EACH STATEMENT EXECUTE FUNCTION count_members();

-- Moves what was counted for users to bots or to humans. Quarters of an hour and joins and leaves from before the horizon stay
-- as they are, because they do not name the users.
CREATE FUNCTION move_bots(users BIGINT[], are_bots BOOLEAN) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO message_quarters AS total
    SELECT guild_id, quarter, is_bot, sum(sign), sum(sign * characters), sum(sign * words), sum(sign * attachments),
        sum(sign * embeds)
    FROM (
        SELECT guild_id, created_at / 900 AS quarter, greatest(character_count, 0) AS characters,
            greatest(word_count, 0) AS words, (has_attachment IS TRUE)::INTEGER AS attachments,
            (has_embed IS TRUE)::INTEGER AS embeds
        FROM message_events
        WHERE user_id = ANY (users) AND message_type IN (0, 19, 20, 23)
            AND created_at >= (SELECT messages_from FROM horizons)
    ) AS message, (VALUES (are_bots, 1), (NOT are_bots, -1)) AS side (is_bot, sign)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (guild_id, quarter, bot) DO UPDATE SET
        messages = total.messages + excluded.messages,
        characters = total.characters + excluded.characters,
        words = total.words + excluded.words,
        attachments = total.attachments + excluded.attachments,
        embeds = total.embeds + excluded.embeds;
    DELETE FROM message_quarters AS total
    USING (
        SELECT DISTINCT guild_id, created_at / 900 AS quarter FROM message_events
        WHERE user_id = ANY (users) AND created_at >= (SELECT messages_from FROM horizons)
    ) AS changed
    WHERE total.guild_id = changed.guild_id AND total.quarter = changed.quarter AND messages = 0;
    INSERT INTO packed_quarters
    SELECT DISTINCT guild_id, day / 30, is_bot, NULL
    FROM message_days, (VALUES (false), (true)) AS side (is_bot)
    WHERE user_id = ANY (users)
    ORDER BY 1, 2, 3
    ON CONFLICT (guild_id, month, bot) DO UPDATE SET quarters = NULL WHERE packed_quarters.quarters IS NOT NULL;

    INSERT INTO member_days AS total
    SELECT guild_id, created_at / 86400, is_bot, sum(sign * (event_type = 'join')::INTEGER),
        sum(sign * (event_type = 'leave')::INTEGER)
    FROM member_events, (VALUES (are_bots, 1), (NOT are_bots, -1)) AS side (is_bot, sign)
    WHERE user_id = ANY (users) AND event_type IN ('join', 'leave')
        AND created_at >= (SELECT members_from FROM horizons)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (guild_id, day, bot) DO UPDATE SET
        joins = total.joins + excluded.joins,
        leaves = total.leaves + excluded.leaves;
    DELETE FROM member_days AS total
    USING (
        SELECT DISTINCT guild_id, created_at / 86400 AS day FROM member_events
        WHERE user_id = ANY (users) AND created_at >= (SELECT members_from FROM horizons)
    ) AS changed
    WHERE total.guild_id = changed.guild_id AND total.day = changed.day AND joins = 0 AND leaves = 0;

    UPDATE message_days SET bot = are_bots WHERE user_id = ANY (users) AND bot <> are_bots;
    UPDATE message_thirds SET bot = are_bots WHERE user_id = ANY (users) AND bot <> are_bots;
    UPDATE message_months SET bot = are_bots WHERE user_id = ANY (users) AND bot <> are_bots;
    UPDATE message_totals SET bot = are_bots WHERE user_id = ANY (users) AND bot <> are_bots;
    UPDATE active_months SET bot = are_bots WHERE user_id = ANY (users) AND bot <> are_bots;
    UPDATE voice_days SET bot = are_bots WHERE user_id = ANY (users) AND bot <> are_bots;
    UPDATE voice_channel_days SET bot = are_bots WHERE user_id = ANY (users) AND bot <> are_bots;
    UPDATE voice_months SET bot = are_bots WHERE user_id = ANY (users) AND bot <> are_bots;
    UPDATE voice_channel_months SET bot = are_bots WHERE user_id = ANY (users) AND bot <> are_bots;
    UPDATE voice_totals SET bot = are_bots WHERE user_id = ANY (users) AND bot <> are_bots;
END
$$;

-- Notes which of the users are bots, and moves what was counted for those that changed. On Citus, where `users` has no
-- triggers, the store calls it.
CREATE FUNCTION note_bots(users_seen BIGINT[]) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    is_bot BOOLEAN;
    changed BIGINT[];
BEGIN
    FOREACH is_bot IN ARRAY ARRAY[true, false] LOOP
        FOR attempt IN 1..2 LOOP
            changed := ARRAY(
                SELECT id FROM unnest(users_seen) AS seen (id)
                WHERE is_bot = EXISTS (SELECT FROM users WHERE users.id = seen.id AND bot)
                    AND is_bot <> EXISTS (SELECT FROM bots WHERE bots.id = seen.id)
                ORDER BY id
            );
            EXIT WHEN cardinality(changed) = 0;
            -- Waits for all transactions that count, and makes others wait. They read who is a bot after this one. One of
            -- them may have noted the same.
            IF attempt = 1 THEN
                UPDATE generations SET generation = generation + 1;
            END IF;
        END LOOP;
        CONTINUE WHEN cardinality(changed) = 0;
        IF is_bot THEN
            INSERT INTO bots SELECT unnest(changed);
        ELSE
            DELETE FROM bots WHERE id = ANY (changed);
        END IF;
        PERFORM move_bots(changed, is_bot);
    END LOOP;
END
$$;

-- Runs at the commit, when the transaction has counted all its events. A cascade counts deleted messages late.
CREATE FUNCTION note_bot() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM note_bots(ARRAY[CASE WHEN TG_ARGV[0] = 'old' THEN old.id ELSE new.id END]);
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER users_added AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (new.bot) EXECUTE FUNCTION note_bot('new');
CREATE CONSTRAINT TRIGGER users_gone AFTER DELETE ON users DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (old.bot) EXECUTE FUNCTION note_bot('old');
CREATE CONSTRAINT TRIGGER users_changed_from AFTER UPDATE OF id ON users DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (new.id <> old.id AND old.bot) EXECUTE FUNCTION note_bot('old');
CREATE CONSTRAINT TRIGGER users_changed_to AFTER UPDATE OF id, bot ON users DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN ((new.bot IS TRUE) <> (old.bot IS TRUE) OR new.id <> old.id) EXECUTE FUNCTION note_bot('new');

CREATE FUNCTION forget_bots() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    went BIGINT[];
BEGIN
    UPDATE generations SET generation = generation + 1;
    WITH noted AS (DELETE FROM bots RETURNING id) SELECT array_agg(id) INTO went FROM noted;
    PERFORM move_bots(went, false);
    RETURN NULL;
END
$$;

CREATE TRIGGER users_truncated AFTER TRUNCATE ON users FOR EACH STATEMENT EXECUTE FUNCTION forget_bots();

-- A change of horizons or tombstones waits for all transactions that count, and later ones see it.
CREATE FUNCTION raise_generation() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE generations SET generation = generation + 1;
    RETURN NULL;
END
$$;

CREATE TRIGGER horizons_move BEFORE UPDATE ON horizons
FOR EACH STATEMENT EXECUTE FUNCTION raise_generation();
CREATE TRIGGER tombstones_change BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tombstones
FOR EACH STATEMENT EXECUTE FUNCTION raise_generation();
