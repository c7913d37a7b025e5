//! Guilds.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId};

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// Reports a guild that the bot saw, or that changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GuildSeen {
    /// The voice channel that idle members are moved to.
    pub afk_channel_id: Option<ChannelId>,
    /// When it was seen.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
    /// The hash of its icon.
    pub icon: Option<String>,
    /// How many members it has; `None` if Discord did not say. A number that Mocha knows already
    /// stays.
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

/// Reports that the bot is in a guild, as each `GUILD_CREATE` does. A guild that was
/// [removed](GuildRemoved) counts as present again.
///
/// [`GuildSeen`] has the same effect. Use this event in programs that do not record guild names.
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

/// Reports that the bot left a guild, or that the guild was deleted. Voice sessions end; the
/// history stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GuildRemoved {
    /// When the bot left.
    pub at: DateTime<Utc>,
    /// The guild.
    pub guild_id: GuildId,
}

impl From<GuildRemoved> for Event {
    fn from(event: GuildRemoved) -> Self {
        Self::GuildRemoved(event)
    }
}

/// Reports that a guild is unavailable. Mocha receives no events from it until its next
/// [`VoiceSnapshot`](super::VoiceSnapshot).
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
