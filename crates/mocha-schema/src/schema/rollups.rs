//! The roll-ups: sums that triggers keep.

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// On which days of a month before the watermark somebody wrote; triggers keep it.
    active_months (guild_id, month, user_id) {
        /// The guild.
        guild_id -> BigInt,
        /// Thirty days each, since 1970-01-01, UTC.
        month -> BigInt,
        /// The author.
        user_id -> BigInt,
        /// Whether the user is a bot.
        bot -> Bool,
        /// Two bits a day, the first one's lowest: how many messages, of which 3 is three or more. Never NULL.
        days -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;

    /// The users that are bots, by number; triggers keep it.
    bots (id) {
        /// The user's id.
        id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// Who came and went by day; triggers keep it. Sums are never NULL.
    member_days (guild_id, day, bot) {
        /// The guild.
        guild_id -> BigInt,
        /// Days since 1970-01-01, UTC.
        day -> BigInt,
        /// Whether they are bots.
        bot -> Bool,
        /// How many came.
        joins -> Nullable<BigInt>,
        /// How many went.
        leaves -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// Counted messages by day and author; triggers keep it. Sums are never NULL.
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
        /// How many.
        messages -> Nullable<BigInt>,
        /// Characters of those whose content is known.
        characters -> Nullable<BigInt>,
        /// Words of those whose content is known.
        words -> Nullable<BigInt>,
        /// How many have attachments.
        attachments -> Nullable<BigInt>,
        /// How many have embeds.
        embeds -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// `message_days` by thirty days, of the days before the watermark. Sums are never NULL.
    message_months (guild_id, month, user_id, channel_id) {
        /// The guild.
        guild_id -> BigInt,
        /// Thirty days each, since 1970-01-01, UTC.
        month -> BigInt,
        /// The author.
        user_id -> BigInt,
        /// The channel or thread.
        channel_id -> BigInt,
        /// Whether the user is a bot.
        bot -> Bool,
        /// How many.
        messages -> Nullable<BigInt>,
        /// Characters of those whose content is known.
        characters -> Nullable<BigInt>,
        /// Words of those whose content is known.
        words -> Nullable<BigInt>,
        /// How many have attachments.
        attachments -> Nullable<BigInt>,
        /// How many have embeds.
        embeds -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// Counted messages by quarter of an hour; triggers keep it. Sums are never NULL.
    message_quarters (guild_id, quarter, bot) {
        /// The guild.
        guild_id -> BigInt,
        /// Quarters of an hour since 1970-01-01, UTC.
        quarter -> BigInt,
        /// Whether bots wrote them.
        bot -> Bool,
        /// How many.
        messages -> Nullable<BigInt>,
        /// Characters of those whose content is known.
        characters -> Nullable<BigInt>,
        /// Words of those whose content is known.
        words -> Nullable<BigInt>,
        /// How many have attachments.
        attachments -> Nullable<BigInt>,
        /// How many have embeds.
        embeds -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// `message_days` by ten days, of the days before the watermark. Sums are never NULL.
    message_thirds (guild_id, third, user_id, channel_id) {
        /// The guild.
        guild_id -> BigInt,
        /// Ten days each, since 1970-01-01, UTC.
        third -> BigInt,
        /// The author.
        user_id -> BigInt,
        /// The channel or thread.
        channel_id -> BigInt,
        /// Whether the user is a bot.
        bot -> Bool,
        /// How many.
        messages -> Nullable<BigInt>,
        /// Characters of those whose content is known.
        characters -> Nullable<BigInt>,
        /// Words of those whose content is known.
        words -> Nullable<BigInt>,
        /// How many have attachments.
        attachments -> Nullable<BigInt>,
        /// How many have embeds.
        embeds -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// `message_days` by author and channel, of all days before the watermark. Sums are never NULL.
    message_totals (guild_id, user_id, channel_id) {
        /// The guild.
        guild_id -> BigInt,
        /// The author.
        user_id -> BigInt,
        /// The channel or thread.
        channel_id -> BigInt,
        /// Whether the user is a bot.
        bot -> Bool,
        /// How many.
        messages -> Nullable<BigInt>,
        /// Characters of those whose content is known.
        characters -> Nullable<BigInt>,
        /// Words of those whose content is known.
        words -> Nullable<BigInt>,
        /// How many have attachments.
        attachments -> Nullable<BigInt>,
        /// How many have embeds.
        embeds -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    /// `message_quarters` of whole months before the watermark, a row each; triggers keep it.
    packed_quarters (guild_id, month, bot) {
        /// The guild.
        guild_id -> BigInt,
        /// Thirty days each, since 1970-01-01, UTC.
        month -> BigInt,
        /// Whether bots wrote them.
        bot -> Bool,
        /// A JSON object of messages by quarter of an hour, counted from the month's start. NULL if that has changed since.
        quarters -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// Closed voice intervals by day, user and channel; triggers keep it. Sums are never NULL.
    voice_channel_days (guild_id, day, user_id, channel_id, assumed) {
        /// The guild.
        guild_id -> BigInt,
        /// Days since 1970-01-01, UTC.
        day -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// The channel; 0 if it is not known.
        channel_id -> BigInt,
        /// Whether the time bridges a gap between two proofs.
        assumed -> Bool,
        /// Whether the user is a bot.
        bot -> Bool,
        /// Closed intervals.
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

    /// `voice_channel_days` by thirty days, of the days before the watermark. Sums are never NULL.
    voice_channel_months (guild_id, month, user_id, channel_id, assumed) {
        /// The guild.
        guild_id -> BigInt,
        /// Thirty days each, since 1970-01-01, UTC.
        month -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// The channel; 0 if it is not known.
        channel_id -> BigInt,
        /// Whether the time bridges a gap between two proofs.
        assumed -> Bool,
        /// Whether the user is a bot.
        bot -> Bool,
        /// Closed intervals.
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

    /// Closed voice intervals and sessions by day and user; triggers keep it. Sums are never NULL.
    voice_days (guild_id, day, user_id, assumed) {
        /// The guild.
        guild_id -> BigInt,
        /// Days since 1970-01-01, UTC.
        day -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// Whether the time bridges a gap between two proofs.
        assumed -> Bool,
        /// Whether the user is a bot.
        bot -> Bool,
        /// Sessions that ended, as the voice log has them.
        sessions -> Nullable<BigInt>,
        /// Closed intervals.
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

    /// `voice_days` by thirty days, of the days before the watermark. Sums are never NULL.
    voice_months (guild_id, month, user_id, assumed) {
        /// The guild.
        guild_id -> BigInt,
        /// Thirty days each, since 1970-01-01, UTC.
        month -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// Whether the time bridges a gap between two proofs.
        assumed -> Bool,
        /// Whether the user is a bot.
        bot -> Bool,
        /// Sessions that ended, as the voice log has them.
        sessions -> Nullable<BigInt>,
        /// Closed intervals.
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
        /// The days with time: two bits a day, the first one's lowest, of which the lower one is set.
        days -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};

    /// `voice_days` by user, of all days before the watermark. Sums are never NULL.
    voice_totals (guild_id, user_id, assumed) {
        /// The guild.
        guild_id -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// Whether the time bridges a gap between two proofs.
        assumed -> Bool,
        /// Whether the user is a bot.
        bot -> Bool,
        /// Sessions that ended, as the voice log has them.
        sessions -> Nullable<BigInt>,
        /// Closed intervals.
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

    /// Up to which day the roll-ups that sum up days are filled: one row.
    watermarks (id) {
        /// Always 1.
        id -> Integer,
        /// The first day since 1970-01-01 that sums of messages do not have.
        messages_to -> BigInt,
        /// The first day since 1970-01-01 that sums of voice do not have.
        voice_to -> BigInt,
    }
}
