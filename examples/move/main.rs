//! Moves a SQLite file into a PostgreSQL database, or a server's history back into a file.
//!
//! `cargo run --release -p mocha-examples --features postgres --example move -- data/stats.db postgres://mocha@localhost/bots`,
//! and back with `… -- postgres://mocha@localhost/bots guild.db --guild ID`.
//!
//! The bot may record into the source meanwhile. Stop it, run this again to copy the rest, and start the bot with the
//! destination.

use std::{io::Write as _, ops::ControlFlow, process::ExitCode};

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use mocha_discord::{AnyStore, GuildId, Moved, Mover};

/// Copies the history of a bot from SQLite to PostgreSQL or back, and compares both.
#[derive(Debug, Parser)]
struct Options {
    /// The file or the `postgres://` URL to copy from
    from: String,
    /// The file or the `postgres://` URL to copy to. It is created if it is missing
    to: String,
    /// Copy this server only; may be given several times
    #[arg(long, value_name = "ID")]
    guild: Vec<GuildId>,
}

fn main() -> anyhow::Result<ExitCode> {
    let Options { from, to, guild } = Options::parse();
    let (from, to) = (AnyStore::open(&from)?, AnyStore::open(&to)?);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} rows {elapsed}{msg}")?;
    let bar = ProgressBar::new(0).with_style(style);
    let mover = guild.into_iter().fold(Mover::new(&from, &to), Mover::guild).on_progress(|so_far| {
        bar.set_length(so_far.total);
        bar.set_position(so_far.rows);
        if so_far.answers > 0 {
            bar.set_message(format!(", {} answers compared", so_far.answers));
        }
        ControlFlow::Continue(())
    });
    let moved = mover.run()?;
    bar.finish_and_clear();
    std::io::stdout().write_all(report(&moved).as_bytes())?;
    Ok(if moved.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(moved: &Moved) -> String {
    let Moved { answers, deleted, guilds, rows, written, .. } = moved;
    let mut lines = vec![format!("{rows} rows of {guilds} servers: {written} written, {deleted} deleted")];
    lines.extend(moved.odd.iter().map(|odd| format!("{} rows of {} cannot be moved", odd.rows, odd.table)));
    lines.extend(
        moved.ahead.iter().map(|guild| format!("server {guild} is newer in the destination, so it is left alone")),
    );
    lines.extend(moved.differences.iter().map(|difference| format!("{difference:?}")));
    if moved.is_complete() {
        lines.push(format!("the tables have the same numbers of rows, and {answers} answers are equal"));
    }
    lines.join("\n") + "\n"
}
