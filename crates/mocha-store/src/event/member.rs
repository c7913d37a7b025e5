//! Members coming, being there and going.

use chrono::{DateTime, Utc};
use mocha_schema::{GuildId, UserId};

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// A member of a guild who was seen, changed, or just joined.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MemberSeen {
    /// When the member was seen.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// When the membership began, as Discord says; it tells one membership from the next.
    pub joined_at: Option<DateTime<Utc>>,
    /// The nickname in this guild.
    pub nickname: Option<String>,
    /// Since when the member boosts the guild.
    pub premium_since: Option<DateTime<Utc>>,
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
    /// As somebody who is there; for somebody who just came use [`Event::MemberJoined`].
    fn from(event: MemberSeen) -> Self {
        Self::MemberSeen(event)
    }
}

/// Members of a guild as Discord listed them: all of them, or a part of a list that comes in chunks.
///
/// The recorder takes a list for complete if all its chunks came and its distinct members are as many as the guild has. Then
/// members who are not in it left while the bot did not hear of it: they are members no longer, and `member_events` gets a
/// leave of the list's time that [`is_inferred`](mocha_schema::MemberEvent::is_inferred). A list that is not complete changes
/// nothing. A [`MemberSeen`] for each member tells the recorder who they are; this event tells only who is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MembersListed {
    /// When the list was received.
    pub at: DateTime<Utc>,
    /// How many chunks the list has; 1 for a list in one piece.
    pub chunk_count: u32,
    /// Which of them this is, from 0.
    pub chunk_index: u32,
    /// The guild.
    pub guild_id: GuildId,
    /// How many members the guild has, if Discord said so with the list; else the number that the file knows counts.
    pub member_count: Option<u64>,
    /// What tells the chunks of one list from those of another.
    pub nonce: Option<String>,
    /// The members, bots too; a member may be listed twice.
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

/// Somebody who left a guild, or was made to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MemberLeft {
    /// When.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// Who left.
    pub user_id: UserId,
}

impl From<MemberLeft> for Event {
    fn from(event: MemberLeft) -> Self {
        Self::MemberLeft(event)
    }
}
