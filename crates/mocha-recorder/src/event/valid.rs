//! Checks of values that the file can hold.

use chrono::{DateTime, Utc};
use mocha_schema::check_time;

/// The name of an event's field, as the author wrote it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Field(pub(crate) &'static str);

/// A field whose value the file cannot hold, with the reason.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Invalid {
    pub(crate) field: &'static str,
    pub(crate) reason: &'static str,
}

/// Longer than any name that Discord allows, but short enough that names cannot fill a disk.
const MAX_TEXT_BYTES: usize = 4096;

pub(crate) fn time(Field(field): Field, time: DateTime<Utc>) -> Result<(), Invalid> {
    check_time(time).map_err(|_| Invalid { field, reason: "must lie between 1970 and 9999" })
}

pub(crate) fn optional_time(field: Field, value: Option<DateTime<Utc>>) -> Result<(), Invalid> {
    value.map_or(Ok(()), |value| time(field, value))
}

pub(crate) fn text(Field(field): Field, text: &str) -> Result<(), Invalid> {
    if text.contains('\0') {
        return Err(Invalid { field, reason: "must not contain NUL" });
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(Invalid { field, reason: "must not be longer than 4096 bytes" });
    }
    Ok(())
}

pub(crate) fn optional_text(field: Field, value: Option<&str>) -> Result<(), Invalid> {
    value.map_or(Ok(()), |value| text(field, value))
}

/// Checks that a count fits into the column's 32 bits.
pub(crate) fn count<N>(Field(field): Field, count: N) -> Result<i32, Invalid>
where
    i32: TryFrom<N>,
{
    i32::try_from(count).map_err(|_| Invalid { field, reason: "must not be greater than 2147483647" })
}
