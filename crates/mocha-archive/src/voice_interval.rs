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
        Column::bool("bot", crate::source::BOT).optional().unchecked(),
        Column::time("session_started_at", "session_started_at_ms"),
        Column::time("seen_at", "seen_at_ms"),
        Column::time("ended_at", "ended_at_ms").optional(),
        Column::time("started_at", "started_at_ms"),
    ],
    delete: "DELETE FROM voice_intervals WHERE guild_id = CAST(?1 AS TEXT) AND user_id = CAST(?2 AS TEXT) \
             AND started_at_ms = ?16 AND channel_id IS CAST(?3 AS TEXT) AND server_mute = ?4 AND server_deaf = ?5 \
             AND self_mute = ?6 AND self_deaf = ?7 AND stream = ?8 AND video = ?9 AND suppress = ?10 AND assumed = ?11 \
             AND session_started_at_ms = ?13 AND seen_at_ms = ?14 AND ended_at_ms IS ?15",
    end: Some(14),
    folder: "voice",
    insert: "INSERT OR IGNORE INTO voice_intervals (guild_id, user_id, started_at_ms, ended_at_ms, seen_at_ms, \
             session_started_at_ms, channel_id, server_mute, server_deaf, self_mute, self_deaf, stream, video, suppress, \
             assumed) VALUES (CAST(?1 AS TEXT), CAST(?2 AS TEXT), ?16, ?15, ?14, ?13, CAST(?3 AS TEXT), ?4, ?5, ?6, ?7, \
             ?8, ?9, ?10, ?11)",
    key: (Some(1), None),
    key_sql: "user_id",
    over: "ended_at_ms IS NOT NULL",
    table: "voice_intervals",
    time: 15,
};
