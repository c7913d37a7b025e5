//! The connection to the gateway.

use mocha_recorder::event::{ShardChanged, ShardStatus};

use crate::{Translation, User};

/// A shard.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Shard {
    /// How many shards the bot has.
    pub count: u32,
    /// The index of the shard, from 0.
    pub id: u32,
}

impl Shard {
    /// The only shard of a bot that does not shard.
    pub const ONE: Self = Self { count: 1, id: 0 };
}

impl Translation {
    /// Adds a new session, which `READY` begins, and the bot's own user.
    ///
    /// Without shards Discord names none. The bot then has one.
    pub fn ready(&mut self, shard: Option<Shard>, user: &User<'_>) {
        self.shard_changed(shard.unwrap_or(Shard::ONE), ShardStatus::Ready);
        self.user(user);
    }

    /// Adds a change of the connection, if the context knows the shard. Discord names it only in `READY`.
    pub fn connection(&mut self, status: ShardStatus) {
        if let Some(shard) = self.context().shard {
            self.shard_changed(shard, status);
        }
    }

    fn shard_changed(&mut self, shard: Shard, status: ShardStatus) {
        self.push(ShardChanged { at: self.at(), shard_count: shard.count, shard_id: shard.id, status });
    }
}
