//! Restores all events of an archive into a new or existing store.
//!
//! `cargo run --release --example unarchive -- FOLDER FILE`

use std::{io::Write as _, path::PathBuf};

use clap::Parser;
use mocha_discord::{Maintenance, Store, archive::Archive};

#[derive(Parser)]
struct Args {
    /// The archive's folder.
    folder: PathBuf,
    /// The store's file. It is created if it is missing.
    file: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let Args { folder, file } = Args::parse();
    anyhow::ensure!(folder.is_dir(), "{} is not a folder", folder.display());
    let store = Store::builder().maintenance(Maintenance::off()).open(&file)?;
    let restored = Archive::open(&folder)?.restore(&store).run()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} rows restored, {} were in the store already", restored.rows, restored.known)?;
    if restored.withheld > 0 {
        writeln!(out, "{} rows of erased users were left out", restored.withheld)?;
    }
    if restored.before_horizon > 0 {
        writeln!(out, "{} rows from before the store's horizon were left out", restored.before_horizon)?;
    }
    Ok(())
}
