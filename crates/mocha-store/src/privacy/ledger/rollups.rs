//! The ledger's entries of sums that triggers keep.

use super::{
    Kept, Person,
    Source::{Members, MessageContent, Messages, Voice},
    Table,
    column::{derived, identifying, plain},
};

pub(super) const ACTIVE_MONTHS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("month", "period of thirty days"),
        identifying("user_id", "user ID"),
        derived("bot", "whether the user is a bot, so that bots can be left out"),
        derived("days", "the days on which the member wrote, and on which of them more than twice"),
    ],
    kept: Kept::Rollups,
    name: "active_months",
    person: Some(Person::Number),
    purpose: "days on which each member wrote, thirty days in a row of the table",
    sources: &[Messages],
};

pub(super) const MEMBER_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        plain("day", "day"),
        plain("bot", "whether the numbers are those of bots"),
        plain("joins", "number of joins"),
        plain("leaves", "number of leaves"),
    ],
    kept: Kept::Rollups,
    name: "member_days",
    person: None,
    purpose: "joins and leaves of each server by day, as numbers only",
    sources: &[Members],
};

pub(super) const MESSAGE_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("day", "day of the sum"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("bot", "whether the user is a bot, so that bots can be left out"),
        derived("messages", "number of messages"),
        derived("characters", "sum of their characters").of(MessageContent),
        derived("words", "sum of their words").of(MessageContent),
        derived("attachments", "number of messages with attachments").of(MessageContent),
        derived("embeds", "number of messages with embeds").of(MessageContent),
    ],
    kept: Kept::Rollups,
    name: "message_days",
    person: Some(Person::Number),
    purpose: "number and size of messages by day, author and channel",
    sources: &[Messages],
};

pub(super) const MESSAGE_MONTHS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("month", "period of thirty days of the sum"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("bot", "whether the user is a bot, so that bots can be left out"),
        derived("messages", "number of messages"),
        derived("characters", "sum of their characters").of(MessageContent),
        derived("words", "sum of their words").of(MessageContent),
        derived("attachments", "number of messages with attachments").of(MessageContent),
        derived("embeds", "number of messages with embeds").of(MessageContent),
    ],
    kept: Kept::Rollups,
    name: "message_months",
    person: Some(Person::Number),
    purpose: "number and size of messages by thirty days, author and channel",
    sources: &[Messages],
};

pub(super) const MESSAGE_QUARTERS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        plain("quarter", "quarter of an hour of the sum"),
        plain("bot", "whether the numbers are those of bots"),
        plain("messages", "number of messages"),
        plain("characters", "sum of their characters").of(MessageContent),
        plain("words", "sum of their words").of(MessageContent),
        plain("attachments", "number of messages with attachments").of(MessageContent),
        plain("embeds", "number of messages with embeds").of(MessageContent),
    ],
    kept: Kept::Rollups,
    name: "message_quarters",
    person: None,
    purpose: "number and size of messages of each server by quarter of an hour, as numbers only",
    sources: &[Messages],
};

pub(super) const MESSAGE_THIRDS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("third", "period of ten days of the sum"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("bot", "whether the user is a bot, so that bots can be left out"),
        derived("messages", "number of messages"),
        derived("characters", "sum of their characters").of(MessageContent),
        derived("words", "sum of their words").of(MessageContent),
        derived("attachments", "number of messages with attachments").of(MessageContent),
        derived("embeds", "number of messages with embeds").of(MessageContent),
    ],
    kept: Kept::Rollups,
    name: "message_thirds",
    person: Some(Person::Number),
    purpose: "number and size of messages by ten days, author and channel",
    sources: &[Messages],
};

pub(super) const MESSAGE_TOTALS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("bot", "whether the user is a bot, so that bots can be left out"),
        derived("messages", "number of messages"),
        derived("characters", "sum of their characters").of(MessageContent),
        derived("words", "sum of their words").of(MessageContent),
        derived("attachments", "number of messages with attachments").of(MessageContent),
        derived("embeds", "number of messages with embeds").of(MessageContent),
    ],
    kept: Kept::Rollups,
    name: "message_totals",
    person: Some(Person::Number),
    purpose: "number and size of all messages by author and channel",
    sources: &[Messages],
};

pub(super) const PACKED_QUARTERS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        plain("month", "period of thirty days"),
        plain("bot", "whether the numbers are those of bots"),
        plain("quarters", "number of messages in each quarter of an hour"),
    ],
    kept: Kept::Rollups,
    name: "packed_quarters",
    person: None,
    purpose: "number of messages of each server by quarter of an hour, thirty days in a row of the table",
    sources: &[Messages],
};

pub(super) const VOICE_CHANNEL_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("day", "day of the sum"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("assumed", "whether the time bridges an interruption of the bot"),
        derived("bot", "whether the user is a bot, so that bots can be left out"),
        derived("intervals", "number of intervals"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk: not muted, deafened or suppressed"),
        derived("video_ms", "time with the camera on"),
    ],
    kept: Kept::Rollups,
    name: "voice_channel_days",
    person: Some(Person::Number),
    purpose: "time in voice by day, user and channel",
    sources: &[Voice],
};

pub(super) const VOICE_CHANNEL_MONTHS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("month", "period of thirty days of the sum"),
        identifying("user_id", "user ID"),
        plain("channel_id", "channel ID"),
        derived("assumed", "whether the time bridges an interruption of the bot"),
        derived("bot", "whether the user is a bot, so that bots can be left out"),
        derived("intervals", "number of intervals"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk: not muted, deafened or suppressed"),
        derived("video_ms", "time with the camera on"),
    ],
    kept: Kept::Rollups,
    name: "voice_channel_months",
    person: Some(Person::Number),
    purpose: "time in voice by thirty days, user and channel",
    sources: &[Voice],
};

pub(super) const VOICE_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("day", "day of the sum"),
        identifying("user_id", "user ID"),
        derived("assumed", "whether the time bridges an interruption of the bot"),
        derived("bot", "whether the user is a bot, so that bots can be left out"),
        derived("sessions", "number of ended sessions"),
        derived("intervals", "number of intervals"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk: not muted, deafened or suppressed"),
        derived("video_ms", "time with the camera on"),
    ],
    kept: Kept::Rollups,
    name: "voice_days",
    person: Some(Person::Number),
    purpose: "time in voice by day and user",
    sources: &[Voice],
};

pub(super) const VOICE_MONTHS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        derived("month", "period of thirty days of the sum"),
        identifying("user_id", "user ID"),
        derived("assumed", "whether the time bridges an interruption of the bot"),
        derived("bot", "whether the user is a bot, so that bots can be left out"),
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
    kept: Kept::Rollups,
    name: "voice_months",
    person: Some(Person::Number),
    purpose: "time in voice by thirty days and user",
    sources: &[Voice],
};

pub(super) const VOICE_TOTALS: Table = Table {
    columns: &[
        plain("guild_id", "server ID"),
        identifying("user_id", "user ID"),
        derived("assumed", "whether the time bridges an interruption of the bot"),
        derived("bot", "whether the user is a bot, so that bots can be left out"),
        derived("sessions", "number of ended sessions"),
        derived("intervals", "number of intervals"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk: not muted, deafened or suppressed"),
        derived("video_ms", "time with the camera on"),
    ],
    kept: Kept::Rollups,
    name: "voice_totals",
    person: Some(Person::Number),
    purpose: "time in voice by user, of all time",
    sources: &[Voice],
};
