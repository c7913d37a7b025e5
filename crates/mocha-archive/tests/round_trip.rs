//! Rows in equal rows out, for random stores.

mod support;

use mocha_archive::Archive;
use mocha_store::Store;
use proptest::{collection::vec, prelude::*, sample::select};
use support::*;

/// A row of some table, made of small numbers.
type Seed = (u8, u8, u8, u8, i64, u16);

/// Times around the ends of months, minutes and days.
fn time() -> impl Strategy<Value = i64> {
    let around = select(vec![1_704_067_200_i64, 1_706_745_600, 1_709_251_200, 1_704_153_600, 1_700_000_000, 900]);
    prop_oneof![(around, -3..3_i64).prop_map(|(time, offset)| time + offset), 1_700_000_000..1_710_000_000_i64]
}

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    vec((0..6_u8, 1..3_u8, 1..7_u8, 0..4_u8, time(), any::<u16>()), 0..120)
}

fn one_of(texts: [&'static str; 4], number: u16) -> &'static str {
    texts.get(usize::from(number & 3)).copied().unwrap_or_default()
}

/// The statement that inserts the row. Some rows of each table are not what Mocha writes.
fn statement((table, guild, user, channel, at, more): Seed, number: usize) -> String {
    let channel = channel + 20;
    // The third user is a bot, and nobody knows of the fourth.
    let parents = format!(
        "INSERT OR IGNORE INTO guilds (id, created_at, updated_at) VALUES ('{guild}', 0, 0);
         INSERT OR IGNORE INTO users (id, bot, created_at, updated_at)
         VALUES ('{user}', CASE {user} WHEN 3 THEN 1 WHEN 4 THEN NULL ELSE 0 END, 0, 0);
         INSERT OR IGNORE INTO channels (id, guild_id, type, created_at, updated_at) VALUES ('{channel}', '{guild}', 0, 0, 0);"
    );
    let bit = |bit: u16| more >> bit & 1;
    let or_null = |bit: u16, value: u16| if more >> bit & 1 == 1 { "NULL".to_owned() } else { value.to_string() };
    let insert = match table {
        0 | 1 => {
            let id = match more % 5 {
                0 => format!("m{number}"),
                1 => format!("0{number}"),
                2 => format!("{}", 9_223_372_036_854_775_807 - number),
                3 => format!("{number:040}"),
                _ => format!("{}", 1_000 + number),
            };
            let kind = one_of(["0", "19", "7", "NULL"], more >> 3);
            format!(
                "INSERT OR IGNORE INTO message_events VALUES
                 ('{id}', '{guild}', '{channel}', '{user}', {kind}, {}, {}, {}, {}, {at});",
                or_null(5, bit(6)),
                or_null(7, bit(8)),
                or_null(9, more),
                or_null(10, more / 7),
            )
        }
        2 => {
            let kind = one_of(["join", "move", "leave", "odd"], more);
            let channel = if bit(4) == 1 { "NULL".to_owned() } else { format!("'{channel}'") };
            format!(
                "INSERT OR IGNORE INTO voice_events VALUES
                 ('v{number}', '{guild}', {channel}, '{user}', '{kind}', {}, {}, {}, {}, {}, {at});",
                or_null(5, more),
                or_null(6, more),
                or_null(7, more),
                or_null(8, bit(2)),
                or_null(9, bit(3)),
            )
        }
        3 => {
            let started = at * 1000 + i64::from(more % 1000);
            let ended = if more % 11 == 0 {
                "NULL".to_owned()
            } else {
                ((started + 1 + i64::from(more)).min((started / 86_400_000 + 1) * 86_400_000)).to_string()
            };
            format!(
                "INSERT OR IGNORE INTO voice_intervals VALUES
                 ('{guild}', '{user}', {started}, {ended}, {started}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {});",
                (started - i64::from(more)).max(0),
                or_null(13, more % 4 + 21),
                bit(1),
                bit(2),
                bit(3),
                bit(4),
                bit(5),
                bit(6),
                bit(7),
                bit(8),
            )
        }
        4 => {
            let kind = if bit(0) == 1 { "join" } else { "leave" };
            let end = if bit(1) == 1 { ":inferred" } else { "" };
            format!(
                "INSERT OR IGNORE INTO member_events VALUES
                 ('{kind}:{guild}:{user}:{number}{end}', '{guild}', '{user}', '{kind}', {}, {at});",
                or_null(2, more),
            )
        }
        _ => format!(
            "INSERT OR IGNORE INTO presence_events VALUES ('p{number}', '{guild}', '{user}', {}, {}, {}, {at});",
            one_of(["'online'", "'idle'", "NULL", "'dnd'"], more),
            or_null(2, more),
            one_of(["NULL", "'Ω, ''quoted'''", "''", "'a game'"], more >> 3),
        ),
    };
    format!("{parents}\n{insert}")
}

fn fill(store: &Store, seeds: &[Seed]) -> TestResult {
    let statements: Vec<String> = seeds.iter().enumerate().map(|(number, seed)| statement(*seed, number)).collect();
    Ok(execute(store, &statements.concat())?)
}

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
