//! Converts a file of the TypeScript original's code into a new file that Mocha can open.
//!
//! `cargo run --release --example convert -- OLD.db NEW.db`

use std::{io::Write as _, path::PathBuf};

use clap::Parser;
use mocha_discord::Store;

#[derive(Parser)]
struct Args {
    /// The file to read. It is not changed.
    old: PathBuf,
    /// The file to write.
    new: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let Args { old, new } = Args::parse();
    let converted = Store::convert(&old, &new)?;
    let mut out = std::io::stdout().lock();
    for table in &converted.tables {
        writeln!(out, "{}: {} rows from {}, {} skipped", table.name, table.rows, table.source, table.skipped)?;
    }
    writeln!(out, "written: {}", new.display())?;
    Ok(())
}
