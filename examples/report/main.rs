//! Records some months of a busy simulated server into `data/stats.db`, and prints a report.
//!
//! `cargo run --release --example report`. Every run prints the same report, even if the file exists already.

mod report;

use std::io::{self, Write as _};

use chrono::TimeDelta;
use indicatif::{ProgressBar, ProgressStyle};
use mocha_discord::stats::Window;
use mocha_discord::{Clock, Recorder, Store};
use mocha_sim::Server;

use crate::report::Report;

const FILE: &str = "data/stats.db";
/// The simulated time: thirteen weeks.
const DAYS: u32 = 91;

fn main() -> anyhow::Result<()> {
    let server = Server::new(2024).days(DAYS).members(800).messages_per_day(1_500).voice_sessions_per_day(160);

    // The events set the clock, because they are not from now.
    let store = Store::builder().clock(Clock::Events).open(FILE)?;
    let recorder = store.recorder()?;
    record(&recorder, &server)?;
    recorder.shutdown()?;

    let window = Window::last(TimeDelta::days(DAYS.into()), server.end())?;
    let report = store.read(|conn| Report::load(conn, server.guild_id(), window))?;
    let mut out = io::stdout().lock();
    out.write_all(report.print().as_bytes())?;
    writeln!(out, "\nEverything is in {FILE}. Any SQLite tool can open it.")?;
    Ok(())
}

/// Records all events, with a progress bar on a terminal.
fn record(recorder: &Recorder, server: &Server) -> anyhow::Result<()> {
    let style = ProgressStyle::with_template("recording {bar:40} day {pos} of {len}")?;
    let bar = ProgressBar::new(DAYS.into()).with_style(style);
    let mut day = None;
    for event in server.events() {
        let today = Some(event.at().date_naive());
        if day != today {
            day = today;
            bar.inc(1);
        }
        // A live bot uses `record`, which never waits. A simulation is faster than any disk, so it waits for room in the queue.
        recorder.record_blocking(event)?;
    }
    bar.finish_and_clear();
    Ok(())
}
