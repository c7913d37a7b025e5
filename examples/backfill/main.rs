//! Reads the history of a server from Discord's API.
//!
//! `DISCORD_TOKEN=... cargo run --release -p mocha-examples --features backfill --example backfill -- GUILD --db FILE`
//!
//! Run it again after it was interrupted: it continues where it stopped. A bot may record into the same file meanwhile.
//! `HTTP_PROXY_HOST` is `host:port` of a proxy for Discord's API, without encryption, for tests.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    ops::ControlFlow,
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context as _, ensure};
use clap::Parser;
use mocha_discord::{
    Store,
    twilight::{Adapter, Statistic, backfill::Backfill},
};
use twilight_http::Client;
use twilight_model::id::{
    Id,
    marker::{ChannelMarker, GuildMarker, MessageMarker},
};

/// Reads the history of a server and says what was read.
#[derive(Debug, Parser)]
struct Options {
    /// The server
    guild: Id<GuildMarker>,
    /// The file to record into. Messages that it has already count once
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// Read only this channel and its threads; may be given several times
    #[arg(long, value_name = "ID")]
    channel: Vec<Id<ChannelMarker>>,
    /// Read only messages with higher ids than this
    #[arg(long, value_name = "ID")]
    after: Option<Id<MessageMarker>>,
    /// Read only messages with lower ids than this
    #[arg(long, value_name = "ID")]
    before: Option<Id<MessageMarker>>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let Options { guild, db, channel, after, before } = Options::parse();
    // Several crates bring encryption along, so rustls needs to know which one to use.
    rustls::crypto::ring::default_provider().install_default().ok().context("another provider is installed already")?;
    let token = env::var("DISCORD_TOKEN").context("DISCORD_TOKEN must hold the bot's token")?;
    let mut http = Client::builder().token(token);
    if let Ok(host) = env::var("HTTP_PROXY_HOST") {
        http = http.proxy(host, true);
    }

    let store = Store::open(&db)?;
    let recorder = store.recorder()?;
    // Discord sends texts only to bots with the intent for them. Without it, lengths are unknown.
    let intents = Statistic::Messages.intents() | Statistic::MessageContent.intents();
    let is_watched = io::stderr().is_terminal();
    let mut backfill = Backfill::new(Adapter::new(recorder.clone(), intents), Arc::new(http.build()), guild)
        .on_progress(|channel| {
            if is_watched {
                show(channel.channel_id.get(), channel.messages);
            }
            ControlFlow::Continue(())
        });
    if !channel.is_empty() {
        backfill = backfill.channels(channel);
    }
    if let Some(after) = after {
        backfill = backfill.after(after);
    }
    if let Some(before) = before {
        backfill = backfill.before(before);
    }
    let report = backfill.run().await;
    // Messages that were read before an error are recorded too.
    recorder.shutdown_async().await?;
    let report = report?;
    writeln!(io::stdout(), "{report}")?;
    ensure!(!report.channels.is_empty(), "the server has no channel that the bot may see");
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a program says how far it is")]
fn show(channel: u64, messages: u64) {
    eprint!("\r\x1b[2K{channel}: {messages} messages");
}
