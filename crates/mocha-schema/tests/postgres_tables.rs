//! `schema.rs` and the catalogue declare what a migrated PostgreSQL database has.
#![cfg(feature = "postgres")]

use std::error::Error;

use diesel::{
    Column,
    connection::SimpleConnection,
    pg::{Pg, PgTypeMetadata},
    prelude::*,
    sql_query,
    sql_types::{HasSqlType, Text},
};
use diesel_migrations::MigrationHarness;
use mocha_schema::{
    ErrorKind, POSTGRES_MIGRATIONS, PostgresMigrations,
    catalogue::{POSTGRES_TABLES, TABLES},
    migrate_postgres,
    schema::{
        active_months, award_days, award_spans, award_totals, bots, channel_histories, channels, command_uses,
        ended_boosts, gateway_sessions, gone_channels, guild_states, guilds, horizons, invited_members, invites,
        level_guilds, member_days, member_events, member_roles, members, message_addressees, message_days,
        message_events, message_months, message_quarters, message_thirds, message_totals, mocha_migrations,
        packed_quarters, point_balances, presence_events, reactions, recorder_states, reported_levels, tombstone_keys,
        tombstones, unheard_guilds, user_names, users, voice_channel_days, voice_channel_months, voice_days,
        voice_events, voice_intervals, voice_months, voice_totals, watermarks,
    },
};
use mocha_test_postgres::Database;

type Failure = Box<dyn Error + Send + Sync>;

/// Runs a query with the single text column `line`, and returns its values.
fn lines(conn: &mut PgConnection, sql: &str) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        line: String,
    }
    Ok(sql_query(sql).load::<Line>(conn)?.into_iter().map(|line| line.line).collect())
}

/// The columns of a table, in order, with the numbers of their types.
trait Columns {
    fn columns(conn: &mut PgConnection) -> Vec<String>;
}

fn column<C: Column>(conn: &mut PgConnection) -> String
where
    Pg: HasSqlType<C::SqlType>,
{
    let metadata: PgTypeMetadata = <Pg as HasSqlType<C::SqlType>>::metadata(conn);
    format!("{} {}", C::NAME, metadata.oid().expect("a built-in type of PostgreSQL"))
}

/// Implements [`Columns`] for tuples.
macro_rules! columns {
    ($($column:ident)+) => {
        impl<$($column),+> Columns for ($($column,)+)
        where
            $($column: Column, Pg: HasSqlType<$column::SqlType>,)+
        {
            fn columns(conn: &mut PgConnection) -> Vec<String> {
                vec![$(column::<$column>(conn)),+]
            }
        }
    };
}

columns!(A);
columns!(A B);
columns!(A B C);
columns!(A B C D);
columns!(A B C D E);
columns!(A B C D E F);
columns!(A B C D E F G);
columns!(A B C D E F G H);
columns!(A B C D E F G H I);
columns!(A B C D E F G H I J);
columns!(A B C D E F G H I J K);
columns!(A B C D E F G H I J K L);
columns!(A B C D E F G H I J K L M);
columns!(A B C D E F G H I J K L M N);
columns!(A B C D E F G H I J K L M N O);

/// Compares each table with the database's. SQLite has a `rowid` without a column.
macro_rules! compare {
    ($conn:expr, $($table:ident)+) => {
        $({
            let declared = <$table::table as Table>::AllColumns::columns($conn);
            let sql = format!(
                "SELECT attname || ' ' || atttypid AS line FROM pg_attribute
                 WHERE attrelid = '{}'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'rowid'
                 ORDER BY attnum",
                stringify!($table)
            );
            assert_eq!(declared, lines($conn, &sql)?, stringify!($table));
        })+
        assert_eq!([$(stringify!($table)),+].to_vec(), TABLES.iter().map(|table| table.name).collect::<Vec<_>>());
    };
}

