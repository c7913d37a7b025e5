use std::{collections::BTreeSet, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::{
    fixture::{MONDAY, TestResult, insert_addressee},
    random,
    test_file::{File, empty},
};

const TEN_WEEKS: i64 = 70 * 86_400;

/// A message that addresses someone: guild, channel, author, addressee, time in milliseconds, and the time of the message that it
/// answers, if it is a reply.
type One = (u64, u64, u64, u64, i64, Option<i64>);

fn rows() -> impl Strategy<Value = Vec<One>> {
    let channel = prop::sample::select([2_u64, 10, 100].as_slice());
    let ms = (MONDAY * 1000)..(MONDAY + TEN_WEEKS) * 1000;
    // Few times, so that some messages get several replies.
    let replied = prop::option::weighted(0.7, (0..4_i64).prop_map(|step| MONDAY * 1000 + step * 20 * 86_400_000 + 7));
    let one = (random::guild(), channel, random::any_user(), random::any_user(), ms, replied);
    prop::collection::vec(one, 0..30).prop_map(|all| {
        let mut seen = BTreeSet::new();
        all.into_iter()
            .map(|(guild, channel, user, addressee, ms, replied)| {
                // A reply is younger than its message.
                (guild, guild * 1_000 + channel, user, addressee, ms.max(replied.unwrap_or(0)), replied)
            })
            .filter(|(_, _, user, addressee, ms, _)| user != addressee && seen.insert(*ms))
            .collect()
    })
}

fn insert(conn: &mut File, rows: &[One]) -> TestResult {
    random::insert_users(conn)?;
    random::insert_places(conn)?;
    for &(guild, channel, user, addressee, ms, replied) in rows {
        insert_addressee(conn, (guild, channel, user), addressee, ms, replied)?;
    }
    Ok(())
}

/// Returns the shortest time within which so many percent lie, by trying each.
fn within(times: &[i64], percent: usize) -> Option<Duration> {
    let enough = |limit: &i64| times.iter().filter(|time| *time <= limit).count() * 100 >= percent * times.len();
    times.iter().copied().filter(enough).min().map(|ms| Duration::from_millis(u64::try_from(ms).unwrap()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn pairs_and_users_are_what_plain_rust_counts(
        all in rows(), window in random::window(TEN_WEEKS), bots in random::bots(), channels in random::channels(),
        limit in random::limit(), horizon in prop::option::of(0..70_i64), only in prop::option::of(random::user()),
    ) {
        let mut conn = empty().unwrap();
        insert(&mut conn, &all).unwrap();
        let from = horizon.map_or(0, |day| MONDAY + day * 86_400);
        conn.execute(format!("UPDATE horizons SET messages_from = {from}")).unwrap();
        let question = Conversations::of(random::GUILD.try_into().unwrap()).within(window).bots(bots);
        let user = only.map(|user| user.try_into().unwrap());
        let question = Conversations { channels: channels.clone(), limit, user, ..question };
        let answer = question.load(&mut conn).unwrap();

        let counted: Vec<&One> = all.iter().filter(|&&(guild, channel, user, addressee, ms, _)| {
            let second = ms.div_euclid(1000);
            guild == random::GUILD && random::counts_channel(&channels, channel) && second >= from
                && random::counts(bots, user) && random::counts(bots, addressee)
                && random::holds(window, second * 1000) && only.is_none_or(|only| [user, addressee].contains(&only))
        }).collect();
        let number = |matches: &dyn Fn(&One) -> bool| {
            u64::try_from(counted.iter().filter(|one| matches(one)).count()).unwrap()
        };
        prop_assert_eq!(answer.replies, number(&|one| one.5.is_some()));
        prop_assert_eq!(answer.mentions, number(&|one| one.5.is_none()));
        let pairs: BTreeSet<(u64, u64)> = counted.iter().map(|one| (one.2, one.3)).collect();
        let mut expected: Vec<_> = pairs.into_iter().map(|(user, addressee)| {
            let of = |is_reply: bool| number(&|one| (one.2, one.3, one.5.is_some()) == (user, addressee, is_reply));
            (user, addressee, of(true), of(false))
        }).collect();
        expected.sort_by_key(|pair| (Reverse(pair.2), Reverse(pair.3)));
        expected.truncate(limit.unwrap_or(usize::MAX));
        let found = answer.pairs.iter().map(|pair| {
            (pair.user_id.get(), pair.addressee_id.get(), pair.replies, pair.mentions)
        });
        prop_assert_eq!(found.collect::<Vec<_>>(), expected);
        let users: BTreeSet<u64> = counted.iter().flat_map(|one| [one.2, one.3]).collect();
        let mut expected: Vec<_> = users.into_iter().map(|user| {
            let given = |is_reply: bool| number(&|one| (one.2, one.5.is_some()) == (user, is_reply));
            let received = |is_reply: bool| number(&|one| (one.3, one.5.is_some()) == (user, is_reply));
            (user, [given(true), received(true), given(false), received(false)])
        }).collect();
        expected.sort_by_key(|user| Reverse(user.1.iter().sum::<u64>()));
        expected.truncate(limit.unwrap_or(usize::MAX));
        let found = answer.users.iter().map(|user| {
            let replies = [user.replies_given, user.replies_received];
            (user.user_id.get(), [replies[0], replies[1], user.mentions_given, user.mentions_received])
        });
        prop_assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn first_replies_are_those_that_plain_rust_finds(
        all in rows(), window in random::window(TEN_WEEKS), bots in random::bots(), channels in random::channels(),
        limit in random::limit(), horizon in prop::option::of(0..70_i64),
    ) {
        let mut conn = empty().unwrap();
        insert(&mut conn, &all).unwrap();
        let from = horizon.map_or(0, |day| MONDAY + day * 86_400);
        conn.execute(format!("UPDATE horizons SET messages_from = {from}")).unwrap();
        let question = FirstReplies::of(random::GUILD.try_into().unwrap()).within(window).bots(bots);
        let answer = question.with(channels.clone(), limit).load(&mut conn).unwrap();

        let counted: Vec<&One> = all.iter().filter(|&&(guild, channel, user, addressee, _, replied)| {
            guild == random::GUILD && random::counts_channel(&channels, channel)
                && random::counts(bots, user) && random::counts(bots, addressee)
                && replied.is_some_and(|ms| ms >= from * 1000 && random::holds(window, ms))
        }).collect();
        let messages: BTreeSet<Option<i64>> = counted.iter().map(|one| one.5).collect();
        let firsts: Vec<&One> = messages.into_iter().filter_map(|message| {
            counted.iter().copied().filter(|one| one.5 == message).min_by_key(|one| one.4)
        }).collect();
        let times = |matches: &dyn Fn(&One) -> bool| -> Vec<i64> {
            firsts.iter().filter(|one| matches(one)).filter_map(|one| Some(one.4 - one.5?)).collect()
        };
        let whole = times(&|_| true);
        prop_assert_eq!(answer.answered, u64::try_from(whole.len()).unwrap());
        prop_assert_eq!((answer.median, answer.ninetieth_percentile), (within(&whole, 50), within(&whole, 90)));
        let listed = |keys: BTreeSet<u64>, of: &dyn Fn(&One) -> u64| {
            let mut listed: Vec<_> = keys.into_iter().map(|key| {
                let times = times(&|one| of(one) == key);
                (key, u64::try_from(times.len()).unwrap(), within(&times, 50))
            }).collect();
            listed.sort_by_key(|entry| Reverse(entry.1));
            listed.truncate(limit.unwrap_or(usize::MAX));
            listed
        };
        let found: Vec<_> = answer.channels.iter().map(|channel| {
            (channel.channel_id.get(), channel.answered, Some(channel.median))
        }).collect();
        prop_assert_eq!(found, listed(firsts.iter().map(|one| one.1).collect(), &|one| one.1));
        let found: Vec<_> = answer.users.iter().map(|user| {
            (user.user_id.get(), user.first_replies, Some(user.median))
        }).collect();
        prop_assert_eq!(found, listed(firsts.iter().map(|one| one.2).collect(), &|one| one.2));
    }
}
