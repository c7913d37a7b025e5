//! Migrations run, revert and run again, refuse newer files, and may run in several threads at once.

mod sql;

use std::{fs, path::PathBuf, sync::Barrier, thread};

use diesel::{connection::SimpleConnection, prelude::*, sqlite::Sqlite};
use diesel_migrations::MigrationHarness;
use mocha_schema::{MIGRATIONS, Migrations, migrate};
use sql::{Failure, lines, migrated};

/// A row in each of the eight tables, and a voice interval.
const SEED: &str = "
    INSERT INTO guilds VALUES ('1', 'Rust', NULL, 3, 1, 2);
    INSERT INTO users VALUES ('2', 'mira', NULL, NULL, 0, 1, 2);
    INSERT INTO channels VALUES ('3', '1', 'general', 0, NULL, 0, 1, 2);
    INSERT INTO members VALUES ('1:2', '1', '2', NULL, 1, NULL, 1, 2);
    INSERT INTO message_events VALUES ('4', '1', '3', '2', 0, 0, 0, 5, 1, 3);
    INSERT INTO voice_events VALUES ('5', '1', '3', '2', 'join', 3, NULL, 0, 0, 0, 3);
    INSERT INTO member_events VALUES ('6', '1', '2', 'join', 3, 1);
    INSERT INTO presence_events VALUES ('7', '1', '2', 'online', NULL, NULL, 3);
    INSERT INTO voice_intervals VALUES ('1', '2', 3000, NULL, 3000, 3000, '3', 0, 0, 0, 0, 0, 0, 0, 0);";

/// Returns everything that `CREATE` statements made.
fn dump(conn: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    lines(
        conn,
        "SELECT type || ' ' || name || ' ' || tbl_name || ifnull(' ' || sql, '') AS line FROM sqlite_schema
         WHERE tbl_name <> 'mocha_migrations' ORDER BY type, name",
    )
}

/// Returns a path for a new file, and removes the files of an earlier run.
fn new_file(name: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    for suffix in ["", "-journal", "-shm", "-wal"] {
        let file = PathBuf::from(format!("{}{suffix}", path.display()));
        if file.exists() {
            fs::remove_file(file)?;
        }
    }
    Ok(path)
}

fn open(path: &std::path::Path) -> Result<SqliteConnection, Failure> {
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("a path that is not UTF-8")?)?;
    conn.batch_execute("PRAGMA busy_timeout = 10000")?;
    Ok(conn)
}

#[test]
fn migrations_run_revert_and_run_again() -> Result<(), Failure> {
    let mut conn = migrated()?;
    let first = dump(&mut conn)?;
    assert!(first.len() > 20, "{first:?}");
    for _ in 0..2 {
        conn.batch_execute("PRAGMA foreign_keys = ON")?;
        conn.batch_execute(SEED)?;
        Migrations::new(&mut conn).revert_all_migrations(MIGRATIONS)?;
        assert_eq!(dump(&mut conn)?, [""; 0]);
        migrate(&mut conn)?;
        assert_eq!(dump(&mut conn)?, first);
    }
    Ok(())
}

#[test]
fn each_migration_alone_reverts_what_it_did() -> Result<(), Failure> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    Migrations::new(&mut conn).applied_migrations()?; // Creates the table of versions.
    let migrations = diesel::migration::MigrationSource::<Sqlite>::migrations(&MIGRATIONS)?;
    for migration in &migrations {
        let before = dump(&mut conn)?;
        Migrations::new(&mut conn).run_migration(migration)?;
        let after = dump(&mut conn)?;
        assert!(after.len() > before.len(), "{}", migration.name());
        Migrations::new(&mut conn).revert_migration(migration)?;
        assert_eq!(dump(&mut conn)?, before, "{}", migration.name());
        Migrations::new(&mut conn).run_migration(migration)?;
        assert_eq!(dump(&mut conn)?, after, "{}", migration.name());
    }
    Ok(())
}

