//! The tables as Diesel sees them. A test holds them against a migrated file.

mod rollups;

pub use self::rollups::*;

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::time::UnixSeconds;

    /// Channels and threads.
    channels (id) {
        /// The channel's id.
        id -> Text,
        /// The guild it is in.
        guild_id -> Text,
        /// Its name; NULL while unknown.
        name -> Nullable<Text>,
        /// Discord's channel type: 0 text, 2 voice, 4 category, 10 to 12 threads, 13 stage, 15 forum.
        #[sql_name = "type"]
        kind -> Integer,
        /// The category, or of a thread the channel, it is in.
        parent_id -> Nullable<Text>,
        /// Its place in the list.
        position -> Nullable<Integer>,
        /// When it was first seen.
        created_at -> UnixSeconds,
        /// When something of it last changed.
        updated_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::time::UnixSeconds;

    /// Channels and threads that Discord deleted; their rows in `channels` stay.
    gone_channels (channel_id) {
        /// The channel.
        channel_id -> Text,
        /// The guild it was in.
        guild_id -> Text,
        /// When it was deleted.
        gone_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::time::UnixSeconds;

    /// What a guild has beyond its row in `guilds`.
    guild_states (guild_id) {
        /// The guild.
        guild_id -> Text,
        /// The voice channel that idle people are moved to.
        afk_channel_id -> Nullable<Text>,
        /// When the bot left it or it was deleted; NULL while the bot is in it.
        gone_at -> Nullable<UnixSeconds>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::time::UnixSeconds;

    /// Guilds, which people call servers.
    guilds (id) {
        /// The guild's id.
        id -> Text,
        /// Its name; NULL while unknown.
        name -> Nullable<Text>,
        /// The hash of its icon.
        icon -> Nullable<Text>,
        /// How many members it has.
        member_count -> Nullable<Integer>,
        /// When it was first seen.
        created_at -> UnixSeconds,
        /// When something of it last changed.
        updated_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer};

    /// From when on the event tables and the roll-ups are complete: one row.
    horizons (id) {
        /// Always 1.
        id -> Integer,
        /// Unix seconds: of `member_events`.
        members_from -> BigInt,
        /// Unix seconds: of `message_events`.
        messages_from -> BigInt,
        /// Unix seconds: of `presence_events`.
        presences_from -> BigInt,
        /// Unix seconds: of the roll-ups.
        rollups_from -> BigInt,
        /// Unix seconds: of `voice_events` and `voice_intervals`.
        voice_from -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::time::UnixSeconds;

    /// People coming and going.
    member_events (id) {
        /// Made of what identifies the event, so that it counts once; ends with `:inferred` if nobody heard the leave.
        id -> Text,
        /// The guild.
        guild_id -> Text,
        /// Who came or went.
        user_id -> Text,
        /// `join` or `leave`.
        event_type -> Text,
        /// How many members the guild had then.
        member_count -> Nullable<Integer>,
        /// When.
        created_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::time::UnixSeconds;

    /// Who is a member of which guild now.
    members (id) {
        /// `guild_id:user_id`.
        id -> Text,
        /// The guild.
        guild_id -> Text,
        /// The user.
        user_id -> Text,
        /// The nickname in this guild.
        nickname -> Nullable<Text>,
        /// When the membership began.
        joined_at -> Nullable<UnixSeconds>,
        /// Since when the member boosts the guild.
        premium_since -> Nullable<UnixSeconds>,
        /// When the member was first seen.
        created_at -> UnixSeconds,
        /// When something of the member last changed.
        updated_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
    use crate::time::UnixSeconds;

    /// Messages; never their text.
    message_events (id) {
        /// The message's id.
        id -> Text,
        /// The guild.
        guild_id -> Text,
        /// The channel or thread.
        channel_id -> Text,
        /// The author; of the answer to a command the person who used it.
        user_id -> Text,
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

    /// Which of Mocha's migrations have run. The bot's own are in Diesel's `__diesel_schema_migrations`.
    mocha_migrations (version) {
        /// The migration's number.
        version -> Text,
        /// When it ran, UTC: `YYYY-MM-DD HH:MM:SS`.
        run_on -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::time::UnixSeconds;

    /// Changes of status and activity.
    presence_events (id) {
        /// Made of what identifies the event, so that it counts once.
        id -> Text,
        /// The guild.
        guild_id -> Text,
        /// The user.
        user_id -> Text,
        /// `online`, `idle`, `dnd` or `offline`; NULL if it is not known from then on.
        status -> Nullable<Text>,
        /// Discord's activity type.
        activity_type -> Nullable<Integer>,
        /// The activity's name.
        activity_name -> Nullable<Text>,
        /// When.
        created_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};

    /// How far each shard's gateway session is in the file.
    gateway_sessions (shard_count, shard_id) {
        /// How many shards the bot has.
        shard_count -> BigInt,
        /// Which of them it is, from 0.
        shard_id -> BigInt,
        /// The id that Discord gave the session.
        session_id -> Text,
        /// The sequence number of the last frame whose events are all recorded.
        sequence -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Integer, Nullable};

    /// When the recorder last ran, and whether it stopped cleanly: one row.
    recorder_states (id) {
        /// Always 1.
        id -> Integer,
        /// When it was started.
        started_at_ms -> BigInt,
        /// The last instant it is known to have run.
        seen_at_ms -> BigInt,
        /// When it stopped cleanly; NULL while it runs and after a crash.
        stopped_at_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Integer};

    /// The keys of the hashes in `tombstones`.
    tombstone_keys (id) {
        /// The lowest is the one that new hashes are made with.
        id -> Integer,
        /// 32 random bytes.
        key -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool};

    /// Who was forgotten, and who does not want to be recorded.
    tombstones (person, guild_id) {
        /// The HMAC-SHA-256 of the user's id, 8 bytes, big-endian.
        person -> Binary,
        /// The guild; 0 for all.
        guild_id -> BigInt,
        /// What is not later than this, in unix milliseconds, is not recorded.
        forgotten_at_ms -> BigInt,
        /// Whether nothing is recorded.
        opted_out -> Bool,
        /// Whether the person did something since.
        returned -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
    use crate::time::UnixSeconds;

    /// Users: people, bots and webhooks.
    users (id) {
        /// The user's id.
        id -> Text,
        /// The user's name; NULL while unknown.
        username -> Nullable<Text>,
        /// The four digits after older names.
        discriminator -> Nullable<Text>,
        /// The hash of the picture.
        avatar -> Nullable<Text>,
        /// Whether it is a bot or a webhook.
        bot -> Nullable<Bool>,
        /// When the user was first seen.
        created_at -> UnixSeconds,
        /// When something of the user last changed.
        updated_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::time::UnixSeconds;

    /// The log of voice: a `join`, any number of `move`s, a `leave`.
    voice_events (id) {
        /// Made of what identifies the event, so that it counts once.
        id -> Text,
        /// The guild.
        guild_id -> Text,
        /// The voice channel; NULL for a disconnect.
        channel_id -> Nullable<Text>,
        /// The user.
        user_id -> Text,
        /// `join`, `move` or `leave`.
        event_type -> Text,
        /// When the session began.
        session_start -> Nullable<UnixSeconds>,
        /// When it ended: of a `leave` only.
        session_end -> Nullable<UnixSeconds>,
        /// Milliseconds of the whole session: of a `leave` only, else 0.
        duration -> Nullable<BigInt>,
        /// Muted, by oneself or by the server.
        muted -> Nullable<Bool>,
        /// Deafened, by oneself or by the server.
        deafened -> Nullable<Bool>,
        /// When.
        created_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    /// Who was in which voice channel, from when to when and in what state.
    voice_intervals (guild_id, user_id, started_at_ms) {
        /// The guild.
        guild_id -> Text,
        /// The user.
        user_id -> Text,
        /// Its first millisecond.
        started_at_ms -> BigInt,
        /// The first millisecond after it; NULL while it is open.
        ended_at_ms -> Nullable<BigInt>,
        /// The last instant known to belong to it.
        seen_at_ms -> BigInt,
        /// When the session began that it is part of.
        session_started_at_ms -> BigInt,
        /// The channel; NULL only in history adopted from a log that does not tell.
        channel_id -> Nullable<Text>,
        /// Muted by the server.
        server_mute -> Bool,
        /// Deafened by the server.
        server_deaf -> Bool,
        /// Muted by oneself.
        self_mute -> Bool,
        /// Deafened by oneself.
        self_deaf -> Bool,
        /// Sharing the screen.
        stream -> Bool,
        /// Camera on.
        video -> Bool,
        /// Not allowed to speak on a stage.
        suppress -> Bool,
        /// Whether it bridges a gap between two proofs.
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
    bots,
    channels,
    gateway_sessions,
    gone_channels,
    guild_states,
    guilds,
    horizons,
    member_days,
    member_events,
    members,
    message_days,
    message_events,
    message_months,
    message_quarters,
    message_thirds,
    message_totals,
    mocha_migrations,
    packed_quarters,
    presence_events,
    recorder_states,
    tombstone_keys,
    tombstones,
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
