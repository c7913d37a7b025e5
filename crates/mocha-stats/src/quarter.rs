//! Quarter hours, which every zone in use is a multiple of: what is counted by them can be folded
//! into any zone's days.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

const SECONDS: i64 = 900;

pub(crate) const OF_A_DAY: i64 = 96;

/// The quarter hour of a unix second.
pub(crate) const fn of(second: i64) -> i64 {
    second.div_euclid(SECONDS)
}

/// Where a quarter hour (`created_at / 900`) lies in a zone; `None` if no calendar reaches there.
pub(crate) fn local(quarter: i64, zone: Tz) -> Option<DateTime<Tz>> {
    let start: DateTime<Utc> = DateTime::from_timestamp(quarter.checked_mul(SECONDS)?, 0)?;
    Some(start.with_timezone(&zone))
}
