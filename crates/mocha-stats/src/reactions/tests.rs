use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use proptest::prelude::*;

use super::*;
use crate::{
    fixture::{MONDAY, TestResult, insert_reaction},
    random,
    test_file::{File, empty},
};

const TEN_WEEKS: i64 = 70 * 86_400;

/// A reaction: the place of its message, the user, emoji, name and second.
type One = (usize, u64, &'static str, Option<&'static str>, i64);

/// Guild, channel, id and author of the messages.
const MESSAGES: [(u64, u64, u64, Option<u64>); 6] = [
    (random::GUILD, 1_002, 600, Some(2)),
    (random::GUILD, 1_010, 70, Some(9)),
    (random::GUILD, 1_100, 700, Some(100)),
    (random::GUILD, 1_002, 800, None),
    (random::GUILD, 1_002, 900, Some(random::UNKNOWN_USER)),
    (random::OTHER_GUILD, 11_002, 600, Some(2)),
];

/// Emoji as their columns.
const EMOJI: [(&str, Option<&str>); 6] = [
    ("5", Some("party")),
    ("5", Some("fete")),
    ("5", None),
    ("40", Some("a")),
    ("\u{1f44d}", None),
    ("\u{2764}", None),
];

fn reactions() -> impl Strategy<Value = Vec<One>> {
    let emoji = prop::sample::select(EMOJI.as_slice());
    let one = (0..MESSAGES.len(), random::any_user(), emoji, MONDAY..MONDAY + TEN_WEEKS);
    let one = one.prop_map(|(message, user, (emoji, name), second)| (message, user, emoji, name, second));
    // The key of the table.
    prop::collection::vec(one, 0..30).prop_map(|all| {
        let mut seen = BTreeSet::new();
        all.into_iter().filter(|(message, user, emoji, ..)| seen.insert((*message, *user, *emoji))).collect()
    })
}

fn insert(conn: &mut File, reactions: &[One]) -> TestResult {
    random::insert_users(conn)?;
    random::insert_places(conn)?;
    for (message, user, emoji, name, second) in reactions {
        let (guild, channel, id, author) = MESSAGES[*message];
        insert_reaction(conn, (guild, channel, id), author, *user, (emoji, *name), *second)?;
    }
    Ok(())
}

/// Keys by their number, most first.
fn by_count<K: Ord>(keys: impl Iterator<Item = K>, limit: Option<usize>) -> Vec<(K, u64)> {
    let mut counts: BTreeMap<K, u64> = BTreeMap::new();
    keys.for_each(|key| *counts.entry(key).or_default() += 1);
    let mut counts: Vec<(K, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|count| Reverse(count.1));
    counts.truncate(limit.unwrap_or(usize::MAX));
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_answer_is_what_plain_rust_counts(
        all in reactions(), window in random::window(TEN_WEEKS), bots in random::bots(), channels in random::channels(),
        limit in random::limit(), horizon in prop::option::of(0..70_i64), include_self in any::<bool>(),
    ) {
        let mut conn = empty().unwrap();
        insert(&mut conn, &all).unwrap();
        let from = horizon.map_or(0, |day| MONDAY + day * 86_400);
        conn.execute(format!("UPDATE horizons SET messages_from = {from}")).unwrap();
        let mut question = Reactions::of(random::GUILD.try_into().unwrap()).within(window).bots(bots);
        question.channels = channels.clone();
        question.limit = limit;
        if include_self {
            question = question.include_self_reactions();
        }
        let answer = question.load(&mut conn).unwrap();

        let counted: Vec<&One> = all.iter().filter(|(message, user, _, _, second)| {
            let (guild, channel, ..) = MESSAGES[*message];
            guild == random::GUILD && random::counts_channel(&channels, channel) && random::counts(bots, *user)
                && random::holds(window, second * 1000) && *second >= from
        }).collect();
        prop_assert_eq!(answer.reactions, u64::try_from(counted.len()).unwrap());
        let given: Vec<_> = answer.given.iter().map(|user| (user.user_id.get(), user.reactions)).collect();
        prop_assert_eq!(given, by_count(counted.iter().map(|one| one.1), limit));
        let received: Vec<_> = answer.received.iter().map(|user| (user.user_id.get(), user.reactions)).collect();
        let to = counted.iter().filter_map(|one| MESSAGES[one.0].3.filter(|author| include_self || *author != one.1));
        prop_assert_eq!(received, by_count(to.filter(|author| random::counts(bots, *author)), limit));
        let messages: Vec<_> = answer.messages.iter().map(|message| {
            let author = message.author_id.map(UserId::get);
            ((message.message_id.get(), message.channel_id.get(), author), message.reactions)
        }).collect();
        let of = |one: &&One| (MESSAGES[one.0].2, MESSAGES[one.0].1, MESSAGES[one.0].3);
        prop_assert_eq!(messages, by_count(counted.iter().map(of), limit));
        let emoji: Vec<_> = answer.emoji.iter().map(|emoji| (emoji.emoji.column(), emoji.reactions)).collect();
        let mut expected = by_count(counted.iter().map(|one| one.2.to_owned()), None);
        // Custom emoji come first, in the order of their numbers.
        expected.sort_by_key(|(emoji, count)| (Reverse(*count), emoji.parse::<u64>().unwrap_or(u64::MAX)));
        expected.truncate(limit.unwrap_or(usize::MAX));
        prop_assert_eq!(emoji, expected);
        for emoji in &answer.emoji {
            let column = emoji.emoji.column();
            let newest = counted.iter().filter(|one| one.2 == column).filter_map(|one| Some((one.4, one.3?))).max();
            prop_assert_eq!(emoji.emoji.name(), newest.map(|(_, name)| name));
        }
    }
}
