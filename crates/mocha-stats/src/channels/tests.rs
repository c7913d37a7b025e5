use proptest::prelude::*;

use super::*;
use crate::{
    fixture::{MONDAY, Message, Rows, TestResult, insert_channel, insert_guild},
    random,
    test_file::{File, empty},
};

const SPAN: i64 = 70 * 86_400;

/// The first three are written in.
const IDS: [u64; 9] = [1_002, 1_010, 1_100, 1_200, 1_300, 1_400, 1_500, 1_600, 1_700];
const KINDS: [i32; 11] = [0, 2, 4, 4, 5, 10, 11, 12, 13, 15, 16];

/// A channel as the file has it, sensible or not.
#[derive(Clone, Copy, Debug)]
struct Seen {
    id: u64,
    kind: i32,
    parent: Option<u64>,
    gone: bool,
}

fn seen() -> impl Strategy<Value = Vec<Seen>> {
    let kind = || prop_oneof![3 => prop::sample::select(KINDS.as_slice()), 1 => Just(99)];
    let channel = || (kind(), prop::option::of(prop::sample::select(IDS.as_slice())), prop::bool::weighted(0.4));
    let channels = prop::collection::vec(prop::option::weighted(0.9, channel()), IDS.len());
    channels.prop_map(|channels| {
        let known = IDS.into_iter().zip(channels);
        known.filter_map(|(id, channel)| channel.map(|(kind, parent, gone)| Seen { id, kind, parent, gone })).collect()
    })
}

fn insert(conn: &mut File, seen: &[Seen], messages: &[Message]) -> TestResult {
    for guild in [random::GUILD, random::OTHER_GUILD] {
        insert_guild(conn, guild)?;
    }
    // Another guild has quiet channels too.
    let other = Seen { id: 11_900, kind: 0, parent: None, gone: false };
    for (guild, seen) in seen.iter().map(|seen| (random::GUILD, seen)).chain([(random::OTHER_GUILD, &other)]) {
        insert_channel(conn, guild, seen.id, seen.kind, seen.parent)?;
        if seen.gone {
            conn.execute(format!("INSERT INTO gone_channels VALUES ('{}', '{guild}', {MONDAY})", seen.id))?;
        }
    }
    random::insert_messages(conn, messages)
}

/// Where a channel belongs, told channel by channel; `None` is no category.
fn group_of(group: ChannelGroup, seen: &[Seen], id: u64) -> Option<u64> {
    let find = |id| seen.iter().find(|seen| seen.id == id).copied();
    let channel = match find(id) {
        Some(Seen { kind: 10..=12, parent: Some(parent), .. }) => parent,
        _ => id,
    };
    match (group, find(channel)) {
        (ChannelGroup::Thread, _) => Some(id),
        (ChannelGroup::Channel, _) | (ChannelGroup::Category, Some(Seen { kind: 4, .. })) => Some(channel),
        (ChannelGroup::Category, None | Some(Seen { kind: 10..=12, .. })) => None,
        (ChannelGroup::Category, Some(seen)) => seen.parent,
    }
}

fn listed_if_quiet(group: ChannelGroup, seen: &[Seen], channel: Seen) -> bool {
    let parent_gone = seen.iter().any(|parent| Some(parent.id) == channel.parent && parent.gone);
    !channel.gone
        && match (group, channel.kind) {
            (ChannelGroup::Thread, 10..=12) => !parent_gone,
            (ChannelGroup::Thread, kind) => matches!(kind, 0 | 2 | 5 | 13),
            (ChannelGroup::Channel, kind) => matches!(kind, 0 | 2 | 5 | 13 | 15 | 16),
            (ChannelGroup::Category, kind) => kind == 4,
        }
}

/// The same in plain Rust, over all messages there are.
fn expected(question: Channels, seen: &[Seen], messages: &[Message], counted: Window) -> TestResult<ChannelsAnswer> {
    let counted: Vec<&Message> = messages
        .iter()
        .filter(|message| message.guild == random::GUILD && random::counts(question.bots, message.user))
        .filter(|message| matches!(message.kind, Some(0 | 19 | 20 | 23)))
        .filter(|message| random::holds(counted, message.second * 1000))
        .collect();
    let total = u32::try_from(counted.len())?;
    // Messages, users and share of a group.
    let numbers = |group: Option<u64>| -> TestResult<(u64, u64, f64)> {
        let own = || counted.iter().filter(|message| group_of(question.group, seen, message.channel) == group);
        let messages = u32::try_from(own().count())?;
        let users = own().map(|message| message.user).collect::<HashSet<u64>>().len().try_into()?;
        Ok((messages.into(), users, f64::from(messages) / f64::from(total.max(1))))
    };
    let mut groups: HashSet<Option<u64>> =
        counted.iter().map(|message| group_of(question.group, seen, message.channel)).collect();
    if question.quiet {
        let quiet = seen.iter().filter(|channel| listed_if_quiet(question.group, seen, **channel));
        groups.extend(quiet.map(|channel| Some(channel.id)));
        // The fixture's channels are there from their first message on, if nobody saw them before.
        let stubs = messages.iter().filter(|message| message.guild == random::GUILD).map(|message| message.channel);
        let stubs =
            stubs.filter(|id| question.group != ChannelGroup::Category && !seen.iter().any(|seen| seen.id == *id));
        groups.extend(stubs.map(Some));
    }
    let mut channels = Vec::new();
    for channel in groups.iter().flatten() {
        let (messages, user_count, share) = numbers(Some(*channel))?;
        channels.push(ChannelMessages { channel_id: (*channel).try_into()?, messages, user_count, share });
    }
    channels.sort_by_key(|channel| channel.channel_id.get());
    channels.sort_by_key(|channel| u64::MAX - channel.messages);
    channels.truncate(question.limit.unwrap_or(usize::MAX));
    let (messages, user_count, share) = numbers(None)?;
    let uncategorized = UncategorizedMessages { messages, user_count, share };
    Ok(ChannelsAnswer {
        channels,
        uncategorized: groups.contains(&None).then_some(uncategorized),
        messages: total.into(),
        user_count: counted.iter().map(|message| message.user).collect::<HashSet<u64>>().len().try_into()?,
        data_since: None,
        window: question.window,
        rounded_to_days: false,
    })
}

