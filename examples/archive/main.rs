//! Adds all events of a store to an archive of Parquet files.
//!
//! `cargo run --release --example archive -- FILE FOLDER`. With the feature `postgres` a URL may
//! stand for the file. Without arguments it simulates a server in a temporary folder.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::Parser;
use mocha_discord::{
    AnyStore, Clock, Store,
    archive::{Archive, Database},
};
use mocha_sim::Server;

#[derive(Parser)]
struct Args {
    /// The store's file, or a `postgres://` URL.
    #[arg(requires = "folder")]
    place: Option<String>,
    /// The archive's folder. It is created if it is missing.
    folder: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let Args { place, folder } = Args::parse();
    if let Some((place, folder)) = place.zip(folder) {
        anyhow::ensure!(place.contains("://") || Path::new(&place).is_file(), "{place} is no file");
        return match AnyStore::open(&place)? {
            #[cfg(feature = "postgres")]
            AnyStore::Postgres(store) => archive(&store, &folder),
            AnyStore::Sqlite(store) => archive(&store, &folder),
            _ => anyhow::bail!("{place} is of another kind"),
        };
    }
    let folder = tempfile::tempdir()?;
    let store = simulated(&folder.path().join("stats.db"))?;
    archive(&store, &folder.path().join("archive"))
}

fn archive(store: &impl Database, folder: &Path) -> anyhow::Result<()> {
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
