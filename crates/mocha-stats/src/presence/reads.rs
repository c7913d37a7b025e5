//! How many rows of the member log the questions about presence read.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chrono::{DateTime, TimeDelta};
use diesel::{connection::SimpleConnection, sql_types::Text};
use mocha_schema::GuildId;

use crate::{
    Window,
    fixture::{MONDAY, TestResult, seeded},
    questions::QUESTIONS,
};

diesel::define_sql_function! {
    /// Counts how often it is called, and returns its argument.
    fn visited(kind: Text) -> Text;
}

/// The number of joins and leaves before the window.
const BEFORE: u64 = 1_000;

/// A log in the place of the file's, which calls `visited` for each row whose type is looked at.
fn log_sql() -> String {
    let start = MONDAY - 86_400;
    format!(
        "CREATE TEMP TABLE member_events (
            id TEXT PRIMARY KEY NOT NULL, guild_id TEXT NOT NULL, user_id TEXT NOT NULL, kind TEXT NOT NULL,
            event_type TEXT GENERATED ALWAYS AS (visited(kind)) VIRTUAL, member_count INTEGER, created_at INTEGER NOT NULL
        );
        CREATE INDEX temp.idx_member_events_guild_time ON member_events (guild_id, created_at);
        CREATE INDEX temp.idx_member_events_user_time ON member_events (user_id, created_at);
        WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < {BEFORE})
        INSERT INTO member_events (id, guild_id, user_id, kind, created_at)
        SELECT n, 1, 1000 + n / 2, iif(n % 2, 'leave', 'join'), {start} - n * 60 FROM number;
        INSERT INTO member_events (id, guild_id, user_id, kind, created_at)
        VALUES ('a', 1, 2, 'leave', {MONDAY} + 60), ('b', 1, 2, 'join', {MONDAY} + 120);"
    )
}

#[test]
fn joins_and_leaves_before_the_window_are_not_read() -> TestResult {
    let (mut conn, guild) = (seeded()?, GuildId::try_from(1)?);
    let rows = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&rows);
    visited_utils::register_impl(&mut conn, move |kind: String| {
        counter.fetch_add(1, Ordering::Relaxed);
        kind
    })?;
    conn.batch_execute(&log_sql())?;
    let monday = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    let day = Window::between(monday, monday + TimeDelta::days(1))?;
    let mut asked = 0;
    for (name, load) in QUESTIONS.into_iter().filter(|(name, _)| ["presence", "online", "activities"].contains(name)) {
        rows.store(0, Ordering::Relaxed);
        load(&mut conn, guild, Window::all())?;
        assert!(rows.swap(0, Ordering::Relaxed) >= BEFORE, "{name} reads what its window has");
        load(&mut conn, guild, day)?;
        let read = rows.load(Ordering::Relaxed);
        assert!((1..20).contains(&read), "{name} reads {read} rows");
        asked += 1;
    }
    assert_eq!(asked, 3);
    Ok(())
}
