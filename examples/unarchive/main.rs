//! Restores all events of an archive into a new or existing store.
//!
//! `cargo run --release --example unarchive -- FOLDER FILE`. With the feature `postgres` a URL may
//! stand for the file.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::Parser;
use mocha_discord::{
    AnyStore,
    archive::{Archive, Database},
};

#[derive(Parser)]
struct Args {
    /// The archive's folder.
    folder: PathBuf,
    /// The store's file, which is created if it is missing, or a `postgres://` URL.
    place: String,
}

fn main() -> anyhow::Result<()> {
    let Args { folder, place } = Args::parse();
    anyhow::ensure!(folder.is_dir(), "{} is no folder", folder.display());
    match AnyStore::open(&place)? {
        #[cfg(feature = "postgres")]
        AnyStore::Postgres(store) => unarchive(&folder, &store),
        AnyStore::Sqlite(store) => unarchive(&folder, &store),
        _ => anyhow::bail!("{place} is of another kind"),
    }
}

fn unarchive(folder: &Path, store: &impl Database) -> anyhow::Result<()> {
    let restored = Archive::open(folder)?.restore(store).run()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} rows restored, {} were in the store already", restored.rows, restored.known)?;
    if restored.withheld > 0 {
        writeln!(out, "{} rows of erased users were left out", restored.withheld)?;
    }
    if restored.unfit > 0 {
        writeln!(out, "{} rows that PostgreSQL cannot hold were left out", restored.unfit)?;
    }
    if restored.before_horizon > 0 {
        writeln!(out, "{} rows from before the store's horizon were left out", restored.before_horizon)?;
    }
    Ok(())
}
