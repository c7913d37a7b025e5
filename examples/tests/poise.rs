//! Starts the example bot with poise as a user does, against a fake of Discord.

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use mocha_fake_discord::{FakeDiscord, FakeRest, Requested, frames};
use serde_json::{Value, json};

type TestResult<T = ()> = Result<T, Box<dyn Error>>;

const ANNA: u64 = 90_000_000_000_000_001;
const GUILD: u64 = 60_000_000_000_000_000;
const TEXT: u64 = 70_000_000_000_000_001;
const VOICE: u64 = 70_000_000_000_000_002;

/// The running program, which ends with the test.
struct Bot(Child);

impl Bot {
    /// Sends SIGTERM, and returns whether the bot ended without an error.
    fn ends(&mut self) -> TestResult<bool> {
        assert!(Command::new("kill").arg(self.0.id().to_string()).status()?.success());
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status.success());
            }
            std::thread::yield_now();
        }
        Err("the bot did not end".into())
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // Killing fails if the bot has ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Returns the path of the example, which is beside the folder of the test.
fn program() -> TestResult<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).ok_or("a test without a folder")?;
    let program = folder.join("examples").join("poise");
    if !program.exists() {
        let command = "cargo build -p mocha-examples --features poise --example poise";
        return Err(format!("build it first: {command} ({})", program.display()).into());
    }
    Ok(program)
}

#[tokio::test]
async fn every_command_of_the_bot_with_poise_is_answered() -> TestResult {
    let discord = FakeDiscord::start(vec![frames::guild(GUILD, TEXT, VOICE)]).await?;
    let rest = FakeRest::start(discord.url()).await?;
    let folder = tempfile::tempdir()?;
    let bot = Command::new(program()?)
        .current_dir(folder.path())
        .env("DISCORD_TOKEN", "token")
        .env("HTTP_PROXY_HOST", rest.host())
        .env("MOCHA_DB", "stats.db")
        .stdin(Stdio::null())
        .spawn()?;
    let mut bot = Bot(bot);
    discord.wait(|counts| counts.identifies == 1).await?;
    let registered = rest.wait(|request| request.path.ends_with("/commands")).await?;
    for name in ["leaderboard", "rank", "forgetme"] {
        assert!(registered.has(&format!("\"name\":\"{name}\"")), "{name}");
    }
    for number in 0..12 {
        discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA, number));
    }
    let uses = async |number: u64, name: &str, options: &Value| -> TestResult<Requested> {
        discord.push("INTERACTION_CREATE", &frames::command(GUILD, TEXT, ANNA, number, name, options));
        let path = format!("/interactions/{number}/{}/callback", frames::INTERACTION_TOKEN);
        Ok(rest.wait(|request| request.path == path).await?)
    };
    // Events of the last 250 ms may not be in the file yet, so the test asks again until they are.
    let mut number = 100;
    while !uses(number, "rank", &json!([])).await?.has("Messages: 12") {
        number += 1;
        assert!(number < 10_000, "the messages were never recorded");
    }
    assert!(uses(1, "leaderboard", &json!([])).await?.has("leaderboard.png"));
    let voice = json!([{ "name": "board", "type": 4, "value": 1 }]);
    assert!(uses(2, "leaderboard", &voice).await?.has("nothing to show"));
    uses(3, "forgetme", &json!([])).await?;
    rest.wait(|request| request.has("rows about you were deleted")).await?;
    assert!(uses(4, "rank", &json!([])).await?.has("Messages: 0"));
    assert!(bot.ends()?);
    Ok(())
}
