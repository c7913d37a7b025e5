//! Rows in equal rows out, for random stores.

mod support;

use mocha_archive::Archive;
use mocha_store::Store;
use proptest::prelude::*;
use support::{
    rows::{Seed, fill, seeds, statement},
    *,
};

fn check(seeds: &[Seed], late: &[Seed]) -> TestResult {
    let folder = folder()?;
    let store = open(&folder.path().join("stats.db"))?;
    let archive = Archive::open(folder.path().join("archive"))?;
    fill(&store, seeds)?;
    let written = archive.add(&store)?;
    assert_eq!(written.unreadable, 0);
    let rows = events(&store)?;
    assert_eq!(sound(&archive)?, u64::try_from(rows.len())?);
    let new = restored(&archive, &folder.path().join("new.db"))?;
    assert_eq!(events(&new)?, rows);
    assert_eq!(rollups(&new)?, rollups(&store)?);

    // Late rows and changed rows go into the months that they belong to. The rest stays.
    let late: Vec<String> = late.iter().zip(10_000..).map(|(seed, number)| statement(*seed, number)).collect();
    execute(&store, &late.concat())?;
    execute(&store, "UPDATE message_events SET has_embed = 1 WHERE has_embed = 0 AND user_id = '1'")?;
    archive.add(&store)?;
    let rows = events(&store)?;
    assert_eq!(sound(&archive)?, u64::try_from(rows.len())?);
    let before = files(archive.folder())?;
    let again = archive.add(&store)?;
    assert_eq!((again.files, again.unchanged), (0, u64::try_from(rows.len())?));
    assert!(files(archive.folder())? == before, "a file changed");

    // A restoration adds what is missing, and does it once.
    execute(&new, "DELETE FROM message_events WHERE user_id = '1'; DELETE FROM voice_intervals WHERE user_id = '2'")?;
    archive.restore(&new).run()?;
    assert_eq!(events(&new)?, rows);
    assert_eq!(rollups(&new)?, rollups(&store)?);
    let restored = archive.restore(&new).run()?;
    assert_eq!((restored.rows, restored.known), (0, u64::try_from(rows.len())?));
    verify_rollups(&new)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn rows_in_equal_rows_out(seeds in seeds(), late in seeds()) {
        check(&seeds, &late).unwrap();
    }
}

#[test]
fn a_simulated_server_comes_back_with_its_roll_ups() -> TestResult {
    let folder = folder()?;
    let store = filled(&folder.path().join("stats.db"), 7)?;
    let archive = Archive::open(folder.path().join("archive"))?;
    archive.add(&store)?;
    for table in ["messages", "voice", "voice_log", "members", "presences"] {
        let months = archive.manifest()?.into_iter().filter(|entry| entry.table == table).count();
        assert_eq!(months, 3, "{table}");
    }
    let new = restored(&archive, &folder.path().join("new.db"))?;
    assert_eq!(events(&new)?, events(&store)?);
    assert_eq!(rollups(&new)?, rollups(&store)?);
    assert!(!lines(&new, "SELECT id AS line FROM users WHERE bot ORDER BY 1")?.is_empty());
    Ok(())
}

#[test]
fn one_guild_and_some_months_are_restored_on_request() -> TestResult {
    let folder = folder()?;
    let store = filled(&folder.path().join("stats.db"), 8)?;
    let other = server(9).guild(id(1 << 40));
    record(&store, other.events())?;
    let archive = Archive::open(folder.path().join("archive"))?;
    archive.add(&store)?;
    let new = open(&folder.path().join("new.db"))?;
    archive.restore(&new).in_guild(other.guild_id()).months("2024-02".parse()?..="2024-02".parse()?).run()?;
    let of_february = |store: &Store| {
        let sql = "SELECT id AS line FROM message_events WHERE guild_id = '1099511627776' \
                   AND created_at >= 1706745600 AND created_at < 1709251200 ORDER BY 1";
        lines(store, sql)
    };
    assert!(!of_february(&store)?.is_empty());
    assert_eq!(of_february(&new)?, of_february(&store)?);
    assert_eq!(count(&new, "message_events")?, u64::try_from(of_february(&new)?.len())?);
    Ok(())
}

#[test]
fn rows_that_do_not_fit_stay_in_the_store_and_are_counted() -> TestResult {
    let folder = folder()?;
    let store = filled(&folder.path().join("stats.db"), 10)?;
    let rows = events(&store)?.len();
    execute(
        &store,
        "INSERT INTO guilds (id, created_at, updated_at) VALUES ('odd', 0, 0), ('18446744073709551615', 0, 0);
         INSERT INTO users (id, created_at, updated_at) VALUES ('1', 0, 0);
         INSERT INTO channels (id, guild_id, type, created_at, updated_at) VALUES ('2', 'odd', 0, 0, 0);
         INSERT INTO message_events (id, guild_id, channel_id, user_id, created_at) VALUES ('3', 'odd', '2', '1', 0);
         INSERT INTO message_events (id, guild_id, channel_id, user_id, created_at) VALUES ('4', '18446744073709551615', '2', '1', 0);
         INSERT INTO message_events (id, guild_id, channel_id, user_id, word_count, created_at)
         SELECT '5', min(guild_id), '2', '1', 'many', 1704067200 FROM message_events;
         INSERT INTO message_events (id, guild_id, channel_id, user_id, created_at)
         SELECT '6', min(guild_id), '2', '1', 'now' FROM message_events;",
    )?;
    let archive = Archive::open(folder.path().join("archive"))?;
    let written = archive.add(&store)?;
    assert_eq!((written.rows, written.unreadable), (u64::try_from(rows)?, 4));
    assert_eq!(events(&store)?.len(), rows + 4);
    Ok(())
}
