//! The connection to the gateway.

use chrono::{DateTime, Utc};
use mocha_schema::GuildId;

use super::{Event, valid::Invalid};

/// A connection to the gateway that broke or was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ShardChanged {
    /// When.
    pub at: DateTime<Utc>,
    /// How many shards the bot has; 1 for a bot that does not shard.
    pub shard_count: u32,
    /// Which of them it is, from 0.
    pub shard_id: u32,
    /// What became of the connection.
    pub status: ShardStatus,
}

/// What became of a connection to the gateway.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ShardStatus {
    /// Discord ended it with a word of its own: everything that was sent before has arrived.
    Closed,
    /// It is alive: everything that was sent before has arrived. A heartbeat that Discord acknowledges says so.
    ///
    /// Once a shard has said so, its silence counts: people in voice are confirmed only up to when the shard was
    /// last heard.
    Heard,
    /// It ended: what happens after the last event is not heard.
    Lost,
    /// It began anew: who is in voice in the guilds of this shard is not known until each guild's
    /// [`VoiceSnapshot`](super::VoiceSnapshot).
    Ready,
    /// It goes on, and what was missed was told before this.
    Resumed,
}

impl ShardChanged {
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

impl From<ShardChanged> for Event {
    fn from(event: ShardChanged) -> Self {
        Self::ShardChanged(event)
    }
}
