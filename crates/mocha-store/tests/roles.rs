//! The roles of members.

mod support;

use std::collections::BTreeSet;

use mocha_schema::RoleId;
use mocha_store::{
    Event, Store,
    event::{GuildRemoved, MemberSeen, RoleRemoved, RolesListed, ShardChanged, ShardStatus},
};
use proptest::prelude::*;
use support::*;

fn seen(ms: i64, user: u64, roles: Option<&[u64]>) -> Event {
    let roles = roles.map(|roles| roles.iter().map(|role| id(*role)).collect());
    Event::MemberSeen(MemberSeen { roles, ..member(ms, user, -9_000_000) })
}

fn removed(ms: i64, role: u64) -> Event {
    RoleRemoved { at: at(ms), guild_id: id(GUILD), role_id: id(role) }.into()
}

fn listed(ms: i64, roles: &[u64]) -> Event {
    let role_ids = roles.iter().map(|role| id(*role)).collect();
    RolesListed { at: at(ms), guild_id: id(GUILD), role_ids }.into()
}

fn ready(ms: i64) -> Event {
    ShardChanged { at: at(ms), shard_count: 1, shard_id: 0, status: ShardStatus::Ready }.into()
}

/// Each member with the roles, in order.
fn roles(store: &Store) -> TestResult<Vec<String>> {
    let sql = "SELECT user_id || ': ' || group_concat(role_id, ' ' ORDER BY role_id) AS line FROM member_roles
               GROUP BY guild_id, user_id ORDER BY user_id";
    Ok(lines(store, sql)?)
}

#[test]
fn the_newest_known_roles_stay_until_the_member_leaves() -> TestResult {
    let store = store()?;
    for (event, expected) in [
        (seen(10_000, 40, None), vec![]),
        (seen(10_000, 40, Some(&[7, 5, 7])), vec!["40: 5 7"]),
        // The same again, without roles, and older.
        (seen(20_000, 40, Some(&[5, 7])), vec!["40: 5 7"]),
        (seen(20_000, 40, None), vec!["40: 5 7"]),
        (seen(9_000, 40, Some(&[6])), vec!["40: 5 7"]),
        (seen(30_000, 40, Some(&[7, 8])), vec!["40: 7 8"]),
        (seen(30_000, 41, Some(&[7])), vec!["40: 7 8", "41: 7"]),
        (seen(40_000, 41, Some(&[])), vec!["40: 7 8"]),
        (left(50_000, 40), vec![]),
        // Older than the leave.
        (seen(45_000, 40, Some(&[7])), vec![]),
        (joined(60_000, 40, 60_000), vec![]),
        (Event::MemberSeen(MemberSeen { roles: Some(vec![id(9)]), ..member(61_000, 40, 60_000) }), vec!["40: 9"]),
        // The member left and came back unobserved, so the roles of then ended.
        (ready(70_000), vec!["40: 9"]),
        (Event::MemberSeen(member(9_000_000, 40, 8_000_000)), vec![]),
    ] {
        record(&store, [event.clone()])?;
        assert_eq!(roles(&store)?, expected, "{event:?}");
    }
    Ok(())
}

#[test]
fn a_deleted_role_and_a_guild_that_goes_leave_no_rows() -> TestResult {
    let store = store()?;
    let _running = store.recorder()?;
    // The time is in a role's id. This one was created 12 seconds after the events begin.
    let young = u64::try_from(at(12_000).timestamp_millis() - 1_420_070_400_000)? << 22;
    let both = [seen(1_000, 40, Some(&[5, 7])), seen(1_000, 41, Some(&[5, 6, young]))];
    record(&store, both.clone())?;
    record(&store, [removed(10_000, 5)])?;
    assert_eq!(roles(&store)?, ["40: 7".to_owned(), format!("41: 6 {young}")]);
    // Nobody remembers that the member had it.
    record(&store, [seen(11_000, 40, Some(&[7]))])?;
    record(&store, [listed(11_000, &[GUILD, 6])])?;
    assert_eq!(roles(&store)?, [format!("41: 6 {young}")]);
    record(&store, [listed(13_000, &[GUILD, 6])])?;
    assert_eq!(roles(&store)?, ["41: 6"]);
    // The same roles as before the list are not remembered as written.
    record(&store, [seen(14_000, 40, Some(&[7]))])?;
    assert_eq!(roles(&store)?, ["40: 7", "41: 6"]);
    record(&store, [GuildRemoved { at: at(20_000), guild_id: id(GUILD) }.into()])?;
    assert_eq!(roles(&store)?, [""; 0]);
    record(&store, [guild(30_000, 2), seen(30_000, 40, Some(&[7]))])?;
    assert_eq!(roles(&store)?, ["40: 7"]);
    Ok(())
}

