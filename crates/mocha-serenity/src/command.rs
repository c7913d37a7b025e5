//! Uses of the bot's commands.

use mocha_adapter::{CommandUse, Translation};
use serenity::model::application::{CommandData, CommandDataOptionValue, CommandInteraction};

use crate::{convert, member};

/// Adds the use of a command. Commands in direct messages are not recorded.
pub(crate) fn push(command: &CommandInteraction, out: &mut Translation) {
    let (Some(guild_id), Some(invoker)) = (command.guild_id, &command.member) else { return };
    let seen = member::member(invoker);
    out.command_used(&CommandUse {
        channel_id: convert::id(command.channel_id),
        guild_id: convert::id(guild_id),
        interaction_id: convert::id(command.id),
        membership: Some(seen.membership),
        path: path(&command.data),
        user: seen.user,
    });
}

/// Returns the names of the command, its group and its subcommand.
fn path(command: &CommandData) -> Vec<&str> {
    let mut path = vec![command.name.as_str()];
    let mut options = &command.options;
    while let Some(option) = options.first()
        && let CommandDataOptionValue::SubCommand(inner) | CommandDataOptionValue::SubCommandGroup(inner) =
            &option.value
    {
        path.push(&option.name);
        options = inner;
    }
    path
}
