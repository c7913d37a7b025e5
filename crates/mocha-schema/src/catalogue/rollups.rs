//! The entries of sums that triggers keep.

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
        plain("guild_id", "where"),
        derived("month", "when"),
        identifying("user_id", "whose"),
        derived("bot", "to leave bots out"),
        derived("days", "on which days the person wrote, and whether more than twice"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "month", "user_id"],
    made_of: &["message_days"],
    name: "active_months",
    person: Some(Person::Number),
    purpose: "days of writing by thirty days and author",
    sources: &[Messages],
    time: Some(Time { column: "month", horizon: Horizon::Messages, unit_ms: MONTH }),
};

/// The entry of `member_days`.
pub const MEMBER_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "where"),
        plain("day", "when"),
        plain("bot", "to leave bots out"),
        plain("joins", "how many came"),
        plain("leaves", "how many went"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "day", "bot"],
    made_of: &["member_events"],
    name: "member_days",
    person: None,
    purpose: "joins and leaves by day, of no one in particular",
    sources: &[Members],
    time: Some(Time { column: "day", horizon: Horizon::Members, unit_ms: DAY }),
};

/// The entry of `message_days`.
pub const MESSAGE_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "where"),
        derived("day", "when"),
        identifying("user_id", "whose"),
        plain("channel_id", "where"),
        derived("bot", "to leave bots out"),
        derived("messages", "how many messages"),
        derived("characters", "how long they are together").of(MessageContent),
        derived("words", "how many words they have together").of(MessageContent),
        derived("attachments", "how many have attachments").of(MessageContent),
        derived("embeds", "how many have embeds").of(MessageContent),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "day", "user_id", "channel_id"],
    made_of: &["message_events"],
    name: "message_days",
    person: Some(Person::Number),
    purpose: "messages by day and author",
    sources: &[Messages],
    time: Some(Time { column: "day", horizon: Horizon::Messages, unit_ms: DAY }),
};

/// The entry of `message_months`.
pub const MESSAGE_MONTHS: Table = Table {
    columns: &[
        plain("guild_id", "where"),
        derived("month", "when"),
        identifying("user_id", "whose"),
        plain("channel_id", "where"),
        derived("bot", "to leave bots out"),
        derived("messages", "how many messages"),
        derived("characters", "how long they are together").of(MessageContent),
        derived("words", "how many words they have together").of(MessageContent),
        derived("attachments", "how many have attachments").of(MessageContent),
        derived("embeds", "how many have embeds").of(MessageContent),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "month", "user_id", "channel_id"],
    made_of: &["message_days"],
    name: "message_months",
    person: Some(Person::Number),
    purpose: "messages by thirty days and author",
    sources: &[Messages],
    time: Some(Time { column: "month", horizon: Horizon::Messages, unit_ms: MONTH }),
};

/// The entry of `message_quarters`.
pub const MESSAGE_QUARTERS: Table = Table {
    columns: &[
        plain("guild_id", "where"),
        plain("quarter", "when"),
        plain("bot", "to leave bots out"),
        plain("messages", "how many messages"),
        plain("characters", "how long they are together").of(MessageContent),
        plain("words", "how many words they have together").of(MessageContent),
        plain("attachments", "how many have attachments").of(MessageContent),
        plain("embeds", "how many have embeds").of(MessageContent),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "quarter", "bot"],
    made_of: &["message_events"],
    name: "message_quarters",
    person: None,
    purpose: "messages by quarter of an hour, of no one in particular",
    sources: &[Messages],
    time: Some(Time { column: "quarter", horizon: Horizon::Messages, unit_ms: QUARTER }),
};

