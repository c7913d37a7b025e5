//! Rebuilding a roll-up.

use diesel::RunQueryDsl;

use super::{RebuildProgress, Rollup, slice, statement};
use crate::{Operation, Store};

/// Reports the result of [`Store::rebuild`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Rebuilt {
    /// Whether the whole roll-up was rebuilt. `false` if the callback ended it early.
    pub complete: bool,
    /// The roll-up.
    pub rollup: Rollup,
    /// How many rows were written.
    pub rows: usize,
}

impl Store {
    /// Rebuilds a roll-up from its source.
    ///
    /// Days and quarters of an hour are counted from the events since the horizon; older rows stay.
    /// Months and thirds of months are computed from their days or quarters, from the month of the
    /// horizon on. Rebuild those first, in the order of [`Rollup::ALL`].
    ///
    /// It works in slices as [`verify`](Self::verify) does, each in a short transaction, between
    /// which the recorder can write. Each finished slice is correct at once, so you can end it at
    /// any time.
    ///
    /// Each event is read once, through an index of guild and time, and each row is written once. Memory grows with the slices.
    ///
    /// # Errors
    ///
    /// Those of [`Store::write`] that come from SQLite: the lock is held by others, the disk is
    /// full, the file was replaced, or a total exceeds 64 bits. Slices that are finished stay.
    ///
    /// # Examples
    ///
    /// ```
    /// use mocha_store::{Rollup, Store};
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// for rollup in Rollup::ALL {
    ///     let rebuilt = store.rebuild(rollup).run()?;
    ///     assert!(rebuilt.complete);
    /// }
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    pub fn rebuild<'a>(&self, rollup: Rollup) -> Operation<'a, RebuildProgress, Rebuilt> {
        let store = self.clone();
        Operation::new(move |on_progress| {
            let (clear, fill) = (statement::clear(rollup), statement::fill(rollup));
            let mut rows = 0;
            let complete = slice::each(&store, rollup, |slice, so_far| {
                rows += store.write(|conn| {
                    slice.query(&clear).execute(conn)?;
                    slice.query(&fill).execute(conn)
                })?;
                Ok(on_progress(so_far))
            })?;
            Ok(Rebuilt { complete, rollup, rows })
        })
    }
}
