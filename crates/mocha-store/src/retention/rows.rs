//! Finds and deletes rows of events and aggregates through an index.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
    sqlite::SqliteConnection,
};
use mocha_schema::catalogue::{Kept, Table, Time};

use crate::tables;

/// Rows by guild and time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows {
    pub(super) table: &'static Table,
    pub(super) time: Time,
}

impl Rows {
    /// Returns the tables of this kind whose rows have a time. All-time totals have none, and are
    /// deleted together with the months.
    pub(super) fn kept(kept: Kept) -> impl Iterator<Item = Self> {
        tables::kept(kept).filter_map(|table| Some(Self { table, time: table.time? }))
    }

    /// Converts a time in unix seconds into the unit of the table.
    pub(super) const fn at(&self, seconds: i64) -> i64 {
        seconds.saturating_mul(1000).div_euclid(self.time.unit_ms)
    }

    /// Names the index of guild and time. The index of an aggregate is its key.
    fn index(&self) -> String {
        match self.table.kept {
            Kept::Events => format!("INDEXED BY idx_{}_guild_time", self.table.name),
            _ => String::new(),
        }
    }

    /// Returns a further condition besides age: the recorder still needs open intervals.
    fn is_over(&self) -> &'static str {
        let has_end = self.table.columns.iter().any(|column| column.name == "ended_at_ms");
        if has_end { "ended_at_ms IS NOT NULL" } else { "true" }
    }

    /// Returns a statement that deletes the oldest `?3` rows of guild `?1` from before `?2`.
    pub(super) fn delete(&self) -> String {
        let (guild, index, over, time) =
            (tables::guild(self.table, "?1"), self.index(), self.is_over(), self.time.column);
        tables::delete(
            self.table,
            &format!("{index} WHERE guild_id = {guild} AND {time} < ?2 AND {over} ORDER BY {time} LIMIT ?3"),
        )
    }

    /// Returns a statement that finds the guilds with rows from before `?1`. It steps from guild to
    /// guild, not from row to row.
    pub(super) fn guilds(&self) -> String {
        let (index, over, table, time) = (self.index(), self.is_over(), self.table.name, self.time.column);
        format!(
            "WITH RECURSIVE guild (id) AS ( \
                 SELECT min(guild_id) FROM {table} \
                 UNION ALL \
                 SELECT (SELECT min(guild_id) FROM {table} WHERE guild_id > guild.id) FROM guild WHERE id IS NOT NULL \
             ) \
             SELECT CAST(id AS TEXT) AS id FROM guild \
             WHERE id IS NOT NULL AND EXISTS ( \
                 SELECT 1 FROM {table} {index} WHERE guild_id = guild.id AND {time} < ?1 AND {over} \
             )"
        )
    }

    /// Returns the guilds with rows from before this time, in the unit of the table.
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
    use crate::retention::purge;

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    /// Returns the steps that read a whole table or index, except those over rows that the
    /// statement itself made.
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
        let tables = [Kept::Events, Kept::Rollups].into_iter().flat_map(Rows::kept);
        let mut statements: Vec<String> = tables.flat_map(|rows| [rows.delete(), rows.guilds()]).collect();
        assert_eq!(statements.len(), 2 * (5 + 11));
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
