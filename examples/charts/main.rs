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
use mocha_charts::{Chart, Level, Profile, Theme};
use mocha_discord::{
    Clock, GuildId, Store,
    stats::{
        ActiveMembers, Growth, GuildReport, HeatMap, Leaderboard, MemberCard, MemberRetention, MemberReturn,
        MessageSeries, Names, VoiceHeatMap, VoiceOccupancy, VoiceSeries, Window, chrono_tz::Tz,
    },
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

    let year = Window::last_days(DAYS, Tz::UTC, now)?;
    let calendar = MessageSeries::of(guild).within(year).load(conn)?;
    let active = ActiveMembers::of(guild).within(window).including_voice().load(conn)?;
    let retention = MemberRetention::of(guild).within(year).now(now).load(conn)?;
    let returned = MemberReturn::of(guild).within(year).now(now).load(conn)?;
    let voice_heat_map = VoiceHeatMap::of(guild).within(window).load(conn)?;
    let two_days = Window::between(midnight - TimeDelta::days(1), now)?;
    let occupancy = VoiceOccupancy::of(guild).within(two_days).load(conn)?;

    let first = writers.entries.first().context("somebody wrote")?.user_id;
    let member_card = MemberCard::of(guild, first, now).load(conn)?;
    let member = Profile::new(names.user(first).unwrap_or_default())
        .picture(&avatar([0x57, 0xb4, 0x95])?)?
        .level(Level::new(12, 340, 500));
    let report = GuildReport::last_week(guild, Tz::UTC, now)?.load(conn)?;
    let server = Profile::new("Rust Café").picture(&avatar([0xd6, 0x94, 0x61])?)?;

    let charts = vec![
        ("writers", Chart::leaderboard(&writers, &names).title("Most messages")),
        ("talkers", Chart::leaderboard(&talkers, &names).title("Longest in voice")),
        ("messages", Chart::messages_compared(&messages, &messages_before)),
        ("growth", Chart::growth(&growth)),
        ("heat_map", Chart::heat_map(&heat_map).zone(Tz::UTC)),
        ("voice", Chart::voice(&voice)),
        ("calendar", Chart::calendar(&calendar)),
        ("active_members", Chart::active_members(&active)),
        ("retention", Chart::retention(&retention)),
        ("returned", Chart::returned(&returned)),
        ("voice_heat_map", Chart::voice_heat_map(&voice_heat_map).zone(Tz::UTC)),
        ("occupancy", Chart::occupancy(&occupancy).zone(Tz::UTC)),
        ("member_card", Chart::member_card(&member_card, &member)),
    ];
    let named = charts.into_iter().map(|(file, chart)| (file, chart.guild_name("Rust Café")));
    let mut charts: Vec<_> = named.collect();
    // The card's title is the name of the server.
    charts.push(("guild_card", Chart::guild_card(&report, &server)));
    Ok(charts)
}

/// Returns a PNG file with a disc of a colour, in place of the avatar that a bot fetches from Discord.
fn avatar(color: [u8; 3]) -> anyhow::Result<Vec<u8>> {
    const SIDE: i32 = 128;
    let mut pixels = Vec::new();
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (x, y) = (2 * x - SIDE, 2 * y - SIDE);
            let is_inside = x * x + y * y < SIDE * SIDE / 3;
            pixels.extend(if is_inside { [0xff, 0xff, 0xff] } else { color });
        }
    }
    let mut file = Vec::new();
    let side = u32::try_from(SIDE)?;
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(file)
}

fn write(folder: &Path, name: &str, chart: &Chart<'_>) -> anyhow::Result<()> {
    for (theme, chart) in [("dark", chart.clone().theme(Theme::Dark)), ("light", chart.clone().theme(Theme::Light))] {
        fs::write(folder.join(format!("{name}-{theme}.png")), chart.png()?)?;
        fs::write(folder.join(format!("{name}-{theme}.svg")), chart.svg()?)?;
    }
    Ok(())
}
