//! Runs the bot against a fake of Discord.

use std::{error::Error, fs, path::Path};

use mocha_fake_discord::{FakeDiscord, FakeRest, frames};
use serde_json::json;
use twilight_gateway::ConfigBuilder;

use super::{Client, Shard, ShardId, Store, intents, run};

type TestResult = Result<(), Box<dyn Error + Send + Sync>>;

const ANNA: u64 = 90_000_000_000_000_001;
const GUILD: u64 = 60_000_000_000_000_000;
const TEXT: u64 = 70_000_000_000_000_001;
const VOICE: u64 = 70_000_000_000_000_002;

#[test]
fn the_quick_start_shows_this_bot() -> TestResult {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no parent")?;
    let example = fs::read_to_string(root.join("examples/leaderboard/main.rs"))?;
    let (_, code) = example.split_once("\n\n").ok_or("no header")?;
    let (code, _) = code.split_once("\n#[cfg(test)]").ok_or("no tests")?;
    assert!(fs::read_to_string(root.join("docs/quick-start.md"))?.contains(&format!("```rust,no_run\n{code}```")));
    Ok(())
}

#[tokio::test]
async fn it_answers_with_a_picture() -> TestResult {
    rustls::crypto::ring::default_provider().install_default().ok();
    let discord = FakeDiscord::start(vec![frames::guild(GUILD, TEXT, VOICE)]).await?;
    let rest = FakeRest::start(discord.url()).await?;
    let http = Client::builder().token("Bot token".to_owned()).proxy(rest.host(), true).build();
    let config = ConfigBuilder::new("Bot token".to_owned(), intents()).proxy_url(discord.url()).build();
    let store = Store::builder().open_in_memory()?;
    let bot = tokio::spawn(run(http, Shard::with_config(ShardId::ONE, config), store.clone()));

    discord.wait(|counts| counts.identifies == 1).await?;
    assert!(rest.requests().iter().any(|request| request.has("Shows who wrote most")), "no command");
    discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA, 1));
    discord.push("INTERACTION_CREATE", &frames::command(GUILD, TEXT, ANNA, 7, "leaderboard", &json!([])));
    let path = format!("/interactions/7/{}/callback", frames::INTERACTION_TOKEN);
    let answer = rest.wait(|request| request.path == path).await?;
    assert!(answer.has("leaderboard.png"), "no picture");
    bot.abort();
    Ok(())
}
