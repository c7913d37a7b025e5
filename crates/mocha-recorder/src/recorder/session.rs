//! Gateway sessions that a later run of the program resumes.

use std::sync::Arc;

use mocha_schema::{ChannelHistory, GuildId, UserId};

use super::frame::BotShard;
use crate::Error;

/// Names the shard that a recorder wants to record, for [`Recorder::claim_shard`](crate::Recorder::claim_shard).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ShardClaim {
    pub(crate) bot_id: Option<UserId>,
    pub(crate) intents: u64,
    pub(crate) shard_count: u32,
    pub(crate) shard_id: u32,
}

impl ShardClaim {
    /// Creates a claim of the shard with this number, from 0, of a bot with this many shards. `intents` are the gateway intents
    /// that the bot starts with. A session with other intents is not resumed.
    #[must_use]
    pub const fn new(shard_id: u32, shard_count: u32, intents: u64) -> Self {
        Self { bot_id: None, intents, shard_count, shard_id }
    }

    /// Adds the bot's user id. Default: the bot of the file's sessions, if they all have the same.
    #[must_use]
    pub const fn of_bot(mut self, bot_id: UserId) -> Self {
        self.bot_id = Some(bot_id);
        self
    }

    /// Returns the shard of this bot.
    pub(crate) const fn of(&self, bot_id: UserId) -> BotShard {
        BotShard { bot_id: Some(bot_id), shard: (self.shard_id, self.shard_count) }
    }

    /// Returns whether Discord sends the guild's events to the shard.
    pub(crate) fn serves(&self, guild_id: GuildId) -> bool {
        (guild_id.get() >> 22) % u64::from(self.shard_count.max(1)) == u64::from(self.shard_id)
    }
}

/// A gateway session in the file. Every event up to its sequence number is recorded.
/// Resume it instead of identifying. Discord then delivers all later events.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct StoredSession {
    /// The bot's user id. Discord sends no READY after a resume, so this is the only place that has it.
    pub bot_id: UserId,
    /// The URL to connect to.
    pub resume_url: String,
    /// The sequence number to resume from.
    pub sequence: u64,
    /// The id that Discord gave the session.
    pub session_id: String,
}

/// Takes the answer to a request.
pub(super) type Reply<T> = Box<dyn FnOnce(Result<T, Arc<Error>>) + Send>;

/// A request to the writer, which answers once everything that was queued before is in the file.
pub(super) enum Request {
    Claim(ShardClaim, Reply<Option<StoredSession>>),
    /// Returns the recorded spans of the guild's channel histories.
    Histories(GuildId, Reply<Vec<ChannelHistory>>),
    /// Returns whether the recorder may still record the shard.
    Holds((u32, u32), Reply<bool>),
    /// Returns the horizon of messages, in unix seconds.
    MessageHorizon(Reply<i64>),
}

impl Request {
    pub(super) fn fail(self, error: &Arc<Error>) {
        match self {
            Self::Claim(_, reply) => reply(Err(Arc::clone(error))),
            Self::Histories(_, reply) => reply(Err(Arc::clone(error))),
            Self::Holds(_, reply) => reply(Err(Arc::clone(error))),
            Self::MessageHorizon(reply) => reply(Err(Arc::clone(error))),
        }
    }
}
