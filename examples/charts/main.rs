//! Some weeks of a simulated server as pictures: each chart in both themes, as PNG and SVG.
//!
//! `cargo run --release --example charts [-- FOLDER]`. Without a folder it writes into one for temporary files, and says which.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::SqliteConnection;
use mocha_charts::{Chart, Theme};
use mocha_discord::{
    Clock, GuildId, Store, UserId,
    stats::{Growth, HeatMap, Leaderboard, MessageSeries, VoiceSeries, Window},
};
use mocha_examples::names::Names;
use mocha_sim::Server;

/// Two windows of four weeks, the later one to be shown beside the other.
const DAYS: u32 = 56;
const WINDOW_DAYS: i64 = 28;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(|| std::env::temp_dir().join("mocha-charts"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    let server = Server::new(2024).days(DAYS).members(300).messages_per_day(600).voice_sessions_per_day(60);
    let store = Store::builder().clock(Clock::Events).open_in_memory()?;
    let recorder = store.recorder()?;
    for event in server.events() {
        // A live bot uses `record`, which never waits. A simulation is faster than any disk, and waits for room in the queue.
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;

    let charts = store.read(|conn| charts(conn, server.guild_id(), server.end()))?;
    for (name, chart) in charts {
        write(&folder, name, &chart)?;
    }
    writeln!(std::io::stdout(), "The pictures are in {}", folder.display())?;
    Ok(())
}

/// Asks, and makes a chart of each answer; the same as a command of a bot would.
fn charts(
    conn: &mut SqliteConnection,
    guild: GuildId,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<(&'static str, Chart<'static>)>> {
    let window = Window::last(TimeDelta::days(WINDOW_DAYS), now)?;
    let before = window.previous().context("the window has one before it")?;

    let writers = Leaderboard::messages(guild).within(window).compare().limit(10).load(conn)?;
    let talkers = Leaderboard::voice(guild).within(window).limit(10).load(conn)?;
    let listed = writers.entries.iter().map(|entry| entry.user_id);
    let names = Names::load(conn, listed.chain(talkers.entries.iter().map(|entry| entry.user_id)), [])?;
    let name = |user: UserId| Some(names.user(user));

    let messages = MessageSeries::of(guild).within(window).load(conn)?;
    let messages_before = MessageSeries::of(guild).within(before).load(conn)?;
    let growth = Growth::of(guild).within(window).load(conn)?;
    let heat_map = HeatMap::of(guild).within(window).load(conn)?;
    let voice = VoiceSeries::of(guild).within(window).load(conn)?;

    Ok(vec![
        ("writers", Chart::leaderboard(&writers, name).title("Who wrote most in four weeks")),
        ("talkers", Chart::voice_leaderboard(&talkers, name).title("Who talked longest in four weeks")),
        ("messages", Chart::messages_compared(&messages, &messages_before)),
        ("growth", Chart::growth(&growth)),
        ("heat_map", Chart::heat_map(&heat_map)),
        ("voice", Chart::voice(&voice)),
    ])
}

fn write(folder: &Path, name: &str, chart: &Chart<'_>) -> anyhow::Result<()> {
    for (theme, chart) in [("dark", chart.clone().theme(Theme::Dark)), ("light", chart.clone().theme(Theme::Light))] {
        fs::write(folder.join(format!("{name}-{theme}.png")), chart.png()?)?;
        fs::write(folder.join(format!("{name}-{theme}.svg")), chart.svg()?)?;
    }
    Ok(())
}
