//! Tables of roles, boosts, commands, levels, conversations, reactions and invites.

use super::{
    Guild, Horizon, Kept, Person,
    Source::{Commands, Conversations, Invites, Members, Reactions, Recorder},
    Table, Time,
    column::{derived, identifying, plain},
};

const SECOND: i64 = 1000;

pub(super) const COMMAND_USES: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        plain("interaction_id", "ID of the use, to count each once"),
        plain("channel_id", "channel ID"),
        identifying("user_id", "user ID of the user who used the command"),
        derived("name", "name of the command"),
        derived("created_at", "time of the use"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Events,
    key: &["guild_id", "interaction_id"],
    made_of: &[],
    name: "command_uses",
    person: Some(Person::Number),
    purpose: "uses of the bot's commands; their options are not stored",
    sources: &[Commands],
    time: Some(Time { column: "created_at", horizon: Horizon::Messages, unit_ms: SECOND }),
};

pub(super) const ENDED_BOOSTS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        identifying("user_id", "user ID of the member"),
        derived("started_at", "time since which the member boosted the server"),
        derived("ended_at", "time at which the bot noticed that the boost ended"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Events,
    key: &["guild_id", "user_id", "started_at"],
    made_of: &[],
    name: "ended_boosts",
    person: Some(Person::Number),
    purpose: "boosts of servers that ended",
    sources: &[Members],
    time: Some(Time { column: "ended_at", horizon: Horizon::Members, unit_ms: SECOND }),
};

pub(super) const INVITED_MEMBERS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        identifying("user_id", "user ID of the user who joined"),
        derived("joined_at_ms", "time of the join"),
        derived("code", "code of the invite that was used"),
        identifying("inviter_id", "user ID of the user who created the invite, to count invited users"),
        derived("is_vanity", "whether the invite is the vanity link of the server"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Events,
    key: &["guild_id", "user_id", "joined_at_ms"],
    made_of: &[],
    name: "invited_members",
    person: Some(Person::Number),
    purpose: "joins, and the invites that were used, if the bot lists invites",
    sources: &[Invites],
    time: Some(Time { column: "joined_at_ms", horizon: Horizon::Members, unit_ms: 1 }),
};

pub(super) const INVITES: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        plain("code", "code of the invite"),
        identifying("user_id", "user ID of the user who created the invite"),
        plain("is_vanity", "whether it is the vanity link of the server"),
        plain("uses", "number of uses, to find the invite that a join used"),
        plain("max_uses", "number of uses after which it ends"),
        derived("created_at_ms", "time at which the bot was told of the invite"),
        plain("listed_at_ms", "time of the last list of invites"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::User,
    key: &["guild_id", "code"],
    made_of: &[],
    name: "invites",
    person: Some(Person::Number),
    purpose: "invites of servers, if the bot lists them",
    sources: &[Invites],
    time: None,
};

pub(super) const LEVEL_GUILDS: Table = Table {
    columns: &[plain("guild_id", "server ID")],
    guild: Some(Guild::Number),
    kept: Kept::File,
    key: &["guild_id"],
    made_of: &[],
    name: "level_guilds",
    person: None,
    purpose: "servers whose levels the bot asked for, so that earlier levels are not reported",
    sources: &[Recorder],
    time: None,
};

pub(super) const MEMBER_ROLES: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("role_id", "role ID"),
        identifying("user_id", "user ID of the member"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Member,
    key: &["guild_id", "role_id", "user_id"],
    made_of: &[],
    name: "member_roles",
    person: Some(Person::Number),
    purpose: "roles of current members, if the bot records them",
    sources: &[Members],
    time: None,
};

pub(super) const MESSAGE_ADDRESSEES: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        identifying("message_id", "message ID, to count each message once"),
        identifying("addressee_id", "user ID of the user whom the message replies to or mentions"),
        identifying("user_id", "user ID of the author"),
        plain("channel_id", "channel ID"),
        identifying("replied_message_id", "ID of the message that a reply answers, to measure the time until it"),
        derived("created_at", "time of the message"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Events,
    key: &["guild_id", "message_id", "addressee_id"],
    made_of: &[],
    name: "message_addressees",
    person: Some(Person::Number),
    purpose: "users whom messages reply to or mention, if the bot records them",
    sources: &[Conversations],
    time: Some(Time { column: "created_at", horizon: Horizon::Messages, unit_ms: SECOND }),
};

pub(super) const POINT_BALANCES: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        identifying("user_id", "user ID"),
        derived("points", "number of points"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::User,
    key: &["guild_id", "user_id"],
    made_of: &[],
    name: "point_balances",
    person: Some(Person::Number),
    purpose: "points that the bot set, such as those of another bot, to compute levels",
    sources: &[Recorder],
    time: None,
};

pub(super) const REACTIONS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        identifying("message_id", "message ID"),
        identifying("user_id", "user ID of the user who reacted"),
        derived("emoji", "ID of a custom emoji, or another emoji"),
        plain("emoji_name", "name of a custom emoji, to show in answers"),
        plain("channel_id", "channel ID"),
        identifying("author_id", "user ID of the author of the message, to count received reactions"),
        derived("created_at", "time at which the bot received the reaction"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Events,
    key: &["guild_id", "message_id", "user_id", "emoji"],
    made_of: &[],
    name: "reactions",
    person: Some(Person::Number),
    purpose: "reactions to messages that were not taken back, if the bot records them",
    sources: &[Reactions],
    time: Some(Time { column: "created_at", horizon: Horizon::Messages, unit_ms: SECOND }),
};

pub(super) const REPORTED_LEVELS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        identifying("user_id", "user ID"),
        derived("level", "highest level that was reported"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::User,
    key: &["guild_id", "user_id"],
    made_of: &[],
    name: "reported_levels",
    person: Some(Person::Number),
    purpose: "levels that were reported to the bot, so that each is reported once",
    sources: &[Recorder],
    time: None,
};
