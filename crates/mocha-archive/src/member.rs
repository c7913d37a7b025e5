//! Joins and leaves, from `member_events`.

use crate::{Column, layout::Layout};

pub(crate) static LAYOUT: Layout = Layout {
    columns: &[
        Column::id("guild_id", "guild_id"),
        Column::text("id", "id"),
        Column::id("user_id", "user_id"),
        Column::text("kind", "event_type"),
        Column::int("member_count", "member_count").optional(),
        Column::bot(),
        Column::second("created_at", "created_at"),
    ],
    end: None,
    folder: "members",
    key: (None, Some(1)),
    table: "member_events",
    time: 6,
};
