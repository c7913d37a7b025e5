//! Uses of the bot's commands.

use mocha_adapter::{CommandUse, Translation};
use twilight_model::{
    application::interaction::{
        Interaction, InteractionData, InteractionType,
        application_command::{CommandData, CommandDataOption, CommandOptionValue},
    },
    gateway::payload::incoming::InteractionCreate,
};

use crate::{convert, member, translate::Translate, user};

impl Translate for InteractionCreate {
    fn translate(&self, out: &mut Translation) {
        #[expect(deprecated, reason = "some payloads have only the channel's id")]
        let Self(Interaction {
            channel,
            channel_id,
            data,
            guild_id,
            id,
            kind,
            member: invoker,
            // Permissions, languages and purchases, which Mocha does not use.
            app_permissions: _,
            application_id: _,
            attachment_size_limit: _,
            authorizing_integration_owners: _,
            context: _,
            entitlements: _,
            guild: _,
            guild_locale: _,
            locale: _,
            token: _,
            // The message of a button or menu, which is not a command.
            message: _,
            // In a guild the member contains the user.
            user: _,
        }) = self;
        let Some(InteractionData::ApplicationCommand(command)) = data else { return };
        // While a user types an option, Discord sends interactions with the same data to complete it.
        if *kind != InteractionType::ApplicationCommand {
            return;
        }
        let channel_id = channel.as_ref().map(|channel| channel.id).or(*channel_id);
        // Commands in direct messages are not recorded.
        let (Some(guild_id), Some(channel_id), Some(invoker)) = (guild_id, channel_id, invoker) else { return };
        let Some(seen) = &invoker.user else { return };
        out.command_used(&CommandUse {
            channel_id: convert::id(channel_id),
            guild_id: convert::id(*guild_id),
            interaction_id: convert::id(*id),
            membership: Some(member::partial(invoker)),
            path: path(command),
            user: user::user(seen),
        });
    }
}

/// Returns the names of the command, its group and its subcommand.
fn path(command: &CommandData) -> Vec<&str> {
    let mut path = vec![command.name.as_str()];
    let mut options = command.options.as_slice();
    while let [
        CommandDataOption {
            name,
            value: CommandOptionValue::SubCommand(inner) | CommandOptionValue::SubCommandGroup(inner),
        },
        ..,
    ] = options
    {
        path.push(name);
        options = inner;
    }
    path
}

#[cfg(test)]
mod tests {
    use mocha_recorder::{Event, event::CommandUsed};
    use serde_json::json;

    use crate::{ResourceType, frames, translate::translate};

    #[test]
    fn a_command_is_recorded_with_its_subcommand_and_user() -> frames::TestResult {
        let events = frames::translate("interaction_command")?;
        let [Event::UserSeen(user), Event::MemberSeen(member), Event::CommandUsed(command)] = events.as_slice() else {
            return Err(format!("{events:?}").into());
        };
        assert_eq!((user.user_id.get(), member.user_id.get()), (frames::ANNA, frames::ANNA));
        let expected = CommandUsed {
            at: frames::arrival(),
            channel_id: frames::TEXT.try_into()?,
            guild_id: frames::GUILD.try_into()?,
            interaction_id: 75_000_000_000_000_001.try_into()?,
            name: "stats voice week".into(),
            user_id: frames::ANNA.try_into()?,
        };
        assert_eq!(*command, expected);
        let events = frames::translate_with("interaction_command", frames::context().without(ResourceType::COMMAND))?;
        assert!(matches!(events.as_slice(), [Event::UserSeen(_), Event::MemberSeen(_)]), "{events:?}");
        Ok(())
    }

    #[test]
    fn other_interactions_are_no_uses_of_commands() -> frames::TestResult {
        // A completion, and a command in a direct message.
        let completion = frames::parse_changed("interaction_command", |frame| frame["d"]["type"] = 4.into())?;
        let direct = frames::parse_changed("interaction_command", |frame| {
            frame["d"]["user"] = frame["d"]["member"]["user"].take();
            frame["d"]["member"] = json!(null);
            frame["d"]["guild_id"] = json!(null);
        })?;
        for event in [completion, direct] {
            assert_eq!(translate(&event, &frames::context()), []);
        }
        Ok(())
    }
}
