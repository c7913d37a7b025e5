//! Channels and threads.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId};

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// Reports a channel or thread that the bot saw, or that was created or changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ChannelSeen {
    /// When it was seen.
    pub at: DateTime<Utc>,
    /// The channel.
    pub channel_id: ChannelId,
    /// The guild it is in.
    pub guild_id: GuildId,
    /// Discord's channel type: 0 text, 2 voice, 4 category, 10 to 12 threads, 13 stage, 15 forum.
    pub kind: u8,
    /// Its name; `None` if the bot may not see it. A name that Mocha knows already stays.
    pub name: Option<String>,
    /// The category that holds it, or the channel that holds the thread.
    pub parent_id: Option<ChannelId>,
    /// Its place in the list.
    pub position: Option<i32>,
}

impl ChannelSeen {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        valid::optional_text(Field("name"), self.name.as_deref())
    }
}

impl From<ChannelSeen> for Event {
    fn from(event: ChannelSeen) -> Self {
        Self::ChannelSeen(event)
    }
}

/// Reports that a channel or thread was deleted. Open voice sessions in it end; its history stays.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ChannelRemoved {
    /// When it was deleted.
    pub at: DateTime<Utc>,
    /// The channel.
    pub channel_id: ChannelId,
    /// The guild it was in.
    pub guild_id: GuildId,
}

impl From<ChannelRemoved> for Event {
    fn from(event: ChannelRemoved) -> Self {
        Self::ChannelRemoved(event)
    }
}
