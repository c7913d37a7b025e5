//! What series have in common: the periods that they list.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::{Period, period::Label};

/// Every period that the time from one instant to another touches, and the first instant of each; none if either instant is
/// missing or the time is empty.
pub(crate) fn touched(
    period: Period,
    zone: Tz,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
) -> Vec<(Label, DateTime<Tz>)> {
    match start.zip(end) {
        Some((start, end)) if start < end => {
            let last = end - TimeDelta::nanoseconds(1);
            period.between(start.with_timezone(&zone), last.with_timezone(&zone))
        }
        _ => Vec::new(),
    }
}