/// The entry of `message_thirds`.
pub const MESSAGE_THIRDS: Table = Table {
    columns: &[
        plain("guild_id", "where"),
        derived("third", "when"),
        identifying("user_id", "whose"),
        plain("channel_id", "where"),
        derived("bot", "to leave bots out"),
        derived("messages", "how many messages"),
        derived("characters", "how long they are together").of(MessageContent),
        derived("words", "how many words they have together").of(MessageContent),
        derived("attachments", "how many have attachments").of(MessageContent),
        derived("embeds", "how many have embeds").of(MessageContent),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "third", "user_id", "channel_id"],
    made_of: &["message_days"],
    name: "message_thirds",
    person: Some(Person::Number),
    purpose: "messages by ten days and author",
    sources: &[Messages],
    time: Some(Time { column: "third", horizon: Horizon::Messages, unit_ms: TEN_DAYS }),
};

/// The entry of `message_totals`.
pub const MESSAGE_TOTALS: Table = Table {
    columns: &[
        plain("guild_id", "where"),
        identifying("user_id", "whose"),
        plain("channel_id", "where"),
        derived("bot", "to leave bots out"),
        derived("messages", "how many messages"),
        derived("characters", "how long they are together").of(MessageContent),
        derived("words", "how many words they have together").of(MessageContent),
        derived("attachments", "how many have attachments").of(MessageContent),
        derived("embeds", "how many have embeds").of(MessageContent),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "user_id", "channel_id"],
    made_of: &["message_months"],
    name: "message_totals",
    person: Some(Person::Number),
    purpose: "messages by author",
    sources: &[Messages],
    time: None,
};

/// The entry of `packed_quarters`.
pub const PACKED_QUARTERS: Table = Table {
    columns: &[
        plain("guild_id", "where"),
        plain("month", "when"),
        plain("bot", "to leave bots out"),
        plain("quarters", "how many messages in each quarter of an hour"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "month", "bot"],
    made_of: &["message_quarters"],
    name: "packed_quarters",
    person: None,
    purpose: "messages by quarter of an hour once more, thirty days in a row, of no one in particular",
    sources: &[Messages],
    time: Some(Time { column: "month", horizon: Horizon::Messages, unit_ms: MONTH }),
};

/// The entry of `voice_channel_days`.
pub const VOICE_CHANNEL_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "where"),
        derived("day", "when"),
        identifying("user_id", "whose"),
        plain("channel_id", "where"),
        derived("assumed", "whether it bridges a gap"),
        derived("bot", "to leave bots out"),
        derived("intervals", "how many intervals they are"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk"),
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
        plain("guild_id", "where"),
        derived("month", "when"),
        identifying("user_id", "whose"),
        plain("channel_id", "where"),
        derived("assumed", "whether it bridges a gap"),
        derived("bot", "to leave bots out"),
        derived("intervals", "how many intervals they are"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk"),
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
        plain("guild_id", "where"),
        derived("day", "when"),
        identifying("user_id", "whose"),
        derived("assumed", "whether it bridges a gap"),
        derived("bot", "to leave bots out"),
        derived("sessions", "how many sessions ended"),
        derived("intervals", "how many intervals they are"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk"),
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
        plain("guild_id", "where"),
        derived("month", "when"),
        identifying("user_id", "whose"),
        derived("assumed", "whether it bridges a gap"),
        derived("bot", "to leave bots out"),
        derived("sessions", "how many sessions ended"),
        derived("intervals", "how many intervals they are"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk"),
        derived("video_ms", "time with the camera on"),
        derived("days", "on which days there was time"),
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
        plain("guild_id", "where"),
        identifying("user_id", "whose"),
        derived("assumed", "whether it bridges a gap"),
        derived("bot", "to leave bots out"),
        derived("sessions", "how many sessions ended"),
        derived("intervals", "how many intervals they are"),
        derived("voice_ms", "time in voice"),
        derived("deafened_ms", "time deafened"),
        derived("muted_ms", "time muted"),
        derived("streaming_ms", "time sharing the screen"),
        derived("talking_ms", "time able to talk"),
        derived("video_ms", "time with the camera on"),
    ],
    guild: Some(Guild::Number),
    kept: Kept::Rollups,
    key: &["guild_id", "user_id", "assumed"],
    made_of: &["voice_months"],
    name: "voice_totals",
    person: Some(Person::Number),
    purpose: "time in voice by user",
    sources: &[Voice],
    time: None,
};
