-- Roll-ups of messages: tables of totals. Statement triggers maintain them, so they are right at each commit, whichever program
-- writes. Days and other periods are counted from 1970-01-01, UTC.
--
-- Each trigger reads its transition table once, into arrays. It then adds to each roll-up in the order of the key, so that two
-- transactions never wait for each other. Citus allows no other form on distributed tables.

-- The ids of the users that are bots.
CREATE TABLE bots (
    id BIGINT PRIMARY KEY
);

-- Messages by day, author and channel. `bot` says whether the author is a bot.
CREATE TABLE message_days (
    guild_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    bot BOOLEAN NOT NULL,
    messages BIGINT NOT NULL,
    characters BIGINT NOT NULL,
    words BIGINT NOT NULL,
    attachments BIGINT NOT NULL,
    embeds BIGINT NOT NULL,
    PRIMARY KEY (guild_id, day, user_id, channel_id)
) WITH (fillfactor = 80);
CREATE INDEX idx_message_days_user ON message_days (user_id, guild_id, day);

-- The same by ten days (a third of a month).
CREATE TABLE message_thirds (
    guild_id BIGINT NOT NULL,
    third BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    bot BOOLEAN NOT NULL,
    messages BIGINT NOT NULL,
    characters BIGINT NOT NULL,
    words BIGINT NOT NULL,
    attachments BIGINT NOT NULL,
    embeds BIGINT NOT NULL,
    PRIMARY KEY (guild_id, third, user_id, channel_id)
) WITH (fillfactor = 80);
CREATE INDEX idx_message_thirds_user ON message_thirds (user_id, guild_id, third);

-- The same by thirty days.
CREATE TABLE message_months (
    guild_id BIGINT NOT NULL,
    month BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    bot BOOLEAN NOT NULL,
    messages BIGINT NOT NULL,
    characters BIGINT NOT NULL,
    words BIGINT NOT NULL,
    attachments BIGINT NOT NULL,
    embeds BIGINT NOT NULL,
    PRIMARY KEY (guild_id, month, user_id, channel_id)
) WITH (fillfactor = 80);
CREATE INDEX idx_message_months_user ON message_months (user_id, guild_id, month);

-- The same for all time.
CREATE TABLE message_totals (
    guild_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    channel_id BIGINT NOT NULL,
    bot BOOLEAN NOT NULL,
    messages BIGINT NOT NULL,
    characters BIGINT NOT NULL,
    words BIGINT NOT NULL,
    attachments BIGINT NOT NULL,
    embeds BIGINT NOT NULL,
    PRIMARY KEY (guild_id, user_id, channel_id)
) WITH (fillfactor = 80);
CREATE INDEX idx_message_totals_user ON message_totals (user_id, guild_id);

-- The messages of a guild by quarter of an hour. The offset of every time zone in use is a multiple of it.
CREATE TABLE message_quarters (
    guild_id BIGINT NOT NULL,
    quarter BIGINT NOT NULL,
    bot BOOLEAN NOT NULL,
    messages BIGINT NOT NULL,
    characters BIGINT NOT NULL,
    words BIGINT NOT NULL,
    attachments BIGINT NOT NULL,
    embeds BIGINT NOT NULL,
    PRIMARY KEY (guild_id, quarter, bot)
) WITH (fillfactor = 80);

-- The quarters of an hour of each month with messages, packed into one row. A heat map over years would otherwise read a
-- hundred thousand rows. `quarters` is a JSON object of the number of messages by quarter of an hour, counted from the month's
-- start. It is NULL if the month has changed since. The view reads such a month from `message_quarters`, and
-- `pack_quarters()` fills it.
CREATE TABLE packed_quarters (
    guild_id BIGINT NOT NULL,
    month BIGINT NOT NULL,
    bot BOOLEAN NOT NULL,
    quarters TEXT,
    PRIMARY KEY (guild_id, month, bot)
);
CREATE INDEX idx_packed_quarters_changed ON packed_quarters (month) WHERE quarters IS NULL;

-- Both parts name the guild, so Citus asks one server for one guild.
CREATE VIEW quarters_of_months AS
SELECT guild_id, month, bot, quarters FROM packed_quarters WHERE quarters IS NOT NULL
UNION ALL
SELECT packed.guild_id, month, packed.bot,
    coalesce(json_object_agg(quarter % 2880, messages) FILTER (WHERE quarter IS NOT NULL)::TEXT, '{}')
