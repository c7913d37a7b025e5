//! Converts twilight's ids, times and texts to those of the store.

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

/// The longest text that the store accepts, in bytes. Discord's own limits are far below it.
const MAX_TEXT_BYTES: usize = 4096;

/// Removes from a name what the store would refuse, so that the rest of the event is recorded.
pub(crate) fn text(text: &str) -> String {
    let mut text: String = text.chars().filter(|character| *character != '\0').collect();
    text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
    text
}
