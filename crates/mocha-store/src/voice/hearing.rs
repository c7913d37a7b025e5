//! What the tracker concludes from what is heard, and not heard, over the connections to the gateway.

use mocha_schema::GuildId;

use super::{
    DAY_MS,
    connections::{Link, Shard},
    tracker::{Open, Tracker},
};
use crate::{
    Event,
    event::{ShardChanged, ShardStatus},
};

impl Tracker {
    /// An event arrived over the connection of a shard, or about a guild.
    ///
    /// `is_frame` says that an adapter took it from a gateway frame. After a connection ended the next session begins
    /// with READY. Any other frame comes from the session that goes on: then Discord delivers everything that was
    /// missed, and nobody's session has a gap. Of an event without a frame nobody knows that it comes in its order.
    pub(crate) fn heard(&mut self, event: &Event, shard: Option<Shard>, is_frame: bool) {
        let guild_id = event.guild_id();
        let shard = shard.or_else(|| self.connections().of_guild(guild_id?));
        if !(is_frame || is_of_gateway(event)) || matches!(event, Event::ShardChanged(_)) {
            return;
        }
        let at_ms = event.at().timestamp_millis();
        match (shard, guild_id) {
            (Some(shard), _) => {
                let heard_ms = if self.tells_arrival(event) { at_ms } else { i64::MIN };
                let is_lost = self.connections_mut().heard(shard, heard_ms) == Link::Lost && is_frame;
                if is_lost || self.has_frozen() {
                    self.resume(shard, at_ms, is_lost);
                }
            }
            (None, Some(guild_id)) if self.has_frozen() => self.guild_resumed(guild_id, at_ms, true),
            (None, _) => {}
        }
    }

    /// Whether the event's time is when it arrived. A message has Discord's time; in a replay there is no other, but a
    /// damaged digit may put it far off.
    fn tells_arrival(&self, event: &Event) -> bool {
        let is_message = matches!(event, Event::MessageSent(_));
        let ahead_ms = event.at().timestamp_millis().saturating_sub(self.proof_ms());
        !is_message || (self.is_replay() && (self.proof_ms() == i64::MIN || ahead_ms <= DAY_MS))
    }

    /// The state of a shard's connection changed.
    pub(crate) fn shard_changed(&mut self, change: ShardChanged, is_new: bool) {
        if !is_new && !self.is_new(change) {
            return;
        }
        let ShardChanged { at, shard_count, shard_id, status } = change;
        let (shard, at_ms) = ((shard_id, shard_count), at.timestamp_millis());
        match status {
            ShardStatus::Heard => {
                self.connections_mut().acknowledged(shard);
                self.connections_mut().heard(shard, at_ms);
                self.resume(shard, at_ms, false);
            }
            ShardStatus::Closed | ShardStatus::Lost => {
                // In a replay silence is no gap.
                if status == ShardStatus::Closed || self.is_replay() {
                    self.connections_mut().heard(shard, at_ms);
                }
                self.lose_shard(shard, at_ms, Link::Lost);
            }
            ShardStatus::Ready => {
                self.lose_shard(shard, at_ms, Link::Fresh);
                self.connections_mut().heard(shard, at_ms);
            }
            ShardStatus::Resumed => {
                self.connections_mut().heard(shard, at_ms);
                self.resume(shard, at_ms, true);
            }
        }
    }

    fn lose_shard(&mut self, shard: Shard, at_ms: i64, link: Link) {
        let heard_ms = self.connections().last_heard(shard);
        for guild_id in self.guilds_of(shard) {
            self.guild_lost(guild_id, at_ms, heard_ms, false);
        }
        self.connections_mut().set_link(shard, link);
    }

    /// The process did not run until then. The connections may have survived that or not.
    pub(crate) fn interrupted(&mut self, until_ms: i64) {
        let people: Vec<_> = self.everybody().filter(|(_, open)| open.lost_since_ms.is_none()).collect();
        for (person, open) in people {
            let lost_since_ms = Some(self.last_proof(person, open));
            self.put_open(person, Open { frozen: true, lost_since_ms, ..open });
        }
        self.confirm_no_longer_than(until_ms);
    }

    /// The shard's session goes on: nothing was missed while the process did not run, nor, if `is_lost`, while there
    /// was no connection.
    fn resume(&mut self, shard: Shard, at_ms: i64, is_lost: bool) {
        for guild_id in self.guilds_of(shard) {
            self.guild_resumed(guild_id, at_ms, !is_lost);
        }
        if is_lost {
            self.connections_mut().set_link(shard, Link::Up);
        }
    }

    /// The guilds with people in voice that the shard has.
    fn guilds_of(&self, (shard_id, shard_count): Shard) -> Vec<GuildId> {
        let serves = |guild_id: &GuildId| (guild_id.get() >> 22) % u64::from(shard_count.max(1)) == u64::from(shard_id);
        self.open_guilds().filter(serves).collect()
    }
}

/// Whether only the gateway sends such events. Others may also come from Discord's REST API or from an import.
const fn is_of_gateway(event: &Event) -> bool {
    matches!(
        event,
        Event::MemberJoined(_) | Event::MemberLeft(_) | Event::PresenceChanged(_) | Event::VoiceStateChanged(_)
    )
}
