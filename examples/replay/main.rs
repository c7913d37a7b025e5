//! Records a trace of gateway frames and prints a report about it.
//!
//! `cargo run --release --example replay -- [TRACE[.zst]] [--db PLACE] [--json] [--kill-every N]`. Without a trace it uses a
//! short one that is compiled in. `PLACE` is a file or, with `--features postgres`, a `postgres://` URL.

use std::{
    fs::File,
    io::{self, Read, Write as _},
    num::NonZeroU64,
    path::PathBuf,
};

use anyhow::Context as _;
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use mocha_discord::{AnyStore, Clock, Store};
use mocha_examples::replay::{Answer, BrokenLine, Trace, feed, report};
use serde::Serialize as _;
use serde_json::ser::PrettyFormatter;

/// A short trace: two users meet on their server.
const TRACE: &[u8] = include_bytes!("trace.jsonl");

/// Records gateway traffic of a guild and prints a report
#[derive(Debug, Parser)]
struct Options {
    /// The trace: one JSON frame in each line, plain or compressed with zstd. Default: a short trace that is compiled in
    trace: Option<PathBuf>,
    /// The file or the `postgres://` URL to record into. Default: in memory. Replaying a trace again changes nothing
    #[arg(long, value_name = "PLACE")]
    db: Option<String>,
    /// Print one JSON document with every user and channel instead of a report
    #[arg(long)]
    json: bool,
    /// Kill the recorder after every N frames, as in a crash, and start it again
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
        None => (u64::try_from(TRACE.len())?, Box::new(TRACE), "the compiled-in trace".to_owned()),
    };
    let bar = progress(bytes)?;
    let trace = Trace::new(bar.wrap_read(reader)).with_context(|| format!("cannot read {name}"))?;

    let store = match db {
        Some(place) => AnyStore::builder().clock(Clock::Events).open(&place)?,
        None => Store::builder().clock(Clock::Events).open_in_memory()?.into(),
    };
    let played = feed(trace, || store.recorder(), kill_every, |line| bar.suspend(|| complain(line)))?;
    bar.finish_and_clear();

    let about = played.guild_id.zip(played.span);
    let (guild_id, span) = about.context("the trace has no frame of a guild")?;
    let answer = store.read(|conn| Answer::load(conn, guild_id, span))?;
    let text = if json { document(&answer)? } else { store.read(|conn| report(conn, &played, &answer))? };
    match io::stdout().write_all(text.as_bytes()) {
        // The reader of the output closed the pipe.
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

/// Returns a progress bar, which is hidden if the standard error is not a terminal.
fn progress(bytes: u64) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {elapsed}")?;
    Ok(ProgressBar::new(bytes).with_style(style))
}

#[expect(clippy::print_stderr, reason = "the program reports lines that it could not read")]
fn complain(line: &BrokenLine) {
    eprintln!("{line}");
}
