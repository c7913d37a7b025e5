//! The tables of events, and how their rows are found and deleted through an index.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
    sqlite::SqliteConnection,
};

/// Rows by guild and time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    /// What a row must be beside old, as SQL.
    pub(super) and: &'static str,
    /// The guild `?1`, whose id is a text, as the table has it.
    pub(super) guild: &'static str,
    /// How to name the index of guild and time.
    pub(super) index: &'static str,
    /// What tells a row from all others.
    pub(super) key: &'static str,
    pub(super) table: &'static str,
    pub(super) time: &'static str,
}

impl Rows {
    const fn events(table: &'static str, index: &'static str) -> Self {
        Self { and: "true", guild: "?1", index, key: "rowid", table, time: "created_at" }
    }
}

pub(super) const MEMBER_EVENTS: Rows = Rows::events("member_events", "INDEXED BY idx_member_events_guild_time");
pub(super) const MESSAGE_EVENTS: Rows = Rows::events("message_events", "INDEXED BY idx_message_events_guild_time");
pub(super) const PRESENCE_EVENTS: Rows = Rows::events("presence_events", "INDEXED BY idx_presence_events_guild_time");
pub(super) const VOICE_EVENTS: Rows = Rows::events("voice_events", "INDEXED BY idx_voice_events_guild_time");

/// Those that are closed: the recorder still needs the others.
pub(super) const VOICE_INTERVALS: Rows = Rows {
    and: "ended_at_ms IS NOT NULL",
    guild: "?1",
    index: "INDEXED BY idx_voice_intervals_guild_time",
    key: "(guild_id, user_id, started_at_ms)",
    table: "voice_intervals",
    time: "started_at_ms",
};

impl Rows {
    /// Deletes the oldest `?3` rows of guild `?1` from before `?2`.
    pub(super) fn delete(&self) -> String {
        let Self { and, guild, index, key, table, time } = self;
        let columns = key.trim_matches(['(', ')']);
        format!(
            "DELETE FROM {table} WHERE {key} IN (SELECT {columns} FROM {table} {index} \
             WHERE guild_id = {guild} AND {time} < ?2 AND {and} ORDER BY {time} LIMIT ?3)"
        )
    }

    /// The guilds that have rows from before `?1`. It goes from guild to guild and not from row to row.
    pub(super) fn guilds(&self) -> String {
        let Self { and, index, table, time, .. } = self;
        format!(
            "WITH RECURSIVE guild (id) AS ( \
                 SELECT min(guild_id) FROM {table} \
                 UNION ALL \
                 SELECT (SELECT min(guild_id) FROM {table} WHERE guild_id > guild.id) FROM guild WHERE id IS NOT NULL \
             ) \
             SELECT CAST(id AS TEXT) AS id FROM guild \
             WHERE id IS NOT NULL AND EXISTS ( \
                 SELECT 1 FROM {table} {index} WHERE guild_id = guild.id AND {time} < ?1 AND {and} \
             )"
        )
    }

    /// The guilds that have rows from before this time, as the table has it.
    pub(super) fn old(&self, conn: &mut SqliteConnection, before: i64) -> QueryResult<Vec<String>> {
        let found: Vec<Guild> = sql_query(self.guilds()).bind::<BigInt, _>(before).load(conn)?;
        Ok(found.into_iter().map(|guild| guild.id).collect())
    }
}

#[derive(QueryableByName)]
struct Guild {
    #[diesel(sql_type = Text)]
    id: String,
}

#[cfg(test)]
mod tests {
    use diesel::{Connection, connection::SimpleConnection};

    use super::*;
    use crate::retention::{purge, rollup};

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    /// Steps that read a whole table or index, but for what the statement makes itself.
    fn scans(conn: &mut SqliteConnection, statement: &str) -> QueryResult<Vec<String>> {
        let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(conn)?;
        assert!(steps.iter().any(|step| step.detail.starts_with("SEARCH ")), "{statement}");
        let scans = steps.into_iter().map(|step| step.detail);
        Ok(scans.filter(|step| step.starts_with("SCAN ") && step != "SCAN guild" || step.contains("TEMP")).collect())
    }

    #[test]
    fn no_statement_reads_a_whole_table() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut conn = SqliteConnection::establish(":memory:")?;
        mocha_schema::migrate(&mut conn)?;
        let tables = [MEMBER_EVENTS, MESSAGE_EVENTS, PRESENCE_EVENTS, VOICE_EVENTS, VOICE_INTERVALS];
        let tables = tables.into_iter().chain(rollup::ALL.iter().map(|rollup| rollup.rows));
        let mut statements: Vec<String> = tables.flat_map(|rows| [rows.delete(), rows.guilds()]).collect();
        statements.extend(purge::statements());
        for known in [false, true] {
            if known {
                // As a file of very few rows: a search is not worth it there.
                conn.batch_execute("INSERT INTO guilds (id, created_at, updated_at) VALUES ('1', 0, 0)")?;
                conn.batch_execute("ANALYZE")?;
            }
            for statement in &statements {
                assert_eq!(scans(&mut conn, statement)?, Vec::<String>::new(), "{statement}");
            }
        }
        Ok(())
    }
}