fn question() -> impl Strategy<Value = Channels> {
    use ChannelGroup::{Category, Channel, Thread};
    let group = prop::sample::select([Category, Channel, Thread].as_slice());
    (group, random::bots(), any::<bool>(), random::limit()).prop_map(|(group, bots, quiet, limit)| {
        let question = Channels::of(random::GUILD.try_into().unwrap()).by(group).bots(bots);
        let question = limit.into_iter().fold(question, Channels::limit);
        if quiet { question.include_inactive() } else { question }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_answer_matches_plain_rust(
        messages in random::messages(SPAN), seen in seen(), window in random::window(SPAN), question in question(),
        horizon in prop::option::of(0..SPAN / 86_400)
    ) {
        let mut conn = empty().unwrap();
        insert(&mut conn, &seen, &messages).unwrap();
        let horizon = horizon.map_or(0, |day| MONDAY + day * 86_400);
        random::forget_before(&mut conn, horizon).unwrap();
        let seconds = |window: Window| (window.start_second(), window.end_second());
        let (start, end) = seconds(window);
        let counted = if start < end { random::rounded_to_days(window, horizon).unwrap() } else { window };
        let question = question.within(window);
        let mut expected = expected(question, &seen, &messages, counted).unwrap();
        expected.rounded_to_days = seconds(counted) != seconds(window);
        prop_assert_eq!(question.load(&mut conn).unwrap(), expected);
    }
}

#[test]
fn a_forum_is_inactive_until_somebody_posts() -> TestResult {
    let mut conn = empty()?;
    let channel = |id, kind, parent| Seen { id, kind, parent, gone: false };
    // A category with a forum in it, which has a post, and a channel in no category.
    let seen = [
        channel(1_300, 4, None),
        channel(1_400, 15, Some(1_300)),
        channel(1_010, 11, Some(1_400)),
        channel(1_002, 0, None),
    ];
    insert(&mut conn, &seen, &[])?;
    let question = Channels::of(random::GUILD.try_into()?).include_inactive();
    let mut listed = |group| -> TestResult<(Vec<(u64, u64)>, bool)> {
        let answer = question.by(group).load(&mut conn)?;
        let channels = answer.channels.iter().map(|channel| (channel.channel_id.get(), channel.messages));
        Ok((channels.collect(), answer.uncategorized.is_some()))
    };
    assert_eq!(listed(ChannelGroup::Thread)?, (vec![(1_002, 0), (1_010, 0)], false));
    assert_eq!(listed(ChannelGroup::Channel)?, (vec![(1_002, 0), (1_400, 0)], false));
    assert_eq!(listed(ChannelGroup::Category)?, (vec![(1_300, 0)], false));
    let post = Message {
        guild: random::GUILD,
        channel: 1_010,
        user: 2,
        kind: Some(0),
        content: None,
        has_attachment: None,
        second: MONDAY,
    };
    Rows::default().message(&mut conn, post)?;
    let mut listed = |group| -> TestResult<Vec<(u64, u64)>> {
        let answer = question.by(group).load(&mut conn)?;
        Ok(answer.channels.iter().map(|channel| (channel.channel_id.get(), channel.messages)).collect())
    };
    assert_eq!(listed(ChannelGroup::Channel)?, [(1_400, 1), (1_002, 0)]);
    assert_eq!(listed(ChannelGroup::Category)?, [(1_300, 1)]);
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn an_answer_is_json_with_ids_as_texts() -> TestResult {
    let mut conn = crate::test_file::seeded()?;
    let question = Channels::of(1.try_into()?).bots(Bots::Only);
    let expected = serde_json::json!({
        "channels": [{ "channel_id": "2000", "messages": 5, "user_count": 1, "share": 1.0 }],
        "uncategorized": null,
        "messages": 5,
        "user_count": 1,
        "window": { "start": null, "end": null },
        "data_since": null,
        "rounded_to_days": false,
    });
    assert_eq!(serde_json::to_value(question.load(&mut conn)?)?, expected);
    let categories = serde_json::to_value(question.by(ChannelGroup::Category).load(&mut conn)?)?;
    assert_eq!(categories["uncategorized"], serde_json::json!({ "messages": 5, "user_count": 1, "share": 1.0 }));
    Ok(())
}
