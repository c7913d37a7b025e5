//! Retention on PostgreSQL deletes only events that the archive has.
#![cfg(feature = "postgres")]

mod support;

use std::{fs, io::Write as _, ops::ControlFlow, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use mocha_archive::{Archive, ErrorKind};
use mocha_postgres::PgStore;
use mocha_store::{Keep, Retained, RetentionPolicy};
use mocha_test_postgres::Database;
use support::{
    kill::{DO, FOLDER, in_every_phase},
    *,
};

const EVENTS: [&str; 5] = ["message_events", "voice_intervals", "voice_events", "member_events", "presence_events"];

/// The same server in a database and in a file.
fn case(database: &Database, folder: &Path, seed: u64) -> TestResult<(PgStore, Archive, Vec<String>)> {
    let store = connect(database.url())?;
    let recorder = store.recorder()?;
    for event in server(seed).events() {
        recorder.record_blocking(event)?;
    }
    recorder.shutdown()?;
    // Open intervals would stay in the database.
    database.execute("DELETE FROM voice_intervals WHERE ended_at_ms IS NULL");
    let sqlite = filled(&folder.join("stats.db"), seed)?;
    execute(&sqlite, "DELETE FROM voice_intervals WHERE ended_at_ms IS NULL")?;
    Ok((store, Archive::open(folder.join("archive"))?, sorted(events(&sqlite)?)))
}

fn retain(archive: &Archive, store: &PgStore, days: u32, now: DateTime<Utc>) -> TestResult<Retained> {
    let keep = Keep::Days(days);
    let policy = RetentionPolicy::default().messages(keep).members(keep).presences(keep).voice(keep);
    Ok(archive.apply_retention_at(store, &policy, now).run()?)
}

fn left(database: &Database) -> TestResult<u64> {
    let counts = EVENTS.map(|table| format!("(SELECT count(*) FROM {table})"));
    Ok(database.execute(&format!("SELECT {}", counts.join(" + "))).parse()?)
}

/// All roll-ups that do not name single events.
fn sums(database: &Database) -> String {
    database.execute(
        "SELECT (SELECT json_agg(t ORDER BY t.*) FROM message_days t), (SELECT json_agg(t ORDER BY t.*) FROM message_totals t),
                (SELECT json_agg(t ORDER BY t.*) FROM voice_days t), (SELECT json_agg(t ORDER BY t.*) FROM voice_totals t),
                (SELECT json_agg(t ORDER BY t.*) FROM member_days t)",
    )
}

#[test]
fn deleted_events_are_in_the_archive_day_by_day() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = folder()?;
    let (store, archive, rows) = case(&database, folder.path(), 51)?;
    let (end, before) = (server(51).end(), sums(&database));
    let mut deleted = 0;
    for days in [45, 20, 0] {
        deleted += retain(&archive, &store, days, end + TimeDelta::days(1))?.rows();
        assert_eq!((sound(&archive)?, left(&database)?), (deleted, u64::try_from(rows.len())? - deleted), "{days}");
        assert!(sums(&database) == before, "a roll-up changed: {days}");
        assert_eq!(retain(&archive, &store, days, end + TimeDelta::days(1))?.rows(), 0);
    }
    assert_eq!(left(&database)?, 0);
    assert_eq!(store.verify()?, []);
    let new = restored(&archive, &folder.path().join("new.db"))?;
    assert!(sorted(events(&new)?) == rows, "a row is lost");
    // The roll-ups count them already.
    let restored = archive.restore(&store).run()?;
    assert_eq!((restored.rows, restored.before_horizon), (0, deleted));
    Ok(())
}

#[test]
fn a_row_that_changes_after_it_was_archived_stays_until_it_is_archived_again() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = folder()?;
    let (store, archive, rows) = case(&database, folder.path(), 52)?;
    let last = "SELECT id FROM message_events WHERE created_at < 1706745600 ORDER BY created_at DESC, id LIMIT 1";
    let last = database.execute(last);
    let (none, now) = (Keep::Days(0), server(52).end() + TimeDelta::days(1));
    let policy = RetentionPolicy::default().messages(none).members(none).presences(none).voice(none);
    let mut is_first = true;
    // January is in the archive when the first of its messages are deleted.
    let retained = archive.apply_retention_at(&store, &policy, now).on_progress(|so_far| {
        if so_far.message_events > 0 && std::mem::take(&mut is_first) {
            database.execute(&format!("UPDATE message_events SET word_count = 4242 WHERE id = {last}"));
        }
        ControlFlow::Continue(())
    });
    assert!(retained.run()?.complete && !is_first);
    assert_eq!(database.execute("SELECT id, word_count FROM message_events"), format!("{last}|4242"));
    retain(&archive, &store, 0, now)?;
    assert_eq!(left(&database)?, 0);
    assert_eq!(sound(&archive)?, u64::try_from(rows.len())?);
    Ok(())
}

#[test]
fn nothing_is_deleted_if_the_archive_is_damaged() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = folder()?;
    let (store, archive, _) = case(&database, folder.path(), 53)?;
    let messages = database.execute("SELECT count(*) FROM message_events");
    archive.add(&store)?;
    let name = format!("messages/guild_id={}/month=2024-01/part-0.parquet", server(53).guild_id());
    fs::write(archive.folder().join(&name), "PAR1")?;
    let error = retain(&archive, &store, 0, server(53).end()).expect_err("it is damaged");
    let cause = error.source().and_then(|cause| cause.downcast_ref::<mocha_archive::Error>());
    assert_eq!(cause.map(mocha_archive::Error::kind), Some(ErrorKind::Damaged));
    assert!(cause.is_some_and(|cause| cause.to_string().contains(&name)));
    assert_eq!(database.execute("SELECT count(*) FROM message_events"), messages);
    Ok(())
}

/// The work of the process that is killed. It is no test of its own.
#[test]
fn child() -> TestResult {
    let (Ok(folder), Ok(url)) = (std::env::var(FOLDER), std::env::var(DO)) else { return Ok(()) };
    let (store, archive) = (connect(&url)?, Archive::open(Path::new(&folder).join("archive"))?);
    writeln!(std::io::stderr(), "begun")?;
    retain(&archive, &store, 0, server(54).end() + TimeDelta::days(1))?;
    Ok(())
}

#[test]
fn no_kill_loses_a_row() -> TestResult {
    let Some(database) = Database::create() else { return Ok(()) };
    let folder = folder()?;
    let (_store, archive, rows) = case(&database, folder.path(), 54)?;
    let before = sums(&database);
    in_every_phase(folder.path(), database.url(), || {
        // A row is in the archive, or in the database, or in both.
        let together = Archive::open(folder.path().join("together"))?;
        together.add(&restored(&archive, &folder.path().join("new.db"))?)?;
        together.add(&connect(database.url())?)?;
        assert_eq!(sound(&together)?, u64::try_from(rows.len())?, "a row is lost");
        assert!(sums(&database) == before, "a roll-up changed");
        fs::remove_dir_all(together.folder())?;
        for file in ["new.db", "new.db-wal", "new.db-shm"].map(|name| folder.path().join(name)) {
            drop(fs::remove_file(file));
        }
        Ok(())
    })?;
    assert_eq!(left(&database)?, 0);
    let new = restored(&archive, &folder.path().join("all.db"))?;
    assert!(sorted(events(&new)?) == rows, "a row changed");
    Ok(())
}
