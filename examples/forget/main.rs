//! A user of a small simulated server asks for all data about them, and then for erasure.
//!
//! `cargo run --example forget`. It uses a temporary folder and deletes it.

use std::io;

use mocha_discord::{
    Clock, Store, UserId,
    stats::{Leaderboard, Window},
    twilight::DataInventory,
};
use mocha_sim::Server;
use twilight_model::gateway::Intents;

fn main() -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let folder = std::env::temp_dir().join(format!("mocha-forget-{}", std::process::id()));
    let result = run(&folder, &mut out);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn run(folder: &std::path::Path, out: &mut impl io::Write) -> anyhow::Result<()> {
    let server = Server::new(7).days(14).members(40).messages_per_day(300);
    let store = Store::builder().clock(Clock::Events).open(folder.join("stats.db"))?;
    let recorder = store.recorder()?;
    for event in server.events() {
        recorder.record_blocking(event)?;
    }
    recorder.flush()?;

    let window = Window::last(chrono::TimeDelta::days(14), server.end())?;
    let first = |store: &Store| -> anyhow::Result<Option<UserId>> {
        let board = store.read(|conn| Leaderboard::messages(server.guild_id()).within(window).limit(1).load(conn))?;
        Ok(board.entries.first().map(|entry| entry.user_id))
    };
    let Some(user_id) = first(&store)? else { anyhow::bail!("the server has no messages") };
    writeln!(out, "The user {user_id} asks for all data:")?;
    let mut json = Vec::new();
    let rows = store.export_user(user_id).write_to(&mut json)?;
    writeln!(out, "  {rows} rows, {} bytes of JSON", json.len())?;

    let receipt = store.opt_out_user(user_id).run()?;
    writeln!(out, "The user opts out. Receipt {}:", receipt.id)?;
    for removed in &receipt.removed {
        writeln!(out, "  {:>6} rows of {}", removed.rows, removed.table)?;
    }
    anyhow::ensure!(receipt.is_complete(), "the erasure is incomplete: {:?}", receipt.traces_left_by);

    // Discord delivers all events again.
    for event in server.events() {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;
    writeln!(out, "Events that were delivered again and not recorded: {}.", recorder.stats().withheld)?;
    anyhow::ensure!(first(&store)? != Some(user_id) && store.export_user(user_id).write_to(io::sink())? == 0);

    let intents = Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::GUILD_VOICE_STATES;
    writeln!(out, "\nWhat a bot with these intents stores:\n\n{}", DataInventory::new(intents))?;
    Ok(())
}
