//! Starts the example bot as a user does, against a fake of Discord.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use diesel::prelude::*;
use mocha_discord::{Store, UserId, schema::message_events};
use mocha_fake_discord::{FakeDiscord, FakeRest, Requested, frames};
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

    /// Uses a command, and returns the bot's answer.
    async fn uses(&self, number: u64, name: &str, options: &Value) -> Result<Requested, Box<dyn Error>> {
        self.answer_to(number, &frames::command(GUILD, TEXT, ANNA, number, name, options)).await
    }

    /// Presses a button, and returns the bot's answer.
    async fn presses(&self, number: u64, custom_id: &str) -> Result<Requested, Box<dyn Error>> {
        self.answer_to(number, &frames::button(GUILD, TEXT, ANNA, number, custom_id)).await
    }

    async fn answer_to(&self, number: u64, interaction: &Value) -> Result<Requested, Box<dyn Error>> {
        self.discord.push("INTERACTION_CREATE", interaction);
        let path = format!("/interactions/{number}/{}/callback", frames::INTERACTION_TOKEN);
        Ok(self.rest.wait(|request| request.path == path).await?)
    }

    /// Waits until the bot knows that somebody is in voice. Everything before it is in the file then.
    async fn records_voice_of(&self, user: u64) -> TestResult {
        self.discord.push("VOICE_STATE_UPDATE", &frames::voice(GUILD, Some(VOICE), user));
        for number in 10_000..20_000 {
            if self.uses(number, "voice", &json!([])).await?.has(&format!("<@{user}>")) {
                return Ok(());
            }
        }
        Err("the voice state was never recorded".into())
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("stats.db")
    }

    /// Returns what the bot logged so far.
    fn log(&self) -> Result<String, Box<dyn Error>> {
        Ok(fs::read_to_string(self.folder.path().join("bot.log"))?)
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
    let log = fs::File::options().append(true).create(true).open(folder.join("bot.log"))?;
    Ok(Command::new(program()?)
        .current_dir(folder)
        .env("DISCORD_TOKEN", "Bot token")
        .env("GATEWAY_PROXY", discord.url())
        .env("HTTP_PROXY_HOST", rest.host())
        .env("MOCHA_DB", "stats.db")
        .envs(more.iter().copied())
        .stdin(Stdio::null())
        .stderr(log)
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

/// Returns the options of a command.
fn options(options: &[(&str, Value)]) -> Value {
    let kind = |value: &Value| match value {
        Value::Bool(_) => 5,
        Value::Number(_) => 6,
        _ => 3,
    };
    // Discord sends users as texts.
    let value = |value: &Value| value.as_u64().map_or_else(|| value.clone(), |id| id.to_string().into());
    let options = options.iter().map(|(name, of)| json!({ "name": name, "type": kind(of), "value": value(of) }));
    options.collect()
}

#[tokio::test]
async fn every_command_is_registered_for_servers_only() -> TestResult {
    let mut running = Running::start(&[]).await?;
    let registered = running.rest.wait(|request| request.path.ends_with("/commands")).await?;
    let commands: Vec<Value> = serde_json::from_slice(&registered.body)?;
    let names: Vec<&str> = commands.iter().filter_map(|command| command["name"].as_str()).collect();
    assert_eq!(names, ["leaderboard", "rank", "server", "voice", "mydata", "forgetme"]);
    for command in &commands {
        assert_eq!(command["contexts"], json!([0]), "{command}");
    }
    running.discord.wait(|counts| counts.identifies == 1).await?;
    assert!(running.ends()?);
    Ok(())
}

/// Twelve users wrote: Anna two messages, the others one each.
#[tokio::test]
async fn a_leaderboard_has_pages_with_and_without_a_picture() -> TestResult {
    let mut running = Running::start(&[]).await?;
    running.discord.wait(|counts| counts.identifies == 1).await?;
    let empty = running.uses(1, "leaderboard", &json!([])).await?;
    assert!(empty.has("Messages, 30 days") && empty.has("There is nothing to show yet."), "{empty:?}");
    for number in 0..13 {
        running.discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA + number % 12, number));
    }
    running.records_voice_of(ANNA).await?;

    let first = running.uses(2, "leaderboard", &json!([])).await?;
    assert!(first.has("Messages, 30 days") && first.has("leaderboard.png") && first.has("PNG"), "{first:?}");
    assert!(first.has(&format!("1. <@{ANNA}> 2\\n2. <@{}> 1\\n", ANNA + 1)), "{first:?}");
    assert!(first.has("\"allowed_mentions\":{\"parse\":[]}"), "an answer must not ping anybody");
    assert!(first.has("\"label\":\"Next\"") && !first.has("\"label\":\"Previous\""));
    let next = "leaderboard:messages:month:true:1";
    assert!(first.has(&format!("\"custom_id\":\"{next}\"")));
    let second = running.presses(3, next).await?;
    // The answer replaces the message with the button.
    assert!(second.has("\"type\":7") && second.has("leaderboard.png"), "{second:?}");
    assert!(second.has(&format!("2. <@{}> 1", ANNA + 11)) && !second.has(&format!("<@{ANNA}>")), "{second:?}");
    assert!(second.has("\"label\":\"Previous\"") && !second.has("\"label\":\"Next\""));
    let back = running.presses(4, "leaderboard:messages:month:true:0").await?;
    assert!(back.has(&format!("1. <@{ANNA}> 2")), "{back:?}");

    let text = options(&[("picture", json!(false)), ("window", json!("all"))]);
    let text = running.uses(5, "leaderboard", &text).await?;
    assert!(text.has("Messages, all time") && text.has(&format!("1. <@{ANNA}> 2")), "{text:?}");
    assert!(!text.has(".png") && !text.has("PNG"), "{text:?}");
    let second = running.presses(6, "leaderboard:messages:all:false:1").await?;
    assert!(second.has(&format!("<@{}>", ANNA + 11)) && !second.has(".png"), "{second:?}");

    for (number, (board, window, title, line)) in [
        ("words", "week", "Words, 7 days", "There is nothing to show yet."),
        ("days", "year", "Active days, 365 days", "> 1\\n"),
        ("voice", "all", "Voice time, all time", " s"),
    ]
    .into_iter()
    .enumerate()
    {
        let asked = options(&[("board", json!(board)), ("window", json!(window))]);
        let answer = running.uses(20 + u64::try_from(number)?, "leaderboard", &asked).await?;
        assert!(answer.has(title) && answer.has(line), "{answer:?}");
    }
    assert!(running.ends()?);
    Ok(())
}

