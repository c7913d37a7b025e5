use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use proptest::prelude::*;

use super::*;
use crate::{
    fixture::{MONDAY, TestResult, insert_guild, insert_invited_member, insert_member},
    random,
    test_file::{File, empty},
};

const TEN_WEEKS: i64 = 70 * 86_400;

/// Code, inviter, and whether it is the vanity link.
const INVITES: [Option<(&str, Option<u64>, bool)>; 6] = [
    None,
    Some(("tea", Some(10), false)),
    Some(("b", Some(10), false)),
    Some(("a", Some(9), false)),
    Some(("mocha", None, true)),
    Some(("widget", None, false)),
];

/// A join: guild, user, millisecond and the place of its invite.
type Join = (u64, u64, i64, usize);

fn joins() -> impl Strategy<Value = Vec<Join>> {
    let ms = MONDAY * 1000..(MONDAY + TEN_WEEKS) * 1000;
    let one = (random::guild(), random::any_user(), ms, 0..INVITES.len());
    prop::collection::vec(one, 0..30).prop_map(|all| {
        // The key of the table.
        let mut seen = BTreeSet::new();
        all.into_iter().filter(|(guild, user, ms, _)| seen.insert((*guild, *user, *ms))).collect()
    })
}

fn insert(conn: &mut File, joins: &[Join], members: &BTreeSet<u64>) -> TestResult {
    random::insert_users(conn)?;
    for guild in [random::GUILD, random::OTHER_GUILD] {
        insert_guild(conn, guild)?;
    }
    for user in members {
        insert_member(conn, random::GUILD, *user)?;
    }
    for (guild, user, ms, invite) in joins {
        insert_invited_member(conn, *guild, *user, *ms, INVITES[*invite])?;
    }
    Ok(())
}

/// Joins, users who stayed and users who left.
fn sums(joins: InvitedJoins) -> (u64, u64, u64) {
    (joins.joined, joins.stayed, joins.left)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_answer_is_what_plain_rust_counts(
        all in joins(), members in prop::collection::btree_set(random::user(), 0..4), window in random::window(TEN_WEEKS),
        bots in random::bots(), limit in random::limit(), horizon in prop::option::of(0..70_i64),
        invited in prop::option::of(random::any_user()),
    ) {
        let mut conn = empty().unwrap();
        insert(&mut conn, &all, &members).unwrap();
        let from = horizon.map_or(0, |day| MONDAY + day * 86_400);
        conn.execute(format!("UPDATE horizons SET members_from = {from}")).unwrap();
        let mut question = Invites::of(random::GUILD.try_into().unwrap()).within(window).bots(bots);
        question.limit = limit;
        question.invited = invited.map(|user| user.try_into().unwrap());
        let answer = question.load(&mut conn).unwrap();

        let counted: Vec<&Join> = all.iter().filter(|(guild, user, ms, _)| {
            *guild == random::GUILD && random::counts(bots, *user) && random::holds(window, *ms) && *ms >= from * 1000
                && invited.is_none_or(|invited| invited == *user)
        }).collect();
        let stayed = |(_, user, ms, _): &Join| {
            let is_last = !all.iter().any(|other| other.0 == random::GUILD && other.1 == *user && other.2 > *ms);
            members.contains(user) && is_last
        };
        let count = |holds: &dyn Fn(usize) -> bool| {
            let of = counted.iter().filter(|join| holds(join.3));
            of.fold((0, 0, 0), |(joined, here, left), join| {
                let here_now = u64::from(stayed(join));
                (joined + 1, here + here_now, left + 1 - here_now)
            })
        };
        prop_assert_eq!(sums(answer.all), count(&|_| true));
        prop_assert_eq!(sums(answer.unknown), count(&|invite| invite == 0));
        prop_assert_eq!(sums(answer.vanity), count(&|invite| invite == 4));

        let mut inviters: BTreeMap<u64, (u64, u64, u64)> = BTreeMap::new();
        for inviter in [9, 10] {
            inviters.insert(inviter, count(&|invite| INVITES[invite].is_some_and(|invite| invite.1 == Some(inviter))));
        }
        let mut inviters: Vec<_> = inviters.into_iter().filter(|(_, sums)| sums.0 > 0).collect();
        inviters.sort_by_key(|(_, sums)| Reverse(sums.0));
        inviters.truncate(limit.unwrap_or(usize::MAX));
        let told: Vec<_> = answer.inviters.iter().map(|one| (one.user_id.get(), sums(one.joins))).collect();
        prop_assert_eq!(told, inviters);

        let mut codes: Vec<_> = (1..INVITES.len()).map(|invite| (INVITES[invite].unwrap(), count(&|other| other == invite)))
            .filter(|(_, sums)| sums.0 > 0).collect();
        codes.sort_by_key(|((code, ..), sums)| (Reverse(sums.0), *code));
        codes.truncate(limit.unwrap_or(usize::MAX));
        let told: Vec<_> = answer.codes.iter().map(|one| {
            ((one.code.as_str(), one.inviter_id.map(UserId::get), one.is_vanity), sums(one.joins))
        }).collect();
        prop_assert_eq!(told, codes);
    }
}
