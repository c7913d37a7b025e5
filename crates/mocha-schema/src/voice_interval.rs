//! The model of `voice_intervals`.

use diesel::prelude::*;

use crate::{ChannelId, GuildId, UserId, schema::voice_intervals};

/// How somebody is connected to a voice channel.
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other, as Discord sends them")]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = voice_intervals, treat_none_as_default_value = false)]
pub struct VoiceState {
    /// Muted by the server.
    pub server_mute: bool,
    /// Deafened by the server.
    pub server_deaf: bool,
    /// Muted by oneself.
    pub self_mute: bool,
    /// Deafened by oneself.
    pub self_deaf: bool,
    /// Sharing the screen.
    pub stream: bool,
    /// Camera on.
    pub video: bool,
    /// Not allowed to speak on a stage.
    pub suppress: bool,
}

impl VoiceState {
    /// Whether the person cannot be heard: muted by oneself or by the server.
    #[must_use]
    pub const fn is_muted(self) -> bool {
        self.server_mute || self.self_mute
    }

    /// Whether the person cannot hear: deafened by oneself or by the server.
    #[must_use]
    pub const fn is_deafened(self) -> bool {
        self.server_deaf || self.self_deaf
    }
}

/// Somebody in a voice channel from one instant to another, in one state. Both rows and what is inserted.
#[derive(Clone, Copy, Debug, Eq, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(
    check_for_backend(diesel::sqlite::Sqlite),
    primary_key(guild_id, user_id, started_at_ms),
    table_name = voice_intervals,
    treat_none_as_default_value = false
)]
pub struct VoiceInterval {
    /// The guild.
    pub guild_id: GuildId,
    /// The user.
    pub user_id: UserId,
    /// Its first millisecond.
    pub started_at_ms: i64,
    /// The first millisecond after it; `None` while it is open.
    pub ended_at_ms: Option<i64>,
    /// The last instant known to belong to it.
    pub seen_at_ms: i64,
    /// When the session began that it is part of.
    pub session_started_at_ms: i64,
    /// The channel; `None` only in history adopted from a log that does not tell.
    pub channel_id: Option<ChannelId>,
    /// How the person was connected.
    #[diesel(embed)]
    pub state: VoiceState,
    /// Whether it bridges a gap between two proofs.
    pub assumed: bool,
}
