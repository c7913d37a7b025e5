//! Checks whether the clock may decide what is deleted because of its age.

use chrono::{DateTime, TimeDelta, Utc};

use super::{BoxedError, RetentionTables};
use crate::{Error, ErrorKind, SteadyClock};

/// A quiet server, and clocks that differ a little.
const TOLERANCE: TimeDelta = TimeDelta::days(1);

/// Returns the time, unless the clock is ahead of everything in the database by more than it can explain.
///
/// Messages have Discord's time. Other events have that of the clock itself, so they count only if there are no messages.
/// A bot that has been running for a month may have heard nothing for a month.
///
/// # Errors
///
/// [`ErrorKind::ClockAhead`], and those of the database.
pub fn trusted_now<R: RetentionTables>(conn: &mut R::Connection, clock: &SteadyClock) -> Result<DateTime<Utc>, Error> {
    let now = clock.now();
    let newest =
        newest::<R>(conn).map_err(|error| R::failed("looking for the newest event failed".to_owned(), error))?;
    let Some(newest) = newest.and_then(|second| DateTime::from_timestamp(second, 0)) else { return Ok(now) };
    let explained =
        TimeDelta::from_std(clock.uptime()).ok().and_then(|uptime| newest.checked_add_signed(uptime + TOLERANCE));
    if explained.is_none_or(|explained| now <= explained) {
        return Ok(now);
    }
    let context = format!(
        "the clock says {now}, but the newest event is from {newest}: nothing is deleted for its age until an event confirms \
         the time"
    );
    Err(Error::new(ErrorKind::ClockAhead, context))
}

/// Returns the second of the newest message, or of the newest other event if there is no message.
fn newest<R: RetentionTables>(conn: &mut R::Connection) -> Result<Option<i64>, BoxedError> {
    for tables in [&["message_events"][..], &["voice_events", "member_events", "presence_events"]] {
        let mut newest = None;
        for table in tables {
            newest = newest.max(R::newest_second(conn, table)?);
        }
        if newest.is_some() {
            return Ok(newest);
        }
    }
    Ok(None)
}
