//! Ids in other spellings than Discord's are erased and exported with the user.

mod support;

use diesel::connection::SimpleConnection;
use mocha_store::{Clock, Rollup, Store};
use support::{GUILD, TestResult, id, joined, lines, message, presence, record, user, voice};

const PERSON: u64 = 987_654_321_098_765_432;
const OTHER: u64 = 9_876_543_210_987_654_320;

/// SQL expressions whose value as a number is the user's id. `?` stands for the id.
const SPELLINGS: [&str; 8] =
    ["'00?'", "' ?'", "char(9) || '+?'", "'?.0'", "'? '", "'?x'", "'?\u{e9}'", "CAST('0?' AS BLOB)"];

const TABLES: [&str; 6] =
    ["members", "message_events", "voice_events", "member_events", "presence_events", "voice_intervals"];

/// Rewrites the user's rows in the spelling.
fn respell(store: &Store, spelling: &str) -> TestResult {
    let spelled = spelling.replace('?', &PERSON.to_string());
    // Mocha's own table takes texts only.
    let takes = |table: &&str| !spelling.starts_with("CAST") || *table != "voice_intervals";
    let respelled = |table: &str| format!("UPDATE {table} SET user_id = {spelled} WHERE user_id = '{PERSON}';");
    let sql: String = TABLES.into_iter().filter(takes).map(respelled).collect();
    let user = format!(
        "INSERT OR IGNORE INTO users SELECT {spelled}, username, discriminator, \
         avatar, bot, created_at, updated_at FROM users WHERE id = '{PERSON}'"
    );
    store.write(|conn| conn.batch_execute(&format!("PRAGMA foreign_keys = OFF; {user}; {sql}")))?;
    Ok(())
}

fn left_of_person(store: &Store) -> TestResult<Vec<String>> {
    let mut left = Vec::new();
    for (table, column) in TABLES.map(|table| (table, "user_id")).into_iter().chain([("users", "id")]) {
        let sql = format!("SELECT '{table}' AS line FROM {table} WHERE CAST({column} AS INTEGER) = {PERSON}");
        left.extend(lines(store, &sql)?);
    }
    left.extend(lines(store, &format!("SELECT 'message_days' AS line FROM message_days WHERE user_id = {PERSON}"))?);
    Ok(left)
}

#[test]
fn every_spelling_of_an_id_is_erased_and_exported() -> TestResult {
    for spelling in SPELLINGS {
        for guild in [None, Some(GUILD)] {
            let store = support::store()?;
            let events = [
                user(0, PERSON, "Anna"),
                joined(0, PERSON, 0),
                presence(0, PERSON, mocha_schema::PresenceStatus::Online, None),
                voice(0, PERSON, Some(70)),
                voice(9_000, PERSON, None),
                message(0, 1, 20, PERSON),
                message(0, 2, 20, OTHER),
            ];
            record(&store, events)?;
            respell(&store, spelling)?;
            let left = left_of_person(&store)?;
            // One row in each of the six tables, a second one for the leave, and two users. No roll-up counts ids that are not
            // plain numbers, so `message_days` has no row in these spellings.
            assert_eq!(left.len(), 9, "{spelling}: {left:?}");
            let export = store.export_user(id(PERSON));
            let export = guild.map_or_else(|| export.clone(), |guild| export.clone().in_guild(id(guild)));
            let rows = usize::try_from(export.write_to(std::io::sink())?)?;
            assert!(rows >= left.len(), "{spelling}: {rows} rows of {left:?}");

            let erasure = store.forget_user(id(PERSON));
            let erasure = match guild {
                Some(guild) => erasure.in_guild(id(guild)),
                None => erasure,
            };
            assert!(erasure.run()?.rows_gone);
            assert_eq!(left_of_person(&store)?, [""; 0], "{spelling}");
            assert_eq!(lines(&store, "SELECT id AS line FROM message_events")?, ["2"], "{spelling}");
            for rollup in Rollup::ALL {
                assert!(store.verify(rollup).run()?.is_ok(), "{spelling}: {rollup}");
            }
        }
    }
    Ok(())
}

#[test]
fn tombstones_of_another_file_find_rows_in_other_spellings() -> TestResult {
    let folder = tempfile::tempdir()?;
    let other = folder.path().join("other.db");
    let receipt = Store::builder().clock(Clock::Events).open(&other)?.forget_user(id(PERSON)).run()?;
    assert!(receipt.is_complete());
    let store = support::store()?;
    record(&store, [message(0, 1, 20, PERSON)])?;
    respell(&store, "'00?'")?;
    assert_eq!(store.reapply_erasures_from(&other).run()?, 1);
    assert_eq!(left_of_person(&store)?, [""; 0]);
    Ok(())
}
