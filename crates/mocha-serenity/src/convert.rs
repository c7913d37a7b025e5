//! Converts serenity's ids and times to those of the store.

use std::num::NonZeroU64;

use chrono::{DateTime, Utc};
use serenity::model::Timestamp;

/// Converts an id to the kind that the event needs.
pub(crate) fn id<Id: Into<NonZeroU64>, StoreId: From<NonZeroU64>>(id: Id) -> StoreId {
    let number: NonZeroU64 = id.into();
    number.into()
}

/// Converts a time.
pub(crate) fn time(timestamp: Timestamp) -> DateTime<Utc> {
    *timestamp
}