FROM packed_quarters AS packed LEFT JOIN message_quarters AS total
    ON total.guild_id = packed.guild_id AND total.bot = packed.bot
        AND quarter >= month * 2880 AND quarter < (month + 1) * 2880
WHERE quarters IS NULL
GROUP BY packed.guild_id, month, packed.bot;

-- Packs the guild's next month that has changed and ended before the given month. Returns false if there is none. A
-- transaction that counts messages of the month holds the lock of its row, so it is over before the month is read.
CREATE FUNCTION pack_quarters(guild BIGINT, before BIGINT) RETURNS BOOLEAN LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    changed packed_quarters;
BEGIN
    SELECT * INTO changed FROM packed_quarters
    WHERE guild_id = guild AND quarters IS NULL AND month < before LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE packed_quarters SET quarters = coalesce((
        SELECT json_object_agg(added.quarter % 2880, added.messages)::TEXT FROM message_quarters AS added
        WHERE added.guild_id = changed.guild_id AND added.bot = changed.bot
            AND added.quarter >= changed.month * 2880 AND added.quarter < (changed.month + 1) * 2880
    ), '{}')
    WHERE guild_id = changed.guild_id AND month = changed.month AND bot = changed.bot;
    RETURN true;
END
$$;

-- The days on which each user wrote in any channel, by thirty days. `days` has two bits for each day, from the lowest: the
-- number of messages, where 3 means three or more.
CREATE TABLE active_months (
    guild_id BIGINT NOT NULL,
    month BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    bot BOOLEAN NOT NULL,
    days BIGINT NOT NULL,
    PRIMARY KEY (guild_id, month, user_id)
) WITH (fillfactor = 80);
CREATE INDEX idx_active_months_user ON active_months (user_id, guild_id, month);

