//! Citus: spreads the tables over several servers, by guild.
//!
//! All tables are created as plain tables first. Citus then moves their rows and keeps their names.

use diesel::{
    Connection, PgConnection, QueryResult, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{Bool, Nullable, Text},
};

use crate::{
    APPLICATION_ID, Error,
    catalogue::{POSTGRES_TABLES, Placement, TABLES, Table},
};

/// The functions that triggers of events call. Citus finds the functions of triggers by itself, but not these.
const CALLED_BY_TRIGGERS: [&str; 4] = ["add_active_days", "add_voice", "hold_generation", "is_distributed"];

/// Distributes the tables of the connection's current schema over the servers of a Citus cluster.
///
/// All rows of a guild go to one server, and [`Placement`] says where other rows go. Existing rows are moved, and every
/// recorder waits until this is done. Tables that are distributed already do not change, so a second call does nothing.
///
/// The database must have the extension on each server, and the connection must be to the coordinator.
///
/// # Errors
///
/// * [`ErrorKind::NoCitus`](crate::ErrorKind::NoCitus): the database does not have the extension.
/// * [`ErrorKind::Migration`](crate::ErrorKind::Migration): PostgreSQL or Citus reported an error.
///
/// The database is unchanged in both cases.
pub fn distribute_postgres(conn: &mut PgConnection) -> Result<(), Error> {
    if !found(conn, "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS found")
        .map_err(Error::migration)?
    {
        return Err(Error::no_citus());
    }
    conn.transaction(|conn| {
        sql_query(format!("SELECT pg_advisory_xact_lock({APPLICATION_ID})")).execute(conn)?;
        distribute(conn)
    })
    .map_err(Error::migration)
}

/// Returns whether the tables are distributed.
pub(crate) fn is_distributed(conn: &mut PgConnection) -> QueryResult<bool> {
    found(conn, "SELECT is_distributed() AS found")
}

/// Prepares a transaction that changes distributed tables: Citus then takes one step after the other.
pub(crate) fn prepare(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute("SET LOCAL citus.multi_shard_modify_mode = 'sequential'")?;
    conn.batch_execute("SET LOCAL citus.enable_unsafe_triggers = on")
}

/// Distributes the tables that are not distributed. The transaction has the lock of migrations.
pub(crate) fn distribute(conn: &mut PgConnection) -> QueryResult<()> {
    let mut missing = Vec::new();
    for table in TABLES.iter().chain(POSTGRES_TABLES) {
        let is_missing = format!(
            "SELECT NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = '{}'::regclass) AS found",
            table.name
        );
        if table.placement().is_some_and(|placement| placement != Placement::Coordinator) && found(conn, &is_missing)? {
            missing.push(table);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    // Waits for all batches, and makes others wait.
    conn.batch_execute("UPDATE generations SET generation = generation + 1")?;
    conn.batch_execute("SET LOCAL statement_timeout = 0")?;
    prepare(conn)?;
    conn.batch_execute(
        "DO $$ BEGIN IF EXISTS (SELECT 1 FROM award_spans) THEN
             RAISE EXCEPTION 'a Citus cluster cannot count awards: call stop_awards for each guild before';
         END IF; END $$",
    )?;
    conn.batch_execute(
        "CREATE OR REPLACE FUNCTION is_distributed() RETURNS BOOLEAN LANGUAGE sql STABLE AS 'SELECT true'",
    )?;
    // A distributed table can refer only to distributed tables, and triggers would count the rows that are moved. So references
    // and triggers are dropped, and added again at the end.
    let mut parts = references(conn, &missing)?;
    parts.extend(triggers(conn, &missing)?);
    for Part { drop, .. } in &parts {
        conn.batch_execute(drop)?;
    }
    // The table of guilds comes first, because the other tables are spread like it.
    missing.sort_by_key(|table| table.name != "guilds");
    for table in missing {
        conn.batch_execute(&distribution_of(table))?;
    }
    for signature in functions(conn)? {
        conn.batch_execute(&format!("SELECT create_distributed_function('{signature}')"))?;
    }
    for add in parts.iter().filter_map(|part| part.add.as_ref()) {
        conn.batch_execute(add)?;
    }
    Ok(())
}

fn distribution_of(table: &Table) -> String {
    let name = table.name;
    match table.placement() {
        Some(Placement::OfGuild { column }) => {
            let beside = if name == "guilds" { "none" } else { "guilds" };
            format!("SELECT create_distributed_table('{name}', '{column}', colocate_with => '{beside}')")
        }
        _ => format!("SELECT create_reference_table('{name}')"),
    }
}

/// The statements of a foreign key or a trigger.
#[derive(QueryableByName)]
struct Part {
    /// `None` if it is not added again.
    #[diesel(sql_type = Nullable<Text>)]
    add: Option<String>,
    #[diesel(sql_type = Text)]
    drop: String,
}

/// Returns the foreign keys of the tables.
fn references(conn: &mut PgConnection, tables: &[&Table]) -> QueryResult<Vec<Part>> {
    sql_query(format!(
        "SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS add,
             format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop
         FROM pg_constraint WHERE contype = 'f' AND conrelid IN ({}) ORDER BY conrelid::regclass::TEXT, conname",
        listed(tables)
    ))
    .load(conn)
}

/// Returns the triggers of the tables. Some are not added again. Those of tables on every server would run on every server, so
/// the store does their work. Those of TRUNCATE would have to read all guilds, and those that count awards read several guilds
/// at once; nothing does their work.
fn triggers(conn: &mut PgConnection, tables: &[&Table]) -> QueryResult<Vec<Part>> {
    let of_guilds: Vec<&Table> =
        tables.iter().copied().filter(|table| table.placement() != Some(Placement::Everywhere)).collect();
    // The bit 32 of `tgtype` is TRUNCATE.
    sql_query(format!(
        "SELECT CASE WHEN tgrelid = ANY (ARRAY[{}]::regclass[]) AND tgtype & 32 = 0
                 AND tgname !~ 'award' THEN pg_get_triggerdef(oid) END AS add,
             format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) AS drop
         FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN ({}) ORDER BY tgrelid::regclass::TEXT, tgname",
        listed(&of_guilds),
        listed(tables)
    ))
    .load(conn)
}

/// Returns the functions that triggers call, with their types.
fn functions(conn: &mut PgConnection) -> QueryResult<Vec<String>> {
    let names = CALLED_BY_TRIGGERS.map(|name| format!("'{name}'")).join(", ");
    let functions = format!(
        "SELECT oid::regprocedure::TEXT AS line FROM pg_proc
         WHERE pronamespace = current_schema()::regnamespace AND proname IN ({names}) ORDER BY 1"
    );
    lines(conn, &functions)
}

fn listed(tables: &[&Table]) -> String {
    tables.iter().map(|table| format!("'{}'::regclass", table.name)).collect::<Vec<_>>().join(", ")
}

fn lines(conn: &mut PgConnection, sql: &str) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    Ok(sql_query(sql).load::<Line>(conn)?.into_iter().map(|line| line.line).collect())
}

