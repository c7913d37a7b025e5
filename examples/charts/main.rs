//! Draws each chart from some weeks of a simulated server, in both themes, as PNG and SVG.
//!
//! `cargo run --release --example charts [-- FOLDER]`. Without a folder it writes into a temporary one and prints its
//! path. The simulation has a fixed seed, so every run writes the same files.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use diesel::SqliteConnection;
use mocha_charts::{Chart, Theme};
use mocha_discord::{
    Clock, GuildId, Store,
    stats::{Growth, HeatMap, Leaderboard, MessageSeries, Names, VoiceSeries, Window, chrono_tz::Tz},
};
use mocha_sim::Server;

/// The simulated days: enough for two windows of four weeks, to compare them.
const DAYS: u32 = 57;
const WINDOW_DAYS: i64 = 28;
/// The simulation ends at midnight. The charts end some hours earlier, so that their last day is not complete, as in a bot.
const HOURS_LEFT: i64 = 7;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(|| std::env::temp_dir().join("mocha-charts"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    let server = Server::new(2024).days(DAYS).members(300).messages_per_day(600).voice_sessions_per_day(60);
    let store = Store::builder().clock(Clock::Events).open_in_memory()?;
    let recorder = store.recorder()?;
    for event in server.events() {
        // A live bot uses `record`, which never waits. A simulation is faster than any disk, so it waits for room in the queue.
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;

    let charts = store.read(|conn| charts(conn, server.guild_id(), server.end() - TimeDelta::hours(HOURS_LEFT)))?;
    for (name, chart) in charts {
        write(&folder, name, &chart)?;
    }
    writeln!(std::io::stdout(), "The pictures are in {}", folder.display())?;
    Ok(())
}

/// Runs each query and draws its answer, as the commands of a bot do.
fn charts(
    conn: &mut SqliteConnection,
    guild: GuildId,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<(&'static str, Chart<'static>)>> {
    let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let window = Window::between(midnight - TimeDelta::days(WINDOW_DAYS - 1), now)?;
    let before = Window::last(TimeDelta::days(WINDOW_DAYS), window.start().context("the window has a start")?)?;

    let writers = Leaderboard::messages(guild).within(window).compare().limit(10).load(conn)?;
    let talkers = Leaderboard::voice(guild).within(window).limit(10).load(conn)?;
    let listed = writers.entries.iter().map(|entry| entry.user_id);
    let listed = listed.chain(talkers.entries.iter().map(|entry| entry.user_id));
    let names = Names::of(guild).users(listed).load(conn)?;

    let messages = MessageSeries::of(guild).within(window).load(conn)?;
    let messages_before = MessageSeries::of(guild).within(before).load(conn)?;
    let growth = Growth::of(guild).within(window).load(conn)?;
    let heat_map = HeatMap::of(guild).within(window).load(conn)?;
    let voice = VoiceSeries::of(guild).within(window).load(conn)?;

    let charts = [
        ("writers", Chart::leaderboard(&writers, &names).title("Most messages")),
        ("talkers", Chart::leaderboard(&talkers, &names).title("Longest in voice")),
        ("messages", Chart::messages_compared(&messages, &messages_before)),
        ("growth", Chart::growth(&growth)),
        ("heat_map", Chart::heat_map(&heat_map).zone(Tz::UTC)),
        ("voice", Chart::voice(&voice)),
    ];
    Ok(charts.map(|(file, chart)| (file, chart.guild_name("Rust Café"))).to_vec())
}

fn write(folder: &Path, name: &str, chart: &Chart<'_>) -> anyhow::Result<()> {
    for (theme, chart) in [("dark", chart.clone().theme(Theme::Dark)), ("light", chart.clone().theme(Theme::Light))] {
        fs::write(folder.join(format!("{name}-{theme}.png")), chart.png()?)?;
        fs::write(folder.join(format!("{name}-{theme}.svg")), chart.svg()?)?;
    }
    Ok(())
}
