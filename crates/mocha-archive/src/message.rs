//! Messages, from `message_events`.

use crate::{Column, layout::Layout};

/// A message's id is a number, but files of other programs have generated texts too.
const NUMBER: &str = "CASE WHEN id > '0' AND id = CAST(CAST(id AS INTEGER) AS TEXT) THEN id END";
const OTHER: &str = "CASE WHEN id > '0' AND id = CAST(CAST(id AS INTEGER) AS TEXT) THEN NULL ELSE id END";

pub(crate) static LAYOUT: Layout = Layout {
    columns: &[
        Column::id("guild_id", "guild_id"),
        Column::id("message_id", NUMBER).optional().rising().unchecked(),
        Column::text("other_id", OTHER).optional(),
        Column::id("channel_id", "channel_id"),
        Column::id("user_id", "user_id"),
        Column::int("kind", "message_type").optional(),
        Column::int("characters", "character_count").optional(),
        Column::int("words", "word_count").optional(),
        Column::bool("has_attachment", "has_attachment").optional(),
        Column::bool("has_embed", "has_embed").optional(),
        Column::bool("bot", crate::source::BOT).optional().unchecked(),
        Column::second("created_at", "created_at"),
    ],
    delete: "DELETE FROM message_events WHERE id = coalesce(CAST(?2 AS TEXT), ?3) AND guild_id = CAST(?1 AS TEXT) \
             AND channel_id = CAST(?4 AS TEXT) AND user_id = CAST(?5 AS TEXT) AND message_type IS ?6 \
             AND character_count IS ?7 AND word_count IS ?8 AND has_attachment IS ?9 AND has_embed IS ?10 \
             AND created_at = ?12 / 1000",
    end: None,
    folder: "messages",
    insert: "INSERT OR IGNORE INTO message_events (id, guild_id, channel_id, user_id, message_type, character_count, \
             word_count, has_attachment, has_embed, created_at) VALUES (coalesce(CAST(?2 AS TEXT), ?3), \
             CAST(?1 AS TEXT), CAST(?4 AS TEXT), CAST(?5 AS TEXT), ?6, ?7, ?8, ?9, ?10, ?12 / 1000)",
    key: (Some(1), Some(2)),
    key_sql: "id",
    over: "true",
    table: "message_events",
    time: 11,
};
