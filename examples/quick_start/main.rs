//! README's quick start, as it stands there. `DISCORD_TOKEN` has the bot's token.
#![expect(dead_code, reason = "README shows what a command would call")]

use chrono::Utc;
use mocha_discord::charts::Chart;
use mocha_discord::stats::{Leaderboard, Window, chrono_tz::Tz};
use mocha_discord::twilight::{Adapter, Statistic, gateway::Runner};
use mocha_discord::{GuildId, Store};
use twilight_gateway::{Shard, ShardId};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // twilight leaves the choice of encryption to the program.
    rustls::crypto::ring::default_provider().install_default().ok();
    let token = std::env::var("DISCORD_TOKEN").map_err(|_| "set DISCORD_TOKEN")?;
    let store = Store::open("data/stats.db")?;
    let intents = Statistic::Messages.intents() | Statistic::Voice.intents();
    let adapter = Adapter::new(store.recorder()?, intents);
    let shard = Shard::new(ShardId::ONE, token, intents);

    // Records every event until a signal stops the program.
    Runner::new(adapter, [shard]).stop_on_signals().run(|_event| ()).await?;
    Ok(())
}

/// Draws who wrote most this month: attach the PNG to your answer to a command. The closure returns names.
fn leaderboard(store: &Store, guild: GuildId) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let month = Window::last_days(30, Tz::UTC, Utc::now())?;
    let board = store.read(|conn| Leaderboard::messages(guild).within(month).limit(10).load(conn))?;
    Ok(Chart::leaderboard(&board, |_user| None).title("Messages, 30 days").png()?)
}
