//! The model of `voice_intervals`.

use diesel::prelude::*;

use crate::{ChannelId, GuildId, UserId, schema::voice_intervals};

/// The state of a member in a voice channel.
#[expect(clippy::struct_excessive_bools, reason = "the flags are independent of each other, as Discord sends them")]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = voice_intervals, treat_none_as_default_value = false)]
pub struct VoiceState {
    /// Muted by the server.
    pub server_mute: bool,
    /// Deafened by the server.
    pub server_deaf: bool,
    /// Muted by the member.
    pub self_mute: bool,
    /// Deafened by the member.
    pub self_deaf: bool,
    /// Sharing the screen.
    pub stream: bool,
    /// Camera on.
    pub video: bool,
    /// Not allowed to speak on a stage.
    pub suppress: bool,
}

impl VoiceState {
    /// Returns `true` if the member is muted, by the member or by the server.
    #[must_use]
    pub const fn is_muted(self) -> bool {
        self.server_mute || self.self_mute
    }

    /// Returns `true` if the member is deafened, by the member or by the server.
    #[must_use]
    pub const fn is_deafened(self) -> bool {
        self.server_deaf || self.self_deaf
    }
}

/// The half-open span of time that a member spent in one voice channel and one state.
///
/// It serves both as the row and as the values to insert.
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
    /// The first unix millisecond of the interval.
    pub started_at_ms: i64,
    /// The first unix millisecond after the interval. `None` while it is open.
    pub ended_at_ms: Option<i64>,
    /// The last unix millisecond that is known to belong to the interval.
    pub seen_at_ms: i64,
    /// When the interval's session began, in unix milliseconds.
    pub session_started_at_ms: i64,
    /// The channel. `None` only in history that was adopted from a log without it.
    pub channel_id: Option<ChannelId>,
    /// The member's state.
    #[diesel(embed)]
    pub state: VoiceState,
    /// Whether the interval bridges a gap in which the member was not observed.
    pub assumed: bool,
}
