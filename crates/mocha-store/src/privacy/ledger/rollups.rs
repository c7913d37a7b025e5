//! The ledger's entries of sums that triggers keep.

use super::{
    Kept, Person,
    Source::{Members, MessageContent, Messages, Voice},
    Table,
    column::{derived, identifying, plain},
};

pub(super) const ACTIVE_MONTHS: Table = Table {
    columns: &[
        plain("guild_id", "where"),
        derived("month", "when"),
        identifying("user_id", "whose"),
        derived("bot", "to leave bots out"),
        derived("days", "on which days the person wrote, and whether more than twice"),
    ],
    kept: Kept::Rollups,
    name: "active_months",
    person: Some(Person::Number),
    purpose: "days of writing by thirty days and author",
    sources: &[Messages],
};

pub(super) const MEMBER_DAYS: Table = Table {
    columns: &[
        plain("guild_id", "where"),
        plain("day", "when"),
        plain("bot", "to leave bots out"),
        plain("joins", "how many came"),
        plain("leaves", "how many went"),
    ],
    kept: Kept::Rollups,
    name: "member_days",
    person: None,
    purpose: "joins and leaves by day, of no one in particular",
    sources: &[Members],
};

pub(super) const MESSAGE_DAYS: Table = Table {
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
    kept: Kept::Rollups,
    name: "message_days",
    person: Some(Person::Number),
    purpose: "messages by day and author",
    sources: &[Messages],
};

pub(super) const MESSAGE_MONTHS: Table = Table {
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
    kept: Kept::Rollups,
    name: "message_months",
    person: Some(Person::Number),
    purpose: "messages by thirty days and author",
    sources: &[Messages],
};

pub(super) const MESSAGE_QUARTERS: Table = Table {
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
    kept: Kept::Rollups,
    name: "message_quarters",
    person: None,
    purpose: "messages by quarter of an hour, of no one in particular",
    sources: &[Messages],
};

pub(super) const MESSAGE_THIRDS: Table = Table {
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
    kept: Kept::Rollups,
    name: "message_thirds",
    person: Some(Person::Number),
    purpose: "messages by ten days and author",
    sources: &[Messages],
};

pub(super) const MESSAGE_TOTALS: Table = Table {
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
    kept: Kept::Rollups,
    name: "message_totals",
    person: Some(Person::Number),
    purpose: "messages by author",
    sources: &[Messages],
};

pub(super) const PACKED_QUARTERS: Table = Table {
    columns: &[
        plain("guild_id", "where"),
        plain("month", "when"),
        plain("bot", "to leave bots out"),
        plain("quarters", "how many messages in each quarter of an hour"),
    ],
    kept: Kept::Rollups,
    name: "packed_quarters",
    person: None,
    purpose: "messages by quarter of an hour once more, thirty days in a row, of no one in particular",
    sources: &[Messages],
};

pub(super) const VOICE_CHANNEL_DAYS: Table = Table {
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
    kept: Kept::Rollups,
    name: "voice_channel_days",
    person: Some(Person::Number),
    purpose: "time in voice by day, user and channel",
    sources: &[Voice],
};

pub(super) const VOICE_CHANNEL_MONTHS: Table = Table {
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
    kept: Kept::Rollups,
    name: "voice_channel_months",
    person: Some(Person::Number),
    purpose: "time in voice by thirty days, user and channel",
    sources: &[Voice],
};

pub(super) const VOICE_DAYS: Table = Table {
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
    kept: Kept::Rollups,
    name: "voice_days",
    person: Some(Person::Number),
    purpose: "time in voice by day and user",
    sources: &[Voice],
};

pub(super) const VOICE_MONTHS: Table = Table {
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
    kept: Kept::Rollups,
    name: "voice_months",
    person: Some(Person::Number),
    purpose: "time in voice by thirty days and user",
    sources: &[Voice],
};

pub(super) const VOICE_TOTALS: Table = Table {
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
    kept: Kept::Rollups,
    name: "voice_totals",
    person: Some(Person::Number),
    purpose: "time in voice by user",
    sources: &[Voice],
};
