//! The bot of the README: it records messages and voice, and does nothing else.
//!
//! `DISCORD_TOKEN=... cargo run --release -p mocha-examples --features bot --example record`; it records into `data/stats.db`.

use mocha_discord::Store;
use mocha_discord::twilight::{Adapter, Statistic};
use twilight_gateway::{EventTypeFlags, Shard, ShardId, StreamExt as _};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::open("data/stats.db")?;
    let recorder = store.recorder()?;
    let intents = Statistic::Messages.intents() | Statistic::Voice.intents();
    let adapter = Adapter::builder(recorder.clone(), intents).shard(ShardId::ONE).build();

    let wanted: EventTypeFlags = Adapter::EVENT_TYPES.iter().copied().map(EventTypeFlags::from).collect();
    let mut shard = Shard::new(ShardId::ONE, std::env::var("DISCORD_TOKEN")?, intents);
    while let Some(event) = shard.next_event(wanted).await {
        match event {
            Ok(event) => {
                if let Err(error) = adapter.update(&event) {
                    tracing::warn!(%error, "could not record an event");
                }
            }
            Err(error) => tracing::warn!(%error, "could not receive an event"),
        }
    }
    Ok(recorder.shutdown_async().await?)
}
