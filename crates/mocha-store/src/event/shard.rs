//! The connection to the gateway.

use chrono::{DateTime, Utc};
use mocha_schema::GuildId;

use super::{Event, valid::Invalid};

/// A connection to the gateway that began anew, rather than being resumed.
///
/// Who is in voice in the guilds of this shard is not known until each guild's [`VoiceSnapshot`](super::VoiceSnapshot).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ShardReady {
    /// When it was ready.
    pub at: DateTime<Utc>,
    /// How many shards the bot has; 1 for a bot that does not shard.
    pub shard_count: u32,
    /// Which of them it is, from 0.
    pub shard_id: u32,
}

impl ShardReady {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if self.shard_id < self.shard_count {
            return Ok(());
        }
        Err(Invalid { field: "shard_id", reason: "must be less than `shard_count`" })
    }

    /// Whether Discord sends the guild's events to this shard.
    pub(crate) fn serves(&self, guild_id: GuildId) -> bool {
        (guild_id.get() >> 22) % u64::from(self.shard_count) == u64::from(self.shard_id)
    }
}

impl From<ShardReady> for Event {
    fn from(event: ShardReady) -> Self {
        Self::ShardReady(event)
    }
}
