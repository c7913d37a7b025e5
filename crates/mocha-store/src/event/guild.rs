//! Guilds.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId};

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// A guild that was seen or changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GuildSeen {
    /// The voice channel that idle people are moved to.
    pub afk_channel_id: Option<ChannelId>,
    /// When it was seen.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// The hash of its icon.
    pub icon: Option<String>,
    /// How many members it has; `None` if Discord did not say: a number known before stays.
    pub member_count: Option<u64>,
    /// Its name.
    pub name: String,
}

impl GuildSeen {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        valid::text(Field("name"), &self.name)?;
        valid::optional_text(Field("icon"), self.icon.as_deref())?;
        self.member_count.map_or(Ok(()), |count| valid::count(Field("member_count"), count).map(drop))
    }
}

impl From<GuildSeen> for Event {
    fn from(event: GuildSeen) -> Self {
        Self::GuildSeen(event)
    }
}

/// The bot is in a guild, as each `GUILD_CREATE` says: a guild that was [gone](GuildRemoved) is so no longer.
///
/// A [`GuildSeen`] says the same. This one is for programs that do not record what guilds are called.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GuildAvailable {
    /// When it was seen.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
}

impl From<GuildAvailable> for Event {
    fn from(event: GuildAvailable) -> Self {
        Self::GuildAvailable(event)
    }
}

/// The bot left a guild, or the guild was deleted: voice sessions end, the history stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GuildRemoved {
    /// When.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
}

impl From<GuildRemoved> for Event {
    fn from(event: GuildRemoved) -> Self {
        Self::GuildRemoved(event)
    }
}

/// Discord cannot reach a guild: what happens there is not heard until its next [`VoiceSnapshot`](super::VoiceSnapshot).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GuildOutage {
    /// When it began.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
}

impl From<GuildOutage> for Event {
    fn from(event: GuildOutage) -> Self {
        Self::GuildOutage(event)
    }
}
