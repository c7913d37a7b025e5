//! The entries of the roll-ups.

use super::{
    Guild, Horizon, Kept, Person,
    Source::{Members, MessageContent, Messages, Voice},
    Table, Time,
    column::{derived, identifying, plain},
};

const DAY: i64 = 86_400_000;
const TEN_DAYS: i64 = 10 * DAY;
const MONTH: i64 = 30 * DAY;
const QUARTER: i64 = 900_000;

/// The entry of `active_months`.
pub const ACTIVE_MONTHS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("month", "period of thirty days"),
        identifying("user_id", "user ID"),
        derived("bot", "whether the user is a bot, so that bots can be excluded"),
        derived("days", "number of messages on each of the days, counted up to three"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "month", "user_id"],
    made_of: &["message_days"],
    name: "active_months",
    person: Some(Person::Number),
    purpose: "the days on which each member wrote, one row for thirty days",
    sources: &[Messages],
    time: Some(Time { column: "month", horizon: Horizon::Messages, unit_ms: MONTH }),
};

/// The entry of `award_days`.
pub const AWARD_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("day", "day of the total"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("bot", "whether the user is a bot, so that bots can be excluded"),
        derived("awards", "number of spans of time in which the user wrote"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "day", "user_id", "channel_id"],
    made_of: &["message_events"],
    name: "award_days",
    person: Some(Person::Number),
    purpose: "the number of awards by day, user and channel, to compute levels",
    sources: &[Messages],
    time: Some(Time { column: "day", horizon: Horizon::Messages, unit_ms: DAY }),
};

/// The entry of `award_totals`.
pub const AWARD_TOTALS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("bot", "whether the user is a bot, so that bots can be excluded"),
        derived("awards", "number of spans of time in which the user wrote"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "user_id", "channel_id"],
    made_of: &["award_days"],
    name: "award_totals",
    person: Some(Person::Number),
    purpose: "the number of all awards by user and channel, to compute levels",
    sources: &[Messages],
    time: None,
};

/// The entry of `member_days`.
pub const MEMBER_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        plain("day", "day"),
        plain("bot", "whether the numbers are those of bots"),
        plain("joins", "number of joins"),
        plain("leaves", "number of leaves"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "day", "bot"],
    made_of: &["member_events"],
    name: "member_days",
    person: None,
    purpose: "joins and leaves of each server by day, as numbers only",
    sources: &[Members],
    time: Some(Time { column: "day", horizon: Horizon::Members, unit_ms: DAY }),
};

/// The entry of `message_days`.
pub const MESSAGE_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("day", "day of the total"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("bot", "whether the user is a bot, so that bots can be excluded"),
        derived("messages", "number of messages"),
        derived("characters", "number of their characters").of(MessageContent),
        derived("words", "number of their words").of(MessageContent),
        derived("attachments", "number of messages with attachments").of(MessageContent),
        derived("embeds", "number of messages with embeds").of(MessageContent),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "day", "user_id", "channel_id"],
    made_of: &["message_events"],
    name: "message_days",
    person: Some(Person::Number),
    purpose: "the number and size of messages by day, author and channel",
    sources: &[Messages],
    time: Some(Time { column: "day", horizon: Horizon::Messages, unit_ms: DAY }),
};

/// The entry of `message_months`.
pub const MESSAGE_MONTHS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("month", "period of thirty days of the total"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("bot", "whether the user is a bot, so that bots can be excluded"),
        derived("messages", "number of messages"),
        derived("characters", "number of their characters").of(MessageContent),
        derived("words", "number of their words").of(MessageContent),
        derived("attachments", "number of messages with attachments").of(MessageContent),
        derived("embeds", "number of messages with embeds").of(MessageContent),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "month", "user_id", "channel_id"],
    made_of: &["message_days"],
    name: "message_months",
    person: Some(Person::Number),
    purpose: "the number and size of messages by thirty days, author and channel",
    sources: &[Messages],
    time: Some(Time { column: "month", horizon: Horizon::Messages, unit_ms: MONTH }),
};

/// The entry of `message_quarters`.
pub const MESSAGE_QUARTERS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        plain("quarter", "quarter of an hour of the total"),
        plain("bot", "whether the numbers are those of bots"),
        plain("messages", "number of messages"),
        plain("characters", "number of their characters").of(MessageContent),
        plain("words", "number of their words").of(MessageContent),
        plain("attachments", "number of messages with attachments").of(MessageContent),
        plain("embeds", "number of messages with embeds").of(MessageContent),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "quarter", "bot"],
    made_of: &["message_events"],
    name: "message_quarters",
    person: None,
    purpose: "the number and size of messages of each server by quarter of an hour, as numbers only",
    sources: &[Messages],
    time: Some(Time { column: "quarter", horizon: Horizon::Messages, unit_ms: QUARTER }),
};

/// The entry of `message_thirds`.
pub const MESSAGE_THIRDS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("third", "period of ten days of the total"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("bot", "whether the user is a bot, so that bots can be excluded"),
        derived("messages", "number of messages"),
        derived("characters", "number of their characters").of(MessageContent),
        derived("words", "number of their words").of(MessageContent),
        derived("attachments", "number of messages with attachments").of(MessageContent),
        derived("embeds", "number of messages with embeds").of(MessageContent),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "third", "user_id", "channel_id"],
    made_of: &["message_days"],
    name: "message_thirds",
    person: Some(Person::Number),
    purpose: "the number and size of messages by ten days, author and channel",
    sources: &[Messages],
    time: Some(Time { column: "third", horizon: Horizon::Messages, unit_ms: TEN_DAYS }),
};

