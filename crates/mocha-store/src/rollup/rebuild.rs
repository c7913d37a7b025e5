//! Making a roll-up anew.

use std::ops::ControlFlow;

use diesel::RunQueryDsl;

use super::{RebuildProgress, Rollup, slice, statement};
use crate::{Error, Store};

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
    /// use std::ops::ControlFlow;
    ///
    /// use mocha_store::{Rollup, Store};
    ///
    /// # let store = Store::builder().open_in_memory()?;
    /// for rollup in Rollup::ALL {
    ///     let rebuilt = store.rebuild(rollup, |_| ControlFlow::Continue(()))?;
    ///     assert!(rebuilt.complete);
    /// }
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    pub fn rebuild(
        &self,
        rollup: Rollup,
        mut progress: impl FnMut(RebuildProgress) -> ControlFlow<()>,
    ) -> Result<Rebuilt, Error> {
        let (clear, fill) = (statement::clear(rollup), statement::fill(rollup));
        let mut rows = 0;
        let complete = slice::each(self, rollup, |slice, so_far| {
            rows += self.write(|conn| {
                slice.query(&clear).execute(conn)?;
                slice.query(&fill).execute(conn)
            })?;
            Ok(progress(so_far))
        })?;
        Ok(Rebuilt { complete, rollup, rows })
    }
}
