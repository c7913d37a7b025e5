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
        Column::bool("bot", crate::source::BOT).optional().unchecked(),
        Column::second("created_at", "created_at"),
    ],
    delete: "DELETE FROM voice_events WHERE id = ?2 AND guild_id = CAST(?1 AS TEXT) AND channel_id IS CAST(?3 AS TEXT) \
             AND user_id = CAST(?4 AS TEXT) AND event_type = ?5 AND session_start IS ?6 / 1000 \
             AND session_end IS ?7 / 1000 AND duration IS ?8 AND muted IS ?9 AND deafened IS ?10 \
             AND created_at = ?12 / 1000",
    end: None,
    folder: "voice_log",
    insert: "INSERT OR IGNORE INTO voice_events (id, guild_id, channel_id, user_id, event_type, session_start, \
             session_end, duration, muted, deafened, created_at) VALUES (?2, CAST(?1 AS TEXT), CAST(?3 AS TEXT), \
             CAST(?4 AS TEXT), ?5, ?6 / 1000, ?7 / 1000, ?8, ?9, ?10, ?12 / 1000)",
    key: (None, Some(1)),
    key_sql: "id",
    over: "true",
    table: "voice_events",
    time: 11,
};
