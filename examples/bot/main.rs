//! A bot that records the events of its servers, and answers commands with numbers and pictures.
//!
//! `DISCORD_TOKEN=... cargo run --release -p mocha-examples --features bot --example bot`
//!
//! Its commands are `/leaderboard`, `/rank`, `/server`, `/voice`, `/mydata` and `/forgetme`. The
//! environment configures it, see [`settings`].

mod commands;
mod reply;
mod settings;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use mocha_discord::{
    AnyStore,
    twilight::{Adapter, Statistic, gateway::Runner},
};
use twilight_gateway::{ConfigBuilder, Event, EventTypeFlags, Shard, ShardId};

use crate::{commands::Bot, settings::Settings};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Mocha and twilight log through `tracing`: lost connections, resumed sessions, events that were not recorded.
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let settings = Settings::from_env()?;
    // Several crates bring encryption along, so rustls needs to know which one to use.
    rustls::crypto::ring::default_provider().install_default().ok().context("another provider is installed already")?;

    let mut store = AnyStore::builder();
    if let Some(seconds) = settings.bridge_seconds {
        store = store.bridge_limit(Duration::from_secs(seconds));
    }
    let store = store.open(&settings.place)?;
    let intents = Statistic::Messages.intents() | Statistic::Voice.intents();
    let adapter = Adapter::new(store.recorder()?, intents);

    let http = Arc::new(settings.http());
    let application = http.current_user_application().await?.model().await?.id;
    http.interaction(application).set_global_commands(&commands::all()).await?;

    let mut config = ConfigBuilder::new(settings.token.clone(), intents);
    if let Some(url) = settings.gateway.clone() {
        config = config.proxy_url(url);
    }
    let config = config.build();
    let count = settings.shards(&http).await?;
    // Clones of the configuration share one queue, so that the shards identify one after the other.
    let shards = (0..count).map(|number| Shard::with_config(ShardId::new(number, count), config.clone()));

    let bot = Arc::new(Bot { application, http, store });
    let runner = Runner::new(adapter, shards).events(EventTypeFlags::INTERACTION_CREATE).stop_on_signals();
    let ended = runner.run(move |received| {
        if let Event::InteractionCreate(interaction) = received.event {
            // On a task of its own: the shard receives nothing until this closure returns.
            tokio::spawn(Arc::clone(&bot).answer(interaction.0));
        }
    });
    ended.await.context("the bot ended")
}
