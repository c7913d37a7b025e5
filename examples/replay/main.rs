//! Plays a trace of gateway frames into a file of Mocha and tells what happened in it.
//!
//! `cargo run --release --example replay -- [TRACE[.zst]] [--db FILE] [--json] [--kill-every N]`. Without a trace it plays a short one
//! that it carries inside.

use std::{
    fs::File,
    io::{self, Read, Write as _},
    num::NonZeroU64,
    path::PathBuf,
};

use anyhow::Context as _;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use mocha_discord::{Clock, Store};
use mocha_examples::replay::{Answer, BrokenLine, Trace, feed, report};
use serde::Serialize as _;
use serde_json::ser::PrettyFormatter;

/// Two people meet on a server of theirs.
const TRACE: &[u8] = include_bytes!("trace.jsonl");

/// Plays recorded gateway traffic of a guild through Mocha and reports what happened.
#[derive(Debug, Parser)]
struct Options {
    /// The trace: a gateway frame a line, as JSON, plain or compressed with zstd; a short one of its own if not given
    trace: Option<PathBuf>,
    /// Where to keep what happened; in memory if not given. Playing a trace twice changes nothing
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Print one JSON document with every user and channel instead of a report
    #[arg(long)]
    json: bool,
    /// Kill the recorder after every N frames, as a crash would, and start it again
    #[arg(long, value_name = "N")]
    kill_every: Option<NonZeroU64>,
}

fn main() -> anyhow::Result<()> {
    let Options { trace, db, json, kill_every } = Options::parse();
    let (bytes, reader, name): (u64, Box<dyn Read>, _) = match trace {
        Some(path) => {
            let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
            (file.metadata()?.len(), Box::new(file), path.display().to_string())
        }
        None => (u64::try_from(TRACE.len())?, Box::new(TRACE), "the trace inside".to_owned()),
    };
    let bar = progress(bytes)?;
    let trace = Trace::new(bar.wrap_read(reader)).with_context(|| format!("cannot read {name}"))?;

    let builder = Store::builder().clock(Clock::Events);
    let store = match db {
        Some(path) => builder.open(path)?,
        None => builder.open_in_memory()?,
    };
    let played = feed(trace, &store, kill_every, |line| bar.suspend(|| complain(line)))?;
    bar.finish_and_clear();

    let about = played.guild_id.zip(played.span);
    let (guild_id, span) = about.context("there is no frame of a guild in the trace")?;
    let answer = store.read(|conn| Answer::load(conn, guild_id, span))?;
    let text = if json { document(&answer)? } else { store.read(|conn| report(conn, &played, &answer))? };
    match io::stdout().write_all(text.as_bytes()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

fn document(answer: &Answer) -> anyhow::Result<String> {
    let mut json = Vec::new();
    let formatter = PrettyFormatter::with_indent(b" ");
    answer.serialize(&mut serde_json::Serializer::with_formatter(&mut json, formatter))?;
    json.push(b'\n');
    Ok(String::from_utf8(json)?)
}

/// A bar on the terminal that is the standard error; none if it is something else.
fn progress(bytes: u64) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {elapsed}")?;
    Ok(ProgressBar::new(bytes).with_style(style))
}

#[expect(clippy::print_stderr, reason = "a program tells its user what it could not read")]
fn complain(line: &BrokenLine) {
    eprintln!("{line}");
}