#[test]
fn migrating_again_changes_nothing() -> Result<(), Failure> {
    let path = new_file("again.db")?;
    let mut conn = open(&path)?;
    migrate(&mut conn)?;
    conn.batch_execute(SEED)?;
    let rows = lines(&mut conn, "SELECT id || created_at AS line FROM message_events")?;
    let schema = dump(&mut conn)?;
    migrate(&mut conn)?;
    assert_eq!(dump(&mut conn)?, schema);
    assert_eq!(lines(&mut conn, "SELECT id || created_at AS line FROM message_events")?, rows);
    Ok(())
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_unchanged() -> Result<(), Failure> {
    let path = new_file("newer.db")?;
    let mut conn = open(&path)?;
    migrate(&mut conn)?;
    conn.batch_execute(SEED)?;
    conn.batch_execute("INSERT INTO mocha_migrations (version) VALUES ('99990101000000')")?;
    // A pending migration must not run either.
    conn.batch_execute("DELETE FROM mocha_migrations WHERE version = '00000000000002'")?;
    drop(conn);
    let before = fs::read(&path)?;

    let error = migrate(&mut open(&path)?).unwrap_err();
    assert!(error.is_schema_too_new(), "{error}");
    assert!(error.to_string().contains("99990101000000"), "{error}");
    assert!(fs::read(&path)? == before, "the file was written to");
    Ok(())
}

#[test]
fn four_threads_migrate_one_new_file_at_once() -> Result<(), Failure> {
    let expected = dump(&mut migrated()?)?;
    for round in 0..5 {
        let path = new_file(&format!("four-{round}.db"))?;
        open(&path)?.batch_execute("PRAGMA journal_mode = WAL")?;
        let barrier = Barrier::new(4);
        thread::scope(|scope| -> Result<(), Failure> {
            let migrating: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| -> Result<(), Failure> {
                        let conn = open(&path);
                        barrier.wait();
                        Ok(migrate(&mut conn?)?)
                    })
                })
                .collect();
            for thread in migrating {
                thread.join().map_err(|_| "a thread panicked")??;
            }
            Ok(())
        })?;
        assert_eq!(dump(&mut open(&path)?)?, expected);
    }
    Ok(())
}

/// Returns every row of every roll-up.
fn rollups(conn: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    let mut rows = Vec::new();
    let tables = lines(
        conn,
        "SELECT name AS line FROM sqlite_schema WHERE type = 'table'
            AND (name GLOB '*_days' OR name GLOB '*_months' OR name GLOB '*_quarters' OR name GLOB '*_thirds' OR name GLOB '*_totals') ORDER BY name",
    )?;
    for table in tables {
        let columns = format!("SELECT name AS line FROM pragma_table_info('{table}')");
        let columns = lines(conn, &columns)?.join(" || ' ' || ");
        rows.extend(lines(conn, &format!("SELECT '{table} ' || {columns} AS line FROM {table} ORDER BY 1"))?);
    }
    Ok(rows)
}

