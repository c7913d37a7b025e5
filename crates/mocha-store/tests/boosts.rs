//! The boosts of servers that ended.

mod support;

use mocha_store::{
    Event, Keep, RetentionPolicy, Store,
    event::{MemberSeen, MembersListed},
};
use support::*;

fn boosts(ms: i64, user: u64, since_ms: Option<i64>) -> Event {
    Event::MemberSeen(MemberSeen { premium_since: since_ms.map(at), ..member(ms, user, -9_000_000) })
}

/// User, beginning and end of each boost that ended, in seconds.
fn ended(store: &Store) -> TestResult<Vec<String>> {
    let sql = "SELECT user_id || ' ' || (started_at - ?) || ' ' || (ended_at - ?) AS line FROM ended_boosts ORDER BY 1";
    Ok(lines(store, &sql.replace('?', &at(0).timestamp().to_string()))?)
}

#[test]
fn a_boost_ends_when_the_member_is_seen_without_it_or_leaves() -> TestResult {
    let store = store()?;
    let _running = store.recorder()?;
    for (event, expected) in [
        (boosts(10_000, 40, None), vec![]),
        (boosts(20_000, 40, Some(15_000)), vec![]),
        (boosts(30_000, 40, Some(15_000)), vec![]),
        // Older than what is known.
        (boosts(19_000, 40, None), vec![]),
        (boosts(40_000, 40, None), vec!["40 15 40"]),
        (boosts(40_000, 40, None), vec!["40 15 40"]),
        // Discord took it back.
        (boosts(50_000, 40, Some(15_000)), vec![]),
        // Another boost began, so the earlier one ended.
        (boosts(60_000, 40, Some(58_000)), vec!["40 15 60"]),
        (left(70_000, 40), vec!["40 15 60", "40 58 70"]),
        (left(70_000, 40), vec!["40 15 60", "40 58 70"]),
        (boosts(70_000, 41, Some(99_000)), vec!["40 15 60", "40 58 70"]),
        // It began in the future.
        (boosts(80_000, 41, None), vec!["40 15 60", "40 58 70", "41 99 99"]),
    ] {
        record(&store, [event.clone()])?;
        assert_eq!(ended(&store)?, expected, "{event:?}");
    }
    Ok(())
}

#[test]
fn a_boost_of_a_member_who_left_unobserved_ends() -> TestResult {
    let store = store()?;
    record(&store, [guild(0, 1), boosts(0, 40, Some(-5_000)), boosts(0, 41, Some(-4_000))])?;
    let (at, guild_id, member_count) = (at(5_000), id(GUILD), Some(1));
    let (chunk_count, chunk_index, nonce) = (1, 0, None);
    let user_ids = vec![id(41)];
    let list = MembersListed { at, chunk_count, chunk_index, guild_id, member_count, nonce, user_ids };
    record(&store, [list.into()])?;
    assert_eq!(ended(&store)?, ["40 -5 5"]);
    Ok(())
}

#[test]
fn an_erasure_and_retention_delete_boosts_and_an_export_has_them() -> TestResult {
    let store = store()?;
    record(&store, [40, 41].into_iter().flat_map(|user| [boosts(0, user, Some(-7_000)), boosts(9_000, user, None)]))?;
    let mut export = Vec::new();
    store.export_user(id(40)).write_to(&mut export)?;
    assert!(String::from_utf8(export)?.contains("ended_boosts"));
    assert!(store.forget_user(id(40)).run()?.rows_gone);
    assert_eq!(ended(&store)?, ["41 -7 9"]);
    let retention = RetentionPolicy::default().members(Keep::Days(1));
    assert!(store.apply_retention_at(&retention, at(9_000)).run()?.complete);
    assert_eq!(ended(&store)?, ["41 -7 9"]);
    assert!(store.apply_retention_at(&retention, at(9_000 + 3 * 86_400_000)).run()?.complete);
    assert_eq!(ended(&store)?, [""; 0]);
    Ok(())
}
