//! Your own Diesel queries on Mocha's tables, and a table of your own beside them in the same file, made by your own migrations.
//!
//! `cargo run --release --example diesel_direct`. It uses a file in a temporary folder.

use std::io::{self, Write as _};

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{count_star, max},
    prelude::*,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use mocha_discord::{
    Clock, GuildId, Store, UserId,
    schema::{channels, message_events},
    stats::Leaderboard,
};
use mocha_sim::Server;

diesel::table! {
    /// What this bot gives for being active. Mocha knows nothing of it, and leaves it alone.
    badges (guild_id, user_id) {
        /// Where.
        guild_id -> Text,
        /// Whose.
        user_id -> Text,
        /// Which.
        name -> Text,
    }
}
diesel::allow_tables_to_appear_in_same_query!(badges, message_events);

/// The migrations of this bot. Diesel notes them in `__diesel_schema_migrations`; Mocha has its own in `mocha_migrations`.
const MIGRATIONS: EmbeddedMigrations = embed_migrations!("diesel_direct/migrations");

/// Whose badge, which, how many messages, and when the last was written.
type Row = (UserId, String, i64, Option<DateTime<Utc>>);

fn main() -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");

    // Your own migrations may run before Mocha opens the file for the first time.
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
    conn.run_next_migration(MIGRATIONS).map_err(anyhow::Error::from_boxed)?;
    drop(conn);
    let store = Store::builder().clock(Clock::Events).open(&path)?;
    // And at any time afterwards: a bot does this at each start. Those that have run are skipped.
    store.write(|conn| {
        for version in conn.run_pending_migrations(MIGRATIONS)? {
            writeln!(out, "migration {version} has run")?;
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    })?;
    drop(store);

    // Neither minds the other's when the file is opened again.
    let store = Store::builder().clock(Clock::Events).open(&path)?;
    let recorder = store.recorder()?;
    let server = Server::new(2024).days(7);
    for event in server.events() {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;

    // A question of Mocha's gives ids, which are columns' types too.
    let guild: GuildId = store.read(|conn| message_events::table.select(message_events::guild_id).first(conn))?;
    let board = store.read(|conn| Leaderboard::messages(guild).limit(3).load(conn))?;

    store.write(|conn| {
        for entry in &board.entries {
            let badge = (
                badges::guild_id.eq(guild),
                badges::user_id.eq(entry.user_id),
                badges::name.eq(if entry.rank == 1 { "chatterbox" } else { "regular" }),
            );
            diesel::insert_into(badges::table).values(badge).execute(conn)?;
        }
        Ok::<_, diesel::result::Error>(())
    })?;

    // Your own query over both: how much who has a badge wrote, and when last.
    let rows: Vec<Row> = store.read(|conn| {
        message_events::table
            .inner_join(badges::table.on(badges::user_id.eq(message_events::user_id)))
            .filter(message_events::guild_id.eq(guild))
            .group_by((badges::user_id, badges::name))
            .order(count_star().desc())
            .select((badges::user_id, badges::name, count_star(), max(message_events::created_at)))
            .load(conn)
    })?;
    for (user, badge, messages, last) in rows {
        let last = last.map(|last| last.to_string()).unwrap_or_default();
        writeln!(out, "{user}, {badge}: {messages} messages, the last on {last}")?;
    }
    let busiest: Option<Option<String>> = store.read(|conn| {
        message_events::table
            .inner_join(channels::table)
            .group_by(channels::name)
            .order(count_star().desc())
            .select(channels::name)
            .first(conn)
            .optional()
    })?;
    writeln!(out, "most was written in {}", busiest.flatten().unwrap_or_else(|| "a channel without a name".into()))?;
    Ok(())
}
