//! Adds all events of a store to an archive of Parquet files.
//!
//! `cargo run --release --example archive -- FILE FOLDER`. Without arguments it simulates a server
//! in a temporary folder.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::Parser;
use mocha_discord::{Clock, Maintenance, Store, archive::Archive};
use mocha_sim::Server;

#[derive(Parser)]
struct Args {
    /// The store's file.
    #[arg(requires = "folder")]
    file: Option<PathBuf>,
    /// The archive's folder. It is created if it is missing.
    folder: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let Args { file, folder } = Args::parse();
    if let Some((file, folder)) = file.zip(folder) {
        anyhow::ensure!(file.is_file(), "{} is not a file", file.display());
        return archive(&Store::builder().maintenance(Maintenance::off()).open(file)?, &folder);
    }
    let folder = tempfile::tempdir()?;
    let store = simulated(&folder.path().join("stats.db"))?;
    archive(&store, &folder.path().join("archive"))
}

fn archive(store: &Store, folder: &Path) -> anyhow::Result<()> {
    let archive = Archive::open(folder)?;
    let written = archive.add(store)?;
    let (mut rows, mut bytes) = (0, 0);
    let mut out = io::stdout().lock();
    for entry in archive.manifest()? {
        rows += entry.rows;
        bytes += entry.bytes;
    }
    writeln!(out, "{} files written, {} rows were in the archive already", written.files, written.unchanged)?;
    if written.unreadable > 0 {
        writeln!(out, "{} rows are only in the store, because the archive cannot hold them", written.unreadable)?;
    }
    writeln!(out, "{} has {rows} rows in {bytes} bytes", folder.display())?;
    Ok(())
}

fn simulated(file: &Path) -> anyhow::Result<Store> {
    let store = Store::builder().clock(Clock::Events).open(file)?;
    let recorder = store.recorder()?;
    for event in Server::new(7).days(60).events() {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;
    Ok(store)
}
