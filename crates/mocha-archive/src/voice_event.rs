//! The log of voice, from `voice_events`.

use crate::{Column, layout::Layout};

pub(crate) static LAYOUT: Layout = Layout {
    columns: &[
        Column::id("guild_id", "guild_id"),
        Column::text("id", "id"),
        Column::id("channel_id", "channel_id").optional(),
        Column::id("user_id", "user_id"),
        Column::text("kind", "event_type"),
        Column::second("session_started_at", "session_start").optional(),
        Column::second("session_ended_at", "session_end").optional(),
        Column::millis("duration_ms", "duration").optional(),
        Column::bool("muted", "muted").optional(),
        Column::bool("deafened", "deafened").optional(),
        Column::bot(),
        Column::second("created_at", "created_at"),
    ],
    end: None,
    folder: "voice_log",
    key: (None, Some(1)),
    table: "voice_events",
    time: 11,
};