#[test]
fn types_are_those_of_the_database() -> Result<(), Failure> {
    let Some(database) = Database::create() else { return Ok(()) };
    let conn = &mut PgConnection::establish(database.url())?;
    migrate_postgres(conn)?;
    compare!(conn,
        active_months award_days award_spans award_totals bots channel_histories channels command_uses ended_boosts gateway_sessions gone_channels guild_states guilds horizons invited_members invites level_guilds member_days member_events member_roles members message_addressees message_days message_events message_months message_quarters message_thirds message_totals mocha_migrations packed_quarters point_balances presence_events reactions recorder_states reported_levels tombstone_keys tombstones unheard_guilds user_names users
        voice_channel_days voice_channel_months voice_days voice_events voice_intervals voice_months voice_totals
        watermarks
    );
    Ok(())
}

#[test]
fn the_catalogue_lists_every_table_and_column() -> Result<(), Failure> {
    let Some(database) = Database::create() else { return Ok(()) };
    let conn = &mut PgConnection::establish(database.url())?;
    migrate_postgres(conn)?;
    let mut listed: Vec<String> = TABLES
        .iter()
        .chain(POSTGRES_TABLES)
        .flat_map(|table| table.columns.iter().map(|column| format!("{}.{}", table.name, column.name)))
        .collect();
    listed.sort();
    let sql = "SELECT table_name || '.' || column_name COLLATE \"C\" AS line
               FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
               WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND column_name <> 'rowid' ORDER BY 1";
    assert_eq!(listed, lines(conn, sql)?);
    Ok(())
}

/// Citus distributes a table by a column that each of its keys has. Without it a query of one guild asks all machines.
#[test]
fn keys_of_tables_with_a_guild_begin_with_it() -> Result<(), Failure> {
    let Some(database) = Database::create() else { return Ok(()) };
    let conn = &mut PgConnection::establish(database.url())?;
    migrate_postgres(conn)?;
    let keys = "FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
                JOIN pg_class ON pg_class.oid = indrelid
                WHERE relnamespace = current_schema()::regnamespace AND indisunique
                    AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = indrelid AND attname = 'guild_id')
                    AND relname <> 'tombstones'";
    assert!(lines(conn, &format!("SELECT relname || '' AS line {keys}"))?.len() > 20);
    let others = format!("SELECT relname || '' AS line {keys} AND attname <> 'guild_id'");
    assert_eq!(lines(conn, &others)?, [""; 0]);
    Ok(())
}

#[test]
fn migrations_can_be_reverted_and_run_again() -> Result<(), Failure> {
    let Some(database) = Database::create() else { return Ok(()) };
    let conn = &mut PgConnection::establish(database.url())?;
    let everything = "SELECT relkind::TEXT || ' ' || relname AS line FROM pg_class WHERE relnamespace = current_schema()::regnamespace
                      UNION ALL SELECT proname || ' ' || md5(prosrc) FROM pg_proc
                      WHERE pronamespace = current_schema()::regnamespace
                      UNION ALL SELECT tgname || ' ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1";
    migrate_postgres(conn)?;
    let before = lines(conn, everything)?;
    PostgresMigrations::new(conn).revert_all_migrations(POSTGRES_MIGRATIONS)?;
    assert_eq!(lines(conn, everything)?, ["i mocha_migrations_pkey", "r mocha_migrations"]);
    migrate_postgres(conn)?;
    assert_eq!(lines(conn, everything)?, before);
    Ok(())
}

#[test]
fn processes_that_start_at_once_migrate_once() -> Result<(), Failure> {
    let Some(database) = Database::create() else { return Ok(()) };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| -> Result<(), Failure> {
                    Ok(migrate_postgres(&mut PgConnection::establish(database.url())?)?)
                })
            })
            .collect();
        all.into_iter().try_for_each(|thread| thread.join().unwrap())
    })
}

#[test]
fn tables_that_are_not_mochas_are_left_alone() -> Result<(), Failure> {
    let Some(database) = Database::create() else { return Ok(()) };
    let conn = &mut PgConnection::establish(database.url())?;
    conn.batch_execute("CREATE TABLE users (name TEXT)")?;
    let error = migrate_postgres(conn).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::ForeignTable { name: "users" });
    assert_eq!(database.execute("SELECT to_regclass('guilds') IS NULL"), "t");
    // In a schema of its own Mocha does not see them.
    conn.batch_execute("CREATE SCHEMA mocha; SET search_path = mocha")?;
    migrate_postgres(conn)?;
    conn.batch_execute("INSERT INTO users (id, created_at, updated_at) VALUES (1, 0, 0)")?;
    assert_eq!(database.execute("SELECT id FROM mocha.users"), "1");
    Ok(())
}

