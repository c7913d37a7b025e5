//! Voice.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, UserId, VoiceState};

use super::Event;

/// Somebody's connection to voice, which may have changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VoiceStateChanged {
    /// When it was received.
    pub at: DateTime<Utc>,
    /// The channel the person is in now; `None` if in none.
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

/// Everybody who is in the voice channels of a guild: who is not in it is in none, and left at the last proof.
///
/// After a restart or a reconnect it tells what became of those who were connected before. An empty one ends every
/// session of a guild that will not come back, without waiting until it is given up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VoiceSnapshot {
    /// When it was received.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// Who is in voice.
    pub voices: Vec<SnapshotVoice>,
}

/// Somebody in a [`VoiceSnapshot`].
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
