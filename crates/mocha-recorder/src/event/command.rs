//! Uses of the bot's commands.

use chrono::{DateTime, Utc};
use mocha_schema::{ChannelId, GuildId, InteractionId, UserId};

use super::{
    Event,
    valid::{self, Field, Invalid},
};

/// Reports that a user used a command of the bot in a guild.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CommandUsed {
    /// When it was used.
    pub at: DateTime<Utc>,
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The guild.
    pub guild_id: GuildId,
    /// The id of the use. A second event with the same id changes nothing.
    pub interaction_id: InteractionId,
    /// The name of the command, followed by those of its group and subcommand, with spaces between them.
    pub name: String,
    /// The user who used it.
    pub user_id: UserId,
}

impl CommandUsed {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        valid::text(Field("name"), &self.name)
    }
}

impl From<CommandUsed> for Event {
    fn from(event: CommandUsed) -> Self {
        Self::CommandUsed(event)
    }
}
