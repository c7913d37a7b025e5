//! A PostgreSQL database is archived, restored, erased, exported and gathered as a SQLite file is.
#![cfg(feature = "postgres")]

mod support;

use std::path::Path;

use mocha_archive::{Archive, LAYOUTS};
use mocha_postgres::PgStore;
use mocha_schema::UserId;
use mocha_stats::{Growth, Leaderboard, Window};
use mocha_store::Store;
use mocha_test_postgres::Database;
use proptest::{prelude::*, test_runner::TestRunner};
use support::{
    rows::{Seed, fill, seeds},
    *,
};

/// A database of the same server as [`filled`].
fn filled_server(database: &Database, seed: u64) -> TestResult<PgStore> {
    let store = connect(database.url())?;
    let recorder = store.recorder()?;
    for event in server(seed).events() {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;
    Ok(store)
}

/// The number of rows in all archived tables.
fn rows(database: &Database) -> TestResult<u64> {
    let counts = LAYOUTS.map(|layout| format!("(SELECT count(*) FROM {})", layout.table));
    Ok(database.execute(&format!("SELECT {}", counts.join(" + "))).parse()?)
}

fn all_files(archive: &Archive) -> TestResult<Vec<(String, Vec<u8>)>> {
    sound(archive)?;
    files(archive.folder())
}

#[test]
fn the_same_events_give_the_same_files() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = folder()?;
    let (sqlite, postgres) = (filled(&folder.path().join("stats.db"), 41)?, filled_server(&database, 41)?);
    let archives = [Archive::open(folder.path().join("sqlite"))?, Archive::open(folder.path().join("postgres"))?];
    let written = [archives[0].add(&sqlite)?, archives[1].add(&postgres)?];
    assert!(written[0].files >= 15, "{written:?}");
    assert_eq!(written[0], written[1]);
    assert!(all_files(&archives[0])? == all_files(&archives[1])?, "a file differs");
    // Once more nothing changes, also with the other database's rows.
    assert_eq!(archives[0].add(&postgres)?.files, 0);
    Ok(())
}

/// Rows go from a file to a server and come back.
fn check(seeds: &[Seed], folder: &Path) -> TestResult {
    let database = Database::create().ok_or("no server")?;
    let (sqlite, postgres) = (open(&folder.join("stats.db"))?, connect(database.url())?);
    let archive = Archive::open(folder.join("archive"))?;
    fill(&sqlite, seeds)?;
    archive.add(&sqlite)?;
    let restored = archive.restore(&postgres).run()?;
    let is_number = "id > '0' AND id = CAST(CAST(id AS INTEGER) AS TEXT)";
    let odd = lines(&sqlite, &format!("SELECT count(*) || '' AS line FROM message_events WHERE NOT ({is_number})"))?;
    assert_eq!(odd, [restored.unfit.to_string()]);
    assert_eq!((restored.rows, restored.known), (rows(&database)?, 0));
    assert_eq!(postgres.verify()?, []);
    let bots = database.execute("SELECT id FROM users WHERE bot ORDER BY 1");
    assert_eq!(database.execute("SELECT id FROM bots ORDER BY 1"), bots);

    execute(&sqlite, &format!("DELETE FROM message_events WHERE NOT ({is_number})"))?;
    let archives = [Archive::open(folder.join("sqlite"))?, Archive::open(folder.join("postgres"))?];
    archives[0].add(&sqlite)?;
    assert_eq!(archives[1].add(&postgres)?.unreadable, 0);
    assert!(all_files(&archives[0])? == all_files(&archives[1])?, "a file differs");

    // A restoration adds what is missing, and does it once.
    database.execute("DELETE FROM message_events WHERE user_id = 1");
    database.execute("DELETE FROM voice_intervals WHERE user_id = 2");
    let missing = restored.rows - rows(&database)?;
    assert_eq!(archive.restore(&postgres).run()?.rows, missing);
    let again = archive.restore(&postgres).run()?;
    assert_eq!((again.rows, again.known), (0, restored.rows));
    assert_eq!(postgres.verify()?, []);
    assert_eq!(archives[1].add(&postgres)?.files, 0);
    Ok(())
}

#[test]
fn rows_of_a_file_come_back_from_a_server() -> TestResult {
    if Database::create().is_none() {
        return Ok(());
    }
    let mut runner = TestRunner::new(ProptestConfig { cases: 4, ..ProptestConfig::default() });
    Ok(runner.run(&seeds(), |seeds| {
        let folder = folder()?;
        check(&seeds, folder.path()).map_err(|error| TestCaseError::fail(error.to_string()))
    })?)
}

#[test]
fn a_row_that_a_server_cannot_hold_is_left_out_and_counted() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = folder()?;
    let sqlite = open(&folder.path().join("stats.db"))?;
    execute(
        &sqlite,
        "INSERT INTO presence_events (id, guild_id, user_id, activity_name, created_at)
         VALUES ('p1', '10', '40', 'a' || char(0) || 'b', 1704067200), ('p2', '10', '40', 'a game', 1704067200);
         INSERT INTO guilds (id, created_at, updated_at) VALUES ('10', 0, 0);
         INSERT INTO channels (id, guild_id, type, created_at, updated_at) VALUES ('20', '10', 0, 0, 0);
         INSERT INTO users (id, created_at, updated_at) VALUES ('40', 0, 0);
         INSERT INTO message_events (id, guild_id, channel_id, user_id, created_at) VALUES ('m-1', '10', '20', '40', 1704067200)",
    )?;
    let archive = Archive::open(folder.path().join("archive"))?;
    assert_eq!(archive.add(&sqlite)?.rows, 3);
    let restored = archive.restore(&connect(database.url())?).run()?;
    assert_eq!((restored.rows, restored.unfit), (1, 2));
    assert_eq!(database.execute("SELECT id, activity_name FROM presence_events"), "p2|a game");
    // A file takes all of them.
    assert_eq!(archive.restore(&open(&folder.path().join("new.db"))?).run()?.rows, 3);
    Ok(())
}

