//! Every fault ends in a clear error, and no confirmed event is lost.
#![cfg(feature = "libpq")]

mod support;

use std::{fs, time::Duration};

use diesel::{RunQueryDsl, sql_query};
use mocha_postgres::PgStore;
use mocha_recorder::{Clock, ErrorKind};
use mocha_test_postgres::Database;
use support::{
    TestResult, cluster, message,
    proxy::{Break, Proxy},
    record, store, voice,
};

/// Flushes until it works, as a bot that goes on does. Returns the kinds of the errors.
fn flush_at_last(store: &PgStore) -> TestResult<Vec<ErrorKind>> {
    // The caller has a handle, so it is the recorder that failed.
    let recorder = store.recorder()?;
    let mut kinds = Vec::new();
    while let Err(error) = recorder.flush() {
        kinds.push(error.kind().clone());
        assert!(kinds.len() < 200, "it never works again: {error:?}");
    }
    Ok(kinds)
}

#[test]
fn events_wait_while_the_server_is_away() -> TestResult {
    let Some(cluster) = cluster(&[]) else { return Ok(()) };
    let database = Database::create_on(&cluster.url("postgres"));
    let store = store(database.url())?;
    let _running = store.recorder()?;
    record(&store, [message(0, 30, 1, 40), voice(0, 1, 41, Some(11))])?;
    for kill in [true, false] {
        if kill {
            cluster.kill();
        } else {
            cluster.stop();
        }
        let number = if kill { 31 } else { 32 };
        let error = record(&store, [message(1000, number, 1, 40)]).unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
        let error = store.read(|conn| sql_query("SELECT 1").execute(conn)).unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
        assert!(PgStore::connect(database.url()).unwrap_err().is_unavailable());
        cluster.start_again();
        let kinds = flush_at_last(&store)?;
        assert!(kinds.iter().all(|kind| *kind == ErrorKind::Unavailable), "{kinds:?}");
    }
    store.read(|conn| sql_query("SELECT 1").execute(conn))?;
    record(&store, [voice(60_000, 1, 41, None)])?;
    assert_eq!(database.execute("SELECT id FROM message_events ORDER BY 1"), "30\n31\n32");
    assert_eq!(
        database.execute("SELECT sum(messages), (SELECT sum(voice_ms) FROM voice_totals) FROM message_totals"),
        "3|60000"
    );
    Ok(())
}

#[test]
fn a_full_queue_refuses_and_counts() -> TestResult {
    let Some(cluster) = cluster(&[]) else { return Ok(()) };
    let database = Database::create_on(&cluster.url("postgres"));
    let store = PgStore::builder().clock(Clock::Events).queue_len(10).connect(database.url())?;
    let recorder = store.recorder()?;
    recorder.flush()?;
    cluster.stop();
    // The recorder notices at the first batch, and may take some events out of the queue before.
    let refused = (0..100).filter(|n| recorder.record(message(*n, 30 + n.unsigned_abs(), 1, 40)).is_err()).count();
    assert!(refused > 0);
    let stats = recorder.stats();
    assert_eq!((stats.queued, stats.refused), (100 - u64::try_from(refused)?, u64::try_from(refused)?));
    cluster.start_again();
    flush_at_last(&store)?;
    assert_eq!(database.execute("SELECT count(*) FROM message_events"), (100 - refused).to_string());
    Ok(())
}

#[test]
fn a_commit_without_an_answer_is_asked_for_and_neither_lost_nor_repeated() -> TestResult {
    let Some(cluster) = cluster(&[]) else { return Ok(()) };
    for at in [Break::BeforeCommit, Break::AfterCommit] {
        let database = Database::create_on(&cluster.url("postgres"));
        let proxy = Proxy::start(cluster.folder());
        let name = database.execute("SELECT current_database()");
        let store = store(&proxy.url(&name))?;
        let recorder = store.recorder()?;
        record(&store, [message(0, 30, 1, 40), voice(0, 1, 41, Some(11))])?;
        proxy.arm(at);
        let error = record(&store, [message(1000, 31, 1, 40), voice(30_000, 1, 41, None)]).unwrap_err();
        assert!(error.is_unavailable(), "{error:?}");
        assert!(!proxy.is_armed());
        flush_at_last(&store)?;
        record(&store, [message(2000, 32, 1, 40)])?;
        let stats = recorder.stats();
        assert_eq!((stats.written, stats.duplicate), (5, 0), "{at:?}");
        assert_eq!(
            database.execute("SELECT count(*), (SELECT sum(messages) FROM message_totals) FROM message_events"),
            "3|3"
        );
        assert_eq!(database.execute("SELECT voice_ms, sessions FROM voice_totals"), "30000|1");
    }
    Ok(())
}

