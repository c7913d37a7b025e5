//! The columns of the archive's files.

use super::{
    Column,
    Source::MessageContent,
    column::{derived, identifying, plain},
};

/// A table of an archive in Parquet files, as an entry in [`ARCHIVE`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ArchivedTable {
    /// Its columns, in the files' order.
    pub columns: &'static [Column],
    /// The name of its folder.
    pub folder: &'static str,
    /// The table of the store whose rows it keeps.
    pub table: &'static str,
}

/// Every table of an archive with every column.
///
/// An archive keeps events for as long as its files are kept. An erasure in the archive deletes the
/// rows of a user. [`TABLES`](super::TABLES) says what the columns of the store are for.
///
/// # Examples
///
/// ```
/// use mocha_schema::catalogue::{ARCHIVE, Class};
///
/// let messages = ARCHIVE.iter().find(|table| table.folder == "messages").ok_or("no such table")?;
/// let identifying = messages.columns.iter().filter(|column| column.class == Class::Identifying);
/// assert_eq!(identifying.map(|column| column.name).collect::<Vec<_>>(), ["message_id", "other_id", "user_id"]);
/// # Ok::<(), &str>(())
/// ```
pub const ARCHIVE: &[ArchivedTable] = &[
    ArchivedTable {
        columns: &[
            plain("guild_id", "server ID"),
            identifying("message_id", "message ID, to count each message once"),
            identifying("other_id", "ID of a message from another program, if it is not a number"),
            plain("channel_id", "channel ID"),
            identifying("user_id", "user ID of the author"),
            derived("kind", "Discord's type of the message"),
            derived("characters", "number of characters").of(MessageContent),
            derived("words", "number of words").of(MessageContent),
            derived("has_attachment", "whether the message has attachments").of(MessageContent),
            derived("has_embed", "whether the message has embeds").of(MessageContent),
            BOT,
            derived("created_at", "time of the message"),
        ],
        folder: "messages",
        table: "message_events",
    },
    ArchivedTable {
        columns: &[
            plain("guild_id", "server ID"),
            identifying("user_id", "user ID"),
            plain("channel_id", "channel ID"),
            derived("server_mute", "whether a moderator muted the user"),
            derived("server_deaf", "whether a moderator deafened the user"),
            derived("self_mute", "whether the user muted the microphone"),
            derived("self_deaf", "whether the user turned off the sound"),
            derived("stream", "whether the user shared the screen"),
            derived("video", "whether the camera was on"),
            derived("suppress", "whether the user was in the audience of a stage"),
            derived("assumed", "whether the time bridges an interruption of the bot"),
            BOT,
            derived("session_started_at", "start of the voice session"),
            derived("seen_at", "time at which the interval was last confirmed"),
            derived("ended_at", "end of the interval; NULL while it is open"),
            derived("started_at", "start of the interval"),
        ],
        folder: "voice",
        table: "voice_intervals",
    },
    ArchivedTable {
        columns: &[
            plain("guild_id", "server ID"),
            identifying("id", "ID of the entry, made of kind, server, user and times, to count each once"),
            plain("channel_id", "channel ID"),
            identifying("user_id", "user ID"),
            derived("kind", "join, move or leave"),
            derived("session_started_at", "start of the voice session"),
            derived("session_ended_at", "end of the voice session"),
            derived("duration_ms", "length of the voice session"),
            derived("muted", "whether the user was muted"),
            derived("deafened", "whether the user was deafened"),
            BOT,
            derived("created_at", "time of the entry"),
        ],
        folder: "voice_log",
        table: "voice_events",
    },
    ArchivedTable {
        columns: &[
            plain("guild_id", "server ID"),
            identifying("id", "ID of the entry, made of server, user and time, to count each once"),
            identifying("user_id", "user ID of the member"),
            derived("kind", "join or leave"),
            plain("member_count", "number of members of the server at that time"),
            BOT,
            derived("created_at", "time of the join or leave"),
        ],
        folder: "members",
        table: "member_events",
    },
    ArchivedTable {
        columns: &[
            plain("guild_id", "server ID"),
            identifying("id", "ID of the entry, made of server, user and time, to count each once"),
            identifying("user_id", "user ID of the member"),
            derived("status", "online, idle, do not disturb or offline"),
            derived("activity_kind", "kind of activity, such as playing or listening"),
            derived("activity_name", "name of the activity, such as a game"),
            BOT,
            derived("created_at", "time of the change"),
        ],
        folder: "presences",
        table: "presence_events",
    },
];

const BOT: Column = derived("bot", "whether the user is a bot, as far as the store knew");
