//! Lists of a guild's members. A complete list shows who left unobserved.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};

use super::{Outcome, State, boost, member_log};
use crate::{
    Error, Event, Person,
    backend::{ListedMember, Tables},
    event::{MembersListed, ShardStatus},
};

/// The lists that still lack some chunks.
#[derive(Debug, Default)]
pub(super) struct MemberLists(HashMap<Key, List>);

/// A guild, and the nonce of the request.
type Key = (GuildId, Option<String>);

#[derive(Debug, Default)]
struct List {
    chunk_count: u32,
    chunks: HashSet<u32>,
    /// Users who joined or left since the first chunk, and whether they are members now.
    changes: HashMap<UserId, bool>,
    listed: HashSet<UserId>,
}

impl MemberLists {
    /// Notes who joins and leaves while a list arrives, even if the user is not recorded.
    pub(super) fn notice(&mut self, event: &Event) {
        match event {
            Event::GuildRemoved(event) => self.drop_guild(event.guild_id),
            Event::GuildOutage(event) => self.drop_guild(event.guild_id),
            Event::MemberJoined(event) => self.change(event.guild_id, event.user_id, true),
            Event::MemberLeft(event) => self.change(event.guild_id, event.user_id, false),
            Event::ShardChanged(event) if event.status == ShardStatus::Ready => {
                self.0.retain(|(guild_id, _), _| !event.serves(*guild_id));
            }
            _ => {}
        }
    }

    /// Drops all incomplete lists, because something was missed that may concern them.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn drop_guild(&mut self, guild_id: GuildId) {
        self.0.retain(|(listed, _), _| *listed != guild_id);
    }

    fn change(&mut self, guild_id: GuildId, user_id: UserId, is_member: bool) {
        for list in self.0.iter_mut().filter(|((listed, _), _)| *listed == guild_id).map(|(_, list)| list) {
            list.changes.insert(user_id, is_member);
        }
    }

    /// Adds a chunk. Returns all current members if it was the last one.
    fn take(&mut self, event: &MembersListed) -> Option<HashSet<UserId>> {
        let MembersListed { chunk_count, chunk_index, guild_id, nonce, user_ids, .. } = event;
        if *chunk_count == 1 {
            return Some(user_ids.iter().copied().collect());
        }
        let key = (*guild_id, nonce.clone());
        let list = self.0.entry(key.clone()).or_default();
        if list.chunk_count != *chunk_count {
            *list = List { chunk_count: *chunk_count, ..List::default() };
        }
        list.chunks.insert(*chunk_index);
        list.listed.extend(user_ids);
        if list.chunks.len() < usize::try_from(*chunk_count).unwrap_or(usize::MAX) {
            return None;
        }
        let List { changes, mut listed, .. } = self.0.remove(&key)?;
        for (user_id, is_member) in changes {
            if is_member {
                listed.insert(user_id)
            } else {
                listed.remove(&user_id)
            };
        }
        Some(listed)
    }
}

/// Ends the membership of everybody who is missing from a complete list.
pub(super) fn listed(tables: &mut impl Tables, state: &mut State, event: &MembersListed) -> Result<Outcome, Error> {
    let MembersListed { at, guild_id, member_count, .. } = event;
    let Some(listed) = state.lists.take(event) else { return Ok(Outcome::Duplicate) };
    // A later count does not say how many members there were then.
    let guild = tables.guild(*guild_id)?.filter(|guild| guild.updated_at <= *at);
    let known = guild.and_then(|guild| guild.member_count);
    let expected = member_count.or(known.and_then(|count| u64::try_from(count).ok()));
    if u64::try_from(listed.len()).ok() != expected {
        return Ok(Outcome::Duplicate);
    }
    let mut outcome = Outcome::Duplicate;
    for user_id in missing(&tables.members(*guild_id)?, &listed, *at) {
        let person = Person { guild_id: *guild_id, user_id };
        let boost = tables.member(person)?.and_then(|member| member.premium_since);
        tables.delete_member(person)?;
        boost::changed(tables, person, boost, None, *at)?;
        state.members.remove(&person);
        state.known.remove(*guild_id, user_id, at.timestamp_millis());
        if !state.tombstones.withholds(user_id, Some(*guild_id), at.timestamp_millis()) {
            member_log::left_unheard(tables, person, known, *at)?;
        }
        outcome = Outcome::Written;
    }
    Ok(outcome)
}

/// Returns the members at that time who are missing from the list.
fn missing(members: &[ListedMember], listed: &HashSet<UserId>, at: DateTime<Utc>) -> impl Iterator<Item = UserId> {
    // Later rows are about another membership, or the list is late.
    let of_then = move |member: &&ListedMember| {
        member.joined_at.is_none_or(|joined_at| joined_at <= at) && member.updated_at <= at
    };
    let missing = members.iter().filter(of_then).filter(|member| !listed.contains(&member.user_id));
    missing.map(|member| member.user_id)
}
