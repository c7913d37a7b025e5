//! Counters of the scheduled maintenance.

use std::sync::Arc;

use crate::{Error, Store};

/// Counts what the store's own maintenance has done since the store was opened.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MaintenanceStats {
    /// How often the write-ahead log was too large and was written back.
    pub checkpoints: u64,
    /// Rows that the retention deleted.
    pub deleted_rows: u64,
    /// How often something failed.
    pub failures: u64,
    /// Pages that the file became smaller by.
    pub freed_pages: u64,
    /// The last failure, if there was one. It is tried again the next time.
    pub last_error: Option<Arc<Error>>,
    /// How many times it completed its regular work.
    pub runs: u64,
}

impl Store {
    /// Returns what the store's own maintenance has done so far. All counters are zero if it is
    /// off.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::Store;
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// if let Some(error) = store.maintenance_stats().last_error {
    ///     println!("the last failure of maintenance: {error}");
    /// }
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    #[must_use]
    pub fn maintenance_stats(&self) -> MaintenanceStats {
        self.schedule().map(super::Schedule::stats).unwrap_or_default()
    }
}
