//! The first and the last time of a user.

use chrono::{DateTime, NaiveDate, Utc};
use mocha_schema::COUNTED_MESSAGE_TYPES;

use super::{
    reading::Reading,
    talk::{Stay, Talk},
};
use crate::{
    Error,
    daily_activity::LocalDays,
    database::Source,
    rollup::{DAY, Horizon},
    statement::Statement,
};

/// A time at which a user wrote or was in voice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Seen {
    /// The day in UTC, whatever the zone of the question is.
    pub day: NaiveDate,
    /// The instant: the second of a message, or the beginning or end of time in voice, which may be
    /// the end of the day. `None` if only the roll-up of the day is left.
    pub at: Option<DateTime<Utc>>,
}

/// Returns the first and the last time of the user.
pub(super) fn seen(conn: &mut dyn Source, reading: &Reading) -> Result<(Option<Seen>, Option<Seen>), Error> {
    let days = reading.active_days();
    let (Some(&first), Some(&last)) = (days.first(), days.last()) else { return Ok((None, None)) };
    let first_edges = edges(conn, reading, first)?;
    let last_edges = if first == last { first_edges } else { edges(conn, reading, last)? };
    let seen = |day, at_ms: Option<i64>| {
        Some(Seen { day: LocalDays::date(day)?, at: at_ms.and_then(DateTime::from_timestamp_millis) })
    };
    Ok((seen(first, first_edges.map(|(from_ms, _)| from_ms)), seen(last, last_edges.map(|(_, to_ms)| to_ms))))
}

/// Returns the first and last instant of a day. `None` if only the roll-up of the day is left.
fn edges(conn: &mut dyn Source, reading: &Reading, day: i64) -> Result<Option<Stay>, Error> {
    let Reading { horizon: Horizon { messages_from, voice_from, .. }, talk, .. } = *reading;
    let (wrote, talked) = (reading.wrote.contains(&day), reading.talked.contains(&day));
    let start = day.saturating_mul(DAY);
    if (wrote && start < messages_from) || (talked && start < voice_from) {
        return Ok(None);
    }
    let mut all = Vec::new();
    if wrote {
        all.extend(messages(conn, talk, start)?);
    }
    if talked {
        all.extend(talk.stays(conn, day)?);
        let (start_ms, end_ms) = (start.saturating_mul(1000), start.saturating_add(DAY).saturating_mul(1000));
        let open = reading.open.map(|(from_ms, to_ms)| (from_ms.max(start_ms), to_ms.min(end_ms)));
        all.extend(open.filter(|(from_ms, to_ms)| from_ms < to_ms));
    }
    Ok(all.into_iter().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))))
}

/// Returns the times of the first and last message of a day that begins at this second, in
/// milliseconds. Each is searched for by itself, because a day may have many messages.
fn messages(conn: &mut dyn Source, talk: Talk, start: i64) -> Result<Option<Stay>, Error> {
    let Talk { guild, user, window, .. } = talk;
    let mut statement = Statement::new(conn.dialect());
    for (before, order) in [("SELECT (", "ASC"), (", (", "DESC")] {
        statement
            .push(before)
            .push("SELECT ")
            .either("CAST(created_at AS INTEGER)", "created_at")
            .push(" FROM message_events")
            .indexed_by("idx_message_events_user_time")
            .push(" WHERE ")
            .is_id("user_id", user.get())
            .push(" AND ")
            .is_id("guild_id", guild.get())
            .push(" AND created_at >= ? AND created_at < ?")
            .bind(start.max(window.start_second()))
            .bind(start.saturating_add(DAY).min(window.end_second()))
            .push(" AND message_type IN (?, ?, ?, ?)");
        for kind in COUNTED_MESSAGE_TYPES {
            statement.bind(kind.into());
        }
        statement.are_ids(["channel_id"]).push(" ORDER BY created_at ").push(order).push(" LIMIT 1)");
    }
    let row = conn.only(&statement)?;
    Ok(row
        .optional(0)
        .zip(row.optional(1))
        .map(|(first, last)| (first.saturating_mul(1000), last.saturating_mul(1000))))
}
