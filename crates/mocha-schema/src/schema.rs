//! The tables for Diesel. A test compares them with a migrated file.

mod community;
mod rollups;

pub use self::{community::*, rollups::*};

diesel::table! {
    use diesel::sql_types::BigInt;
    use crate::id::Snowflake;

    /// The guilds that count awards.
    award_spans (guild_id) {
        /// The guild.
        guild_id -> Snowflake,
        /// The length of the span in which a user gets one award, in seconds. It divides a day.
        seconds -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;
    use crate::id::Snowflake;

    /// The spans of channels' histories that were read from Discord's API.
    channel_histories (guild_id, channel_id, before_id) {
        /// The guild.
        guild_id -> Snowflake,
        /// The channel or thread.
        channel_id -> Snowflake,
        /// The id above all messages of the span.
        before_id -> BigInt,
        /// The lowest id of the span. 0 stands for the channel's beginning.
        from_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::{id::Snowflake, time::UnixSeconds};

    /// Channels and threads.
    channels (id) {
        /// The channel's id.
        id -> Snowflake,
        /// The guild it is in.
        guild_id -> Snowflake,
        /// Its name; NULL while unknown.
        name -> Nullable<Text>,
        /// Discord's channel type: 0 text, 2 voice, 4 category, 10 to 12 threads, 13 stage, 15 forum.
        #[sql_name = "type"]
        kind -> Integer,
        /// The category that the channel is in, or the channel that the thread is in.
        parent_id -> Nullable<Snowflake>,
        /// Its position in the list of channels.
        position -> Nullable<Integer>,
        /// When Mocha first saw it.
        created_at -> UnixSeconds,
        /// When the row last changed.
        updated_at -> UnixSeconds,
    }
}

diesel::table! {
    use crate::{id::Snowflake, time::UnixSeconds};

    /// Deleted channels and threads. Their rows in `channels` stay.
    gone_channels (channel_id) {
        /// The channel.
        channel_id -> Snowflake,
        /// The guild it was in.
        guild_id -> Snowflake,
        /// When it was deleted.
        gone_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::Nullable;
    use crate::{id::Snowflake, time::UnixSeconds};

    /// The state of a guild that `guilds` has no column for.
    guild_states (guild_id) {
        /// The guild.
        guild_id -> Snowflake,
        /// The voice channel that Discord moves idle members to.
        afk_channel_id -> Nullable<Snowflake>,
        /// When the bot left the guild or the guild was deleted. NULL while the bot is in it.
        gone_at -> Nullable<UnixSeconds>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::{id::Snowflake, time::UnixSeconds};

    /// Guilds, which users call servers.
    guilds (id) {
        /// The guild's id.
        id -> Snowflake,
        /// Its name; NULL while unknown.
        name -> Nullable<Text>,
        /// The hash of its icon.
        icon -> Nullable<Text>,
        /// How many members it has.
        member_count -> Nullable<Integer>,
        /// When Mocha first saw it.
        created_at -> UnixSeconds,
        /// When the row last changed.
        updated_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer};

    /// The horizons: the instants from which the event tables and the roll-ups are complete. The table has one row.
    horizons (id) {
        /// Always 1.
        id -> Integer,
        /// The horizon of `member_events`, in unix seconds.
        members_from -> BigInt,
        /// The horizon of `message_events`, in unix seconds.
        messages_from -> BigInt,
        /// The horizon of `presence_events`, in unix seconds.
        presences_from -> BigInt,
        /// The horizon of the roll-ups, in unix seconds.
        rollups_from -> BigInt,
        /// The horizon of `voice_events` and `voice_intervals`, in unix seconds.
        voice_from -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::{id::Snowflake, time::UnixSeconds};

    /// Joins and leaves of members.
    member_events (id) {
        /// The id, made of what identifies the event, so that it counts once. It ends with `:inferred` if the leave was
        /// inferred from a list of members.
        id -> Text,
        /// The guild.
        guild_id -> Snowflake,
        /// The user who joined or left.
        user_id -> Snowflake,
        /// `join` or `leave`.
        event_type -> Text,
        /// The number of members of the guild at that time.
        member_count -> Nullable<Integer>,
        /// When it happened.
        created_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::{id::Snowflake, time::UnixSeconds};

    /// The current members of guilds.
    members (id) {
        /// `guild_id:user_id`.
        id -> Text,
        /// The guild.
        guild_id -> Snowflake,
        /// The user.
        user_id -> Snowflake,
        /// The nickname in this guild.
        nickname -> Nullable<Text>,
        /// When the membership began.
        joined_at -> Nullable<UnixSeconds>,
        /// Since when the member boosts the guild.
        premium_since -> Nullable<UnixSeconds>,
        /// When Mocha first saw the member.
        created_at -> UnixSeconds,
        /// When the member last changed.
        updated_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable};
    use crate::{id::Snowflake, time::UnixSeconds};

    /// Messages. Their text is not stored.
    message_events (id) {
        /// The message's id.
        id -> Snowflake,
        /// The guild.
        guild_id -> Snowflake,
        /// The channel or thread.
        channel_id -> Snowflake,
        /// The author. For the answer to a command, the user who used it.
        user_id -> Snowflake,
        /// Discord's message type.
        message_type -> Nullable<Integer>,
        /// Whether it has attachments; NULL if unknown.
        has_attachment -> Nullable<Bool>,
        /// Whether it has embeds; NULL if unknown.
        has_embed -> Nullable<Bool>,
        /// How many characters it has; NULL if unknown.
        character_count -> Nullable<Integer>,
        /// How many words it has; NULL if unknown.
        word_count -> Nullable<Integer>,
        /// When it was sent.
        created_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::Text;

    /// Mocha's migrations that have run. Diesel's `__diesel_schema_migrations` has the bot's own.
    mocha_migrations (version) {
        /// The migration's number.
        version -> Text,
        /// When it ran, UTC: `YYYY-MM-DD HH:MM:SS`.
        run_on -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::{id::Snowflake, time::UnixSeconds};

    /// Changes of status and activity.
    presence_events (id) {
        /// The id, made of what identifies the event, so that it counts once.
        id -> Text,
        /// The guild.
        guild_id -> Snowflake,
        /// The user.
        user_id -> Snowflake,
        /// `online`, `idle`, `dnd` or `offline`; NULL if the status is unknown from then on.
        status -> Nullable<Text>,
        /// Discord's activity type.
        activity_type -> Nullable<Integer>,
        /// The activity's name.
        activity_name -> Nullable<Text>,
        /// When it happened.
        created_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};

    /// The positions up to which the gateway session of each shard is recorded.
    gateway_sessions (bot_id, shard_count, shard_id) {
        /// The bot's user id, or `0` if it is unknown.
        bot_id -> Text,
        /// How many shards the bot has.
        shard_count -> BigInt,
        /// The number of the shard, from 0.
        shard_id -> BigInt,
        /// The recorder that may record the shard. A later one takes the row over.
        owner -> BigInt,
        /// The gateway intents of the session. NULL if they are unknown.
        intents -> Nullable<BigInt>,
        /// The URL for resuming the session. NULL if it is unknown.
        resume_url -> Nullable<Text>,
        /// The id that Discord gave the session. NULL before the first session.
        session_id -> Nullable<Text>,
        /// The sequence number of the last frame whose events are all recorded.
        sequence -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable};

    /// When each shard was last heard, and whether its recorder stopped cleanly.
    recorder_states (shard_count, shard_id) {
        /// How many shards the bot has.
        shard_count -> BigInt,
        /// The number of the shard, from 0.
        shard_id -> BigInt,
        /// When the recorder was started, in unix milliseconds.
        started_at_ms -> BigInt,
        /// The last instant at which the shard was heard, in unix milliseconds.
        seen_at_ms -> BigInt,
        /// When the recorder stopped cleanly, in unix milliseconds. NULL while it runs and after a crash.
        stopped_at_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::id::Snowflake;

    /// Guilds in which voice was not heard completely, until their next snapshot.
    unheard_guilds (guild_id) {
        /// The guild.
        guild_id -> Snowflake,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Integer};

    /// The keys of the hashes in `tombstones`.
    tombstone_keys (id) {
        /// The number of the key. New hashes use the key with the lowest number.
        id -> Integer,
        /// 32 random bytes.
        key -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool};

    /// Tombstones: users who were erased or opted out, as keyed hashes.
    tombstones (person, guild_id) {
        /// The HMAC-SHA-256 of the user's id, which is hashed as 8 bytes, big-endian.
        person -> Binary,
        /// The guild. 0 stands for all guilds.
        guild_id -> BigInt,
        /// When the user was erased, in unix milliseconds. Events at or before it are not recorded.
        forgotten_at_ms -> BigInt,
        /// Whether the user opted out, so that nothing is recorded.
        opted_out -> Bool,
        /// Whether the user was active again since the erasure.
        returned -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::{id::Snowflake, time::UnixSeconds};

    /// The names that users chose for all servers.
    user_names (id) {
        /// The user.
        id -> Snowflake,
        /// The name; NULL if the user has none.
        global_name -> Nullable<Text>,
        /// When the user was last seen with another name than before.
        updated_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
    use crate::{id::Snowflake, time::UnixSeconds};

    /// Users: humans, bots and webhooks.
    users (id) {
        /// The user's id.
        id -> Snowflake,
        /// The user's name; NULL while unknown.
        username -> Nullable<Text>,
        /// The four digits that follow user names of the older kind.
        discriminator -> Nullable<Text>,
        /// The hash of the avatar.
        avatar -> Nullable<Text>,
        /// Whether the user is a bot or a webhook.
        bot -> Nullable<Bool>,
        /// When Mocha first saw the user.
        created_at -> UnixSeconds,
        /// When the user last changed.
        updated_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::{id::Snowflake, time::UnixSeconds};

    /// The voice log. A session is a `join`, any number of `move`s, and a `leave`.
    voice_events (id) {
        /// The id, made of what identifies the event, so that it counts once.
        id -> Text,
        /// The guild.
        guild_id -> Snowflake,
        /// The voice channel; NULL for a disconnect.
        channel_id -> Nullable<Snowflake>,
        /// The user.
        user_id -> Snowflake,
        /// `join`, `move` or `leave`.
        event_type -> Text,
        /// When the session began.
        session_start -> Nullable<UnixSeconds>,
        /// When the session ended. Only a `leave` has it.
        session_end -> Nullable<UnixSeconds>,
        /// The length of the whole session in milliseconds. It is 0 if the event is not a `leave`.
        duration -> Nullable<BigInt>,
        /// Whether the member was muted, by the member or by the server.
        muted -> Nullable<Bool>,
        /// Whether the member was deafened, by the member or by the server.
        deafened -> Nullable<Bool>,
        /// When it happened.
        created_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable};
    use crate::id::Snowflake;

    /// Half-open intervals that members spent in one voice channel and one state.
    voice_intervals (guild_id, user_id, started_at_ms) {
        /// The guild.
        guild_id -> Snowflake,
        /// The user.
        user_id -> Snowflake,
        /// The first unix millisecond of the interval.
        started_at_ms -> BigInt,
        /// The first unix millisecond after the interval. NULL while it is open.
        ended_at_ms -> Nullable<BigInt>,
        /// The last unix millisecond that is known to belong to the interval.
        seen_at_ms -> BigInt,
        /// When the interval's session began, in unix milliseconds.
        session_started_at_ms -> BigInt,
        /// The channel. NULL only in history that was adopted from a log without it.
        channel_id -> Nullable<Snowflake>,
        /// Muted by the server.
        server_mute -> Bool,
        /// Deafened by the server.
        server_deaf -> Bool,
        /// Muted by the member.
        self_mute -> Bool,
        /// Deafened by the member.
        self_deaf -> Bool,
        /// Sharing the screen.
        stream -> Bool,
        /// Camera on.
        video -> Bool,
        /// Not allowed to speak on a stage.
        suppress -> Bool,
        /// Whether the interval bridges a gap in which the member was not observed.
        assumed -> Bool,
    }
}

diesel::joinable!(channels -> guilds (guild_id));
diesel::joinable!(members -> guilds (guild_id));
diesel::joinable!(members -> users (user_id));
diesel::joinable!(message_events -> channels (channel_id));
diesel::joinable!(message_events -> guilds (guild_id));
diesel::joinable!(message_events -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(
    active_months,
    award_days,
    award_spans,
    award_totals,
    bots,
    channel_histories,
    channels,
    command_uses,
    ended_boosts,
    gateway_sessions,
    gone_channels,
    guild_states,
    guilds,
    horizons,
    invited_members,
    invites,
    level_guilds,
    member_days,
    member_events,
    member_roles,
    members,
    message_addressees,
    message_days,
    message_events,
    message_months,
    message_quarters,
    message_thirds,
    message_totals,
    mocha_migrations,
    packed_quarters,
    point_balances,
    presence_events,
    reactions,
    recorder_states,
    reported_levels,
    tombstone_keys,
    tombstones,
    unheard_guilds,
    user_names,
    users,
    voice_channel_days,
    voice_channel_months,
    voice_days,
    voice_events,
    voice_intervals,
    voice_months,
    voice_totals,
    watermarks,
);
