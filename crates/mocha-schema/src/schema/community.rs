//! Roles, boosts, commands, levels, conversations, reactions and invites.

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::time::UnixSeconds;

    /// Uses of the bot's commands.
    command_uses (guild_id, interaction_id) {
        /// The guild.
        guild_id -> BigInt,
        /// The id of the use, which makes it count once.
        interaction_id -> BigInt,
        /// The channel or thread in which it was used.
        channel_id -> BigInt,
        /// The user who used it.
        user_id -> BigInt,
        /// The name of the command, followed by those of its group and subcommand.
        name -> Text,
        /// When it was used.
        created_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;
    use crate::time::UnixSeconds;

    /// The boosts of servers that ended.
    ended_boosts (guild_id, user_id, started_at) {
        /// The guild.
        guild_id -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// When the boost began, according to Discord.
        started_at -> UnixSeconds,
        /// When Mocha noticed that the boost ended.
        ended_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;

    /// The guilds whose levels were asked for.
    level_guilds (guild_id) {
        /// The guild.
        guild_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;

    /// The roles of current members.
    member_roles (guild_id, role_id, user_id) {
        /// The guild.
        guild_id -> BigInt,
        /// The role.
        role_id -> BigInt,
        /// The member.
        user_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;

    /// Points that users have beside those that Mocha counts.
    point_balances (guild_id, user_id) {
        /// The guild.
        guild_id -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// The points.
        points -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;

    /// The highest level of each user that was reported.
    reported_levels (guild_id, user_id) {
        /// The guild.
        guild_id -> BigInt,
        /// The user.
        user_id -> BigInt,
        /// The level, from 1 on.
        level -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::time::UnixSeconds;

    /// The reactions to messages that are there now.
    reactions (guild_id, message_id, user_id, emoji) {
        /// The guild.
        guild_id -> BigInt,
        /// The message.
        message_id -> BigInt,
        /// The user who reacted.
        user_id -> BigInt,
        /// The id of a custom emoji, or the text of another one.
        emoji -> Text,
        /// The name of a custom emoji, as it was then. NULL for other emoji, and if it is unknown.
        emoji_name -> Nullable<Text>,
        /// The channel or thread of the message.
        channel_id -> BigInt,
        /// The author of the message. NULL if it is unknown.
        author_id -> Nullable<BigInt>,
        /// When the bot received the reaction.
        created_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable};
    use crate::time::UnixSeconds;

    /// The users whom messages address, by replies and mentions.
    message_addressees (guild_id, message_id, addressee_id) {
        /// The guild.
        guild_id -> BigInt,
        /// The message.
        message_id -> BigInt,
        /// The user whom it addresses.
        addressee_id -> BigInt,
        /// The author.
        user_id -> BigInt,
        /// The channel or thread.
        channel_id -> BigInt,
        /// The message of the addressee that it answers. NULL if it only mentions the addressee.
        replied_message_id -> Nullable<BigInt>,
        /// When it was sent.
        created_at -> UnixSeconds,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    /// The invites of guilds, as the bot listed them last.
    invites (guild_id, code) {
        /// The guild.
        guild_id -> BigInt,
        /// The code, which is the end of the invite's link.
        code -> Text,
        /// The user who created it. NULL if nobody did, or if it is unknown.
        user_id -> Nullable<BigInt>,
        /// Whether it is the guild's vanity link.
        is_vanity -> Bool,
        /// How often it was used.
        uses -> BigInt,
        /// After how many uses it ends. NULL if it has no limit.
        max_uses -> Nullable<BigInt>,
        /// When the bot was told that it was created, in unix milliseconds. NULL if the bot only saw it in a list.
        created_at_ms -> Nullable<BigInt>,
        /// When the bot asked for the last list that has it, in unix milliseconds. NULL if no list has it yet.
        listed_at_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};

    /// The joins of guilds whose invites the bot lists.
    invited_members (guild_id, user_id, joined_at_ms) {
        /// The guild.
        guild_id -> BigInt,
        /// The user who joined.
        user_id -> BigInt,
        /// When the bot was told of the join, in unix milliseconds.
        joined_at_ms -> BigInt,
        /// The code of the invite that was used. NULL if it is unknown.
        code -> Nullable<Text>,
        /// The user who created the invite. NULL if it is unknown.
        inviter_id -> Nullable<BigInt>,
        /// Whether the invite is the guild's vanity link.
        is_vanity -> Bool,
    }
}