#[test]
fn a_member_who_is_missing_from_a_complete_list_has_no_roles() -> TestResult {
    let store = store()?;
    record(&store, [guild(0, 1), seen(0, 40, Some(&[7])), seen(0, 41, Some(&[7]))])?;
    let (at, guild_id, member_count) = (at(5_000), id(GUILD), Some(1));
    let list = mocha_store::event::MembersListed {
        at,
        chunk_count: 1,
        chunk_index: 0,
        guild_id,
        member_count,
        nonce: None,
        user_ids: vec![id(41)],
    };
    record(&store, [list.into()])?;
    assert_eq!(roles(&store)?, ["41: 7"]);
    Ok(())
}

#[test]
fn an_erasure_deletes_roles_and_an_export_has_them() -> TestResult {
    let store = store()?;
    record(&store, [seen(0, 40, Some(&[70_007])), seen(0, 41, Some(&[70_008]))])?;
    let mut export = Vec::new();
    store.export_user(id(40)).write_to(&mut export)?;
    let export = String::from_utf8(export)?;
    assert!(export.contains("70007") && !export.contains("70008"), "{export}");
    let receipt = store.forget_user(id(40)).run()?;
    assert!(receipt.removed.iter().any(|removed| removed.table == "member_roles" && removed.rows == 1), "{receipt:?}");
    assert_eq!(roles(&store)?, ["41: 70008"]);
    // Events from before the erasure do not bring them back.
    record(&store, [seen(0, 40, Some(&[70_007]))])?;
    assert_eq!(roles(&store)?, ["41: 70008"]);
    assert!(store.opt_out_user(id(41)).run()?.rows_gone);
    record(&store, [seen(9_000, 41, Some(&[70_008]))])?;
    assert_eq!(roles(&store)?, [""; 0]);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// The plain fold: the last known roles of each member, without those that were deleted.
    #[test]
    fn any_order_of_events_leaves_the_newest_roles(
        steps in prop::collection::vec((40_u64..43, prop::option::of(prop::collection::btree_set(5_u64..8, 0..3))), 1..20),
        deleted in prop::option::of(5_u64..8),
        turn in any::<prop::sample::Index>(),
    ) {
        let mut events: Vec<Event> = Vec::new();
        for (second, (user, roles)) in (1..).zip(&steps) {
            let roles: Option<Vec<u64>> = roles.as_ref().map(|roles| roles.iter().copied().collect());
            events.push(seen(second * 1_000, *user, roles.as_deref()));
        }
        let mut expected: BTreeSet<(u64, RoleId)> = BTreeSet::new();
        for user in 40..43 {
            let known = steps.iter().rev().find_map(|(of, roles)| roles.as_ref().filter(|_| *of == user));
            let kept = known.into_iter().flatten().filter(|role| Some(**role) != deleted);
            expected.extend(kept.map(|role| (user, id::<RoleId>(*role))));
        }
        let turn = turn.index(events.len());
        let mut turned = events.clone();
        // Events without roles say nothing, but they say when the member was seen.
        let is_known = |event: &Event| matches!(event, Event::MemberSeen(member) if member.roles.is_some());
        turned.retain(is_known);
        let turn = turn.min(turned.len().saturating_sub(1));
        turned.rotate_left(turn);
        let reversed = events.iter().rev().filter(|event| is_known(event)).cloned().collect();
        for events in [events, turned, reversed] {
            let store = store().unwrap();
            record(&store, events).unwrap();
            record(&store, deleted.map(|role| removed(60_000, role))).unwrap();
            let found = lines(&store, "SELECT user_id || ' ' || role_id AS line FROM member_roles ORDER BY user_id, role_id");
            let expected: Vec<String> = expected.iter().map(|(user, role)| format!("{user} {role}")).collect();
            prop_assert_eq!(found.unwrap(), expected);
        }
    }
}