#[tokio::test]
async fn members_and_servers_are_shown_at_a_glance() -> TestResult {
    let mut running = Running::start(&[]).await?;
    running.discord.wait(|counts| counts.identifies == 1).await?;
    let nobody = running.uses(1, "voice", &json!([])).await?;
    assert!(nobody.has("Nobody is in voice."));
    for number in 0..3 {
        running.discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA + number / 2, number));
    }
    for number in 1..26 {
        running.discord.push("VOICE_STATE_UPDATE", &frames::voice(GUILD, Some(VOICE), ANNA + number));
    }
    running.records_voice_of(ANNA).await?;

    let voice = running.uses(2, "voice", &json!([])).await?;
    assert!(voice.has("In voice now: 26") && voice.has("and 1 more"), "{voice:?}");
    assert!(voice.has(&format!("in <#{VOICE}>, for 0 min")), "{voice:?}");
    let own = running.uses(3, "rank", &json!([])).await?;
    assert!(own.has(&format!("<@{ANNA}>, 30 days")) && own.has("Messages: 2 (rank 1 of 2)"), "{own:?}");
    assert!(own.has("Active days: 1") && own.has("Current streak: 1 days"), "{own:?}");
    let other = running.uses(4, "rank", &options(&[("member", json!(ANNA + 1))])).await?;
    assert!(other.has(&format!("<@{}>, 30 days", ANNA + 1)) && other.has("Messages: 1 (rank 2 of 2)"), "{other:?}");
    let server = running.uses(5, "server", &json!([])).await?;
    assert!(server.has("Messages: 3") && server.has("messages.png") && server.has("PNG"), "{server:?}");
    assert!(server.has("Active members: 26") && server.has("Members: 5"), "the rest of the text");
    assert!(running.ends()?);
    Ok(())
}

