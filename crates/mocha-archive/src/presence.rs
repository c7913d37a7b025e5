//! Changes of status and activity, from `presence_events`.

use crate::{Column, layout::Layout};

pub(crate) static LAYOUT: Layout = Layout {
    columns: &[
        Column::id("guild_id", "guild_id"),
        Column::text("id", "id"),
        Column::id("user_id", "user_id"),
        Column::text("status", "status").optional(),
        Column::int("activity_kind", "activity_type").optional(),
        Column::text("activity_name", "activity_name").optional(),
        Column::bool("bot", crate::source::BOT).optional().unchecked(),
        Column::second("created_at", "created_at"),
    ],
    delete: "DELETE FROM presence_events WHERE id = ?2 AND guild_id = CAST(?1 AS TEXT) AND user_id = CAST(?3 AS TEXT) \
             AND status IS ?4 AND activity_type IS ?5 AND activity_name IS ?6 AND created_at = ?8 / 1000",
    end: None,
    folder: "presences",
    insert: "INSERT OR IGNORE INTO presence_events (id, guild_id, user_id, status, activity_type, activity_name, \
             created_at) VALUES (?2, CAST(?1 AS TEXT), CAST(?3 AS TEXT), ?4, ?5, ?6, ?8 / 1000)",
    key: (None, Some(1)),
    key_sql: "id",
    over: "true",
    table: "presence_events",
    time: 7,
};
