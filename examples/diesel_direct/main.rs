//! Runs your own Diesel queries on Mocha's tables, and adds a table of your own to the same file with your own migrations.
//!
//! `cargo run --release --example diesel_direct`. It uses a file in a temporary folder.

use std::io::{self, Write as _};

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{count_star, max},
    prelude::*,
    query_source::TableNotEqual,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use mocha_discord::{
    Clock, GuildId, Store, UserId,
    schema::{channels, message_events},
    stats::Leaderboard,
};
use mocha_sim::Server;

diesel::table! {
    use diesel::sql_types::Text;
    use mocha_discord::models::Snowflake;

    /// The badges that this bot awards for activity. Mocha does not touch tables that are not its own.
    badges (guild_id, user_id) {
        /// The guild.
        guild_id -> Snowflake,
        /// The user.
        user_id -> Snowflake,
        /// The name of the badge.
        name -> Text,
    }
}
// Diesel's `allow_tables_to_appear_in_same_query!` refuses tables of another crate if its feature `postgres` is on.
impl TableNotEqual<message_events::table> for badges::table {}
impl TableNotEqual<badges::table> for message_events::table {}

/// The migrations of this bot. Diesel records them in `__diesel_schema_migrations`. Mocha's are in `mocha_migrations`.
const MIGRATIONS: EmbeddedMigrations = embed_migrations!("diesel_direct/migrations");

/// The user, the badge, the number of messages, and the time of the last one.
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
    // They may run later too. A bot does this at each start, and Diesel skips migrations that have run.
    store.write(|conn| {
        for version in conn.run_pending_migrations(MIGRATIONS)? {
            writeln!(out, "migration {version} has run")?;
        }
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    })?;
    drop(store);

    // The file opens again with both sets of migrations.
    let store = Store::builder().clock(Clock::Events).open(&path)?;
    let recorder = store.recorder()?;
    let server = Server::new(2024).days(7);
    for event in server.events() {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;

    // Ids in Mocha's answers can be stored in your own columns.
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

    // Your own query over both: how much each user with a badge wrote, and when last.
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
    writeln!(out, "the busiest channel is {}", busiest.flatten().unwrap_or_else(|| "a channel without a name".into()))?;
    Ok(())
}
