//! A process that is killed while it archives, deletes or erases.

mod support;

use std::{io::Write as _, path::Path};

use chrono::{TimeDelta, Utc};
use mocha_archive::Archive;
use mocha_schema::UserId;
use mocha_store::{Keep, RetentionPolicy, Store};
use support::{
    kill::{DO, FOLDER, in_every_phase},
    *,
};

fn retain(archive: &Archive, store: &Store) -> TestResult {
    let none = Keep::Days(0);
    let retention = RetentionPolicy::default().messages(none).members(none).presences(none).voice(none);
    archive.apply_retention_at(store, &retention, Utc::now() + TimeDelta::days(1)).run()?;
    Ok(())
}

fn user(folder: &Path) -> TestResult<UserId> {
    Ok(std::fs::read_to_string(folder.join("user"))?.parse()?)
}

/// The work of the process that is killed. It is no test of its own.
#[test]
fn child() -> TestResult {
    let (Ok(folder), Ok(what)) = (std::env::var(FOLDER), std::env::var(DO)) else { return Ok(()) };
    let folder = Path::new(&folder);
    let store = open(&folder.join("stats.db"))?;
    let archive = Archive::open(folder.join("archive"))?;
    writeln!(std::io::stderr(), "begun")?;
    match what.as_str() {
        "add" => assert_eq!(archive.add(&store)?.unreadable, 0),
        "erase" => assert!(archive.erase(store.forget_user(user(folder)?).skip_vacuum())?.archive.is_complete()),
        "restore" => assert_eq!(archive.restore(&open(&folder.join("new.db"))?).run()?.withheld, 0),
        _ => retain(&archive, &store)?,
    }
    Ok(())
}

#[test]
fn no_kill_leaves_half_a_file_or_loses_a_row() -> TestResult {
    let folder = folder()?;
    let folder = folder.path();
    let store = filled(&folder.join("stats.db"), 5)?;
    // Open intervals would stay in the store.
    execute(&store, "DELETE FROM voice_intervals WHERE ended_at_ms IS NULL")?;
    let mut rows = events(&store)?;
    rows.sort();
    let sums = rollups(&store)?;
    let archive = Archive::open(folder.join("archive"))?;
    in_every_phase(folder, "add", || sound(&archive).map(drop))?;
    assert_eq!(sound(&archive)?, u64::try_from(rows.len())?);

    // An empty archive again, so that retention has something to write.
    std::fs::remove_dir_all(archive.folder())?;
    let archive = Archive::open(folder.join("archive"))?;
    let mut kills = 0;
    in_every_phase(folder, "retain", || {
        sound(&archive)?;
        kills += 1;
        let both = together(&store, &archive, &folder.join(format!("both-{kills}.db")))?;
        assert!(both == rows, "a row is lost");
        assert!(rollups(&store)? == sums, "a roll-up changed");
        Ok(())
    })?;
    assert_eq!(events(&store)?, [""; 0]);

    in_every_phase(folder, "restore", || sound(&archive).map(drop))?;
    let new = open(&folder.join("new.db"))?;
    assert!(sorted(events(&new)?) == rows, "a row is lost");
    assert!(rollups(&new)? == sums, "a roll-up changed");
    Ok(())
}

#[test]
fn an_erasure_that_was_killed_goes_on() -> TestResult {
    let folder = folder()?;
    let folder = folder.path();
    let store = filled(&folder.join("stats.db"), 6)?;
    let archive = Archive::open(folder.join("archive"))?;
    archive.add(&store)?;
    let most = "SELECT user_id AS line FROM message_events GROUP BY 1 ORDER BY count(*) DESC LIMIT 1";
    let user = lines(&store, most)?.remove(0);
    std::fs::write(folder.join("user"), &user)?;
    let others = |store: &Store| -> TestResult<Vec<String>> {
        let mut rows = events(store)?;
        rows.retain(|row| !row.contains(&format!("'{user}'")));
        Ok(rows)
    };
    let expected = others(&store)?;
    in_every_phase(folder, "erase", || sound(&archive).map(drop))?;
    let new = restored(&archive, &folder.join("new.db"))?;
    assert!(events(&new)? == expected, "other rows changed, or some are left");
    Ok(())
}
