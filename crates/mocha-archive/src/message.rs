//! Messages, from `message_events`.

use crate::{Column, column::Origin, layout::Layout};

pub(crate) static LAYOUT: Layout = Layout {
    columns: &[
        Column::id("guild_id", "guild_id"),
        // A message's id is a number, but files of other programs have generated texts too.
        Column::id("message_id", "id").of(Origin::Number("id")).optional().rising(),
        Column::text("other_id", "id").of(Origin::OtherText("id")).optional(),
        Column::id("channel_id", "channel_id"),
        Column::id("user_id", "user_id"),
        Column::int("kind", "message_type").optional(),
        Column::int("characters", "character_count").optional(),
        Column::int("words", "word_count").optional(),
        Column::bool("has_attachment", "has_attachment").optional(),
        Column::bool("has_embed", "has_embed").optional(),
        Column::bot(),
        Column::second("created_at", "created_at"),
    ],
    end: None,
    folder: "messages",
    key: (Some(1), Some(2)),
    table: "message_events",
    time: 11,
};
