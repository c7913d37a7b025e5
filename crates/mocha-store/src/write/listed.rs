//! Lists of a guild's members. A complete one shows who left while nobody heard of it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use mocha_schema::{
    GuildId, UserId, member_id,
    schema::{guilds, members},
};

use super::{Outcome, State, joined};
use crate::{
    Event,
    event::{MembersListed, ShardStatus},
    voice::Person,
};

/// The lists of which some chunks are yet to come.
#[derive(Debug, Default)]
pub(super) struct MemberLists(HashMap<Key, List>);

/// A guild, and the nonce of the request that is answered.
type Key = (GuildId, Option<String>);

#[derive(Debug, Default)]
struct List {
    chunk_count: u32,
    chunks: HashSet<u32>,
    /// Who joined or left since the first chunk: whether they are members now.
    changes: HashMap<UserId, bool>,
    listed: HashSet<UserId>,
}

impl MemberLists {
    /// Takes note of who comes and goes while a list arrives, also of people whom the file may not know.
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

    /// Something was missed: whatever lists are begun may lack it.
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

    /// Adds a chunk, and gives everybody who is a member now if it was the last.
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

/// A person who is not in a complete list is no member any longer.
pub(super) fn listed(conn: &mut SqliteConnection, state: &mut State, event: &MembersListed) -> QueryResult<Outcome> {
    let MembersListed { at, guild_id, member_count, .. } = event;
    let Some(listed) = state.lists.take(event) else { return Ok(Outcome::Duplicate) };
    let known = guilds::table.find(guild_id).select((guilds::member_count, guilds::updated_at));
    let known: Option<(Option<i32>, DateTime<Utc>)> = known.get_result(conn).optional()?;
    // A count of later does not say how many there were then.
    let known = known.and_then(|(count, updated_at)| count.filter(|_| updated_at <= *at));
    let expected = member_count.or(known.and_then(|count| u64::try_from(count).ok()));
    if u64::try_from(listed.len()).ok() != expected {
        return Ok(Outcome::Duplicate);
    }
    let mut outcome = Outcome::Duplicate;
    for user_id in missing(conn, *guild_id, &listed, *at)? {
        let person = Person { guild_id: *guild_id, user_id };
        diesel::delete(members::table.find(member_id(*guild_id, user_id))).execute(conn)?;
        state.members.remove(&person);
        state.known.remove(*guild_id, user_id, at.timestamp_millis());
        if !state.tombstones.hides(user_id, Some(*guild_id), at.timestamp_millis()) {
            joined::left_unheard(conn, person, known, *at)?;
        }
        outcome = Outcome::Written;
    }
    Ok(outcome)
}

/// The members that the file has of then and the list has not.
fn missing(
    conn: &mut SqliteConnection,
    guild_id: GuildId,
    listed: &HashSet<UserId>,
    at: DateTime<Utc>,
) -> QueryResult<Vec<UserId>> {
    type Row = (UserId, Option<DateTime<Utc>>, DateTime<Utc>);
    let rows: Vec<Row> = members::table
        .filter(members::guild_id.eq(guild_id))
        .select((members::user_id, members::joined_at, members::updated_at))
        .order(members::user_id)
        .load(conn)?;
    // What is known of later is of another membership, or told late.
    let of_then =
        |(_, joined_at, updated_at): &Row| joined_at.is_none_or(|joined_at| joined_at <= at) && *updated_at <= at;
    let missing = rows.into_iter().filter(|row| of_then(row) && !listed.contains(&row.0));
    Ok(missing.map(|(user_id, ..)| user_id).collect())
}
