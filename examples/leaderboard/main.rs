//! A bot in one file, which the quick start shows. `/leaderboard` answers with a picture. `DISCORD_TOKEN` has the bot's token.

use std::{error::Error, sync::Arc};

use chrono::Utc;
use mocha_discord::charts::Chart;
use mocha_discord::stats::{self, Leaderboard, Names, Window, chrono_tz::Tz};
use mocha_discord::twilight::{Adapter, Statistic, gateway::Runner};
use mocha_discord::{GuildId, Store};
use twilight_gateway::{Event, EventTypeFlags, Intents, Shard, ShardId};
use twilight_http::Client;
use twilight_model::application::command::CommandType;
use twilight_model::application::interaction::{Interaction, InteractionContextType};
use twilight_model::http::attachment::Attachment;
use twilight_model::http::interaction::{InteractionResponse, InteractionResponseData, InteractionResponseType};
use twilight_util::builder::command::CommandBuilder;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    // twilight leaves the choice of encryption to the program.
    rustls::crypto::ring::default_provider().install_default().ok();
    // Mocha and twilight log through `tracing`.
    tracing_subscriber::fmt::init();
    let token = std::env::var("DISCORD_TOKEN").map_err(|_| "set DISCORD_TOKEN")?;
    let shard = Shard::new(ShardId::ONE, token.clone(), intents());
    run(Client::new(token), shard, Store::open("data/stats.db")?).await
}

fn intents() -> Intents {
    Statistic::Messages.intents() | Statistic::Voice.intents()
}

/// Registers the command, then records and answers until a signal stops the program.
async fn run(http: Client, shard: Shard, store: Store) -> Result<()> {
    let application = http.current_user_application().await?.model().await?.id;
    let command = CommandBuilder::new("leaderboard", "Shows who wrote most", CommandType::ChatInput)
        .contexts([InteractionContextType::Guild])
        .build();
    http.interaction(application).set_global_commands(&[command]).await?;

    let http = Arc::new(http);
    let adapter = Adapter::new(store.recorder()?, intents());
    let runner = Runner::new(adapter, [shard]).events(EventTypeFlags::INTERACTION_CREATE).stop_on_signals();
    let ended = runner.run(move |received| {
        let Event::InteractionCreate(interaction) = received.event else { return };
        let (http, store) = (Arc::clone(&http), store.clone());
        // On a task of its own: the shard receives nothing until this closure returns.
        tokio::spawn(async move {
            if let Err(error) = answer(&http, &store, &interaction).await {
                tracing::error!("could not answer: {error}");
            }
        });
    });
    Ok(ended.await?)
}

async fn answer(http: &Client, store: &Store, interaction: &Interaction) -> Result<()> {
    let guild = interaction.guild_id.ok_or("the command works on a server only")?;
    let picture = leaderboard(store, guild.into_nonzero().into()).await?;
    let data = InteractionResponseData {
        attachments: Some(vec![Attachment::from_bytes("leaderboard.png".to_owned(), picture, 0)]),
        ..InteractionResponseData::default()
    };
    let response = InteractionResponse { kind: InteractionResponseType::ChannelMessageWithSource, data: Some(data) };
    let client = http.interaction(interaction.application_id);
    client.create_response(interaction.id, &interaction.token, &response).await?;
    Ok(())
}

/// Draws who wrote most this month.
async fn leaderboard(store: &Store, guild: GuildId) -> Result<Vec<u8>> {
    let month = Window::last_days(30, Tz::UTC, Utc::now())?;
    // One call reads the board and the names, so they agree with each other.
    let read = store.read_async(move |conn| {
        let board = Leaderboard::messages(guild).within(month).compare().limit(10).load(conn)?;
        let names = Names::of(guild).users(board.entries.iter().map(|entry| entry.user_id)).load(conn)?;
        Ok::<_, stats::Error>((board, names))
    });
    let (board, names) = read.await?;
    let draw = move || Chart::leaderboard(&board, &names).title("Messages, 30 days").png();
    Ok(tokio::task::spawn_blocking(draw).await??)
}

#[cfg(test)]
mod tests;