-- Adds the numbers of each day to those of the same day. More than three is three. A number consists of a high and a low bit,
-- and 6148914691236517205 has every low bit. The sum is beyond three if both high bits are set, or one of them and both low
-- bits. Its high bit is the sum of the high bits and of what the low bits carry. PostgreSQL puts such a function without a
-- FROM into the statement, which is several times as fast.
CREATE FUNCTION add_active_days(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE sql IMMUTABLE AS $$
    SELECT (((a & b) | ((a | b) & ((a & b) << 1))) & -6148914691236517206)
        | ((((a & b) | ((a | b) & ((a & b) << 1))) >> 1) & 6148914691236517205)
        | ((a # b # (((a & b) & 6148914691236517205) << 1)) & -6148914691236517206)
        | ((a # b) & 6148914691236517205)
$$;

CREATE FUNCTION count_messages() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    from_second BIGINT;
    -- The changes, added up by quarter of an hour, author and channel, and later by day. A deleted message counts as -1.
    guilds BIGINT[];
    seconds BIGINT[];
    authors BIGINT[];
    channels BIGINT[];
    counts BIGINT[];
    lengths BIGINT[];
    word_counts BIGINT[];
    attached BIGINT[];
    embedded BIGINT[];
    author_bots BIGINT[];
BEGIN
    -- Until the end of the transaction the horizon stays, and users stay bots or humans.
    PERFORM hold_generation();
    SELECT messages_from INTO from_second FROM horizons;
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(guild_id), array_agg(second), array_agg(user_id), array_agg(channel_id), array_agg(messages),
            array_agg(characters), array_agg(words), array_agg(attachments), array_agg(embeds)
        INTO guilds, seconds, authors, channels, counts, lengths, word_counts, attached, embedded
        FROM (
            SELECT guild_id, created_at / 900 * 900 AS second, user_id, channel_id, count(*) AS messages,
                sum(greatest(character_count, 0)) AS characters, sum(greatest(word_count, 0)) AS words,
                count(*) FILTER (WHERE has_attachment) AS attachments, count(*) FILTER (WHERE has_embed) AS embeds
            FROM added WHERE message_type IN (0, 19, 20, 23) AND created_at >= from_second GROUP BY 1, 2, 3, 4
        ) AS changed;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(guild_id), array_agg(second), array_agg(user_id), array_agg(channel_id), array_agg(-messages),
            array_agg(-characters), array_agg(-words), array_agg(-attachments), array_agg(-embeds)
        INTO guilds, seconds, authors, channels, counts, lengths, word_counts, attached, embedded
        FROM (
            SELECT guild_id, created_at / 900 * 900 AS second, user_id, channel_id, count(*) AS messages,
                sum(greatest(character_count, 0)) AS characters, sum(greatest(word_count, 0)) AS words,
                count(*) FILTER (WHERE has_attachment) AS attachments, count(*) FILTER (WHERE has_embed) AS embeds
            FROM gone WHERE message_type IN (0, 19, 20, 23) AND created_at >= from_second GROUP BY 1, 2, 3, 4
        ) AS changed;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT array_agg(guild_id), array_agg(second), array_agg(user_id), array_agg(channel_id), array_agg(messages),
            array_agg(characters), array_agg(words), array_agg(attachments), array_agg(embeds)
        INTO guilds, seconds, authors, channels, counts, lengths, word_counts, attached, embedded
        FROM (
            SELECT guild_id, created_at / 900 * 900 AS second, user_id, channel_id, sum(one) AS messages,
                sum(one * greatest(character_count, 0)) AS characters, sum(one * greatest(word_count, 0)) AS words,
                sum(one * (has_attachment IS TRUE)::INTEGER) AS attachments, sum(one * (has_embed IS TRUE)::INTEGER) AS embeds
            FROM (SELECT 1 AS one, * FROM added UNION ALL SELECT -1, * FROM gone) AS rows
            WHERE message_type IN (0, 19, 20, 23) AND created_at >= from_second GROUP BY 1, 2, 3, 4
        ) AS changed;
    ELSE
        -- TRUNCATE. The roll-ups know what it deleted.
        SELECT array_agg(guild_id), array_agg(day * 86400), array_agg(user_id), array_agg(channel_id), array_agg(-messages),
            array_agg(-characters), array_agg(-words), array_agg(-attachments), array_agg(-embeds)
        INTO guilds, seconds, authors, channels, counts, lengths, word_counts, attached, embedded
        FROM message_days WHERE day >= from_second / 86400;
    END IF;
    IF guilds IS NULL THEN
        RETURN NULL;
    END IF;

    author_bots := ARRAY(SELECT id FROM bots WHERE id = ANY (authors));

    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM message_quarters WHERE quarter >= from_second / 900;
    ELSE
        INSERT INTO message_quarters AS total
        SELECT guild, second / 900, author = ANY (author_bots),
            sum(messages), coalesce(sum(characters), 0), coalesce(sum(words), 0), sum(attachments), sum(embeds)
        FROM unnest(guilds, seconds, authors, counts, lengths, word_counts, attached, embedded)
            AS changed (guild, second, author, messages, characters, words, attachments, embeds)
        GROUP BY 1, 2, 3
        HAVING (sum(messages), coalesce(sum(characters), 0), coalesce(sum(words), 0), sum(attachments), sum(embeds))
            <> (0, 0, 0, 0, 0)
        ORDER BY 1, 2, 3
        ON CONFLICT (guild_id, quarter, bot) DO UPDATE SET
            messages = total.messages + excluded.messages,
            characters = total.characters + excluded.characters,
            words = total.words + excluded.words,
            attachments = total.attachments + excluded.attachments,
            embeds = total.embeds + excluded.embeds;
    END IF;

    -- Locks the row in any case, so that the month is not packed before the transaction ends.
    IF TG_OP = 'TRUNCATE' THEN
        UPDATE packed_quarters SET quarters = NULL WHERE month >= from_second / 2592000;
    ELSE
        INSERT INTO packed_quarters
        SELECT DISTINCT guild, second / 2592000, author = ANY (author_bots), NULL
        FROM unnest(guilds, seconds, authors) AS changed (guild, second, author)
        ORDER BY 1, 2, 3
        ON CONFLICT (guild_id, month, bot) DO UPDATE SET quarters = NULL WHERE packed_quarters.quarters IS NOT NULL;
    END IF;

    IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' THEN
        DELETE FROM message_quarters
        USING (SELECT DISTINCT guild, second / 900 AS number
            FROM unnest(guilds, seconds) AS changed (guild, second)) AS changed
        WHERE guild_id = ANY (guilds) AND guild_id = guild AND quarter = number AND messages = 0;
    END IF;

    SELECT array_agg(guild), array_agg(day * 86400), array_agg(author), array_agg(channel), array_agg(messages),
        array_agg(characters), array_agg(words), array_agg(attachments), array_agg(embeds)
    INTO guilds, seconds, authors, channels, counts, lengths, word_counts, attached, embedded
    FROM (
        SELECT guild, second / 86400 AS day, author, channel, sum(messages)::BIGINT AS messages,
            sum(characters)::BIGINT AS characters, sum(words)::BIGINT AS words, sum(attachments)::BIGINT AS attachments,
            sum(embeds)::BIGINT AS embeds
        FROM unnest(guilds, seconds, authors, channels, counts, lengths, word_counts, attached, embedded)
            AS changed (guild, second, author, channel, messages, characters, words, attachments, embeds)
        GROUP BY 1, 2, 3, 4
        HAVING (sum(messages), coalesce(sum(characters), 0), coalesce(sum(words), 0), sum(attachments), sum(embeds))
            <> (0, 0, 0, 0, 0)
    ) AS changed;

    INSERT INTO message_days AS total
    SELECT guild, second / 86400, author, channel, author = ANY (author_bots),
        messages, coalesce(characters, 0), coalesce(words, 0), attachments, embeds
    FROM unnest(guilds, seconds, authors, channels, counts, lengths, word_counts, attached, embedded)
        AS changed (guild, second, author, channel, messages, characters, words, attachments, embeds)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (guild_id, day, user_id, channel_id) DO UPDATE SET
        messages = total.messages + excluded.messages,
        characters = total.characters + excluded.characters,
        words = total.words + excluded.words,
        attachments = total.attachments + excluded.attachments,
        embeds = total.embeds + excluded.embeds;

    INSERT INTO message_thirds AS total
    SELECT guild, second / 864000, author, channel, author = ANY (author_bots),
        sum(messages), coalesce(sum(characters), 0), coalesce(sum(words), 0), sum(attachments), sum(embeds)
    FROM unnest(guilds, seconds, authors, channels, counts, lengths, word_counts, attached, embedded)
        AS changed (guild, second, author, channel, messages, characters, words, attachments, embeds)
    GROUP BY 1, 2, 3, 4
    HAVING (sum(messages), coalesce(sum(characters), 0), coalesce(sum(words), 0), sum(attachments), sum(embeds))
        <> (0, 0, 0, 0, 0)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (guild_id, third, user_id, channel_id) DO UPDATE SET
        messages = total.messages + excluded.messages,
        characters = total.characters + excluded.characters,
        words = total.words + excluded.words,
        attachments = total.attachments + excluded.attachments,
        embeds = total.embeds + excluded.embeds;

    INSERT INTO message_months AS total
    SELECT guild, second / 2592000, author, channel, author = ANY (author_bots),
        sum(messages), coalesce(sum(characters), 0), coalesce(sum(words), 0), sum(attachments), sum(embeds)
    FROM unnest(guilds, seconds, authors, channels, counts, lengths, word_counts, attached, embedded)
        AS changed (guild, second, author, channel, messages, characters, words, attachments, embeds)
    GROUP BY 1, 2, 3, 4
    HAVING (sum(messages), coalesce(sum(characters), 0), coalesce(sum(words), 0), sum(attachments), sum(embeds))
        <> (0, 0, 0, 0, 0)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (guild_id, month, user_id, channel_id) DO UPDATE SET
        messages = total.messages + excluded.messages,
        characters = total.characters + excluded.characters,
        words = total.words + excluded.words,
        attachments = total.attachments + excluded.attachments,
        embeds = total.embeds + excluded.embeds;

    INSERT INTO message_totals AS total
    SELECT guild, author, channel, author = ANY (author_bots),
        sum(messages), coalesce(sum(characters), 0), coalesce(sum(words), 0), sum(attachments), sum(embeds)
    FROM unnest(guilds, seconds, authors, channels, counts, lengths, word_counts, attached, embedded)
        AS changed (guild, second, author, channel, messages, characters, words, attachments, embeds)
    GROUP BY 1, 2, 3
    HAVING (sum(messages), coalesce(sum(characters), 0), coalesce(sum(words), 0), sum(attachments), sum(embeds))
        <> (0, 0, 0, 0, 0)
    ORDER BY 1, 2, 3
    ON CONFLICT (guild_id, user_id, channel_id) DO UPDATE SET
        messages = total.messages + excluded.messages,
        characters = total.characters + excluded.characters,
        words = total.words + excluded.words,
        attachments = total.attachments + excluded.attachments,
        embeds = total.embeds + excluded.embeds;

    INSERT INTO active_months AS active
    SELECT guild, day / 30, author, author = ANY (author_bots), sum(least(messages, 3) << (day % 30 * 2)::INTEGER)
    FROM (
        SELECT guild, second / 86400 AS day, author, sum(messages)::BIGINT AS messages
        FROM unnest(guilds, seconds, authors, counts) AS changed (guild, second, author, messages)
        GROUP BY 1, 2, 3 HAVING sum(messages) > 0
    ) AS added
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (guild_id, month, user_id) DO UPDATE SET days = add_active_days(active.days, excluded.days);

    IF TG_OP = 'INSERT' THEN
        RETURN NULL;
    END IF;

    -- Some rows may count nothing now. They are locked already, in order.
    DELETE FROM message_days AS total
    USING (SELECT DISTINCT guild, second / 86400 AS day, author, channel
        FROM unnest(guilds, seconds, authors, channels) AS changed (guild, second, author, channel)) AS changed
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND total.day = changed.day AND user_id = author AND channel_id = channel AND messages = 0;
    DELETE FROM message_thirds
    USING (SELECT DISTINCT guild, second / 864000 AS number, author, channel
        FROM unnest(guilds, seconds, authors, channels) AS changed (guild, second, author, channel)) AS changed
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND third = number AND user_id = author AND channel_id = channel AND messages = 0;
    DELETE FROM message_months
    USING (SELECT DISTINCT guild, second / 2592000 AS number, author, channel
        FROM unnest(guilds, seconds, authors, channels) AS changed (guild, second, author, channel)) AS changed
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND month = number AND user_id = author AND channel_id = channel AND messages = 0;
    DELETE FROM message_totals
    USING (SELECT DISTINCT guild, author, channel
        FROM unnest(guilds, authors, channels) AS changed (guild, author, channel)) AS changed
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND user_id = author AND channel_id = channel AND messages = 0;

    -- 3 may have stood for more, so days with fewer messages are counted again. Others add to the row before or after that.
    PERFORM FROM active_months
    WHERE guild_id = ANY (guilds) AND (guild_id, month, user_id) IN (
        SELECT guild, second / 2592000, author FROM unnest(guilds, seconds, authors) AS changed (guild, second, author)
    )
    ORDER BY guild_id, month, user_id FOR UPDATE;
    UPDATE active_months SET days = (days & ~mask) | bits
    FROM (
        SELECT guild, day / 30 AS number, author, bit_or(3::BIGINT << (day % 30 * 2)::INTEGER) AS mask,
            bit_or(least(messages, 3) << (day % 30 * 2)::INTEGER) AS bits
        FROM (
            SELECT guild, less.day, author, (
                SELECT coalesce(sum(total.messages), 0)::BIGINT FROM message_days AS total
                WHERE total.guild_id = ANY (guilds) AND total.user_id = author AND total.guild_id = guild AND total.day = less.day
            ) AS messages
            FROM (
                SELECT guild, second / 86400 AS day, author
                FROM unnest(guilds, seconds, authors, counts) AS changed (guild, second, author, messages)
                GROUP BY 1, 2, 3 HAVING sum(messages) < 0
            ) AS less
        ) AS counted
        GROUP BY 1, 2, 3
    ) AS again
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND month = number AND user_id = author;
    DELETE FROM active_months
    USING (SELECT DISTINCT guild, second / 2592000 AS number, author
        FROM unnest(guilds, seconds, authors) AS changed (guild, second, author)) AS changed
    WHERE guild_id = ANY (guilds) AND guild_id = guild AND month = number AND user_id = author AND days = 0;
    RETURN NULL;
END
$$;

CREATE TRIGGER message_events_added AFTER INSERT ON message_events
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_messages();
CREATE TRIGGER message_events_changed AFTER UPDATE ON message_events
REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_messages();
CREATE TRIGGER message_events_gone AFTER DELETE ON message_events
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_messages();
CREATE TRIGGER message_events_truncated AFTER TRUNCATE ON message_events
FOR EACH STATEMENT EXECUTE FUNCTION count_messages();
