//! Answers about any time are exact from an archive and a store together.

mod support;

use chrono::{DateTime, TimeDelta, Utc};
use mocha_archive::Archive;
use mocha_schema::GuildId;
use mocha_stats::{Growth, Leaderboard, MessageSeries, Window};
use mocha_store::{Keep, RetentionPolicy, Store};
use support::*;

/// What each question answers about a window that begins and ends within a day, as text.
fn answers(store: &Store, guild: GuildId, from: DateTime<Utc>) -> TestResult<[String; 4]> {
    let window = Window::between(from, from + TimeDelta::minutes(20_011))?;
    Ok([
        format!("{:?}", store.read(|conn| Leaderboard::messages(guild).within(window).load(conn))?),
        format!("{:?}", store.read(|conn| Leaderboard::voice(guild).within(window).load(conn))?),
        format!("{:?}", store.read(|conn| Growth::of(guild).within(window).load(conn))?),
        format!("{:?}", store.read(|conn| MessageSeries::of(guild).within(window).load(conn))?),
    ])
}

#[test]
fn ragged_windows_from_before_the_horizon_are_answered_as_if_nothing_was_deleted() -> TestResult {
    let folder = folder()?;
    let store = filled(&folder.path().join("stats.db"), 31)?;
    let (guild, end) = (server(31).guild_id(), server(31).end());
    // One window is before the horizon, and one around it.
    let windows = [end - TimeDelta::minutes(60 * 24 * 50 + 77), end - TimeDelta::minutes(60 * 24 * 35 + 131)];
    let mut expected = Vec::new();
    for from in windows {
        expected.push(answers(&store, guild, from)?);
    }
    let archive = Archive::open(folder.path().join("archive"))?;
    let keep = Keep::Days(30);
    let retention = RetentionPolicy::default().messages(keep).members(keep).presences(keep).voice(keep);
    archive.apply_retention_at(&store, &retention, end).run()?;
    for (from, expected) in windows.into_iter().zip(&expected) {
        assert!(&answers(&store, guild, from)? != expected, "the store alone knows it");
    }
    let exact = Store::builder().open_in_memory()?;
    archive.gather(&store, guild, "2024-01".parse()?..="2024-03".parse()?, &exact)?;
    for (from, expected) in windows.into_iter().zip(expected) {
        assert_eq!(answers(&exact, guild, from)?, expected);
    }
    Ok(())
}

#[test]
fn an_erased_user_is_not_gathered() -> TestResult {
    let folder = folder()?;
    let store = filled(&folder.path().join("stats.db"), 32)?;
    let archive = Archive::open(folder.path().join("archive"))?;
    archive.add(&store)?;
    let user = lines(&store, "SELECT user_id AS line FROM message_events LIMIT 1")?.remove(0);
    // The erasure did not reach the archive.
    let receipt = store.forget_user(user.parse()?).run()?;
    assert!(receipt.is_complete());
    let exact = Store::builder().open_in_memory()?;
    let gathered = archive.gather(&store, server(32).guild_id(), "2024-01".parse()?..="2024-03".parse()?, &exact)?;
    assert!(gathered.withheld > 0);
    assert!(!events(&exact)?.iter().any(|row| row.contains(&format!("'{user}'"))));
    assert_eq!(events(&exact)?, events(&store)?);
    Ok(())
}
