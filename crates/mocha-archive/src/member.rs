//! Joins and leaves, from `member_events`.

use crate::{Column, layout::Layout};

pub(crate) static LAYOUT: Layout = Layout {
    columns: &[
        Column::id("guild_id", "guild_id"),
        Column::text("id", "id"),
        Column::id("user_id", "user_id"),
        Column::text("kind", "event_type"),
        Column::int("member_count", "member_count").optional(),
        Column::bool("bot", crate::source::BOT).optional().unchecked(),
        Column::second("created_at", "created_at"),
    ],
    delete: "DELETE FROM member_events WHERE id = ?2 AND guild_id = CAST(?1 AS TEXT) AND user_id = CAST(?3 AS TEXT) \
             AND event_type = ?4 AND member_count IS ?5 AND created_at = ?7 / 1000",
    end: None,
    folder: "members",
    insert: "INSERT OR IGNORE INTO member_events (id, guild_id, user_id, event_type, member_count, created_at) \
             VALUES (?2, CAST(?1 AS TEXT), CAST(?3 AS TEXT), ?4, ?5, ?7 / 1000)",
    key: (None, Some(1)),
    key_sql: "id",
    over: "true",
    table: "member_events",
    time: 6,
};
