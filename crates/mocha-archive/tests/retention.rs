//! Retention deletes only events that the archive has.

mod support;

use std::{fs, ops::ControlFlow, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use mocha_archive::{Archive, ErrorKind};
use mocha_store::{Event, Keep, Retained, RetentionPolicy, Store, event::GuildRemoved};
use support::*;

fn all(keep: Keep) -> RetentionPolicy {
    RetentionPolicy::default().messages(keep).members(keep).presences(keep).voice(keep)
}

fn retain(archive: &Archive, store: &Store, days: u32, now: DateTime<Utc>) -> TestResult<Retained> {
    Ok(archive.apply_retention_at(store, &all(Keep::Days(days)), now).run()?)
}

fn case(folder: &Path) -> TestResult<(Store, Archive, DateTime<Utc>)> {
    let store = filled(&folder.join("stats.db"), 11)?;
    Ok((store, Archive::open(folder.join("archive"))?, server(11).end()))
}

#[test]
fn deleted_rows_are_in_the_archive_day_by_day() -> TestResult {
    let folder = folder()?;
    let (store, archive, end) = case(folder.path())?;
    let (rows, sums) = (sorted(events(&store)?), rollups(&store)?);
    let mut deleted = 0;
    for days in [60, 45, 44, 43, 20, 0] {
        deleted += retain(&archive, &store, days, end)?.rows();
        assert_eq!(sound(&archive)?, deleted, "{days}");
        assert_eq!(rollups(&store)?, sums, "{days}");
        assert_eq!(retain(&archive, &store, days, end)?.rows(), 0);
    }
    assert!(deleted > 0);
    assert!(together(&store, &archive, &folder.path().join("new.db"))? == rows, "a row is lost");
    verify_rollups(&store)
}

#[test]
fn late_and_changed_events_go_into_the_month_that_they_belong_to() -> TestResult {
    let folder = folder()?;
    let (store, archive, end) = case(folder.path())?;
    retain(&archive, &store, 30, end)?;
    let before = sound(&archive)?;
    let file = archive.manifest()?.remove(0);
    assert_eq!((file.table.as_str(), file.month.as_str()), ("messages", "2024-01"));
    execute(
        &store,
        "INSERT INTO message_events (id, guild_id, channel_id, user_id, created_at)
         SELECT '77', min(guild_id), min(channel_id), min(user_id), 1704103200 FROM message_events",
    )?;
    assert_eq!(retain(&archive, &store, 30, end)?.message_events, 1);
    assert_eq!(sound(&archive)?, before + 1);
    assert_eq!(archive.manifest()?.remove(0).rows, file.rows + 1);
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events WHERE id = '77'")?, [""; 0]);

    // The same event again, with more known of it.
    execute(
        &store,
        "INSERT INTO message_events (id, guild_id, channel_id, user_id, word_count, created_at)
         SELECT '77', min(guild_id), min(channel_id), min(user_id), 5, 1704103200 FROM message_events",
    )?;
    assert_eq!(retain(&archive, &store, 30, end)?.message_events, 1);
    assert_eq!(sound(&archive)?, before + 1);
    let new = restored(&archive, &folder.path().join("new.db"))?;
    assert_eq!(lines(&new, "SELECT word_count || '' AS line FROM message_events WHERE id = '77'")?, ["5"]);
    Ok(())
}

#[test]
fn a_row_that_the_archive_cannot_hold_stays() -> TestResult {
    let folder = folder()?;
    let (store, archive, end) = case(folder.path())?;
    execute(
        &store,
        "INSERT INTO message_events (id, guild_id, channel_id, user_id, word_count, created_at)
         SELECT '78', min(guild_id), min(channel_id), min(user_id), 'many', 1704103200 FROM message_events",
    )?;
    retain(&archive, &store, 0, end + TimeDelta::days(2))?;
    assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, ["78"]);
    Ok(())
}

#[test]
fn nothing_is_deleted_if_the_archive_is_damaged() -> TestResult {
    let folder = folder()?;
    let (store, archive, end) = case(folder.path())?;
    archive.add(&store)?;
    let file = archive.folder().join("messages").join(format!("guild_id={}", server(11).guild_id()));
    let file = file.join("month=2024-01/part-0.parquet");
    let mut bytes = fs::read(&file)?;
    bytes.truncate(bytes.len() - 1);
    fs::write(&file, bytes)?;
    let before = count(&store, "message_events")?;
    let error = archive.apply_retention_at(&store, &all(Keep::Days(0)), end).run().expect_err("it is damaged");
    let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<mocha_archive::Error>());
    assert_eq!(cause.map(mocha_archive::Error::kind), Some(ErrorKind::Damaged));
    assert!(cause.is_some_and(|cause| cause.to_string().contains("month=2024-01/part-0.parquet")));
    assert_eq!(count(&store, "message_events")?, before);
    Ok(())
}

