//! Tables that Citus distributes. Needs a cluster in `MOCHA_CITUS_URLS`; the other tests run there too.
#![cfg(feature = "libpq")]

mod support;

use diesel::{RunQueryDsl as _, connection::SimpleConnection as _, sql_query};
use mocha_recorder::ErrorKind;
use mocha_schema::catalogue::{POSTGRES_TABLES, Placement, TABLES};
use mocha_test_postgres::{Database, has_citus, skipped_without_citus};
use support::{TestResult, guild, joined, message, record, store, user, voice};

/// A database on a cluster, or `None` if there is no cluster.
fn cluster() -> Option<Database> {
    if !has_citus() {
        skipped_without_citus();
        return None;
    }
    Database::create()
}

fn events(from: i64) -> Vec<mocha_recorder::Event> {
    let of_guild = |n: i64| {
        let (place, ms) = (1 + n.unsigned_abs() % 9, from + n * 9_000_000);
        [
            guild(from, place, 7),
            user(ms, 40 + n.unsigned_abs() % 3, "mira", n > 20 && n % 3 == 0),
            joined(ms, place, 40 + n.unsigned_abs() % 3),
            message(ms, (from + 1000 + n).unsigned_abs(), place, 40 + n.unsigned_abs() % 3),
            voice(ms, place, 40, Some(place * 10)),
            voice(ms + 60_000, place, 40, None),
        ]
    };
    (0..40).flat_map(of_guild).collect()
}

#[test]
fn rows_that_are_there_are_moved_and_recording_goes_on() -> TestResult {
    let Some(database) = cluster() else { return Ok(()) };
    let plain = mocha_postgres::PgStore::builder().clock(mocha_recorder::Clock::Events).connect(database.url())?;
    record(&plain, events(0))?;
    let days = "SELECT count(*), sum(messages) FROM message_days";
    let before = database.execute(days);
    plain.distribute()?;
    plain.distribute()?;
    assert_eq!(database.execute(days), before);
    assert_eq!(plain.verify()?, []);
    // The recorder that was running continues.
    record(&plain, events(400_000_000))?;
    assert_eq!(plain.recorder()?.stats().last_error.map(|error| error.to_string()), None);
    assert_eq!(database.execute("SELECT count(*) FROM message_events"), "80");
    assert_eq!(plain.verify()?, []);
    for table in TABLES.iter().chain(POSTGRES_TABLES) {
        let method =
            format!("SELECT partmethod FROM pg_dist_partition WHERE logicalrelid = '{}'::regclass", table.name);
        let expected = match table.placement() {
            Some(Placement::OfGuild { .. }) => "h",
            Some(Placement::Everywhere) => "n",
            _ => "",
        };
        assert_eq!(database.execute(&method), expected, "{}", table.name);
    }
    assert_eq!(
        database.execute("SELECT count(DISTINCT colocationid) FROM pg_dist_partition WHERE partmethod = 'h'"),
        "1"
    );
    Ok(())
}

/// A later version of Mocha has more tables, indexes and triggers.
#[test]
fn a_migration_of_distributed_tables_distributes_what_is_new() -> TestResult {
    let Some(database) = cluster() else { return Ok(()) };
    let store = store(database.url())?;
    record(&store, events(0))?;
    database.execute("DROP TABLE channel_histories; DELETE FROM mocha_migrations WHERE version = '00000000000008'");
    let newer = support::store(database.url())?;
    assert_eq!(
        database.execute("SELECT partmethod FROM pg_dist_partition WHERE logicalrelid = 'channel_histories'::regclass"),
        "h"
    );
    assert_eq!(newer.verify()?, []);
    // Indexes and triggers in a block, as `migrations/README.md` says.
    newer.write(|conn| {
        conn.batch_execute("SET LOCAL citus.enable_unsafe_triggers = on")?;
        conn.batch_execute(
            "CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''heard''; END';
             DO $$ BEGIN
                 CREATE INDEX idx_words ON message_events (guild_id, word_count);
                 CREATE TRIGGER message_events_heard AFTER INSERT ON message_events
                 FOR EACH STATEMENT EXECUTE FUNCTION raise();
             END $$",
        )
    })?;
    let heard = newer.write(|conn| {
        sql_query("INSERT INTO message_events VALUES (5000, 1, 10, 40, 0, false, false, 1, 1, 1700000000)")
            .execute(conn)
    });
    assert!(
        heard.is_err_and(|error| std::error::Error::source(&error).is_some_and(|source| source.to_string() == "heard"))
    );
    Ok(())
}

/// A user turns out to be a bot, then a human, and is erased. Every guild counts the messages accordingly.
#[test]
fn bot_flags_move_the_counts_of_all_guilds() -> TestResult {
    let Some(database) = cluster() else { return Ok(()) };
    let store = store(database.url())?;
    let messages = || (1..9).map(|place| message(1000, 1000 + place, place, 40));
    record(&store, messages())?;
    let counted = "SELECT bot, sum(messages) FROM message_quarters GROUP BY bot ORDER BY bot";
    assert_eq!(database.execute(counted), "f|8");
    record(&store, [user(2000, 40, "helper", true)])?;
    assert_eq!(database.execute(counted), "t|8");
    assert_eq!(store.verify()?, []);
    record(&store, [user(3000, 40, "helper", false), message(4000, 2000, 1, 40)])?;
    assert_eq!(database.execute(counted), "f|9");
    record(&store, [user(5000, 40, "helper", true)])?;
    let _receipt = store.forget_user(support::id(40)).run()?;
    assert_eq!(database.execute("SELECT count(*) FROM bots"), "0");
    assert_eq!(database.execute(counted), "");
    assert_eq!(store.verify()?, []);
    Ok(())
}

#[test]
fn a_guild_that_counts_awards_is_not_distributed() -> TestResult {
    let Some(database) = cluster() else { return Ok(()) };
    let plain = mocha_postgres::PgStore::builder().clock(mocha_recorder::Clock::Events).connect(database.url())?;
    assert!(support::count_awards(&plain, 1, std::time::Duration::from_mins(1))?);
    let error = plain.distribute().unwrap_err();
    let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    assert!(causes.iter().any(|cause| cause.contains("stop_awards")), "{error}: {causes:?}");
    assert_eq!(database.execute("SELECT is_distributed()"), "f");
    assert!(plain.stop_awards(support::id(1))?);
    plain.distribute()?;
    Ok(())
}

#[test]
fn a_server_without_citus_is_an_error() -> TestResult {
    let Some(database) = Database::create_without_citus() else { return Ok(()) };
    let store = mocha_postgres::PgStore::connect(database.url())?;
    assert_eq!(*store.distribute().unwrap_err().kind(), ErrorKind::NoCitus);
    record(&store, [message(0, 30, 1, 40)])?;
    assert_eq!(store.verify()?, []);
    Ok(())
}
