//! The names that users chose for all servers.

mod support;

use diesel::prelude::*;
use mocha_schema::{UserName, schema::user_names};
use mocha_store::{
    Event, Store,
    event::{GlobalName, UserSeen},
};
use proptest::prelude::*;
use support::*;

fn seen(second: i64, user: u64, global_name: GlobalName) -> Event {
    let (avatar, discriminator) = (None, None);
    let name = format!("user{user}");
    UserSeen { at: at(second * 1000), avatar, bot: false, discriminator, global_name, name, user_id: id(user) }.into()
}

fn names(store: &Store) -> TestResult<Vec<(u64, Option<String>, i64)>> {
    let rows: Vec<UserName> =
        store.read(|conn| user_names::table.select(UserName::as_select()).order(user_names::id).load(conn))?;
    let second = |row: &UserName| (row.updated_at - at(0)).num_seconds();
    Ok(rows.iter().map(|row| (row.id.get(), row.global_name.clone(), second(row))).collect())
}

#[test]
fn the_newest_known_name_stays_whatever_comes_later() -> TestResult {
    let named = |name: &str| GlobalName::Named(name.into());
    let store = store()?;
    let recorder = store.recorder()?;
    for (second, name, expected) in [
        (10, GlobalName::Unknown, vec![]),
        (10, named("Anna"), vec![(7, Some("Anna".to_owned()), 10)]),
        // Older, unknown, and the same again.
        (9, named("Ann"), vec![(7, Some("Anna".to_owned()), 10)]),
        (20, GlobalName::Unknown, vec![(7, Some("Anna".to_owned()), 10)]),
        (20, named("Anna"), vec![(7, Some("Anna".to_owned()), 10)]),
        (30, GlobalName::None, vec![(7, None, 30)]),
        (29, named("Anna"), vec![(7, None, 30)]),
        (40, named("Änn"), vec![(7, Some("Änn".to_owned()), 40)]),
    ] {
        recorder.record(seen(second, 7, name.clone()))?;
        recorder.flush()?;
        assert_eq!(names(&store)?, expected, "{second} {name:?}");
    }
    Ok(())
}

#[test]
fn an_erasure_deletes_the_name_and_an_export_has_it() -> TestResult {
    let store = store()?;
    let recorder = store.recorder()?;
    for user in [7, 8] {
        recorder.record(seen(10, user, GlobalName::Named(format!("Ferris{user}"))))?;
    }
    recorder.flush()?;
    let mut export = Vec::new();
    store.export_user(id(7)).write_to(&mut export)?;
    let export = String::from_utf8(export)?;
    assert!(export.contains("Ferris7") && !export.contains("Ferris8"), "{export}");
    assert!(store.forget_user(id(7)).run()?.rows_gone);
    assert_eq!(names(&store)?, [(8, Some("Ferris8".into()), 10)]);
    recorder.record(seen(5, 7, GlobalName::Named("Ferris7".into())))?;
    recorder.flush()?;
    assert_eq!(names(&store)?.len(), 1, "an older event does not bring an erased user back");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The plain fold: the last event with a known name, by time.
    #[test]
    fn any_order_of_events_leaves_the_newest_name(
        names_seen in prop::collection::vec((1_u64..4, 0..4_usize), 1..20),
        order in any::<prop::sample::Index>(),
    ) {
        let choices = [GlobalName::Unknown, GlobalName::None, GlobalName::Named("a".into()), GlobalName::Named("b".into())];
        let mut events: Vec<(i64, u64, GlobalName)> = Vec::new();
        for (second, (user, choice)) in (1..).zip(&names_seen) {
            events.push((second, *user, choices[*choice].clone()));
        }
        let expected = |user: u64| {
            let known = events.iter().rev().find(|(_, of, name)| *of == user && *name != GlobalName::Unknown)?;
            Some((user, match &known.2 { GlobalName::Named(name) => Some(name.clone()), _ => None }))
        };
        let expected: Vec<_> = (1..4).filter_map(expected).collect();
        let turn = order.index(events.len());
        let mut turned = events.clone();
        turned.rotate_left(turn);
        for events in [turned, events.iter().rev().cloned().collect()] {
            let store = store().unwrap();
            let recorder = store.recorder().unwrap();
            for (second, user, name) in events {
                recorder.record(seen(second, user, name)).unwrap();
            }
            recorder.flush().unwrap();
            let found: Vec<_> = names(&store).unwrap().into_iter().map(|(user, name, _)| (user, name)).collect();
            prop_assert_eq!(found, expected.clone());
        }
    }
}
