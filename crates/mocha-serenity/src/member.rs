//! Members, joins and leaves.

use chrono::{DateTime, Utc};
use mocha_adapter::{Chunk, Member as RecordedMember, Membership, Translation};
use serenity::model::{
    Timestamp,
    event::{GuildMemberUpdateEvent, GuildMembersChunkEvent},
    guild::{Member, PartialMember},
    id::RoleId,
};

use crate::{convert, presence, user};

/// Returns the part of a member that Mocha records.
pub(crate) fn member(member: &Member) -> RecordedMember<'_> {
    let membership = membership(member.nick.as_deref(), member.joined_at, member.premium_since, &member.roles);
    RecordedMember { membership, user: user::user(&member.user) }
}

/// Returns the part of an author's membership that Mocha records.
pub(crate) fn partial(member: &PartialMember) -> Membership<'_> {
    membership(member.nick.as_deref(), member.joined_at, member.premium_since, &member.roles)
}

/// Returns the part of a changed member that Mocha records.
pub(crate) fn changed(event: &GuildMemberUpdateEvent) -> RecordedMember<'_> {
    let membership = membership(event.nick.as_deref(), Some(event.joined_at), event.premium_since, &event.roles);
    RecordedMember { membership, user: user::user(&event.user) }
}

/// Adds an answer to a request for members.
pub(crate) fn push_chunk(event: &GuildMembersChunkEvent, out: &mut Translation) {
    let chunk = Chunk { count: event.chunk_count, index: event.chunk_index, nonce: event.nonce.as_deref() };
    let (members, presences) = (event.members.values().map(member), event.presences.iter().flatten());
    out.members_chunk(convert::id(event.guild_id), chunk, members, presences.map(presence::presence));
}

fn membership<'a>(
    nickname: Option<&'a str>,
    joined_at: Option<Timestamp>,
    premium_since: Option<Timestamp>,
    roles: &'a Vec<RoleId>,
) -> Membership<'a> {
    let time = |timestamp: Option<Timestamp>| -> Option<DateTime<Utc>> { timestamp.map(convert::time) };
    Membership { joined_at: time(joined_at), nickname, premium_since: time(premium_since), roles: Some(roles) }
}
