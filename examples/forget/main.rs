//! Somebody asks a bot what it knows of them, and then to be forgotten: in a small simulated server.
//!
//! `cargo run --example forget`. It works in a temporary folder, and leaves nothing behind.

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
    let told = tell(&folder, &mut out);
    std::fs::remove_dir_all(&folder)?;
    told
}

fn tell(folder: &std::path::Path, out: &mut impl io::Write) -> anyhow::Result<()> {
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
    let Some(user_id) = first(&store)? else { anyhow::bail!("nobody wrote anything") };
    writeln!(out, "{user_id} writes most, and asks what the bot knows:")?;
    let mut json = Vec::new();
    let rows = store.export_user(user_id).write_to(&mut json)?;
    writeln!(out, "  {rows} rows, {} bytes of JSON", json.len())?;

    let receipt = store.opt_out_user(user_id).run()?;
    writeln!(out, "and then to be left alone; receipt {}:", receipt.id)?;
    for removed in &receipt.removed {
        writeln!(out, "  {:>6} rows of {}", removed.rows, removed.table)?;
    }
    anyhow::ensure!(receipt.is_complete(), "something is left: {:?}", receipt.traces_left_by);

    // Discord tells all of it once more.
    for event in server.events() {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;
    writeln!(out, "Told again, {} events were not recorded.", recorder.stats().withheld)?;
    anyhow::ensure!(first(&store)? != Some(user_id) && store.export_user(user_id).write_to(io::sink())? == 0);

    let intents = Intents::GUILDS | Intents::GUILD_MESSAGES | Intents::GUILD_VOICE_STATES;
    writeln!(out, "\nWhat a bot with these intents stores:\n\n{}", DataInventory::new(intents))?;
    Ok(())
}
