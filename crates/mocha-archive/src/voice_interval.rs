//! Time in voice, from `voice_intervals`.

use crate::{Column, layout::Layout};

pub(crate) static LAYOUT: Layout = Layout {
    columns: &[
        Column::id("guild_id", "guild_id"),
        Column::id("user_id", "user_id"),
        Column::id("channel_id", "channel_id").optional(),
        Column::bool("server_mute", "server_mute"),
        Column::bool("server_deaf", "server_deaf"),
        Column::bool("self_mute", "self_mute"),
        Column::bool("self_deaf", "self_deaf"),
        Column::bool("stream", "stream"),
        Column::bool("video", "video"),
        Column::bool("suppress", "suppress"),
        Column::bool("assumed", "assumed"),
        Column::bot(),
        Column::time("session_started_at", "session_started_at_ms"),
        Column::time("seen_at", "seen_at_ms"),
        Column::time("ended_at", "ended_at_ms").optional(),
        Column::time("started_at", "started_at_ms"),
    ],
    end: Some(14),
    folder: "voice",
    key: (Some(1), None),
    table: "voice_intervals",
    time: 15,
};