#[test]
fn a_statement_that_waits_too_long_is_tried_again() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let store = PgStore::builder()
        .clock(Clock::Events)
        .statement_timeout(Duration::from_millis(200))
        .connect(database.url())?;
    let _running = store.recorder()?;
    record(&store, [message(0, 30, 1, 40)])?;
    let other = PgStore::connect(database.url())?;
    other.write(|conn| {
        sql_query("LOCK TABLE message_days IN ACCESS EXCLUSIVE MODE").execute(conn)?;
        let error = record(&store, [message(1, 31, 1, 40)]).unwrap_err();
        assert!(error.is_busy(), "{error:?}");
        diesel::QueryResult::Ok(())
    })?;
    flush_at_last(&store)?;
    assert_eq!(database.execute("SELECT sum(messages) FROM message_days"), "2");
    Ok(())
}

#[test]
fn a_standby_can_be_read_and_not_written() -> TestResult {
    let Some(cluster) = cluster(&["hot_standby = on"]) else { return Ok(()) };
    let database = Database::create_on(&cluster.url("postgres"));
    record(&store(database.url())?, [message(0, 30, 1, 40)])?;
    let empty = Database::create_on(&cluster.url("postgres"));
    cluster.stop();
    fs::write(cluster.folder().join("data/standby.signal"), "")?;
    cluster.start_again();
    let standby = store(database.url())?;
    let messages: i64 = standby.read(|conn| {
        use diesel::prelude::*;
        mocha_schema::schema::message_events::table.count().get_result(conn)
    })?;
    assert_eq!(messages, 1);
    assert_eq!(*standby.recorder().unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(*PgStore::connect(empty.url()).unwrap_err().kind(), ErrorKind::ReadOnly);
    Ok(())
}

#[test]
fn a_refusal_says_why() -> TestResult {
    let Some(cluster) = cluster(&[]) else { return Ok(()) };
    let database = Database::create_on(&cluster.url("postgres"));
    let error = PgStore::connect(cluster.url("nowhere")).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::AccessDenied);
    database.execute("CREATE ROLE guest LOGIN PASSWORD 'secret'");
    fs::write(cluster.folder().join("data/pg_hba.conf"), "local all mocha trust\nlocal all guest scram-sha-256\n")?;
    database.execute("SELECT pg_reload_conf()");
    let guest = |password: &str| database.url().replace("mocha@", &format!("guest:{password}@"));
    for password in ["wrong", "secret"] {
        // Before the server has read the file, it lets everybody in. With the right password the schema is closed.
        let error = PgStore::connect(guest(password)).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::AccessDenied, "{error:?}");
        assert!(!error.to_string().contains(password), "{error}");
    }
    Ok(())
}

#[test]
fn tables_of_another_program_are_left_alone() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    database.execute("CREATE TABLE users (name TEXT)");
    let error = PgStore::connect(database.url()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotMocha);
    assert!(error.to_string().contains("the table users is not Mocha's"), "{error}");
    PgStore::builder().schema("mocha").connect(database.url())?;
    Ok(())
}

#[test]
fn an_old_server_is_refused() {
    let Some(database) = Database::create() else { return };
    // A schema before PostgreSQL's own stands in for another version.
    database.execute(
        "CREATE SCHEMA old; CREATE FUNCTION old.current_setting(name TEXT) RETURNS TEXT LANGUAGE sql
         AS $$ SELECT CASE name WHEN 'server_version_num' THEN '140011' ELSE '14.11' END $$",
    );
    let separator = if database.url().contains('?') { '&' } else { '?' };
    let url = format!("{}{separator}options=-csearch_path%3Dold%2Cpg_catalog", database.url());
    let error = PgStore::connect(url).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::ServerTooOld);
    assert!(error.to_string().contains("PostgreSQL 14.11"), "{error}");
}

#[test]
fn a_newer_database_is_refused() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    PgStore::connect(database.url())?;
    database.execute("INSERT INTO mocha_migrations (version) VALUES ('99990101000000')");
    assert!(PgStore::connect(database.url()).unwrap_err().is_schema_too_new());
    Ok(())
}

#[test]
fn settings_are_checked_by_name() {
    for (builder, name) in [
        (PgStore::builder().connections(0), "connections"),
        (PgStore::builder().schema(""), "schema"),
        (PgStore::builder().statement_timeout(Duration::ZERO), "statement_timeout"),
        (PgStore::builder().queue_len(0), "queue_len"),
    ] {
        assert_eq!(*builder.connect("postgres://").unwrap_err().kind(), ErrorKind::InvalidSetting { name });
    }
}
