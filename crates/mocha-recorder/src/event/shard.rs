//! The connection to the gateway.

use chrono::{DateTime, Utc};
use mocha_schema::GuildId;

use super::{Event, valid::Invalid};

/// Reports that the state of a connection to the gateway changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ShardChanged {
    /// When it changed.
    pub at: DateTime<Utc>,
    /// How many shards the bot has; 1 for a bot that does not shard.
    pub shard_count: u32,
    /// The index of this shard, from 0.
    pub shard_id: u32,
    /// The new state of the connection.
    pub status: ShardStatus,
}

/// The states of a connection to the gateway.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ShardStatus {
    /// Discord closed it in an orderly way: everything that was sent before has arrived.
    Closed,
    /// It is alive: everything that was sent before has arrived. Send this when Discord
    /// acknowledges a heartbeat.
    ///
    /// After the first of these from any shard of the bot, silence counts for all of its shards:
    /// members in voice are confirmed only up to the time when their shard was last heard.
    Heard,
    /// It was lost: Mocha does not receive what happens after the last event.
    Lost,
    /// A new session began. The members in voice are unknown in the guilds of this shard until each
    /// guild's [`VoiceSnapshot`](super::VoiceSnapshot).
    Ready,
    /// The session was resumed. Discord delivered the missed events before this one.
    Resumed,
}

impl ShardChanged {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if self.shard_id < self.shard_count {
            return Ok(());
        }
        Err(Invalid { field: "shard_id", reason: "must be less than `shard_count`" })
    }

    /// Returns whether Discord sends the guild's events to this shard.
    pub(crate) fn serves(&self, guild_id: GuildId) -> bool {
        (guild_id.get() >> 22) % u64::from(self.shard_count) == u64::from(self.shard_id)
    }
}

impl From<ShardChanged> for Event {
    fn from(event: ShardChanged) -> Self {
        Self::ShardChanged(event)
    }
}
