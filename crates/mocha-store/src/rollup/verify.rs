//! Holding a roll-up against what it is a sum of.

use diesel::result::Error as DieselError;

use super::{Difference, RebuildProgress, Rollup, difference, slice, statement};
use crate::{Operation, Store};

/// What [`Store::verify`] found.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Verification {
    /// Whether all was looked at; not if `progress` broke it off.
    pub complete: bool,
    /// Every row that is not what it should be, in order of guild, period, user, channel, and certain before assumed.
    pub differences: Vec<Difference>,
    /// The roll-up.
    pub rollup: Rollup,
    /// How many rows it was found to have.
    pub rows: usize,
}

impl Verification {
    /// Whether all was looked at and is as it should be.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.complete && self.differences.is_empty()
    }
}

impl Store {
    /// Counts again what a roll-up sums up, and reports every row that differs, that is missing, or that is too many.
    ///
    /// Days and quarters of an hour are held against the events from the horizon on, for older ones are gone or count no
    /// more; months and thirds of months against all of their days or quarters, from the month on in which the horizon lies. So
    /// whoever verifies a month should verify its days too. Whether a user is a bot is held against `users`.
    ///
    /// It goes by slices, thirty days of a guild each, in order of both; each is read in a transaction of its own, so others
    /// write meanwhile and the write-ahead log does not grow. Since triggers commit with what they count, that makes no
    /// differences; guilds and months that begin meanwhile may be left out. After each slice `progress` is told how far it has
    /// come, and ends it by [`ControlFlow::Break`].
    ///
    /// Each event is read once, through an index of guild and time. Memory grows with the rows of one slice, the slices and the
    /// differences.
    ///
    /// # Errors
    ///
    /// Those of [`Store::read`] that are SQLite's: it cannot read, the file was replaced, or a sum is beyond 64 bits.
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
    ///         // A thousand are enough.
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
