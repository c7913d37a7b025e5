//! The operations on `ended_boosts`.

use chrono::{DateTime, Utc};
use mocha_schema::NewEndedBoost;

use crate::{Error, Person};

/// Adds and removes boosts that ended.
pub trait BoostTable {
    /// Adds a boost that ended, or replaces the one with the same beginning.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn put_ended_boost(&mut self, boost: &NewEndedBoost) -> Result<(), Error>;

    /// Removes a boost that turned out to go on.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn delete_ended_boost(&mut self, person: Person, started_at: DateTime<Utc>) -> Result<(), Error>;
}
