//! The operations on `ended_boosts`.

use chrono::{DateTime, Utc};
use mocha_schema::NewEndedBoost;

use crate::{Error, Person};

/// Adds and removes boosts that ended.
pub trait BoostTable {
    /// Adds a boost that ended. One with the same beginning is replaced.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn put_ended_boost(&mut self, boost: &NewEndedBoost) -> Result<(), Error>;

    /// Removes a boost, because it goes on.
    ///
    /// # Errors
    ///
    /// Returns an error if the write fails.
    fn delete_ended_boost(&mut self, person: Person, started_at: DateTime<Utc>) -> Result<(), Error>;
}