#[tokio::test]
async fn a_user_reads_and_deletes_what_was_recorded() -> TestResult {
    let mut running = Running::start(&[]).await?;
    running.discord.wait(|counts| counts.identifies == 1).await?;
    for number in 0..3 {
        running.discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA + number / 2, number));
    }
    running.records_voice_of(ANNA).await?;

    let data = running.uses(1, "mydata", &json!([])).await?;
    assert!(data.has("mydata.json") && data.has("\"flags\":64"), "only the user may see it: {data:?}");
    assert!(data.has(&format!("\"{ANNA}\"")) && !data.has(&format!("\"{}\"", ANNA + 1)), "{data:?}");

    running.uses(2, "forgetme", &options(&[("confirm", json!("no"))])).await?;
    running.rest.wait(|request| request.method == "PATCH" && request.has("Nothing was deleted")).await?;
    assert!(running.uses(3, "rank", &json!([])).await?.has("Messages: 2"));
    let deferred = running.uses(4, "forgetme", &options(&[("confirm", json!("forget me"))])).await?;
    assert!(deferred.has("\"type\":5") && deferred.has("\"flags\":64"), "{deferred:?}");
    running.rest.wait(|request| request.method == "PATCH" && request.has("rows about you were deleted")).await?;

    // Nothing more is recorded about the user, and everything about others.
    running.discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA, 10));
    running.discord.push("MESSAGE_CREATE", &frames::message(GUILD, TEXT, ANNA + 1, 11));
    running.records_voice_of(ANNA + 2).await?;
    assert!(running.uses(5, "rank", &json!([])).await?.has("Messages: 0"));
    assert!(running.uses(6, "rank", &options(&[("member", json!(ANNA + 1))])).await?.has("Messages: 2"));
    assert!(running.ends()?);
    let authors: Vec<UserId> = Store::open(running.file())?
        .read(|conn| message_events::table.select(message_events::user_id).order(message_events::id).load(conn))?;
    assert_eq!(authors, [UserId::try_from(ANNA + 1)?, UserId::try_from(ANNA + 1)?]);
    Ok(())
}

#[tokio::test]
async fn a_user_sees_an_error_when_a_command_fails() -> TestResult {
    const SORRY: &str = "Sorry, that did not work.";
    let mut running = Running::start(&[]).await?;
    running.discord.wait(|counts| counts.identifies == 1).await?;
    let direct = running.answer_to(1, &frames::direct_command(TEXT, ANNA, 1, "rank")).await?;
    assert!(direct.has("This command works on a server only.") && direct.has("\"flags\":64"), "{direct:?}");
    let unknown = running.uses(2, "nothing", &json!([])).await?;
    assert!(unknown.has(SORRY) && unknown.has("\"flags\":64"), "{unknown:?}");
    let no_board = running.uses(3, "leaderboard", &options(&[("board", json!("x"))])).await?;
    assert!(no_board.has(SORRY), "{no_board:?}");

    // Each command needs a table that is away.
    let store = Store::open(running.file())?;
    store.write(|conn| diesel::sql_query("ALTER TABLE horizons RENAME TO away").execute(conn))?;
    for (number, name) in ["leaderboard", "rank", "server"].into_iter().enumerate() {
        let answer = running.uses(10 + u64::try_from(number)?, name, &json!([])).await?;
        assert!(answer.has(SORRY) && answer.has("\"flags\":64"), "{name}: {answer:?}");
    }
    let page = running.presses(20, "leaderboard:messages:month:true:1").await?;
    // The message with the button stays as it is.
    assert!(page.has(SORRY) && page.has("\"type\":4"), "{page:?}");
    store.write(|conn| diesel::sql_query("ALTER TABLE away RENAME TO horizons").execute(conn))?;
    assert!(running.uses(30, "rank", &json!([])).await?.has("Messages: 0"));
    assert!(running.ends()?);
    let log = running.log()?;
    assert!(log.contains("could not answer") && log.contains("horizons"), "the reason is in the log: {log}");
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
    let log = running.log()?;
    assert!(log.contains("resuming where the file stops") && log.contains("the session was resumed"), "{log}");
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
    let files = fs::read_dir(running.folder.path())?.collect::<Result<Vec<_>, _>>()?;
    assert_eq!(files.len(), 1, "only the log: {files:?}");
    Ok(())
}