#[test]
fn a_newer_database_is_refused() -> Result<(), Failure> {
    let Some(database) = Database::create() else { return Ok(()) };
    let conn = &mut PgConnection::establish(database.url())?;
    migrate_postgres(conn)?;
    conn.batch_execute("INSERT INTO mocha_migrations (version) VALUES ('99990101000000')")?;
    let error = migrate_postgres(conn).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::SchemaTooNew { version: "99990101000000".to_owned() });
    Ok(())
}

/// A database that other programs use may have another search path.
#[test]
fn triggers_find_their_tables_from_anywhere() -> Result<(), Failure> {
    let Some(database) = Database::create() else { return Ok(()) };
    let conn = &mut PgConnection::establish(database.url())?;
    conn.batch_execute("CREATE SCHEMA mocha; SET search_path = mocha")?;
    migrate_postgres(conn)?;
    database.execute(
        "INSERT INTO mocha.member_events VALUES ('a', 1, 2, 'join', NULL, 86400);
         INSERT INTO mocha.users (id, bot, created_at, updated_at) VALUES (2, true, 0, 0)",
    );
    assert_eq!(database.execute("SELECT * FROM mocha.member_days"), "1|1|t|1|0");
    Ok(())
}

/// The statements of the dashboard in `docs/grafana.json`, with Grafana's variables filled in.
#[test]
fn the_dashboard_asks_what_the_views_answer() -> Result<(), Failure> {
    let Some(database) = Database::create() else { return Ok(()) };
    let conn = &mut PgConnection::establish(database.url())?;
    migrate_postgres(conn)?;
    conn.batch_execute(
        "INSERT INTO guilds (id, name, created_at, updated_at) VALUES (1, 'Rust', 0, 0);
         INSERT INTO users (id, username, created_at, updated_at) VALUES (2, 'mira', 0, 0);
         INSERT INTO channels (id, guild_id, name, type, created_at, updated_at) VALUES (3, 1, 'general', 0, 0, 0);
         INSERT INTO message_events VALUES (4, 1, 3, 2, 0, false, false, 5, 1, 1700000000);
         INSERT INTO member_events VALUES ('5', 1, 2, 'join', NULL, 1700000000);
         INSERT INTO voice_intervals VALUES
             (1, 2, 1700000000000, 1700000060000, 1700000060000, 1700000000000, 3, false, false, false, false, false, false,
              false, false),
             (1, 2, 1700000070000, NULL, 1700000080000, 1700000070000, 3, false, false, false, false, false, false, false,
              false)",
    )?;
    let dashboard: serde_json::Value = serde_json::from_str(include_str!("../../../docs/grafana.json"))?;
    let variables = dashboard.pointer("/templating/list").and_then(|list| list.as_array()).ok_or("no variables")?;
    let panels = dashboard.get("panels").and_then(|panels| panels.as_array()).ok_or("no panels")?;
    let targets = panels.iter().filter_map(|panel| panel.get("targets")?.as_array()).flatten();
    let asked = targets.filter_map(|target| target.get("rawSql")?.as_str());
    let mut statements: Vec<_> = asked
        .chain(
            variables
                .iter()
                .filter(|variable| variable.get("type").is_some_and(|kind| kind == "query"))
                .filter_map(|variable| variable.get("query")?.as_str()),
        )
        .collect();
    statements.sort_unstable();
    assert!(statements.len() >= panels.len());
    for statement in statements {
        let sql = statement
            .replace(
                "$__timeFilter(\"time\")",
                "\"time\" BETWEEN to_timestamp(1699000000) AND to_timestamp(1701000000)",
            )
            .replace("$__timeGroup(\"time\", '1d')", "date_trunc('day', \"time\")")
            .replace("$guild", "1");
        assert!(!sql.contains('$'), "{sql}");
        assert_ne!(database.execute(&sql), "", "{sql}");
    }
    Ok(())
}
