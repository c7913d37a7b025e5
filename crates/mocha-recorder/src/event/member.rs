//! Members: joins, leaves and lists.

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, RoleId, UserId};

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// Reports a member of a guild whom the bot saw, who changed, or who just joined.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MemberSeen {
    /// When the member was seen.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// When the membership began, according to Discord. It distinguishes one membership from the
    /// next.
    pub joined_at: Option<DateTime<Utc>>,
    /// The nickname in this guild.
    pub nickname: Option<String>,
    /// Since when the member boosts the guild.
    pub premium_since: Option<DateTime<Utc>>,
    /// The roles, in any order, without `@everyone`. `None` leaves the recorded roles as they are.
    pub roles: Option<Vec<RoleId>>,
    /// The user.
    pub user_id: UserId,
}

impl MemberSeen {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        valid::optional_time(Field("joined_at"), self.joined_at)?;
        valid::optional_text(Field("nickname"), self.nickname.as_deref())?;
        valid::optional_time(Field("premium_since"), self.premium_since)
    }
}

impl From<MemberSeen> for Event {
    /// Converts into [`Event::MemberSeen`]. For a member who just joined, use
    /// [`Event::MemberJoined`].
    fn from(event: MemberSeen) -> Self {
        Self::MemberSeen(event)
    }
}

/// Reports the members that Discord listed: all of a guild, or one chunk of a longer list.
///
/// The recorder regards a list as complete if all its chunks arrived and it has as many distinct
/// members as the guild. Members who are missing from a complete list left while the bot was not
/// listening: they stop being members, and `member_events` gets a leave with the time of the list
/// that is marked [`is_inferred`](mocha_schema::MemberEvent::is_inferred). An incomplete list
/// changes nothing. This event carries only ids; send a [`MemberSeen`] for each member as well.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MembersListed {
    /// When the list was received.
    pub at: DateTime<Utc>,
    /// How many chunks the list has; 1 for an undivided list.
    pub chunk_count: u32,
    /// The index of this chunk, from 0.
    pub chunk_index: u32,
    /// The guild.
    pub guild_id: GuildId,
    /// How many members the guild has, if Discord said so with the list. Otherwise Mocha uses the
    /// number in the file.
    pub member_count: Option<u64>,
    /// Distinguishes the chunks of one list from those of another.
    pub nonce: Option<String>,
    /// The members, including bots. A member may be listed twice.
    pub user_ids: Vec<UserId>,
}

impl MembersListed {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if self.chunk_index >= self.chunk_count {
            return Err(Invalid { field: "chunk_index", reason: "must be less than `chunk_count`" });
        }
        self.member_count.map_or(Ok(()), |count| valid::count(Field("member_count"), count).map(drop))
    }
}

impl From<MembersListed> for Event {
    fn from(event: MembersListed) -> Self {
        Self::MembersListed(event)
    }
}

/// Reports that a member left a guild or was removed from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MemberLeft {
    /// When the member left.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// The user who left.
    pub user_id: UserId,
}

impl From<MemberLeft> for Event {
    fn from(event: MemberLeft) -> Self {
        Self::MemberLeft(event)
    }
}
