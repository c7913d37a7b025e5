//! Checks whether the clock may decide what is deleted because of its age.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    OptionalExtension as _, QueryResult, QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt,
    sqlite::SqliteConnection,
};

use mocha_recorder::SteadyClock;

use crate::{Error, ErrorKind, error::classify};

/// A quiet server, and clocks that differ a little.
const TOLERANCE: TimeDelta = TimeDelta::days(1);

#[derive(QueryableByName)]
struct Newest {
    #[diesel(sql_type = BigInt)]
    second: i64,
}

/// Returns the time, unless the clock is ahead of everything in the file by more than it can explain.
///
/// Messages have Discord's time. Other events have that of the clock itself, so they count only if there are no messages.
/// A bot that has been running for a month may have heard nothing for a month.
pub(crate) fn trusted_now(conn: &mut SqliteConnection, clock: &SteadyClock) -> Result<DateTime<Utc>, Error> {
    let now = clock.now();
    let newest = newest(conn).map_err(|error| classify("looking for the newest event failed", error))?;
    let Some(newest) = newest.and_then(|second| DateTime::from_timestamp(second, 0)) else { return Ok(now) };
    let explained =
        TimeDelta::from_std(clock.uptime()).ok().and_then(|uptime| newest.checked_add_signed(uptime + TOLERANCE));
    if explained.is_none_or(|explained| now <= explained) {
        return Ok(now);
    }
    let context = format!(
        "the clock says {now}, but the newest event in the file is from {newest}: nothing is deleted for its age until an event \
         confirms the time"
    );
    Err(Error::new(ErrorKind::ClockAhead, context))
}

/// Returns the second of the newest message, or of the newest other event if there is no message.
fn newest(conn: &mut SqliteConnection) -> QueryResult<Option<i64>> {
    for tables in [&["message_events"][..], &["voice_events", "member_events", "presence_events"]] {
        let mut newest = None;
        for table in tables {
            // One lookup for each guild, through the index.
            let sql = format!(
                "SELECT second FROM (SELECT (SELECT max(created_at) FROM {table} INDEXED BY idx_{table}_guild_time \
                 WHERE guild_id = guilds.id) AS second FROM guilds) WHERE second IS NOT NULL ORDER BY second DESC LIMIT 1"
            );
            let found: Option<Newest> = sql_query(sql).get_result(conn).optional()?;
            newest = newest.max(found.map(|found| found.second));
        }
        if newest.is_some() {
            return Ok(newest);
        }
    }
    Ok(None)
}
