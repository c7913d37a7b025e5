//! Exports contain exactly the rows of the user.

mod support;

use diesel::connection::SimpleConnection;
use mocha_schema::PresenceStatus;
use mocha_store::{
    ErrorKind, Event, Store,
    event::{GlobalName, UserSeen},
    privacy::{LEDGER, Person},
};
use std::collections::{BTreeMap, BTreeSet};
use support::{GUILD, TestResult, id, joined, lines, message, presence, record, user, voice};

const PERSON: u64 = 987_654_321_098_765_432;

#[test]
fn an_erased_bot_is_no_longer_known_as_a_bot() -> TestResult {
    let store = lived()?;
    store.write(|conn| conn.batch_execute(&format!("UPDATE users SET bot = 1 WHERE id = '{PERSON}'")))?;
    let bots = "SELECT id || '' AS line FROM bots";
    assert_eq!(lines(&store, bots)?, [PERSON.to_string()]);
    assert!(store.forget_user(id(PERSON)).run()?.is_complete());
    assert_eq!(lines(&store, bots)?, [""; 0]);
    Ok(())
}

/// With the wrong type, an erasure would look for the id in the wrong form.
#[test]
fn users_are_texts_or_numbers_as_the_ledger_says() -> TestResult {
    let store = support::store()?;
    for table in LEDGER {
        let Some(person) = table.person else { continue };
        let (column, kind) = match person {
            Person::Own => ("id", "TEXT"),
            Person::Text => ("user_id", "TEXT"),
            _ => ("user_id", "INTEGER"),
        };
        let sql = format!("SELECT type AS line FROM pragma_table_info('{}') WHERE name = '{column}'", table.name);
        assert_eq!(lines(&store, &sql)?, [kind], "{}", table.name);
    }
    Ok(())
}

/// Gives the user of the event a name for all servers.
fn named(event: Event) -> Event {
    let global_name = GlobalName::Named("Brien".to_owned());
    match event {
        Event::UserSeen(event) => UserSeen { global_name, ..event }.into(),
        event => event,
    }
}

fn lived() -> Result<Store, mocha_store::Error> {
    let store = support::store()?;
    store.count_awards(id(10), std::time::Duration::from_mins(1))?;
    let events = [
        named(user(0, PERSON, "O\"Brien\\ \u{1F600}\n")),
        joined(1_000, PERSON, 1_000),
        message(2_000, 31, 20, PERSON),
        message(3_000, 32, 21, PERSON),
        message(3_000, 33, 21, 50),
        presence(4_000, PERSON, PresenceStatus::Idle, Some("Go")),
        voice(5_000, PERSON, Some(70)),
        voice(9_000, PERSON, None),
        voice(10_000, PERSON, Some(70)),
    ];
    record(&store, events)?;
    // Raises the watermarks as if days had passed, so that months and totals include everything.
    store.write(|conn| conn.batch_execute("UPDATE watermarks SET messages_to = 30000, voice_to = 30000"))?;
    // No event of the test support makes these.
    store.write(|conn| {
        conn.batch_execute(&format!(
            "INSERT INTO member_roles VALUES (10, 70, {PERSON});
             INSERT INTO command_uses VALUES (10, 1, 20, {PERSON}, 'rank', 1);
             INSERT INTO ended_boosts VALUES (10, {PERSON}, 1, 2);
             INSERT INTO invited_members VALUES (10, {PERSON}, 1000, 'a', 50, 0);
             INSERT INTO invites VALUES (10, 'a', {PERSON}, 0, 1, NULL, NULL, 1000);
             INSERT INTO point_balances VALUES (10, {PERSON}, 100);
             INSERT INTO reported_levels VALUES (10, {PERSON}, 1);
             INSERT INTO message_addressees VALUES (10, 31, 50, {PERSON}, 20, 30, 1);
             INSERT INTO reactions VALUES (10, 31, {PERSON}, '5', 'party', 20, 50, 1)"
        ))
    })?;
    Ok(store)
}

#[test]
fn an_export_is_json_of_every_row_and_column() -> TestResult {
    let store = lived()?;
    let mut json = Vec::new();
    let rows = store.export_user(id(PERSON)).write_to(&mut json)?;
    let exported: serde_json::Value = serde_json::from_slice(&json)?;
    assert_eq!(exported["user_id"], PERSON.to_string());
    let tables: BTreeMap<String, Vec<BTreeMap<String, serde_json::Value>>> =
        serde_json::from_value(exported["tables"].clone())?;
    assert_eq!(tables.values().map(Vec::len).sum::<usize>(), usize::try_from(rows)?);
    for table in LEDGER.iter().filter(|table| table.person.is_some()) {
        let rows = tables.get(table.name).ok_or(table.name)?;
        assert!(!rows.is_empty(), "{}", table.name);
        let person = if table.person == Some(Person::Own) { "id" } else { "user_id" };
        for row in rows {
            let names: BTreeSet<&str> = row.keys().map(String::as_str).collect();
            assert_eq!(names, table.columns.iter().map(|column| column.name).collect(), "{}", table.name);
            assert_eq!(row[person], PERSON.to_string(), "{}", table.name);
        }
    }
    assert_eq!(tables["users"][0]["username"], "O\"Brien\\ \u{1F600}\n");
    assert_eq!(tables["message_events"].len(), 2);
    assert_eq!(tables["message_events"][0]["character_count"], 12);
    assert_eq!(tables["voice_intervals"][1]["ended_at_ms"], serde_json::Value::Null);
    Ok(())
}

#[test]
fn an_export_of_another_guild_has_only_the_rows_without_a_guild() -> TestResult {
    let store = lived()?;
    let export = store.export_user(id(PERSON));
    // The user, and the name for all servers.
    assert_eq!(export.clone().in_guild(id(GUILD + 1)).write_to(std::io::sink())?, 2);
    assert_eq!(export.clone().in_guild(id(GUILD)).write_to(std::io::sink())?, export.write_to(std::io::sink())?);
    Ok(())
}

#[test]
fn an_export_to_a_failing_writer_fails() -> TestResult {
    let error = lived()?.export_user(id(PERSON)).write_to(&mut [0_u8; 100][..]).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Io);
    assert!(std::error::Error::source(&error).is_some());
    Ok(())
}
