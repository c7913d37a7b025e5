//! Converts twilight's ids and times to those of the store.

use std::num::NonZeroU64;

use chrono::{DateTime, Utc};
use twilight_model::{id::Id, util::Timestamp};

/// Converts an id to the kind that the event needs.
pub(crate) fn id<Marker, StoreId: From<NonZeroU64>>(id: Id<Marker>) -> StoreId {
    id.into_nonzero().into()
}

/// Converts a time. Twilight's times end with the year 9999, so every time fits. The store refuses times that the file cannot
/// hold.
pub(crate) fn time(timestamp: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(timestamp.as_micros()).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
