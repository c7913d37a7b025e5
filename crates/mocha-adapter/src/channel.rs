//! Channels and threads.

use mocha_recorder::event::{ChannelRemoved, ChannelSeen};
use mocha_schema::{ChannelId, GuildId};

use crate::{ResourceType, Translation, translation::text};

/// The part of a channel or thread that Mocha records.
#[derive(Clone, Copy, Debug)]
pub struct Channel<'a> {
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The guild.
    pub guild_id: GuildId,
    /// Whether Discord says that it sent a placeholder for the name.
    pub is_obfuscated: bool,
    /// Discord's type of the channel.
    pub kind: u8,
    /// The name.
    pub name: Option<&'a str>,
    /// The category of a channel, or the channel of a thread.
    pub parent_id: Option<ChannelId>,
    /// The position in the list. Threads have none.
    pub position: Option<i32>,
}

/// The placeholder for the name of a channel that the bot may not see.
const HIDDEN_NAME: &str = "___hidden___";

impl Translation {
    /// Adds a channel or thread. A placeholder for a hidden name is not recorded.
    pub fn channel(&mut self, channel: &Channel<'_>) {
        if !self.wants(ResourceType::CHANNEL) {
            return;
        }
        let Channel { channel_id, guild_id, is_obfuscated, kind, name, parent_id, position } = *channel;
        let name = name.filter(|name| !is_obfuscated && *name != HIDDEN_NAME).map(text);
        self.push(ChannelSeen { at: self.at(), channel_id, guild_id, kind, name, parent_id, position });
    }

    /// Adds the deletion of a channel or thread.
    pub fn channel_removed(&mut self, guild_id: GuildId, channel_id: ChannelId) {
        if self.wants(ResourceType::CHANNEL) {
            self.push(ChannelRemoved { at: self.at(), channel_id, guild_id });
        }
    }
}
