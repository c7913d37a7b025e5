//! Twilight's ids and times in the words of the store.

use std::num::NonZeroU64;

use chrono::{DateTime, Utc};
use twilight_model::{id::Id, util::Timestamp};

/// An id, of the kind that its place in the event has.
pub(crate) fn id<Marker, StoreId: From<NonZeroU64>>(id: Id<Marker>) -> StoreId {
    id.into_nonzero().into()
}

/// A time. Twilight's end with the year 9999, chrono's far behind it; what the file cannot hold the store refuses.
pub(crate) fn time(timestamp: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(timestamp.as_micros()).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The most bytes of a text that the store takes. Discord's own limits are far below it.
const MAX_TEXT_BYTES: usize = 4096;

/// A name, without what the store would refuse: one odd name must not take everything else of its event with it.
pub(crate) fn text(text: &str) -> String {
    let mut text: String = text.chars().filter(|character| *character != '\0').collect();
    text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
    text
}
