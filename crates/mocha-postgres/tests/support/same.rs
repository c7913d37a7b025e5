//! Compares a database with a SQLite file.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use mocha_store::Store;
use mocha_test_postgres::Database;

use super::TestResult;

/// The tables whose rows are the same in both: events, and the roll-ups that do not depend on a watermark.
const SAME: [(&str, &str); 23] = [
    ("award_spans", "guild_id, seconds"),
    ("command_uses", "guild_id, interaction_id, channel_id, user_id, name, created_at"),
    ("ended_boosts", "guild_id, user_id, started_at, ended_at"),
    ("guilds", "id, name"),
    ("horizons", "members_from, messages_from, presences_from, rollups_from, voice_from"),
    ("award_days", "guild_id, day, user_id, channel_id, bot, awards"),
    ("award_totals", "guild_id, user_id, channel_id, bot, awards"),
    ("member_days", "guild_id, day, bot, joins, leaves"),
    ("invited_members", "guild_id, user_id, joined_at_ms, code, inviter_id"),
    ("invites", "guild_id, code, user_id, uses, max_uses, created_at_ms, listed_at_ms"),
    ("member_events", "id, guild_id, user_id, event_type, created_at"),
    ("member_roles", "guild_id, role_id, user_id"),
    ("members", "guild_id, user_id"),
    ("message_addressees", "guild_id, message_id, addressee_id, user_id, channel_id, replied_message_id, created_at"),
    ("message_days", "guild_id, day, user_id, channel_id, messages, characters, words"),
    ("message_events", "id, guild_id, user_id, channel_id, created_at"),
    ("message_quarters", "guild_id, quarter, bot, messages"),
    ("presence_events", "id, guild_id, user_id, status, activity_name, created_at"),
    ("unheard_guilds", "guild_id"),
    ("reactions", "guild_id, message_id, user_id, emoji, emoji_name, channel_id, author_id, created_at"),
    ("voice_channel_days", "guild_id, day, user_id, channel_id, assumed, intervals, voice_ms"),
    ("voice_events", "id, guild_id, user_id, event_type, duration"),
    ("voice_intervals", "guild_id, user_id, started_at_ms, ended_at_ms"),
];

pub(crate) fn assert_same(sqlite: &Store, database: &Database) -> TestResult {
    for (table, columns) in SAME {
        let columns: Vec<&str> = columns.split(", ").collect();
        // The same texts from both databases.
        let text = |boolean: &str| {
            let parts = columns.iter().map(|column| match *column {
                "bot" | "assumed" => boolean.replace('?', column),
                column => format!("coalesce(CAST({column} AS TEXT), '-')"),
            });
            parts.collect::<Vec<_>>().join(" || ' ' || ")
        };
        let of_file = format!("SELECT {} AS line FROM {table}", text("CAST(? AS TEXT)"));
        let mut of_file = lines(sqlite, &of_file)?;
        of_file.sort();
        let of_server = database.execute(&format!("SELECT {} FROM {table}", text("CAST(?::INTEGER AS TEXT)")));
        let mut of_server: Vec<&str> = of_server.lines().collect();
        of_server.sort_unstable();
        assert_eq!(of_server, of_file, "{table}");
    }
    Ok(())
}

pub(crate) fn lines(store: &Store, sql: &str) -> TestResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    let lines: Vec<Line> = store.read(|conn| sql_query(sql).load(conn))?;
    Ok(lines.into_iter().map(|line| line.line).collect())
}
