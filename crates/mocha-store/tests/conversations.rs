//! Replies and mentions.

mod support;

use mocha_store::{
    Event, Keep, RetentionPolicy, Store,
    event::{MessageAddressed, RepliedTo},
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use support::*;

const PERSON: u64 = 987_654_321_098_765_432;

/// A message that replies to the first message of a user, if there is one, and mentions users.
fn addressed(ms: i64, number: u64, user: u64, reply: Option<u64>, mentions: &[u64]) -> Event {
    MessageAddressed {
        at: at(ms),
        channel_id: id(20),
        guild_id: id(GUILD),
        mentions: mentions.iter().copied().map(id).collect(),
        message_id: id(number),
        reply: reply.map(|user| RepliedTo { message_id: id(1), user_id: id(user) }),
        user_id: id(user),
    }
    .into()
}

/// Message, author, addressee and the message that is answered.
fn addressees(store: &Store) -> TestResult<Vec<String>> {
    let row = "message_id || ' ' || user_id || ' ' || addressee_id || ' ' || ifnull(replied_message_id, '-')";
    Ok(lines(store, &format!("SELECT {row} AS line FROM message_addressees ORDER BY message_id, addressee_id"))?)
}

#[test]
fn a_message_counts_once_for_each_user_whom_it_addresses() -> TestResult {
    let store = store()?;
    // Discord lists the author of the answered message among the mentions.
    let reply = addressed(0, 5, 40, Some(41), &[41, 42, 42]);
    record(&store, [reply.clone(), addressed(1_000, 6, 41, None, &[40]), reply.clone()])?;
    record(&store, [reply])?;
    assert_eq!(addressees(&store)?, ["5 40 41 1", "5 40 42 -", "6 41 40 -"]);
    Ok(())
}

#[test]
fn users_who_address_themselves_are_not_recorded() -> TestResult {
    let store = store()?;
    record(&store, [addressed(0, 5, 40, Some(40), &[40]), addressed(0, 6, 40, Some(40), &[40, 41])])?;
    assert_eq!(addressees(&store)?, ["6 40 41 -"]);
    Ok(())
}

#[test]
fn an_erasure_deletes_rows_of_the_author_and_of_the_addressee() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::open(&path)?;
    let events = || {
        [
            addressed(0, 5, PERSON, Some(41), &[]),
            addressed(0, 6, 40, Some(PERSON), &[41]),
            addressed(0, 7, 41, None, &[PERSON, 40]),
        ]
    };
    record(&store, events())?;
    assert!(is_in_the_file(&path, PERSON)?);
    let mut export = Vec::new();
    store.export_user(id(PERSON)).write_to(&mut export)?;
    let export: serde_json::Value = serde_json::from_slice(&export)?;
    assert_eq!(export["tables"]["message_addressees"].as_array().map(Vec::len), Some(3));
    let receipt = store.forget_user(id(PERSON)).run()?;
    assert!(receipt.is_complete());
    assert_eq!(addressees(&store)?, ["6 40 41 -", "7 41 40 -"]);
    // Events from before the erasure.
    record(&store, events())?;
    assert_eq!(addressees(&store)?, ["6 40 41 -", "7 41 40 -"]);
    store.checkpoint()?;
    assert!(!is_in_the_file(&path, PERSON)?);
    Ok(())
}

#[test]
fn nothing_about_a_user_who_opted_out_is_recorded() -> TestResult {
    let store = store()?;
    assert!(store.opt_out_user(id(PERSON)).run()?.rows_gone);
    let later = later(0);
    record(
        &store,
        [
            addressed(later, 5, PERSON, Some(41), &[42]),
            addressed(later, 6, 40, Some(PERSON), &[41, PERSON]),
            addressed(later, 7, 41, Some(40), &[40]),
        ],
    )?;
    assert_eq!(addressees(&store)?, ["6 40 41 -", "7 41 40 1"]);
    Ok(())
}

#[test]
fn an_erased_user_counts_again_after_writing_and_not_after_a_mention() -> TestResult {
    let store = store()?;
    assert!(store.forget_user(id(PERSON)).run()?.rows_gone);
    let later = later(0);
    record(&store, [addressed(later, 5, 40, None, &[PERSON])])?;
    assert_eq!(addressees(&store)?, [""; 0]);
    record(&store, [addressed(later, 6, PERSON, None, &[40]), addressed(later, 7, 40, Some(PERSON), &[])])?;
    assert_eq!(addressees(&store)?.len(), 2);
    Ok(())
}

#[test]
fn retention_deletes_old_rows() -> TestResult {
    let store = store()?;
    record(&store, [addressed(0, 5, 40, Some(41), &[])])?;
    let retention = RetentionPolicy::default().messages(Keep::Days(1));
    assert!(store.apply_retention_at(&retention, at(9_000)).run()?.complete);
    assert_eq!(addressees(&store)?.len(), 1);
    assert!(store.apply_retention_at(&retention, at(9_000 + 3 * 86_400_000)).run()?.complete);
    assert_eq!(addressees(&store)?, [""; 0]);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Twice is once, in any order.
    #[test]
    fn the_table_has_what_a_map_of_the_events_has(
        messages in prop::collection::btree_map(
            2..9_u64, (40..43_u64, prop::option::of(40..43_u64), prop::collection::vec(40..44_u64, 0..4)), 0..6
        ),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let store = store().unwrap();
        let events: Vec<Event> = messages
            .iter()
            .map(|(number, (user, reply, mentions))| addressed(0, *number, *user, *reply, mentions))
            .collect();
        let again = order.iter().filter(|_| !events.is_empty()).map(|place| place.get(&events).clone());
        record(&store, events.iter().cloned().chain(again)).unwrap();
        let mut there = BTreeMap::new();
        for (number, (user, reply, mentions)) in &messages {
            for mention in mentions.iter().filter(|mention| *mention != user) {
                there.insert((*number, *mention), format!("{number} {user} {mention} -"));
            }
            if let Some(replied) = reply.filter(|replied| replied != user) {
                there.insert((*number, replied), format!("{number} {user} {replied} 1"));
            }
        }
        prop_assert_eq!(addressees(&store).unwrap(), there.into_values().collect::<Vec<_>>());
    }
}
