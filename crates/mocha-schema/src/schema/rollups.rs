//! The roll-ups: tables of totals that triggers maintain.

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// The days on which each user wrote, by thirty days, for the days before the watermark. Triggers maintain it.
    active_months (guild_id, month, user_id) {
        /// The guild.
        guild_id -> BigInt,
        /// The number of the period of thirty days since 1970-01-01, UTC.
        month -> BigInt,
        /// The author.
        user_id -> BigInt,
        /// Whether the user is a bot.
        bot -> Bool,
        /// Two bits for each day, from the lowest: the number of messages, where 3 means three or more. Never NULL.
        days -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// Awards by day, user and channel: the spans of time in which the user wrote. Triggers maintain it. Totals are never NULL.
    award_days (guild_id, day, user_id, channel_id) {
        /// The guild.
        guild_id -> BigInt,
        /// Days since 1970-01-01, UTC.
        day -> BigInt,
        /// The author.
        user_id -> BigInt,
        /// The channel or thread of the first message in the span.
        channel_id -> BigInt,
        /// Whether the user is a bot.
        bot -> Bool,
        /// The number of awards.
        awards -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// Awards of all time by user and channel. Triggers maintain it. Totals are never NULL.
    award_totals (guild_id, user_id, channel_id) {
        /// The guild.
        guild_id -> BigInt,
        /// The author.
        user_id -> BigInt,
        /// The channel or thread of the first message in the span.
        channel_id -> BigInt,
        /// Whether the user is a bot.
        bot -> Bool,
        /// The number of awards.
        awards -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;

    /// The ids of the users that are bots. Triggers maintain it.
    bots (id) {
        /// The user's id.
        id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// The number of joins and leaves by day. Triggers maintain it. Totals are never NULL.
    member_days (guild_id, day, bot) {
        /// The guild.
        guild_id -> BigInt,
        /// Days since 1970-01-01, UTC.
        day -> BigInt,
        /// Whether the row counts bots.
        bot -> Bool,
        /// The number of joins.
        joins -> Nullable<BigInt>,
        /// The number of leaves.
        leaves -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// Counted messages by day, author and channel. Triggers maintain it. Totals are never NULL.
    message_days (guild_id, day, user_id, channel_id) {
        /// The guild.
        guild_id -> BigInt,
        /// Days since 1970-01-01, UTC.
        day -> BigInt,
        /// The author.
        user_id -> BigInt,
        /// The channel or thread.
        channel_id -> BigInt,
        /// Whether the user is a bot.
        bot -> Bool,
        /// The number of messages.
        messages -> Nullable<BigInt>,
        /// The number of characters of the messages with known content.
        characters -> Nullable<BigInt>,
        /// The number of words of the messages with known content.
        words -> Nullable<BigInt>,
        /// The number of messages with attachments.
        attachments -> Nullable<BigInt>,
        /// The number of messages with embeds.
        embeds -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// `message_days` by thirty days, for the days before the watermark. Totals are never NULL.
    message_months (guild_id, month, user_id, channel_id) {
        /// The guild.
        guild_id -> BigInt,
        /// The number of the period of thirty days since 1970-01-01, UTC.
        month -> BigInt,
        /// The author.
        user_id -> BigInt,
        /// The channel or thread.
        channel_id -> BigInt,
        /// Whether the user is a bot.
        bot -> Bool,
        /// The number of messages.
        messages -> Nullable<BigInt>,
        /// The number of characters of the messages with known content.
        characters -> Nullable<BigInt>,
        /// The number of words of the messages with known content.
        words -> Nullable<BigInt>,
        /// The number of messages with attachments.
        attachments -> Nullable<BigInt>,
        /// The number of messages with embeds.
        embeds -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// Counted messages by quarter of an hour. Triggers maintain it. Totals are never NULL.
    message_quarters (guild_id, quarter, bot) {
        /// The guild.
        guild_id -> BigInt,
        /// The number of the quarter of an hour since 1970-01-01, UTC.
        quarter -> BigInt,
        /// Whether the row counts messages of bots.
        bot -> Bool,
        /// The number of messages.
        messages -> Nullable<BigInt>,
        /// The number of characters of the messages with known content.
        characters -> Nullable<BigInt>,
        /// The number of words of the messages with known content.
        words -> Nullable<BigInt>,
        /// The number of messages with attachments.
        attachments -> Nullable<BigInt>,
        /// The number of messages with embeds.
        embeds -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// `message_days` by ten days, for the days before the watermark. Totals are never NULL.
    message_thirds (guild_id, third, user_id, channel_id) {
        /// The guild.
        guild_id -> BigInt,
        /// The number of the period of ten days since 1970-01-01, UTC.
        third -> BigInt,
        /// The author.
        user_id -> BigInt,
        /// The channel or thread.
        channel_id -> BigInt,
        /// Whether the user is a bot.
        bot -> Bool,
        /// The number of messages.
        messages -> Nullable<BigInt>,
        /// The number of characters of the messages with known content.
        characters -> Nullable<BigInt>,
        /// The number of words of the messages with known content.
        words -> Nullable<BigInt>,
        /// The number of messages with attachments.
        attachments -> Nullable<BigInt>,
        /// The number of messages with embeds.
        embeds -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// `message_days` by author and channel, for all days before the watermark. Totals are never NULL.
    message_totals (guild_id, user_id, channel_id) {
        /// The guild.
        guild_id -> BigInt,
        /// The author.
        user_id -> BigInt,
        /// The channel or thread.
        channel_id -> BigInt,
        /// Whether the user is a bot.
        bot -> Bool,
        /// The number of messages.
        messages -> Nullable<BigInt>,
        /// The number of characters of the messages with known content.
        characters -> Nullable<BigInt>,
        /// The number of words of the messages with known content.
        words -> Nullable<BigInt>,
        /// The number of messages with attachments.
        attachments -> Nullable<BigInt>,
        /// The number of messages with embeds.
        embeds -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    /// `message_quarters` packed into one row for each month before the watermark. Triggers maintain it.
    packed_quarters (guild_id, month, bot) {
        /// The guild.
        guild_id -> BigInt,
        /// The number of the period of thirty days since 1970-01-01, UTC.
        month -> BigInt,
        /// Whether the row counts messages of bots.
        bot -> Bool,
        /// A JSON object of the number of messages by quarter of an hour, counted from the month's start. NULL if a
        /// quarter of an hour has changed since.
        quarters -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// Closed voice intervals by day, user and channel. Triggers maintain it. Totals are never NULL.
    voice_channel_days (guild_id, day, user_id, channel_id, assumed) {
        /// The guild.
        guild_id -> BigInt,
        /// Days since 1970-01-01, UTC.
        day -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// The channel. 0 if it is unknown.
        channel_id -> BigInt,
        /// Whether the time bridges a gap in which the member was not observed.
        assumed -> Bool,
        /// Whether the user is a bot.
        bot -> Bool,
        /// The number of closed intervals.
        intervals -> Nullable<BigInt>,
        /// Milliseconds in voice.
        voice_ms -> Nullable<BigInt>,
        /// Milliseconds deafened.
        deafened_ms -> Nullable<BigInt>,
        /// Milliseconds muted.
        muted_ms -> Nullable<BigInt>,
        /// Milliseconds sharing the screen.
        streaming_ms -> Nullable<BigInt>,
        /// Milliseconds neither muted nor deafened nor in the audience of a stage.
        talking_ms -> Nullable<BigInt>,
        /// Milliseconds with the camera on.
        video_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// `voice_channel_days` by thirty days, for the days before the watermark. Totals are never NULL.
    voice_channel_months (guild_id, month, user_id, channel_id, assumed) {
        /// The guild.
        guild_id -> BigInt,
        /// The number of the period of thirty days since 1970-01-01, UTC.
        month -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// The channel. 0 if it is unknown.
        channel_id -> BigInt,
        /// Whether the time bridges a gap in which the member was not observed.
        assumed -> Bool,
        /// Whether the user is a bot.
        bot -> Bool,
        /// The number of closed intervals.
        intervals -> Nullable<BigInt>,
        /// Milliseconds in voice.
        voice_ms -> Nullable<BigInt>,
        /// Milliseconds deafened.
        deafened_ms -> Nullable<BigInt>,
        /// Milliseconds muted.
        muted_ms -> Nullable<BigInt>,
        /// Milliseconds sharing the screen.
        streaming_ms -> Nullable<BigInt>,
        /// Milliseconds neither muted nor deafened nor in the audience of a stage.
        talking_ms -> Nullable<BigInt>,
        /// Milliseconds with the camera on.
        video_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// Closed voice intervals and sessions by day and user. Triggers maintain it. Totals are never NULL.
    voice_days (guild_id, day, user_id, assumed) {
        /// The guild.
        guild_id -> BigInt,
        /// Days since 1970-01-01, UTC.
        day -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// Whether the time bridges a gap in which the member was not observed.
        assumed -> Bool,
        /// Whether the user is a bot.
        bot -> Bool,
        /// The number of sessions that ended, from the voice log.
        sessions -> Nullable<BigInt>,
        /// The number of closed intervals.
        intervals -> Nullable<BigInt>,
        /// Milliseconds in voice.
        voice_ms -> Nullable<BigInt>,
        /// Milliseconds deafened.
        deafened_ms -> Nullable<BigInt>,
        /// Milliseconds muted.
        muted_ms -> Nullable<BigInt>,
        /// Milliseconds sharing the screen.
        streaming_ms -> Nullable<BigInt>,
        /// Milliseconds neither muted nor deafened nor in the audience of a stage.
        talking_ms -> Nullable<BigInt>,
        /// Milliseconds with the camera on.
        video_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// `voice_days` by thirty days, for the days before the watermark. Totals are never NULL.
    voice_months (guild_id, month, user_id, assumed) {
        /// The guild.
        guild_id -> BigInt,
        /// The number of the period of thirty days since 1970-01-01, UTC.
        month -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// Whether the time bridges a gap in which the member was not observed.
        assumed -> Bool,
        /// Whether the user is a bot.
        bot -> Bool,
        /// The number of sessions that ended, from the voice log.
        sessions -> Nullable<BigInt>,
        /// The number of closed intervals.
        intervals -> Nullable<BigInt>,
        /// Milliseconds in voice.
        voice_ms -> Nullable<BigInt>,
        /// Milliseconds deafened.
        deafened_ms -> Nullable<BigInt>,
        /// Milliseconds muted.
        muted_ms -> Nullable<BigInt>,
        /// Milliseconds sharing the screen.
        streaming_ms -> Nullable<BigInt>,
        /// Milliseconds neither muted nor deafened nor in the audience of a stage.
        talking_ms -> Nullable<BigInt>,
        /// Milliseconds with the camera on.
        video_ms -> Nullable<BigInt>,
        /// Two bits for each day, from the lowest: 1 for a day with time in voice, else 0.
        days -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// `voice_days` by user, for all days before the watermark. Totals are never NULL.
    voice_totals (guild_id, user_id, assumed) {
        /// The guild.
        guild_id -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// Whether the time bridges a gap in which the member was not observed.
        assumed -> Bool,
        /// Whether the user is a bot.
        bot -> Bool,
        /// The number of sessions that ended, from the voice log.
        sessions -> Nullable<BigInt>,
        /// The number of closed intervals.
        intervals -> Nullable<BigInt>,
        /// Milliseconds in voice.
        voice_ms -> Nullable<BigInt>,
        /// Milliseconds deafened.
        deafened_ms -> Nullable<BigInt>,
        /// Milliseconds muted.
        muted_ms -> Nullable<BigInt>,
        /// Milliseconds sharing the screen.
        streaming_ms -> Nullable<BigInt>,
        /// Milliseconds neither muted nor deafened nor in the audience of a stage.
        talking_ms -> Nullable<BigInt>,
        /// Milliseconds with the camera on.
        video_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer};

    /// The watermarks: the days up to which the roll-ups of longer periods are filled. The table has one row.
    watermarks (id) {
        /// Always 1.
        id -> Integer,
        /// The first day since 1970-01-01 that the roll-ups of messages do not include.
        messages_to -> BigInt,
        /// The first day since 1970-01-01 that the roll-ups of voice do not include.
        voice_to -> BigInt,
    }
}
