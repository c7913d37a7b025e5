//! When each shard's connection to the gateway was last heard, and what state it is in.

use std::collections::HashMap;

use mocha_schema::GuildId;

/// A shard: its number, and how many there are.
pub(crate) type Shard = (u32, u32);

/// The state of a connection.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Link {
    /// A session began, and guilds send their snapshots.
    Fresh,
    /// The connection ended. The next frame is READY, or the session is resumed.
    Lost,
    /// Nothing is missing.
    #[default]
    Up,
}

#[derive(Clone, Copy, Debug)]
struct Connection {
    /// Whether adapters report its frames. Then every sign of life is known.
    has_frames: bool,
    heard_ms: i64,
    link: Link,
}

/// The connections of the shards that were heard of.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    /// Whether heartbeats are acknowledged, so that silence shows that a connection is dead. The adapter reports them for
    /// all shards of the bot or for none, so the first one tells it for all.
    acknowledges: bool,
    /// The shard counts that occur. There is more than one only while a bot is resharded.
    counts: Vec<u32>,
    shards: HashMap<Shard, Connection>,
}

impl Connections {
    /// Returns the shard that has the guild, if that shard was heard of.
    pub(super) fn of_guild(&self, guild_id: GuildId) -> Option<Shard> {
        // While a bot is resharded, the newest count holds.
        self.counts.iter().rev().find_map(|count| {
            let id = u32::try_from((guild_id.get() >> 22) % u64::from((*count).max(1))).ok()?;
            self.shards.contains_key(&(id, *count)).then_some((id, *count))
        })
    }

    /// Notes that something was heard over the connection, and returns the state it was in.
    pub(super) fn heard(&mut self, shard: Shard, at_ms: i64) -> Link {
        let connection = self.connection(shard);
        connection.heard_ms = connection.heard_ms.max(at_ms);
        connection.link
    }

    /// Notes that Discord acknowledged a heartbeat of one of the shards.
    pub(super) fn acknowledged(&mut self) {
        self.acknowledges = true;
    }

    pub(super) fn set_link(&mut self, shard: Shard, link: Link) {
        self.connection(shard).link = link;
    }

    /// Returns when the connection was last heard, in unix milliseconds.
    pub(super) fn last_heard(&self, shard: Shard) -> Option<i64> {
        self.shards.get(&shard).map(|connection| connection.heard_ms).filter(|ms| *ms > i64::MIN)
    }

    /// Notes that events of the shard come from frames.
    pub(super) fn has_frames(&mut self, shard: Shard) {
        self.connection(shard).has_frames = true;
    }

    /// Returns when the shard that has the guild last received a frame, in unix milliseconds, if every frame is known.
    pub(super) fn last_frame(&self, guild_id: GuildId) -> Option<i64> {
        let shard = self.of_guild(guild_id)?;
        self.shards.get(&shard).filter(|connection| connection.has_frames).and_then(|_| self.last_heard(shard))
    }

    /// Returns until when the guild's people are confirmed, if silence of its shard would show that they are not.
    pub(super) fn confirmed(&self, guild_id: GuildId) -> Option<i64> {
        let shard = self.of_guild(guild_id).filter(|_| self.acknowledges)?;
        self.last_heard(shard)
    }

    /// Returns the shards that were heard, with the time until when, in unix milliseconds. Where silence would not show that
    /// the connection is dead, it is `confirmed_ms`.
    pub(super) fn heard_by_shard(&self, confirmed_ms: i64) -> impl Iterator<Item = (Shard, i64)> {
        self.shards.iter().filter_map(move |(shard, connection)| {
            let is_silent = self.acknowledges || connection.link == Link::Lost;
            let heard_ms = if is_silent { connection.heard_ms } else { confirmed_ms };
            (heard_ms > i64::MIN).then_some((*shard, heard_ms))
        })
    }

    /// Returns whether no shard was ever heard of.
    pub(super) fn is_empty(&self) -> bool {
        self.shards.is_empty()
    }

    fn connection(&mut self, shard: Shard) -> &mut Connection {
        let (_, count) = shard;
        if !self.counts.contains(&count) {
            self.counts.push(count);
        }
        self.shards.entry(shard).or_insert(Connection { has_frames: false, heard_ms: i64::MIN, link: Link::Up })
    }
}
