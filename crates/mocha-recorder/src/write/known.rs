//! Members whom the recorder knows of since it last missed something.
//!
//! Discord sends `GUILD_MEMBER_ADD` for members who never left, at times with a new time of joining. It is a join only if the
//! person may have left unheard.

use std::collections::{HashMap, hash_map::Entry};

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};

use crate::{
    Event,
    event::{MemberSeen, ShardChanged, ShardStatus},
};

/// By guild and user, when somebody was known to be a member.
#[derive(Debug, Default)]
pub(super) struct KnownMembers {
    guilds: HashMap<GuildId, HashMap<UserId, Known>>,
    len: usize,
}

/// A member who was heard of.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The last time.
    at_ms: i64,
    /// When the membership began, as the first event said.
    joined_at: Option<DateTime<Utc>>,
}

/// Some 50 MB. Beyond, members are looked up again.
const LIMIT: usize = 1_000_000;

impl KnownMembers {
    /// Takes note of an event. Of a `MemberJoined` the writer says what became of it.
    pub(super) fn notice(&mut self, event: &Event) {
        match event {
            Event::GuildRemoved(event) => self.forget_guild(event.guild_id),
            Event::GuildOutage(event) => self.forget_guild(event.guild_id),
            Event::MemberSeen(event) => self.see(event),
            Event::MemberLeft(event) => {
                self.remove(event.guild_id, event.user_id, event.at.timestamp_millis());
            }
            Event::ShardChanged(event) if event.status == ShardStatus::Ready => self.forget_shard(*event),
            _ => {}
        }
    }

    /// Something was missed, nobody knows of whom.
    pub(super) fn clear(&mut self) {
        self.guilds.clear();
        self.len = 0;
    }

    /// Forgets somebody who left then.
    pub(super) fn remove(&mut self, guild_id: GuildId, user_id: UserId, at_ms: i64) {
        let Some(members) = self.guilds.get_mut(&guild_id) else { return };
        if members.get(&user_id).is_some_and(|known| known.at_ms <= at_ms) {
            members.remove(&user_id);
            self.len = self.len.saturating_sub(1);
        }
    }

    /// If somebody was a member before this membership began: when that was last heard. A member may be seen before the
    /// `GUILD_MEMBER_ADD` of the same membership, which has the same time of joining.
    pub(super) fn member_before(&self, event: &MemberSeen) -> Option<i64> {
        let known = self.guilds.get(&event.guild_id)?.get(&event.user_id)?;
        (known.joined_at != event.joined_at).then_some(known.at_ms)
    }

    /// Somebody joined, and was no member before.
    pub(super) fn join(&mut self, event: &MemberSeen) {
        self.see(event);
        if let Some(known) = self.guilds.get_mut(&event.guild_id).and_then(|members| members.get_mut(&event.user_id)) {
            known.joined_at = event.joined_at;
        }
    }

    pub(super) fn see(&mut self, event: &MemberSeen) {
        if self.len >= LIMIT {
            self.clear();
        }
        let at_ms = event.at.timestamp_millis();
        match self.guilds.entry(event.guild_id).or_default().entry(event.user_id) {
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                // Repeated history: what was then counts.
                if at_ms < known.at_ms {
                    known.joined_at = event.joined_at;
                }
                known.at_ms = known.at_ms.max(at_ms);
            }
            Entry::Vacant(unknown) => {
                unknown.insert(Known { at_ms, joined_at: event.joined_at });
                self.len += 1;
            }
        }
    }

    fn forget_guild(&mut self, guild_id: GuildId) {
        if let Some(members) = self.guilds.remove(&guild_id) {
            self.len = self.len.saturating_sub(members.len());
        }
    }

    fn forget_shard(&mut self, shard: ShardChanged) {
        self.guilds.retain(|guild_id, _| !shard.serves(*guild_id));
        self.len = self.guilds.values().map(HashMap::len).sum();
    }
}