/// Messages and voice of two humans and a bot, in two months. Some rows count and some do not.
const HISTORY: &str = "
    INSERT INTO guilds VALUES ('1', NULL, NULL, 3, 1, 2), ('me', NULL, NULL, 3, 1, 2);
    INSERT INTO users VALUES ('2', NULL, NULL, NULL, 0, 1, 2), ('3', NULL, NULL, NULL, 1, 1, 2), ('4', NULL, NULL, NULL, NULL, 1, 2),
        ('you', NULL, NULL, NULL, 1, 1, 2), ('her', NULL, NULL, NULL, 0, 1, 2);
    INSERT INTO channels VALUES ('5', '1', NULL, 0, NULL, 0, 1, 2), ('6', '1', NULL, 0, NULL, 0, 1, 2);
    INSERT INTO message_events VALUES
        ('10', '1', '5', '2', 0, 1, 0, 5, 1, 1629849599), ('11', '1', '5', '2', 19, 1, 1, 7, 2, 1629849600),
        ('12', '1', '5', '2', 20, NULL, NULL, NULL, NULL, 1629849600), ('13', '1', '6', '2', 23, 0, 1, 1, 1, 1629850500),
        ('14', '1', '5', '3', 0, 0, 1, 9, 3, 1629849600), ('15', '1', '5', '4', 0, 0, 0, 1, 1, 1629849600),
        ('16', '1', '5', '2', 7, 1, 1, 5, 1, 1629849600), ('17', '1', '5', '2', NULL, 1, 1, 5, 1, 1629849600),
        ('18', '1', '5', '2', 0, 1, 1, 5, 1, -1), ('19', '1', '5', '2', 0, 1, 1, 5, 1, '2021-08-25'),
        ('20', 'me', '5', 'you', 0, 1, 1, 5, 1, 1629849600), ('21', 'me', '5', 'her', 0, 1, 1, 5, 1, 1629849600);
    INSERT INTO voice_events VALUES
        ('30', '1', '5', '2', 'join', 1629849000, NULL, 0, 0, 0, 1629849000),
        ('31', '1', NULL, '2', 'leave', 1629849000, 1629849660, 660000, 0, 0, 1629849660),
        ('32', '1', NULL, '3', 'leave', NULL, NULL, NULL, NULL, NULL, 1629849599);
    INSERT INTO voice_intervals VALUES
        ('1', '2', 1629849000000, 1629849600000, 1629849600000, 1629849000000, '5', 0, 0, 1, 0, 0, 0, 0, 0),
        ('1', '2', 1629849600000, 1629849600250, 1629849600250, 1629849000000, '5', 0, 1, 0, 0, 1, 1, 0, 0),
        ('1', '2', 1629849600250, 1629849660000, 1629849660000, 1629849000000, '5', 0, 0, 0, 0, 0, 1, 0, 1),
        ('1', '3', 1629849590000, 1629849599000, 1629849599000, 1629849590000, NULL, 0, 0, 0, 0, 0, 0, 1, 0),
        ('1', '4', 1629849600000, NULL, 1629849600000, 1629849600000, '5', 0, 0, 0, 0, 0, 0, 0, 0);";

#[test]
fn migrating_a_file_from_before_the_roll_ups_fills_them() -> Result<(), Failure> {
    let mut older = SqliteConnection::establish(":memory:")?;
    Migrations::new(&mut older).run_next_migration(MIGRATIONS)?;
    Migrations::new(&mut older).run_next_migration(MIGRATIONS)?;
    older.batch_execute(HISTORY)?;
    migrate(&mut older)?;
    let rows = rollups(&mut older)?;
    let expected = [
        // One message on the 24th day of the month.
        "active_months 1 628 2 0 70368744177664",
        "message_days 1 18863 2 5 0 1 5 1 1 0",
        "message_days 1 18864 2 5 0 2 7 2 1 1",
        "message_days 1 18864 2 6 0 1 1 1 0 1",
        "message_days 1 18864 3 5 1 1 9 3 0 1",
        "message_days 1 18864 4 5 0 1 1 1 0 0",
        // Months include all days but the last, which may not be over.
        "message_months 1 628 2 5 0 1 5 1 1 0",
    ];
    // Messages of the unreadable users `you` and `her` in the guild `me` do not count.
    assert_eq!(rows.iter().take(7).collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
    // A file that had the triggers from the start has the same rows.
    let mut newer = migrated()?;
    newer.batch_execute(HISTORY)?;
    newer.batch_execute("UPDATE watermarks SET messages_to = 18864, voice_to = 18864")?;
    assert_eq!(rows, rollups(&mut newer)?);
    assert!(rows.iter().any(|row| row == "voice_days 1 18863 3 0 1 1 1 9000 0 0 0 0 0"), "{rows:#?}");
    Ok(())
}
