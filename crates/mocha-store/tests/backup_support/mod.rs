//! Helpers for the tests of backups.

use std::{fs, path::Path};

use diesel::connection::SimpleConnection;
use mocha_store::Store;

use crate::support::*;

/// Creates a store with rows in every table, large enough that a copy takes some time.
pub(crate) fn bulky(path: &Path) -> Result<Store, Box<dyn std::error::Error + Send + Sync>> {
    let store = Store::open(path)?;
    record(&store, [guild(0, 9), channel(0, 20, Some("general")), user(0, 40, "ferris"), joined(0, 40, 0)])?;
    record(&store, (0..500).map(|n| message(n * 60_000, 1000 + n.unsigned_abs(), 20, 40 + n.unsigned_abs() % 7)))?;
    record(&store, [voice(0, 40, Some(21)), voice(90_000, 40, None)])?;
    store.write(|conn| {
        conn.batch_execute(
            "CREATE TABLE blobs (x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000)
             INSERT INTO blobs SELECT randomblob(4000) FROM n",
        )
    })?;
    Ok(store)
}

/// Returns the names in a folder, in order.
pub(crate) fn names(folder: &Path) -> std::io::Result<Vec<String>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<std::io::Result<_>>()?;
    names.sort();
    Ok(names)
}
