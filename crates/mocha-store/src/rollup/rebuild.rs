//! Making a roll-up anew.

use diesel::RunQueryDsl;

use super::{RebuildProgress, Rollup, slice, statement};
use crate::{Operation, Store};

/// What [`Store::rebuild`] did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Rebuilt {
    /// Whether all was made anew; not if `progress` broke it off.
    pub complete: bool,
    /// The roll-up.
    pub rollup: Rollup,
    /// How many rows were written.
    pub rows: usize,
}

impl Store {
    /// Makes a roll-up anew from what it sums up.
    ///
    /// Days and quarters of an hour are counted from the events, from the horizon on: what is older stays as it is. Months and
    /// thirds of months are made of their days or quarters, from the month on in which the horizon lies; so rebuild these before, as
    /// [`Rollup::ALL`] has them.
    ///
    /// It goes by slices as [`verify`](Self::verify) does, each in a short transaction of its own, between which the recorder goes
    /// on. What is done is right at once, so it may be ended at any time, by `progress` too.
    ///
    /// Each event is read once, through an index of guild and time, and each row is written once. Memory grows with the slices.
    ///
    /// # Errors
    ///
    /// Those of [`Store::write`] that are SQLite's: the lock is not had, there is no room, the file was replaced, or a
    /// sum is beyond 64 bits. What was made anew until then stays.
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
