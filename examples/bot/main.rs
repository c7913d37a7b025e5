//! A bot that records what happens on its servers and answers `/leaderboard`.
//!
//! `DISCORD_TOKEN=... cargo run --release --example bot --features bot`; it records into `data/bot.db`.

use std::sync::Arc;

use anyhow::Context as _;
use chrono::{TimeDelta, Utc};
use mocha_discord::Store;
use mocha_discord::stats::{Leaderboard, Window};
use mocha_discord::twilight::{Adapter, Statistic};
use twilight_gateway::{CloseFrame, Event, EventTypeFlags, Shard, ShardId, StreamExt as _};
use twilight_http::Client;
use twilight_model::{
    application::{
        command::CommandType,
        interaction::{Interaction, InteractionData},
    },
    channel::message::AllowedMentions,
    gateway::event::EventType,
    http::interaction::{InteractionResponse, InteractionResponseData, InteractionResponseType},
    id::{Id, marker::ApplicationMarker},
};
use twilight_util::builder::command::CommandBuilder;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let token = std::env::var("DISCORD_TOKEN").context("DISCORD_TOKEN must hold the bot's token")?;
    let http = Arc::new(Client::new(token.clone()));
    let application = http.current_user_application().await?.model().await?.id;
    let command = CommandBuilder::new("leaderboard", "Who wrote most in the last 30 days", CommandType::ChatInput);
    http.interaction(application).set_global_commands(&[command.build()]).await?;

    let store = Store::open("data/bot.db")?;
    let recorder = store.recorder()?;
    let intents = Statistic::Messages.intents() | Statistic::Voice.intents();
    let adapter = Adapter::builder(recorder.clone(), intents).shard(ShardId::ONE).build();
    let wanted = Adapter::EVENT_TYPES.iter().copied().chain([EventType::InteractionCreate]).map(EventTypeFlags::from);
    let wanted: EventTypeFlags = wanted.collect();
    let mut shard = Shard::new(ShardId::ONE, token, intents);
    let mut stopping = false;
    loop {
        let event = tokio::select! {
            event = shard.next_event(wanted) => event,
            () = stop(), if !stopping => {
                stopping = true;
                shard.close(CloseFrame::NORMAL);
                continue;
            }
        };
        match event {
            Some(Ok(Event::GatewayClose(_))) if stopping => break,
            Some(Ok(Event::InteractionCreate(interaction))) => {
                // On a task of its own: the gateway's next event does not wait for it.
                let (http, store) = (Arc::clone(&http), store.clone());
                tokio::spawn(async move {
                    if let Err(error) = answer(&http, application, &store, &interaction).await {
                        complain("could not answer", &error);
                    }
                });
            }
            Some(Ok(event)) => {
                if let Err(error) = adapter.update(&event) {
                    complain("could not record", &error.into());
                }
            }
            Some(Err(error)) => complain("the gateway", &error.into()),
            None => break,
        }
    }
    Ok(recorder.shutdown_async().await?)
}

/// Waits for Ctrl-C, or for what systemd and Docker send.
async fn stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // That it cannot be heard is no reason to stop.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn answer(
    http: &Client,
    application: Id<ApplicationMarker>,
    store: &Store,
    interaction: &Interaction,
) -> anyhow::Result<()> {
    let Some(InteractionData::ApplicationCommand(_)) = &interaction.data else { return Ok(()) };
    let guild = interaction.guild_id.context("not in a server")?.into_nonzero().into();
    let month = Window::last(TimeDelta::days(30), Utc::now())?;
    let board = store.read_async(move |conn| Leaderboard::messages(guild).within(month).limit(10).load(conn)).await?;
    let lines = board.entries.iter().map(|entry| format!("{}. <@{}>: {}\n", entry.rank, entry.user_id, entry.value));
    let text = format!("{} messages in 30 days\n{}", board.total, lines.collect::<String>());
    let (content, allowed_mentions) = (Some(text), Some(AllowedMentions::default()));
    let data = InteractionResponseData { content, allowed_mentions, ..InteractionResponseData::default() };
    let kind = InteractionResponseType::ChannelMessageWithSource;
    let response = InteractionResponse { kind, data: Some(data) };
    http.interaction(application).create_response(interaction.id, &interaction.token, &response).await?;
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a program tells its user what went wrong")]
fn complain(what: &str, error: &anyhow::Error) {
    eprintln!("{what}: {error:#}");
}
