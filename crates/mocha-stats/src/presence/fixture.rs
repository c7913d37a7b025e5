// Presence for the file of `fixture`. The examples of the docs include it.

use diesel::prelude::*;
use mocha_schema::{NewPresenceEvent, PresenceStatus, schema::presence_events};

use super::fixture::{self, MONDAY, TestResult};

/// On Monday user 20 is online from eight on, and plays from nine on; user 30 is online from nine
/// on, listens and is idle from ten on, and is offline from eleven on.
pub(crate) fn seeded() -> TestResult<SqliteConnection> {
    let mut conn = fixture::seeded()?;
    for (user, status, activity, hour) in [
        (20, PresenceStatus::Online, None, 8),
        (20, PresenceStatus::Online, Some((0, "Chess")), 9),
        (30, PresenceStatus::Online, None, 9),
        (30, PresenceStatus::Idle, Some((2, "Spotify")), 10),
        (30, PresenceStatus::Offline, None, 11),
    ] {
        let row = NewPresenceEvent {
            id: &format!("presence:1:{user}:{hour}"),
            guild_id: 1.try_into()?,
            user_id: user.try_into()?,
            status: Some(status),
            activity_type: activity.map(|(kind, _)| kind),
            activity_name: activity.map(|(_, name)| name),
            created_at: fixture::time(MONDAY + hour * 3600)?,
        };
        diesel::insert_into(presence_events::table).values(&row).execute(&mut conn)?;
    }
    Ok(conn)
}
