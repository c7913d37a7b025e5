// Presence for the file of `fixture`. The examples of the docs include it.

use diesel::{SqliteConnection, connection::SimpleConnection};

use super::fixture::{self, MONDAY, TestResult, value};

/// On Monday user 20 is online from eight on, and plays from nine on; user 30 is online from nine
/// on, listens and is idle from ten on, and is offline from eleven on.
pub(crate) fn seeded() -> TestResult<SqliteConnection> {
    let mut conn = fixture::seeded()?;
    for (user, status, activity, hour) in [
        (20, "online", None, 8),
        (20, "online", Some((0, "'Chess'")), 9),
        (30, "online", None, 9),
        (30, "idle", Some((2, "'Spotify'")), 10),
        (30, "offline", None, 11),
    ] {
        let (kind, name) = (value(activity.map(|(kind, _)| kind)), value(activity.map(|(_, name)| name)));
        let second = MONDAY + hour * 3600;
        conn.batch_execute(&format!(
            "INSERT INTO presence_events VALUES \
                ('presence:1:{user}:{hour}', '1', '{user}', '{status}', {kind}, {name}, {second})"
        ))?;
    }
    Ok(conn)
}
