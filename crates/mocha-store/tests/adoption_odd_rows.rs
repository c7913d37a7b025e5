//! Rows of an old file in another form are converted, and those that cannot be harm nothing else.

mod support;

use std::path::Path;

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::Store;
use support::*;

fn adopted(path: &Path, rows: &str) -> Result<Store, Box<dyn std::error::Error + Send + Sync>> {
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    conn.batch_execute(include_str!("original.sql"))?;
    conn.batch_execute("PRAGMA foreign_keys = OFF")?;
    conn.batch_execute(rows)?;
    drop(conn);
    Ok(Store::open(path)?)
}

#[test]
fn times_in_milliseconds_texts_and_reals_become_seconds() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = adopted(
        &folder.path().join("stats.db"),
        "INSERT INTO users VALUES ('40', 'ferris', '0', NULL, 0, 1600000000000, 'yesterday');
         INSERT INTO message_events VALUES ('1', '10', '20', '40', 0, 0, 0, 5, 1, 1600000000999);
         INSERT INTO message_events VALUES ('2', '10', '20', '40', 0, 0, 0, 5, 1, '2020-09-13T12:26:40.000Z');
         INSERT INTO message_events VALUES ('3', '10', '20', '40', 0, 0, 0, 5, 1, 1600000000.5);
         INSERT INTO message_events VALUES ('4', '10', '20', '40', 0, 0, 0, 5, 1, 'now');",
    )?;
    let times = "SELECT typeof(created_at) || ' ' || created_at AS line FROM message_events ORDER BY id";
    let second = "integer 1600000000";
    assert_eq!(lines(&store, times)?, [second, second, second, "text now"]);
    let user = "SELECT created_at || ' ' || typeof(updated_at) AS line FROM users";
    assert_eq!(lines(&store, user)?, ["1600000000 integer"]);
    assert_eq!(lines(&store, "SELECT messages || '' AS line FROM message_days")?, ["3"]);
    Ok(())
}

#[test]
fn ids_that_are_none_stay_in_their_tables_and_count_nowhere() -> TestResult {
    let folder = tempfile::tempdir()?;
    let rows = ["anonymous", "", "-5", "0", "12abc"].iter().enumerate().map(|(n, user)| {
        format!("INSERT INTO message_events VALUES ('{n}', '10', '20', '{user}', 0, 0, 0, 5, 1, 1600000000);")
    });
    let padded = "INSERT INTO message_events VALUES ('p', '10', '20', '0040', 0, 0, 0, 5, 1, 1600000000);";
    let rows: String = rows.chain([padded.to_owned()]).collect();
    let store = adopted(&folder.path().join("stats.db"), &rows)?;
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, ["6"]);
    assert_eq!(lines(&store, "SELECT user_id || ' ' || messages AS line FROM message_days")?, ["40 1"]);
    assert_eq!(lines(&store, "SELECT user_id AS line FROM message_events WHERE id = 'p'")?, ["40"]);
    let unreadable = "SELECT count(*) || column_name AS line FROM unreadable_rows WHERE table_name = 'message_events' GROUP BY column_name";
    assert_eq!(lines(&store, unreadable)?, ["5user_id"]);
    Ok(())
}

#[test]
fn generated_ids_of_members_become_those_of_guild_and_user() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = adopted(
        &folder.path().join("stats.db"),
        "INSERT INTO members VALUES ('a-uuid', '10', '40', 'old', 1, NULL, 1, 1);
         INSERT INTO members VALUES ('another', '10', '40', 'new', 1, NULL, 1, 2);",
    )?;
    assert_eq!(lines(&store, "SELECT id || ' ' || nickname AS line FROM members")?, ["10:40 new"]);
    Ok(())
}

#[test]
fn a_leave_has_the_duration_of_its_session() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = adopted(
        &folder.path().join("stats.db"),
        "INSERT INTO voice_events VALUES ('a', '10', '20', '40', 'leave', 1600000000, 1600000600, NULL, 0, 0, 1600000600);
         INSERT INTO voice_events VALUES ('b', '10', '20', '41', 'leave', 1600000000, 1600000600, -600000, 0, 0, 1600000600);
         INSERT INTO voice_events VALUES ('c', '10', '20', '42', 'leave', 1600000000, 253402300799, 251802300799000, 0, 0, 253402300799);",
    )?;
    let durations = "SELECT duration || '' AS line FROM voice_events WHERE id <> 'c' ORDER BY id";
    assert_eq!(lines(&store, durations)?, ["600000", "600000"]);
    // A session until the year 9999 is left to the log.
    assert_eq!(lines(&store, "SELECT user_id AS line FROM voice_intervals ORDER BY user_id")?, ["40", "41"]);
    Ok(())
}
