//! The catalogue lists every table of a migrated file, with the columns and keys that it has there.

mod sql;

use std::collections::BTreeSet;

use mocha_schema::catalogue::{Class, Column, Guild, Horizon, Kept, Person, TABLES, Table};
use sql::{Failure, lines, migrated};

/// Retention, erasure and salvage would silently skip a table that is not listed.
#[test]
fn every_table_and_every_column_is_listed_once() -> Result<(), Failure> {
    let listed: Vec<String> = TABLES
        .iter()
        .flat_map(|table| table.columns.iter().map(|column| format!("{}.{}", table.name, column.name)))
        .collect();
    let in_the_file = lines(
        &mut migrated()?,
        "SELECT t.name || '.' || c.name AS line FROM pragma_table_list t, pragma_table_info(t.name) c
         WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         ORDER BY t.name, c.cid",
    )?;
    assert_eq!(listed, in_the_file);
    Ok(())
}

#[test]
fn keys_match_the_file_and_only_tables_with_the_key_id_have_row_ids() -> Result<(), Failure> {
    let mut conn = migrated()?;
    for Table { key, name, .. } in TABLES {
        let sql = format!("SELECT name AS line FROM pragma_table_info('{name}') WHERE pk ORDER BY pk");
        assert_eq!(*key, lines(&mut conn, &sql)?, "{name}");
        let without_row_ids = lines(&mut conn, &format!("SELECT wr || '' AS line FROM pragma_table_list('{name}')"))?;
        assert_eq!(without_row_ids == ["1"], *key != ["id"], "{name}");
    }
    Ok(())
}

#[test]
fn guild_columns_have_the_type_in_the_catalogue() -> Result<(), Failure> {
    let mut conn = migrated()?;
    for Table { columns, guild, name, .. } in TABLES {
        let (column, kind) = match guild {
            Some(Guild::Own) => ("id", "TEXT"),
            Some(Guild::Number) => ("guild_id", "INTEGER"),
            Some(Guild::Text) => ("guild_id", "TEXT"),
            // Tombstones outlive the guild.
            _ => {
                assert!(*name == "tombstones" || columns.iter().all(|column| column.name != "guild_id"), "{name}");
                continue;
            }
        };
        let sql = format!("SELECT type AS line FROM pragma_table_info('{name}') WHERE name = '{column}'");
        assert_eq!(lines(&mut conn, &sql)?, [kind], "{name}");
    }
    Ok(())
}

#[test]
fn times_are_numbers_and_all_events_and_roll_ups_by_period_have_one() -> Result<(), Failure> {
    let mut conn = migrated()?;
    for Table { kept, name, time, .. } in TABLES {
        let Some(time) = time else {
            assert!(!matches!(kept, Kept::Events | Kept::Rollups) || name.ends_with("_totals"), "{name}");
            continue;
        };
        let sql = format!("SELECT type AS line FROM pragma_table_info('{name}') WHERE name = '{}'", time.column);
        assert_eq!(lines(&mut conn, &sql)?, ["INTEGER"], "{name}");
        // Retention deletes months of thirty days, so each period has to divide a month.
        assert_eq!(2_592_000_000 % time.unit_ms, 0, "{name}");
    }
    Ok(())
}

#[test]
fn roll_ups_are_made_of_listed_tables_with_the_same_horizon() {
    for table in TABLES {
        let sources: Vec<&Table> = table.sources_of_sums().collect();
        assert_eq!(sources.len(), table.made_of.len(), "{}", table.name);
        assert_eq!(
            table.kept == Kept::Rollups,
            !sources.is_empty() && table.guild == Some(Guild::Number),
            "{}",
            table.name
        );
        if let Some(time) = table.time {
            let horizons: BTreeSet<_> =
                sources.iter().filter_map(|source| source.time).map(|time| time.horizon).collect();
            assert!(horizons.into_iter().all(|horizon| horizon == time.horizon), "{}", table.name);
        }
    }
}

#[test]
fn horizons_are_columns_of_the_file() -> Result<(), Failure> {
    let table = Table::find("horizons").ok_or("no horizons")?;
    let columns: BTreeSet<&str> = table.columns.iter().map(|column| column.name).collect();
    let known = Horizon::ALL.map(Horizon::column).into_iter().chain(["id", "rollups_from"]);
    assert_eq!(columns, known.collect());
    Ok(())
}

/// Erasure uses the catalogue, so each table with a user has to name the column.
#[test]
fn tables_with_a_user_belong_to_the_user() {
    for table @ Table { columns, name, person, purpose, .. } in TABLES {
        assert!(!purpose.is_empty() && columns.iter().all(|column| !column.purpose.is_empty()), "{name}");
        let has_user = columns.iter().any(|column| column.name == "user_id") || ["user_names", "users"].contains(name);
        assert_eq!(person.is_some(), has_user, "{name}");
        let identifying = |column: &&Column| column.class == Class::Identifying;
        // A second user whom no erasure finds would stay.
        let ids = ["id", "message_id", "replied_message_id", "user_id"];
        let others = columns.iter().filter(identifying).map(|column| column.name);
        let others: Vec<&str> = others.filter(|name| name.ends_with("_id") && !ids.contains(name)).collect();
        assert_eq!(others, Vec::from_iter(table.second_person()), "{name}");
        if has_user {
            let id = if *person == Some(Person::Own) { "id" } else { "user_id" };
            assert!(columns.iter().filter(identifying).any(|column| column.name == id), "{name}");
            let has_guild = columns.iter().any(|column| column.name == "guild_id");
            assert!(has_guild || *person == Some(Person::Own), "{name}");
        } else if !["bots", "tombstones"].contains(name) {
            // Triggers maintain `bots` from `users`, and a tombstone outlives the user.
            assert!(!columns.iter().any(|column| identifying(&column)), "{name}");
        }
    }
}
