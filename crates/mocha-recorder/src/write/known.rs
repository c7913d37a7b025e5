//! Members whom the recorder knows of since it last missed something.
//!
//! Discord sometimes sends `GUILD_MEMBER_ADD` for members who never left, at times with a new
//! `joined_at`. It is a join only if the member may have left unobserved.

use std::collections::{HashMap, hash_map::Entry};

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};

use crate::{
    Event,
    event::{MemberSeen, ShardChanged, ShardStatus},
};

/// When users were known to be members, by guild and user.
#[derive(Debug, Default)]
pub(super) struct KnownMembers {
    guilds: HashMap<GuildId, HashMap<UserId, Known>>,
    len: usize,
}

/// A known member.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The time of the latest event.
    at_ms: i64,
    /// When the membership began, according to the first event.
    joined_at: Option<DateTime<Utc>>,
}

/// Takes about 50 MB. If there are more, members are looked up again.
const LIMIT: usize = 1_000_000;

impl KnownMembers {
    /// Notes an event. For a `MemberJoined` the writer notes the result.
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

    /// Forgets everybody, because something was missed and it is unknown about whom.
    pub(super) fn clear(&mut self) {
        self.guilds.clear();
        self.len = 0;
    }

    /// Forgets a user who left at this time.
    pub(super) fn remove(&mut self, guild_id: GuildId, user_id: UserId, at_ms: i64) {
        let Some(members) = self.guilds.get_mut(&guild_id) else { return };
        if members.get(&user_id).is_some_and(|known| known.at_ms <= at_ms) {
            members.remove(&user_id);
            self.len = self.len.saturating_sub(1);
        }
    }

    /// Returns when a user was last known to be a member before this membership began. A member may
    /// be seen before the `GUILD_MEMBER_ADD` of the same membership, which has the same
    /// `joined_at`.
    pub(super) fn member_before(&self, event: &MemberSeen) -> Option<i64> {
        let known = self.guilds.get(&event.guild_id)?.get(&event.user_id)?;
        (known.joined_at != event.joined_at).then_some(known.at_ms)
    }

    /// Notes that a user joined who was not a member before.
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
                // In repeated history, what was known at that time counts.
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
