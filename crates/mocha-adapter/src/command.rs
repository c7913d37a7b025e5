//! Uses of the bot's commands.

use mocha_recorder::event::CommandUsed;
use mocha_schema::{ChannelId, GuildId, InteractionId};

use crate::{Membership, ResourceType, Translation, User, translation::text};

/// The use of a command in a guild. Its options are not recorded.
#[derive(Clone, Debug)]
pub struct CommandUse<'a> {
    /// The channel or thread.
    pub channel_id: ChannelId,
    /// The guild.
    pub guild_id: GuildId,
    /// The id of the use.
    pub interaction_id: InteractionId,
    /// The membership of the user, if Discord sent it.
    pub membership: Option<Membership<'a>>,
    /// The names of the command, its group and its subcommand.
    pub path: Vec<&'a str>,
    /// The user who used it.
    pub user: User<'a>,
}

impl Translation {
    /// Adds the use of a command, the user and the user's membership.
    pub fn command_used(&mut self, command: &CommandUse<'_>) {
        let CommandUse { channel_id, guild_id, interaction_id, membership, path, user } = command;
        self.user(user);
        if let Some(membership) = membership {
            self.membership(*guild_id, user.user_id, *membership);
        }
        if self.wants(ResourceType::COMMAND) {
            self.push(CommandUsed {
                at: self.at(),
                channel_id: *channel_id,
                guild_id: *guild_id,
                interaction_id: *interaction_id,
                name: text(&path.join(" ")),
                user_id: user.user_id,
            });
        }
    }
}
