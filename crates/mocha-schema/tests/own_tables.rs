//! The rules of the schema that hold for every table: of Mocha's own, of keys, and of what is inserted.

mod sql;

use std::{fs, path::Path};

use sql::{Failure, lines, migrated};

/// The eight tables that older files have too; they stay as those have them.
const SPECIFIED: &str =
    "'channels', 'guilds', 'member_events', 'members', 'message_events', 'presence_events', 'users',
    'voice_events'";

#[test]
fn own_tables_are_strict() -> Result<(), Failure> {
    let mut conn = migrated()?;
    let own = format!(
        "FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT IN ({SPECIFIED})
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '__diesel_schema_migrations'"
    );
    assert!(!lines(&mut conn, &format!("SELECT name AS line {own}"))?.is_empty());
    assert_eq!(lines(&mut conn, &format!("SELECT name AS line {own} AND NOT strict"))?, [""; 0]);
    Ok(())
}

/// Without such an index, deleting a parent reads the whole table of its children.
#[test]
fn every_foreign_key_leads_an_index() -> Result<(), Failure> {
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

/// Diesel would write a `None` as the column's default, unknown as 0, and would prepare the statement anew for each row.
#[test]
fn none_is_inserted_as_null() -> Result<(), Failure> {
    let mut insertables = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))? {
        let path = entry?.path();
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
