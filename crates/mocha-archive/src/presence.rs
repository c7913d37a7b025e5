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
        Column::bot(),
        Column::second("created_at", "created_at"),
    ],
    end: None,
    folder: "presences",
    key: (None, Some(1)),
    table: "presence_events",
    time: 7,
};
