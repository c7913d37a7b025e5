//! Comparing a roll-up with its source.

use diesel::result::Error as DieselError;

use super::{Difference, RebuildProgress, Rollup, difference, slice, statement};
use crate::{Operation, Store};

/// Reports the result of [`Store::verify`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Verification {
    /// Whether the whole roll-up was compared. `false` if the callback ended it early.
    pub complete: bool,
    /// Every wrong row, in order of guild, period, user and channel, with observed before assumed
    /// time.
    pub differences: Vec<Difference>,
    /// The roll-up.
    pub rollup: Rollup,
    /// How many rows the roll-up has.
    pub rows: usize,
}

impl Verification {
    /// Returns whether the whole roll-up was compared and is correct.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.complete && self.differences.is_empty()
    }
}

impl Store {
    /// Recomputes a roll-up and reports every row that differs, is missing, or should not exist.
    ///
    /// Days and quarters of an hour are compared with the events since the horizon. Months and
    /// thirds of months are compared with all of their days or quarters, from the month of the
    /// horizon on. If you verify months, verify their days too. The mark of bots is compared with
    /// `users`.
    ///
    /// It works in slices of thirty days of a guild, in order of both. Each slice is read in its
    /// own transaction, so others can write meanwhile and the write-ahead log does not grow.
    /// Triggers commit together with the events that they count, so concurrent writes cause no
    /// differences. Guilds and months that begin meanwhile may be left out. The callback runs after
    /// each slice.
    ///
    /// Each event is read once, through an index of guild and time. Memory grows with the rows of one slice, the slices and the
    /// differences.
    ///
    /// # Errors
    ///
    /// Those of [`Store::read`] that come from SQLite: the file cannot be read, it was replaced, or
    /// a total exceeds 64 bits.
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
    ///     let verification = store.verify(rollup).on_progress(|progress| {
    ///         assert!(progress.done <= progress.total);
    ///         // Stop after a thousand differences.
    ///         if progress.differences < 1000 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    ///     }).run()?;
    ///     assert!(verification.is_ok(), "{:?}", verification.differences);
    /// }
    /// # Ok::<(), mocha_store::Error>(())
    /// ```
    pub fn verify<'a>(&self, rollup: Rollup) -> Operation<'a, RebuildProgress, Verification> {
        let store = self.clone();
        Operation::new(move |on_progress| {
            let (found, expected) = (statement::found(rollup), statement::expected(rollup));
            let (mut differences, mut rows) = (Vec::new(), 0);
            let complete = slice::each(&store, rollup, |slice, so_far| {
                let (found, expected) = store.read(|conn| {
                    let found = difference::load(conn, rollup, slice, &found)?;
                    Ok::<_, DieselError>((found, difference::load(conn, rollup, slice, &expected)?))
                })?;
                rows += found.len();
                differences.extend(difference::compare(rollup, slice.guild_id, found, expected));
                Ok(on_progress(RebuildProgress { differences: differences.len(), ..so_far }))
            })?;
            Ok(Verification { complete, differences, rollup, rows })
        })
    }
}
