//! A bot with poise that records the events of its servers, and answers commands with numbers and a picture.
//!
//! `DISCORD_TOKEN=... cargo run --release -p mocha-examples --features poise --example poise`
//!
//! It records into the file that `MOCHA_DB` names (default: `data/bot.db`). `HTTP_PROXY_HOST` is `host:port` of a proxy for
//! Discord's REST API, without encryption, for tests.

mod commands;

use std::{env, sync::Arc};

use anyhow::Context as _;
use mocha_discord::{
    Store,
    serenity::{Adapter, Statistic},
};
use poise::serenity_prelude as serenity;

use crate::commands::Data;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Mocha and serenity log through `tracing`: lost connections, events that were not recorded.
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let store = Store::open(env::var("MOCHA_DB").unwrap_or_else(|_| "data/bot.db".into()))?;
    let recorder = store.recorder()?;
    let intents = Statistic::Messages.intents() | Statistic::Voice.intents();

    let framework = poise::Framework::builder()
        .options(poise::FrameworkOptions { commands: commands::all(), ..Default::default() })
        .setup(|ctx, _ready, framework| {
            Box::pin(async move {
                poise::builtins::register_globally(ctx, &framework.options().commands).await?;
                Ok(Data { store })
            })
        })
        .build();

    let token = env::var("DISCORD_TOKEN").context("DISCORD_TOKEN must hold the bot's token")?;
    let mut http = serenity::HttpBuilder::new(token);
    if let Ok(host) = env::var("HTTP_PROXY_HOST") {
        // serenity uses the proxy only without its own rate limits.
        http = http.proxy(format!("http://{host}")).ratelimiter_disabled(true);
    }
    let builder = serenity::ClientBuilder::new_with_http(http.build(), intents).framework(framework);

    // From here on every event is recorded before poise gets it.
    let mut client = Adapter::new(recorder.clone(), intents).client(builder).await?;

    let shards = Arc::clone(&client.shard_manager);
    tokio::spawn(async move {
        stop_requested().await;
        shards.shutdown_all().await;
    });
    client.start_autosharded().await?;
    Ok(recorder.shutdown_async().await?)
}

/// Waits for Ctrl-C or SIGTERM.
#[cfg(unix)]
async fn stop_requested() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
async fn stop_requested() {
    drop(tokio::signal::ctrl_c().await);
}
