//! Imports exports of `DiscordChatExporter`.
//!
//! `cargo run --release --example import -- PATH... --db FILE [--raw-content] [--json]`. A path is a file or a folder.

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal as _, Write as _},
    ops::ControlFlow,
    path::PathBuf,
};

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use mocha_discord::{Clock, GuildId, Store};
use mocha_examples::replay::WrittenAnswer;
use mocha_import::{Import, ImportReport, Progress};
use serde::Serialize as _;
use serde_json::ser::PrettyFormatter;

/// Imports exports of channels and prints a report
#[derive(Debug, Parser)]
struct Options {
    /// The exports in JSON: files, or folders with such files
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The file to record into. Importing again changes nothing
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// The texts were exported without changes (`--markdown false`): count characters and words
    #[arg(long)]
    raw_content: bool,
    /// Print one JSON document about the guild instead of a report. The report goes to the standard error
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<()> {
    let Options { paths, db, raw_content, json } = Options::parse();
    let store = Store::builder().clock(Clock::Events).open(&db)?;
    let recorder = store.recorder()?;
    let is_watched = io::stderr().is_terminal();
    let report = Import::new(recorder.clone())
        .raw_content(raw_content)
        .on_progress(|progress| {
            if is_watched {
                show(progress);
            }
            ControlFlow::Continue(())
        })
        .run(&paths)?;
    recorder.shutdown()?;
    let failed = report.failed().count();
    if json {
        complain(&report);
        // If no file has a guild, the failure below says more.
        if report.files.iter().any(|file| file.guild_id.is_some()) {
            print(&document(&store, &report)?)?;
        }
    } else {
        print(&format!("{report}\n"))?;
    }
    ensure!(!report.files.is_empty(), "there is no `.json` file to import");
    ensure!(failed == 0, "{failed} of {} files were not imported completely", report.files.len());
    Ok(())
}

fn document(store: &Store, report: &ImportReport) -> anyhow::Result<String> {
    let guilds: BTreeSet<GuildId> = report.files.iter().filter_map(|file| file.guild_id).collect();
    let mut guilds = guilds.into_iter();
    let guild_id = guilds.next().context("no file names a guild")?;
    if guilds.next().is_some() {
        bail!("the files are of several guilds, but `--json` needs one");
    }
    let answer = store.read(|conn| WrittenAnswer::load(conn, guild_id))?;
    let mut json = Vec::new();
    answer.serialize(&mut serde_json::Serializer::with_formatter(&mut json, PrettyFormatter::with_indent(b" ")))?;
    json.push(b'\n');
    Ok(String::from_utf8(json)?)
}

fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        // The reader of the output closed the pipe.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

#[expect(clippy::print_stderr, reason = "a program shows its progress")]
fn show(progress: Progress<'_>) {
    let name = progress.file.file_name().unwrap_or_default().display();
    eprint!("\r\x1b[2K{} of {}: {name}: {} messages", progress.files_read + 1, progress.file_count, progress.taken);
}

#[expect(clippy::print_stderr, reason = "a program reports errors")]
fn complain(report: &ImportReport) {
    eprintln!("{report}");
}
