//! The statements that find and delete rows of events and roll-ups, each through an index.

use mocha_recorder::retention::Rows;
use mocha_schema::catalogue::{Guild, Kept, Table};

use crate::tables;

/// Names the index of guild and time. The index of a roll-up is its key.
fn index(table: &Table) -> String {
    match table.kept {
        Kept::Events => format!("INDEXED BY idx_{}_guild_time", table.name),
        _ => String::new(),
    }
}

/// Returns a statement that deletes the oldest `?3` rows of guild `?1` from before `?2`.
pub(super) fn delete_before(rows: &Rows) -> String {
    let Rows { table, time, .. } = rows;
    let (guild, index, over, time) = (tables::guild(table, "?1"), index(table), rows.is_over(), time.column);
    tables::delete(
        table,
        &format!("{index} WHERE guild_id = {guild} AND {time} < ?2 AND {over} ORDER BY {time} LIMIT ?3"),
    )
}

/// Returns a statement that finds the guilds with rows from before `?1`. It steps from guild to guild, not from row to row.
pub(super) fn guilds_before(rows: &Rows) -> String {
    let Rows { table, time, .. } = rows;
    let (index, over, table, time) = (index(table), rows.is_over(), table.name, time.column);
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

/// Returns a statement that deletes `?2` rows of guild `?1`, or all if `?2` is negative.
pub(super) fn delete_guild(table: &Table) -> String {
    let column = if table.guild == Some(Guild::Own) { "id" } else { "guild_id" };
    tables::delete(table, &format!("WHERE {column} = {} LIMIT ?2", tables::guild(table, "?1")))
}

#[cfg(test)]
mod tests {
    use diesel::{
        Connection, QueryResult, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query,
        sql_types::Text, sqlite::SqliteConnection,
    };
    use mocha_recorder::retention::guild_tables;

    use mocha_schema::catalogue::Kept;

    use super::*;

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
        let mut statements: Vec<String> =
            tables.flat_map(|rows| [delete_before(&rows), guilds_before(&rows)]).collect();
        assert_eq!(statements.len(), 2 * (10 + 12));
        statements.extend(guild_tables().map(delete_guild));
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
