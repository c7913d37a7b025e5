//! Rules of the schema that hold for every table: strictness, indexes of foreign keys, and inserts.

mod sql;

use std::{fs, path::Path};

use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types};
use sql::{Failure, lines, migrated};

/// The eight tables of the TypeScript original, which never change.
const SPECIFIED: &str =
    "'channels', 'guilds', 'member_events', 'members', 'message_events', 'presence_events', 'users',
    'voice_events'";

#[test]
fn own_tables_are_strict() -> Result<(), Failure> {
    let mut conn = migrated()?;
    let own = format!(
        "FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT IN ({SPECIFIED})
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    );
    assert!(!lines(&mut conn, &format!("SELECT name AS line {own}"))?.is_empty());
    assert_eq!(lines(&mut conn, &format!("SELECT name AS line {own} AND NOT strict"))?, [""; 0]);
    Ok(())
}

/// Without such an index, deleting a parent reads the whole table of its children.
#[test]
fn every_foreign_key_is_the_first_column_of_an_index() -> Result<(), Failure> {
    let mut conn = migrated()?;
    let keys = "FROM sqlite_schema t, pragma_foreign_key_list(t.name) k WHERE t.type = 'table'";
    assert!(!lines(&mut conn, &format!("SELECT t.name AS line {keys}"))?.is_empty());
    let unindexed = lines(
        &mut conn,
        &format!(
            "SELECT t.name || '.' || k.\"from\" AS line {keys} AND NOT EXISTS (
                 SELECT 1 FROM pragma_index_list(t.name) i, pragma_index_info(i.name) c
                 WHERE NOT i.partial AND c.seqno = 0 AND c.name = k.\"from\")"
        ),
    )?;
    assert_eq!(unindexed, [""; 0]);
    Ok(())
}

/// Otherwise Diesel would write `None` as the column's default, so that unknown becomes 0, and would prepare the statement
/// again for each row.
#[test]
fn none_is_inserted_as_null() -> Result<(), Failure> {
    let mut insertables = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))? {
        let path = entry?.path();
        // The folders hold no structs to insert.
        if path.is_dir() {
            continue;
        }
        let source = fs::read_to_string(&path)?;
        // A struct's attributes stand between its first `#[derive(` and its name.
        for attributes in source.split("pub struct ").filter_map(|part| part.rsplit_once("#[derive(")) {
            let (derives, rest) = attributes.1.split_once(")]").ok_or("an open derive")?;
            if derives.contains("Insertable") {
                insertables += 1;
                assert!(rest.contains("treat_none_as_default_value = false"), "{}: {rest}", path.display());
            }
        }
    }
    assert!(insertables >= 8, "only {insertables} structs found");
    Ok(())
}

/// A step of a statement or of its triggers, as EXPLAIN reports it.
#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = sql_types::Text)]
    opcode: String,
    #[diesel(sql_type = sql_types::Integer)]
    p1: i32,
    #[diesel(sql_type = sql_types::Integer)]
    p2: i32,
}

impl Step {
    /// Returns `true` if the step makes SQLite keep a journal of the statement.
    ///
    /// Such a step may abort the statement, checks a foreign key at once, or calls a function.
    fn needs_journal(&self) -> bool {
        const ABORT: i32 = 2;
        match self.opcode.as_str() {
            "Halt" | "HaltIfNull" => self.p1 != 0 && self.p2 == ABORT,
            "FkCounter" => self.p1 == 0,
            "Function" | "PureFunc" => true,
            _ => false,
        }
    }
}

/// A statement that writes to several tables and may abort copies every page before the change. The copies would take a third
/// of the time of recording a message. Therefore totals may be NULL, and the keys of `message_events` are checked at the commit.
#[test]
fn recording_a_message_needs_no_statement_journal() -> Result<(), Failure> {
    let mut conn = migrated()?;
    conn.batch_execute("PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON")?;
    let mut steps = |conflict: &str| {
        let insert = format!("EXPLAIN INSERT {conflict} INTO message_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        sql_query(insert).load::<Step>(&mut conn)
    };
    let recording = steps("OR IGNORE")?;
    // Triggers add the message to days and quarters of an hour. They add a late message to months, all time and active days
    // too. In a guild that counts awards they move the award of its span. The table has three foreign keys.
    assert_eq!(recording.iter().filter(|step| step.opcode == "Program").count(), 15);
    assert_eq!(recording.iter().filter(|step| step.opcode == "FkCounter").count(), 3);
    assert!(recording.iter().filter(|step| step.opcode == "IdxInsert").count() >= 3);
    assert_eq!(recording.iter().filter(|step| step.needs_journal()).count(), 0);
    assert!(steps("OR ABORT")?.iter().any(Step::needs_journal));
    Ok(())
}
