//! The commands, a file each.

mod leaderboard;
mod privacy;
mod rank;
mod server;
mod voice;

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use mocha_discord::{AnyStore, GuildId, UserId, stats::DurationText};
use twilight_http::Client;
use twilight_model::{
    application::{
        command::{Command, CommandType},
        interaction::{
            Interaction, InteractionContextType, InteractionData, InteractionType,
            application_command::{CommandDataOption, CommandOptionValue},
        },
    },
    http::interaction::{InteractionResponse, InteractionResponseType},
    id::{Id, marker::ApplicationMarker},
};
use twilight_util::builder::command::CommandBuilder;

use crate::reply::Reply;

/// The data that every command needs.
#[derive(Debug)]
pub(crate) struct Bot {
    pub(crate) application: Id<ApplicationMarker>,
    pub(crate) http: Arc<Client>,
    pub(crate) store: AnyStore,
}

/// The user, the guild and the options of a command.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) guild: GuildId,
    pub(crate) options: Vec<CommandDataOption>,
    pub(crate) user: UserId,
}

impl Asked {
    fn option(&self, name: &str) -> Option<&CommandOptionValue> {
        self.options.iter().find(|option| option.name == name).map(|option| &option.value)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        match self.option(name)? {
            CommandOptionValue::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.option(name)? {
            CommandOptionValue::String(value) => Some(value.as_str()),
            _ => None,
        }
    }

    fn user(&self, name: &str) -> Option<UserId> {
        match self.option(name)? {
            CommandOptionValue::User(user) => Some(user.into_nonzero().into()),
            _ => None,
        }
    }
}

/// Returns all commands, to register them.
pub(crate) fn all() -> Vec<Command> {
    vec![
        leaderboard::command(),
        rank::command(),
        server::command(),
        voice::command(),
        privacy::my_data_command(),
        privacy::forget_me_command(),
    ]
}

/// A command that can only be used on a server.
fn command(name: &str, description: &str) -> CommandBuilder {
    CommandBuilder::new(name, description, CommandType::ChatInput).contexts([InteractionContextType::Guild])
}

impl Bot {
    /// Answers a command or a button; the person who asked sees an error.
    pub(crate) async fn answer(self: Arc<Self>, interaction: Interaction) {
        if let Err(error) = self.try_answer(&interaction).await {
            tracing::error!("could not send an answer: {error:#}");
        }
    }

    async fn try_answer(&self, interaction: &Interaction) -> anyhow::Result<()> {
        let kind = match (interaction.kind, &interaction.data) {
            (InteractionType::MessageComponent, _) => InteractionResponseType::UpdateMessage,
            // Discord waits for three seconds, and this command may take longer.
            (_, Some(InteractionData::ApplicationCommand(data))) if data.name == privacy::FORGET_ME => {
                return self.answer_later(interaction).await;
            }
            _ => InteractionResponseType::ChannelMessageWithSource,
        };
        let (kind, reply) = match self.reply(interaction).await {
            Ok(Some(reply)) => (kind, reply),
            Ok(None) => return Ok(()),
            Err(error) => (InteractionResponseType::ChannelMessageWithSource, sorry(&error)),
        };
        let response = InteractionResponse { kind, data: Some(reply.into_data()) };
        let client = self.http.interaction(self.application);
        client.create_response(interaction.id, &interaction.token, &response).await?;
        Ok(())
    }

    /// Says that an answer will come, and sends it once it is there.
    async fn answer_later(&self, interaction: &Interaction) -> anyhow::Result<()> {
        let client = self.http.interaction(self.application);
        let kind = InteractionResponseType::DeferredChannelMessageWithSource;
        let response = InteractionResponse { kind, data: Some(Reply::private("").into_data()) };
        client.create_response(interaction.id, &interaction.token, &response).await?;
        let reply = self.reply(interaction).await.unwrap_or_else(|error| Some(sorry(&error)));
        let text = reply.and_then(|reply| reply.into_data().content);
        client.update_response(&interaction.token).content(text.as_deref()).await?;
        Ok(())
    }

    async fn reply(&self, interaction: &Interaction) -> anyhow::Result<Option<Reply>> {
        let Some(guild) = interaction.guild_id else {
            return Ok(Some(Reply::private("This command works on a server only.")));
        };
        let user = interaction.author_id().context("nobody asked")?;
        let mut asked =
            Asked { guild: guild.into_nonzero().into(), options: Vec::new(), user: user.into_nonzero().into() };
        match &interaction.data {
            Some(InteractionData::ApplicationCommand(data)) => {
                asked.options.clone_from(&data.options);
                let reply = match data.name.as_str() {
                    "leaderboard" => leaderboard::reply(self, &asked).await,
                    "rank" => rank::reply(self, &asked).await,
                    "server" => server::reply(self, &asked).await,
                    "voice" => voice::reply(self, &asked).await,
                    "mydata" => privacy::my_data(self, &asked).await,
                    privacy::FORGET_ME => privacy::forget_me(self, &asked).await,
                    name => bail!("there is no command {name}"),
                };
                reply.map(Some)
            }
            Some(InteractionData::MessageComponent(data)) => leaderboard::page(self, &asked, &data.custom_id).await,
            _ => Ok(None),
        }
    }
}

/// Logs an error and says that there was one.
fn sorry(error: &anyhow::Error) -> Reply {
    tracing::error!("could not answer: {error:#}");
    Reply::private("Sorry, that did not work. The bot's owner can find the reason in its log.")
}

/// Writes a duration as people say it.
fn duration(time: Duration) -> String {
    DurationText(time).to_string()
}