/// The entry of `message_totals`.
pub const MESSAGE_TOTALS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("bot", "whether the user is a bot, so that bots can be excluded"),
        derived("messages", "number of messages"),
        derived("characters", "number of their characters").of(MessageContent),
        derived("words", "number of their words").of(MessageContent),
        derived("attachments", "number of messages with attachments").of(MessageContent),
        derived("embeds", "number of messages with embeds").of(MessageContent),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "user_id", "channel_id"],
    made_of: &["message_months"],
    name: "message_totals",
    person: Some(Person::Number),
    purpose: "the number and size of all messages by author and channel",
    sources: &[Messages],
    time: None,
};

/// The entry of `packed_quarters`.
pub const PACKED_QUARTERS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        plain("month", "period of thirty days"),
        plain("bot", "whether the numbers are those of bots"),
        plain("quarters", "number of messages in each quarter of an hour"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "month", "bot"],
    made_of: &["message_quarters"],
    name: "packed_quarters",
    person: None,
    purpose: "the number of messages of each server by quarter of an hour, one row for thirty days",
    sources: &[Messages],
    time: Some(Time { column: "month", horizon: Horizon::Messages, unit_ms: MONTH }),
};

/// The entry of `voice_channel_days`.
pub const VOICE_CHANNEL_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("day", "day of the total"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("assumed", "whether the time bridges an interruption of the bot"),
        derived("bot", "whether the user is a bot, so that bots can be excluded"),
        derived("intervals", "number of intervals"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk: not muted, deafened or suppressed"),
        derived("video_ms", "time with the camera on"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "day", "user_id", "channel_id", "assumed"],
    made_of: &["voice_intervals"],
    name: "voice_channel_days",
    person: Some(Person::Number),
    purpose: "time in voice by day, user and channel",
    sources: &[Voice],
    time: Some(Time { column: "day", horizon: Horizon::Voice, unit_ms: DAY }),
};

/// The entry of `voice_channel_months`.
pub const VOICE_CHANNEL_MONTHS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("month", "period of thirty days of the total"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("assumed", "whether the time bridges an interruption of the bot"),
        derived("bot", "whether the user is a bot, so that bots can be excluded"),
        derived("intervals", "number of intervals"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk: not muted, deafened or suppressed"),
        derived("video_ms", "time with the camera on"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "month", "user_id", "channel_id", "assumed"],
    made_of: &["voice_channel_days"],
    name: "voice_channel_months",
    person: Some(Person::Number),
    purpose: "time in voice by thirty days, user and channel",
    sources: &[Voice],
    time: Some(Time { column: "month", horizon: Horizon::Voice, unit_ms: MONTH }),
};

/// The entry of `voice_days`.
pub const VOICE_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("day", "day of the total"),
        identifying("user_id", "user ID"),
        derived("assumed", "whether the time bridges an interruption of the bot"),
        derived("bot", "whether the user is a bot, so that bots can be excluded"),
        derived("sessions", "number of ended sessions"),
        derived("intervals", "number of intervals"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk: not muted, deafened or suppressed"),
        derived("video_ms", "time with the camera on"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "day", "user_id", "assumed"],
    made_of: &["voice_intervals", "voice_events"],
    name: "voice_days",
    person: Some(Person::Number),
    purpose: "time in voice by day and user",
    sources: &[Voice],
    time: Some(Time { column: "day", horizon: Horizon::Voice, unit_ms: DAY }),
};

/// The entry of `voice_months`.
pub const VOICE_MONTHS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("month", "period of thirty days of the total"),
        identifying("user_id", "user ID"),
        derived("assumed", "whether the time bridges an interruption of the bot"),
        derived("bot", "whether the user is a bot, so that bots can be excluded"),
        derived("sessions", "number of ended sessions"),
        derived("intervals", "number of intervals"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk: not muted, deafened or suppressed"),
        derived("video_ms", "time with the camera on"),
        derived("days", "the days on which the user was in voice"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "month", "user_id", "assumed"],
    made_of: &["voice_days"],
    name: "voice_months",
    person: Some(Person::Number),
    purpose: "time in voice by thirty days and user",
    sources: &[Voice],
    time: Some(Time { column: "month", horizon: Horizon::Voice, unit_ms: MONTH }),
};

/// The entry of `voice_totals`.
pub const VOICE_TOTALS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        identifying("user_id", "user ID"),
        derived("assumed", "whether the time bridges an interruption of the bot"),
        derived("bot", "whether the user is a bot, so that bots can be excluded"),
        derived("sessions", "number of ended sessions"),
        derived("intervals", "number of intervals"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk: not muted, deafened or suppressed"),
        derived("video_ms", "time with the camera on"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "user_id", "assumed"],
    made_of: &["voice_months"],
    name: "voice_totals",
    person: Some(Person::Number),
    purpose: "time in voice by user, of all time",
    sources: &[Voice],
    time: None,
};
