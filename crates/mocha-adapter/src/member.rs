//! Members, joins and leaves.

use chrono::{DateTime, Utc};
use mocha_recorder::{
    Event,
    event::{MemberLeft, MemberSeen, MembersListed},
};
use mocha_schema::{GuildId, UserId};

use crate::{Presence, ResourceType, RoleIds, Translation, User, translation::text};

/// The part of a membership that Mocha records.
#[derive(Clone, Copy, Debug, Default)]
pub struct Membership<'a> {
    /// When the member joined.
    pub joined_at: Option<DateTime<Utc>>,
    /// The nickname.
    pub nickname: Option<&'a str>,
    /// Since when the member boosts the guild.
    pub premium_since: Option<DateTime<Utc>>,
    /// The roles. `None` if the payload has none.
    pub roles: Option<&'a dyn RoleIds>,
}

/// A member with its user.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// The membership.
    pub membership: Membership<'a>,
    /// The user.
    pub user: User<'a>,
}

/// The place of a `GUILD_MEMBERS_CHUNK` among the answers to one request.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// How many answers there are.
    pub count: u32,
    /// The number of this answer, from 0.
    pub index: u32,
    /// The nonce of the request.
    pub nonce: Option<&'a str>,
}

impl Translation {
    /// Adds a member and its user.
    pub fn member(&mut self, guild_id: GuildId, member: &Member<'_>) {
        self.user(&member.user);
        self.membership(guild_id, member.user.user_id, member.membership);
    }

    /// Adds a membership without its user.
    pub fn membership(&mut self, guild_id: GuildId, user_id: UserId, membership: Membership<'_>) {
        if self.wants(ResourceType::MEMBER) {
            self.push(self.seen(guild_id, user_id, membership));
        }
    }

    /// Adds a join.
    pub fn member_joined(&mut self, guild_id: GuildId, member: &Member<'_>) {
        self.user(&member.user);
        if self.wants(ResourceType::MEMBER) {
            self.push(Event::MemberJoined(self.seen(guild_id, member.user.user_id, member.membership)));
        }
    }

    /// Adds a leave.
    pub fn member_left(&mut self, guild_id: GuildId, user: &User<'_>) {
        self.user(user);
        if self.wants(ResourceType::MEMBER) {
            self.push(MemberLeft { at: self.at(), guild_id, user_id: user.user_id });
        }
    }

    /// Adds an answer to a request for members: the members, the list of their ids, and their presences.
    pub fn members_chunk<'a>(
        &mut self,
        guild_id: GuildId,
        chunk: Chunk<'_>,
        members: impl IntoIterator<Item = Member<'a>>,
        presences: impl IntoIterator<Item = Presence<'a>>,
    ) {
        let user_ids = self.members(guild_id, members);
        if self.wants(ResourceType::MEMBER) {
            self.push(MembersListed {
                at: self.at(),
                chunk_count: chunk.count,
                chunk_index: chunk.index,
                guild_id,
                member_count: None,
                nonce: chunk.nonce.map(ToOwned::to_owned),
                user_ids,
            });
        }
        for presence in presences {
            self.presence(guild_id, &presence);
        }
    }

    /// Adds the members in a `GUILD_CREATE`.
    pub(crate) fn members_listed<'a>(
        &mut self,
        guild_id: GuildId,
        member_count: Option<u64>,
        members: impl IntoIterator<Item = Member<'a>>,
    ) {
        let user_ids = self.members(guild_id, members);
        if self.wants(ResourceType::MEMBER) && member_count.is_some() {
            let (at, nonce) = (self.at(), None);
            self.push(MembersListed { at, chunk_count: 1, chunk_index: 0, guild_id, member_count, nonce, user_ids });
        }
    }

    /// Adds members and returns their ids.
    fn members<'a>(&mut self, guild_id: GuildId, members: impl IntoIterator<Item = Member<'a>>) -> Vec<UserId> {
        let mut user_ids = Vec::new();
        for member in members {
            user_ids.push(member.user.user_id);
            self.member(guild_id, &member);
        }
        user_ids
    }

    fn seen(&self, guild_id: GuildId, user_id: UserId, membership: Membership<'_>) -> MemberSeen {
        let Membership { joined_at, nickname, premium_since, roles } = membership;
        let roles = roles.filter(|_| self.wants(ResourceType::ROLE)).map(RoleIds::ids);
        MemberSeen { at: self.at(), guild_id, joined_at, nickname: nickname.map(text), premium_since, roles, user_id }
    }
}
