//! Starts the example bot as a user does, against a fake of Discord.

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use mocha_fake_discord::{FakeDiscord, FakeRest, frames};
use serde_json::{Value, json};

type TestResult = Result<(), Box<dyn Error>>;

const ANNA: u64 = 90_000_000_000_000_001;
const GUILD: u64 = 60_000_000_000_000_000;
const TEXT: u64 = 70_000_000_000_000_001;
const VOICE: u64 = 70_000_000_000_000_002;

struct Running {
    bot: Child,
    discord: FakeDiscord,
    folder: tempfile::TempDir,
    rest: FakeRest,
}

impl Running {
    async fn start(more: &[(&str, &str)]) -> Result<Self, Box<dyn Error>> {
        let discord = FakeDiscord::start(vec![frames::guild(GUILD, TEXT, VOICE)]).await?;
        let rest = FakeRest::start(discord.url()).await?;
        let folder = tempfile::tempdir()?;
        let bot = spawn(&discord, &rest, folder.path(), more)?;
        Ok(Self { bot, discord, folder, rest })
    }

    /// Starts the bot again, after it ended.
    fn start_again(&mut self) -> TestResult {
        self.bot = spawn(&self.discord, &self.rest, self.folder.path(), &[])?;
        Ok(())
    }

    /// Uses a command, and returns the body of the bot's answer.
    async fn uses(
        &self,
        number: u64,
        name: &str,
        options: &Value,
    ) -> Result<mocha_fake_discord::Requested, Box<dyn Error>> {
        self.discord.push("INTERACTION_CREATE", &frames::command(GUILD, TEXT, ANNA, number, name, options));
        let path = format!("/interactions/{number}/{}/callback", frames::INTERACTION_TOKEN);
        Ok(self.rest.wait(|request| request.path == path).await?)
    }

    /// Sends SIGTERM, and returns the bot's exit status.
    fn ends(&mut self) -> Result<bool, Box<dyn Error>> {
        let sent = Command::new("kill").arg(self.bot.id().to_string()).status()?;
        assert!(sent.success());
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            if let Some(status) = self.bot.try_wait()? {
                return Ok(status.success());
            }
            std::thread::yield_now();
        }
        Err("the bot did not end".into())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Killing fails if the bot has ended already.
        drop(self.bot.kill());
        drop(self.bot.wait());
    }
}

fn spawn(
    discord: &FakeDiscord,
    rest: &FakeRest,
    folder: &Path,
    more: &[(&str, &str)],
) -> Result<Child, Box<dyn Error>> {
    Ok(Command::new(program()?)
        .current_dir(folder)
        .env("DISCORD_TOKEN", "Bot token")
        .env("GATEWAY_PROXY", discord.url())
        .env("HTTP_PROXY_HOST", rest.host())
        .env("MOCHA_DB", "stats.db")
        .envs(more.iter().copied())
        .stdin(Stdio::null())
        .spawn()?)
}

/// Returns the path of the example, which is beside the folder of the test.
fn program() -> Result<PathBuf, Box<dyn Error>> {
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).ok_or("a test without a folder")?;
    let program = folder.join("examples").join("bot");
    if !program.exists() {
        return Err(format!(
            "build it first: cargo build -p mocha-examples --features bot --example bot ({})",
            program.display()
        )
        .into());
    }
    Ok(program)
}

#[tokio::test]
async fn every_command_is_answered() -> TestResult {
    let mut running = Running::start(&[]).await?;
    running.discord.wait(|counts| counts.identifies == 1).await?;
    let registered = running.rest.wait(|request| request.path.ends_with("/commands")).await?;
    for name in ["leaderboard", "rank", "server", "voice", "mydata", "forgetme"] {
        assert!(registered.has(&format!("\"name\":\"{name}\"")), "{name}");
    }
    for number in 1..=12 {
        running.discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA + number, number));
    }
    running.discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA, 0));
    running.discord.push("VOICE_STATE_UPDATE", &frames::voice(GUILD, Some(VOICE), ANNA));

    // Events of the last 250 ms may not be in the file yet, so the test asks again until they are.
    let mut number = 100;
    loop {
        number += 1;
        if running.uses(number, "voice", &json!([])).await?.has("In voice now: 1") {
            break;
        }
        assert!(number < 10_000, "the voice state was never recorded");
    }
    let board = running.uses(1, "leaderboard", &json!([])).await?;
    assert!(
        board.has("Messages, 30 days") && board.has("leaderboard.png") && board.has("\"label\":\"Next\""),
        "{board:?}"
    );
    let page = running.uses(2, "leaderboard", &json!([{ "name": "window", "type": 3, "value": "all" }])).await?;
    assert!(page.has("Messages, all time"));
    assert!(running.uses(3, "rank", &json!([])).await?.has("Messages: 1"));
    let server = running.uses(4, "server", &json!([])).await?;
    assert!(server.has("Messages: 13") && server.has("messages.png"));
    assert!(running.uses(5, "mydata", &json!([])).await?.has("mydata.json"));

    let refused = [json!({ "name": "confirm", "type": 3, "value": "no" })];
    running.uses(6, "forgetme", &json!(refused)).await?;
    running.rest.wait(|request| request.method == "PATCH" && request.has("Nothing was deleted")).await?;
    let confirmed = [json!({ "name": "confirm", "type": 3, "value": "forget me" })];
    running.uses(7, "forgetme", &json!(confirmed)).await?;
    running.rest.wait(|request| request.method == "PATCH" && request.has("rows about you were deleted")).await?;
    assert!(running.uses(8, "rank", &json!([])).await?.has("Messages: 0"));
    assert!(running.ends()?);
    assert!(running.folder.path().join("stats.db").exists());
    Ok(())
}

#[tokio::test]
async fn a_restarted_bot_resumes_and_has_what_it_missed() -> TestResult {
    let mut running = Running::start(&[]).await?;
    running.discord.wait(|counts| counts.identifies == 1).await?;
    running.discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA, 1));
    // The answer says that everything before it was received.
    running.uses(1, "rank", &json!([])).await?;
    assert!(running.ends()?);
    running.discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA, 2));
    running.start_again()?;
    running.discord.wait(|counts| counts.resumes == 1).await?;
    let mut number = 100;
    while !running.uses(number, "rank", &json!([])).await?.has("Messages: 2") {
        number += 1;
        assert!(number < 10_000, "the message was never recorded");
    }
    assert_eq!(running.discord.counts().identifies, 1);
    assert!(running.ends()?);
    Ok(())
}

#[tokio::test]
async fn several_shards_share_one_file() -> TestResult {
    let mut running = Running::start(&[("SHARDS", "2")]).await?;
    // The second shard may identify only five seconds after the first.
    running.discord.wait(|counts| counts.identifies == 2).await?;
    assert!(running.ends()?);
    Ok(())
}

#[tokio::test]
async fn the_url_of_a_server_is_refused_as_the_file() -> TestResult {
    let mut running = Running::start(&[("MOCHA_DB", "postgres://localhost/stats")]).await?;
    assert!(!running.bot.wait()?.success());
    assert_eq!(std::fs::read_dir(running.folder.path())?.count(), 0);
    Ok(())
}
