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