fn user_with_most(database: &Database) -> TestResult<UserId> {
    Ok(database.execute("SELECT user_id FROM message_events GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1").parse()?)
}

#[test]
fn an_erasure_and_an_export_reach_the_archive_and_the_user_does_not_come_back() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = folder()?;
    let store = filled_server(&database, 42)?;
    let (archive, old) = (Archive::open(folder.path().join("archive"))?, Archive::open(folder.path().join("old"))?);
    archive.add(&store)?;
    old.add(&store)?;
    let user = user_with_most(&database)?;
    let of_user = LAYOUTS.map(|layout| format!("(SELECT count(*) FROM {} WHERE user_id = {user})", layout.table));
    let of_user: u64 = database.execute(&format!("SELECT {}", of_user.join(" + "))).parse()?;
    let mut json = Vec::new();
    let exported = archive.export_user(&store, user, None, &mut json)?;
    assert!(exported > 2 * of_user, "{exported}");
    let json: serde_json::Value = serde_json::from_slice(&json)?;
    assert_eq!(json["archive"]["messages"][0]["user_id"], user.to_string());
    assert_eq!(json["store"]["tables"]["message_events"][0]["user_id"], user.to_string());

    let before = sound(&archive)?;
    let erased = archive.erase(store.forget_user(user))?;
    assert!(erased.is_complete() && erased.store.rows_gone);
    assert_eq!((erased.archive.rows(), sound(&archive)?), (of_user, before - of_user));
    // The other archive was not reached, so it still has the user. The server remembers the erasure.
    let all = rows(&database)?;
    database.execute("DELETE FROM message_events");
    let restored = old.restore(&store).run()?;
    assert_eq!(restored.withheld, of_user);
    assert_eq!(rows(&database)?, all);
    assert_eq!(database.execute(&format!("SELECT count(*) FROM message_events WHERE user_id = {user}")), "0");
    assert_eq!(store.verify()?, []);
    Ok(())
}

#[test]
fn one_guild_and_some_months_are_restored_beside_a_recorder() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = folder()?;
    let sqlite = filled(&folder.path().join("stats.db"), 43)?;
    record(&sqlite, server(44).guild(id(1 << 40)).events())?;
    let archive = Archive::open(folder.path().join("archive"))?;
    archive.add(&sqlite)?;
    let store = connect(database.url())?;
    let recorder = store.recorder()?;
    // The recorder writes into the guilds, channels and users that the restoration makes.
    std::thread::scope(|scope| {
        let recording = scope
            .spawn(|| server(44).guild(id(1 << 40)).events().try_for_each(|event| recorder.record_blocking(event)));
        let restoration = archive.restore(&store).in_guild(id(1 << 40)).months("2024-02".parse()?..="2024-02".parse()?);
        assert!(restoration.run()?.rows > 0);
        recording.join().map_err(|_| "the recorder panicked")??;
        TestResult::Ok(())
    })?;
    recorder.shutdown()?;
    let stats = recorder.stats();
    assert_eq!((stats.refused, stats.rejected, stats.dropped), (0, 0, 0), "{stats:?}");
    assert_eq!(store.verify()?, []);
    let messages = "SELECT count(*) || '' AS line FROM message_events WHERE guild_id = '1099511627776'";
    assert_eq!(lines(&sqlite, messages)?, [database.execute("SELECT count(*) FROM message_events")]);
    Ok(())
}

#[test]
fn questions_about_an_archived_time_are_exact() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = folder()?;
    let store = filled_server(&database, 45)?;
    let (guild, end) = (server(45).guild_id(), server(45).end());
    let window = Window::between(end - chrono::TimeDelta::minutes(60_077), end - chrono::TimeDelta::minutes(30_131))?;
    let answers = |store: &Store| {
        store.read(|conn| {
            let board = Leaderboard::messages(guild).within(window).load(conn)?;
            let growth = Growth::of(guild).within(window).load(conn)?;
            Ok::<_, mocha_stats::Error>(format!("{board:?} {growth:?}"))
        })
    };
    let expected = answers(&filled(&folder.path().join("stats.db"), 45)?)?;
    let archive = Archive::open(folder.path().join("archive"))?;
    archive.add(&store)?;
    // The rows that retention leaves.
    let before = (end - chrono::TimeDelta::days(30)).timestamp() / 86_400 * 86_400;
    database.execute(&format!(
        "UPDATE horizons SET messages_from = {before}, members_from = {before}, voice_from = {before}, presences_from = {before};
         DELETE FROM message_events WHERE created_at < {before};
         DELETE FROM member_events WHERE created_at < {before};"
    ));
    let exact = Store::builder().open_in_memory()?;
    archive.gather(&store, guild, "2024-01".parse()?..="2024-03".parse()?, &exact)?;
    assert_eq!(answers(&exact)?, expected);
    Ok(())
}