#[test]
fn a_run_that_is_stopped_continues() -> TestResult {
    let folder = folder()?;
    let (store, archive, end) = case(folder.path())?;
    let rows = sorted(events(&store)?);
    let mut runs = 0;
    loop {
        runs += 1;
        let mut batches = 0;
        let retained = archive
            .apply_retention_at(&store, &all(Keep::Days(0)), end + TimeDelta::days(1))
            .on_progress(|_| {
                batches += 1;
                if batches < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
            .run()?;
        let path = folder.path().join(format!("new-{runs}.db"));
        assert!(together(&store, &archive, &path)? == rows, "a row is lost");
        if retained.complete {
            break;
        }
    }
    assert!(runs > 2, "it was broken off {runs} times");
    assert_eq!(count(&store, "message_events")?, 0);
    Ok(())
}

#[test]
fn a_row_that_changes_after_it_was_archived_stays_until_it_is_archived_again() -> TestResult {
    let folder = folder()?;
    let (store, archive, end) = case(folder.path())?;
    let last =
        "SELECT id AS line FROM message_events WHERE created_at < 1706745600 ORDER BY created_at DESC, id LIMIT 1";
    let last = lines(&store, last)?.remove(0);
    let change = format!("UPDATE message_events SET word_count = 4242 WHERE id = '{last}'");
    let rows = events(&store)?.len();
    // January is in the archive when the first of its messages are deleted.
    let mut is_first = true;
    let retained = archive
        .apply_retention_at(&store, &all(Keep::Days(0)), end + TimeDelta::days(1))
        .on_progress(|so_far| {
            if so_far.message_events > 0 && std::mem::take(&mut is_first) {
                execute(&store, &change).expect("the file can be written");
            }
            ControlFlow::Continue(())
        })
        .run()?;
    assert!(retained.complete && !is_first);
    assert_eq!(lines(&store, "SELECT id || ' ' || word_count AS line FROM message_events")?, [format!("{last} 4242")]);
    retain(&archive, &store, 0, end + TimeDelta::days(1))?;
    assert_eq!(count(&store, "message_events")?, 0);
    let new = restored(&archive, &folder.path().join("new.db"))?;
    let words = format!("SELECT word_count || '' AS line FROM message_events WHERE id = '{last}'");
    assert_eq!(lines(&new, &words)?, ["4242"]);
    assert_eq!(events(&new)?.len(), rows);
    Ok(())
}

#[test]
fn open_voice_intervals_are_archived_once_they_end() -> TestResult {
    let folder = folder()?;
    let (store, archive, end) = case(folder.path())?;
    let open =
        "SELECT user_id || ' ' || started_at_ms AS line FROM voice_intervals WHERE ended_at_ms IS NULL ORDER BY 1";
    execute(
        &store,
        "INSERT INTO voice_intervals SELECT guild_id, '4242', 1705744800000, NULL, 1705744860000, 1705744800000, channel_id,
         0, 0, 0, 0, 0, 0, 0, 0 FROM voice_intervals LIMIT 1",
    )?;
    let before = lines(&store, open)?;
    assert!(before.contains(&"4242 1705744800000".to_owned()));
    // It is in the archive as it is now, and is not deleted for that.
    archive.add(&store)?;
    retain(&archive, &store, 0, end + TimeDelta::days(1))?;
    assert_eq!(lines(&store, open)?, before);
    execute(&store, "UPDATE voice_intervals SET ended_at_ms = seen_at_ms WHERE user_id = '4242'")?;
    retain(&archive, &store, 0, end + TimeDelta::days(1))?;
    assert!(!lines(&store, "SELECT user_id AS line FROM voice_intervals")?.contains(&"4242".to_owned()));
    let new = restored(&archive, &folder.path().join("new.db"))?;
    let ended = "SELECT ended_at_ms || '' AS line FROM voice_intervals WHERE user_id = '4242'";
    assert_eq!(lines(&new, ended)?, ["1705744860000"]);
    Ok(())
}

#[test]
fn a_guild_that_is_gone_is_deleted_after_it_is_archived() -> TestResult {
    let folder = folder()?;
    let (store, archive, end) = case(folder.path())?;
    record(&store, [Event::from(GuildRemoved { at: end, guild_id: server(11).guild_id() })])?;
    let rows = sorted(events(&store)?);
    let retention = all(Keep::Forever).gone_guilds(Keep::Days(1));
    let retained = archive.apply_retention_at(&store, &retention, end + TimeDelta::days(3)).run()?;
    assert_eq!((retained.guilds, count(&store, "guilds")?), (1, 0));
    assert_eq!(events(&store)?, [""; 0]);
    let new = restored(&archive, &folder.path().join("new.db"))?;
    assert!(sorted(events(&new)?) == rows, "a row is lost");

    // A row that the archive cannot hold keeps its guild.
    let (store, archive, end) = case(&folder.path().join("second"))?;
    execute(&store, "UPDATE message_events SET word_count = 'many' WHERE id = (SELECT max(id) FROM message_events)")?;
    record(&store, [Event::from(GuildRemoved { at: end, guild_id: server(11).guild_id() })])?;
    let retained = archive.apply_retention_at(&store, &retention, end + TimeDelta::days(3)).run()?;
    assert_eq!((retained.guilds, count(&store, "message_events")?, count(&store, "guilds")?), (0, 1, 1));
    Ok(())
}
