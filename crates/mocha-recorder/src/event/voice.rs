//! Voice.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, UserId, VoiceState};

use super::Event;

/// Reports a member's voice state, which may have changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VoiceStateChanged {
    /// When it was received.
    pub at: DateTime<Utc>,
    /// The channel that the member is in now; `None` if they left voice.
    pub channel_id: Option<ChannelId>,
    /// The guild.
    pub guild_id: GuildId,
    /// Muted, deafened, streaming and the like.
    pub state: VoiceState,
    /// The user.
    pub user_id: UserId,
}

impl From<VoiceStateChanged> for Event {
    fn from(event: VoiceStateChanged) -> Self {
        Self::VoiceStateChanged(event)
    }
}

/// Reports all members who are in the voice channels of a guild. A member who is missing from it
/// left when they were last confirmed.
///
/// After a restart or a reconnect, it settles the sessions of members who were connected before. An
/// empty snapshot ends every session of a guild at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VoiceSnapshot {
    /// When it was received.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// The members in voice.
    pub voices: Vec<SnapshotVoice>,
}

/// Describes a member in a [`VoiceSnapshot`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SnapshotVoice {
    /// The channel.
    pub channel_id: ChannelId,
    /// Muted, deafened, streaming and the like.
    pub state: VoiceState,
    /// The user.
    pub user_id: UserId,
}

impl From<VoiceSnapshot> for Event {
    fn from(event: VoiceSnapshot) -> Self {
        Self::VoiceSnapshot(event)
    }
}