fn found(conn: &mut PgConnection, sql: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    Ok(sql_query(sql).get_result::<Found>(conn)?.found)
}

#[cfg(test)]
mod tests {
    use mocha_test_postgres::Database;

    use super::*;

    type Failure = Box<dyn std::error::Error + Send + Sync>;

    /// The functions that only the coordinator runs.
    const OF_COORDINATOR: [&str; 3] = ["move_bots", "note_bots", "pack_quarters"];

    /// Someone has to decide where the rows of a new table are.
    #[test]
    fn every_table_has_a_placement() {
        for table in TABLES.iter().chain(POSTGRES_TABLES) {
            assert_ne!(table.placement(), None, "{}", table.name);
        }
    }

    /// Otherwise a trigger would call a function that a worker does not have, or read a table that it does not have.
    #[test]
    fn triggers_of_events_find_everything_on_a_worker() -> Result<(), Failure> {
        let Some(database) = Database::create_without_citus() else { return Ok(()) };
        let conn = &mut PgConnection::establish(database.url())?;
        crate::migrate_postgres(conn)?;
        let of_schema = "FROM pg_proc WHERE pronamespace = current_schema()::regnamespace";
        let called =
            format!("SELECT proname::TEXT AS line {of_schema} AND prorettype <> 'trigger'::regtype ORDER BY 1");
        let mut known: Vec<&str> = CALLED_BY_TRIGGERS.into_iter().chain(OF_COORDINATOR).collect();
        known.sort_unstable();
        assert_eq!(lines(conn, &called)?, known);
        for table in TABLES.iter().chain(POSTGRES_TABLES) {
            if table.placement() != Some(Placement::Coordinator) {
                continue;
            }
            let named = format!(
                "SELECT DISTINCT proname::TEXT AS line {of_schema} AND prosrc ~ '\\m{}\\M' AND proname <> 'hold_generation'
                     AND (proname = ANY (string_to_array('{}', ' ')) OR EXISTS (
                         SELECT FROM pg_trigger WHERE tgfoid = pg_proc.oid
                             AND tgrelid IN ({}) AND tgtype & 32 = 0))",
                table.name,
                CALLED_BY_TRIGGERS.join(" "),
                listed(&TABLES.iter().filter(|table| table.guild.is_some()).collect::<Vec<_>>()),
            );
            assert_eq!(lines(conn, &named)?, [""; 0], "{}", table.name);
        }
        Ok(())
    }

    #[test]
    fn a_database_without_citus_is_left_alone() -> Result<(), Failure> {
        let Some(database) = Database::create_without_citus() else { return Ok(()) };
        let conn = &mut PgConnection::establish(database.url())?;
        crate::migrate_postgres(conn)?;
        let error = distribute_postgres(conn).unwrap_err();
        assert_eq!(*error.kind(), crate::ErrorKind::NoCitus);
        assert!(!is_distributed(conn)?);
        Ok(())
    }
}
