//! A simulated community is consistent, and its roll-ups and queries cost as much as those of a real one.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    error::Error,
};

use chrono::{DateTime, Timelike};
use mocha_sim::Community;
use mocha_store::{Event, event::MessageSent};
use proptest::prelude::*;

/// Returns a month with as many messages a day, and in each small guild, as by default.
fn month(seed: u64) -> Community {
    Community::new(seed).messages(411_000).days(30).small_guilds(41)
}

fn communities() -> impl Strategy<Value = Community> {
    (any::<u64>(), 0..6_000_u32, 1..40_u32, 0..12_u16).prop_map(|(seed, messages, days, small_guilds)| {
        Community::new(seed).messages(messages).days(days).small_guilds(small_guilds)
    })
}

fn messages(community: Community) -> impl Iterator<Item = MessageSent> {
    community.events().filter_map(|event| if let Event::MessageSent(message) = event { Some(message) } else { None })
}

/// Checks that only members act, that only members in voice leave voice, and that every channel was sent before.
fn check_presence(community: Community) -> Result<(), TestCaseError> {
    let (mut users, mut members, mut voice) = (HashSet::new(), HashSet::new(), HashMap::new());
    let mut channels = HashMap::new();
    for event in community.events() {
        match event {
            Event::ChannelSeen(channel) => {
                prop_assert!(channel.parent_id.is_none_or(|parent| channels.contains_key(&(channel.guild_id, parent))));
                prop_assert_eq!(channels.insert((channel.guild_id, channel.channel_id), channel.kind), None);
            }
            Event::UserSeen(user) => {
                users.insert(user.user_id);
            }
            Event::MemberSeen(member) | Event::MemberJoined(member) => {
                prop_assert!(users.contains(&member.user_id));
                prop_assert!(members.insert((member.guild_id, member.user_id)), "{member:?} joined twice");
                prop_assert!(member.joined_at <= Some(member.at));
            }
            Event::MemberLeft(member) => {
                let person = (member.guild_id, member.user_id);
                prop_assert!(!voice.contains_key(&person), "{member:?} left the guild while in voice");
                prop_assert!(members.remove(&person), "{member:?} left without being a member");
            }
            Event::MessageSent(message) => {
                prop_assert!(members.contains(&(message.guild_id, message.user_id)));
                prop_assert_eq!(channels.get(&(message.guild_id, message.channel_id)), Some(&0));
            }
            Event::VoiceStateChanged(state) => {
                let person = (state.guild_id, state.user_id);
                prop_assert!(members.contains(&person));
                let before = voice.remove(&person);
                prop_assert!(
                    before.is_some() || state.channel_id.is_some(),
                    "{state:?} left voice without being in it"
                );
                if let Some(channel_id) = state.channel_id {
                    prop_assert_eq!(channels.get(&(state.guild_id, channel_id)), Some(&2));
                    voice.insert(person, channel_id);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn events_are_in_order_of_time_and_before_the_end(community in communities()) {
        let mut last = community.start();
        for event in community.events() {
            prop_assert!(event.at() >= last, "{event:?} after {last}");
            last = event.at();
        }
        prop_assert!(last < community.end());
    }

    #[test]
    fn a_seed_makes_the_same_events_again(community in communities()) {
        prop_assert!(community.events().eq(community.events()));
    }

    #[test]
    fn each_guild_has_the_announced_number_of_messages(community in communities()) {
        let mut counts = BTreeMap::new();
        for message in messages(community) {
            *counts.entry(message.guild_id).or_insert(0) += 1;
        }
        for guild in community.guilds() {
            prop_assert_eq!(counts.remove(&guild.guild_id).unwrap_or(0), guild.messages);
        }
        prop_assert!(counts.is_empty());
    }

    #[test]
    fn only_members_act(community in communities()) {
        check_presence(community)?;
    }

    #[test]
    fn messages_are_in_order_and_of_the_requested_number(seed in any::<u64>(), len in 0..5_000_usize) {
        let messages: Vec<MessageSent> = mocha_sim::messages(seed, len).collect();
        prop_assert_eq!(messages.len(), len);
        prop_assert!(messages.is_sorted_by(|a, b| a.at <= b.at && a.message_id < b.message_id));
        prop_assert!(mocha_sim::messages(seed, usize::MAX).take(len).eq(messages));
    }
}

/// A month is long enough for a member to leave in the middle of a conversation.
#[test]
fn only_members_act_in_a_month() -> Result<(), TestCaseError> {
    check_presence(month(4))
}

/// This holds even if two guilds have a message in the same millisecond.
#[test]
fn message_ids_contain_the_time_and_never_repeat() -> Result<(), Box<dyn Error>> {
    let mut ids = HashSet::new();
    for message in messages(month(3)) {
        let id = message.message_id.get();
        assert!(ids.insert(id));
        assert_eq!(i64::try_from(id >> 22)? + 1_420_070_400_000, message.at.timestamp_millis());
    }
    Ok(())
}

/// In 6.8 million messages of a real community, 22 share their day, user and channel, 12.7 their quarter hour and channel, and
/// 127 their thirty days, user and channel.
#[test]
fn roll_ups_have_as_few_rows_as_on_real_servers() {
    let start = month(1).start();
    let (mut days, mut quarters, mut months) = (HashSet::new(), HashSet::new(), HashSet::new());
    for MessageSent { at, channel_id, user_id, .. } in messages(month(1)) {
        let since = at - start;
        days.insert((since.num_days(), user_id, channel_id));
        quarters.insert((since.num_minutes() / 15, channel_id));
        months.insert((since.num_days() / 30, user_id, channel_id));
    }
    assert_near(411_000, [(days.len(), 22.0), (quarters.len(), 12.7), (months.len(), 127.0)]);
}

/// Checks that the number of messages for each row is close to the real one.
fn assert_near<const N: usize>(messages: u32, rows_and_real: [(usize, f64); N]) {
    for (rows, real) in rows_and_real {
        let ratio = f64::from(messages) / f64::from(u32::try_from(rows).unwrap_or(u32::MAX));
        assert!((0.75 * real..1.5 * real).contains(&ratio), "{ratio} instead of {real}");
    }
}

/// Both come from the same code. Comparing whole months would take too long.
#[test]
fn plain_messages_are_like_those_of_a_community() {
    let (mut days, mut quarters) = (HashSet::new(), HashSet::new());
    for MessageSent { at, channel_id, user_id, .. } in mocha_sim::messages(1, 110_000) {
        days.insert((at.date_naive(), user_id, channel_id));
        quarters.insert((at.timestamp() / 900, channel_id));
    }
    assert_near(110_000, [(days.len(), 22.0), (quarters.len(), 12.7)]);
}

#[test]
fn the_numbers_of_events_are_in_proportion() -> Result<(), Box<dyn Error>> {
    let (mut bots, mut by_bots, mut sessions, mut joins, mut leaves) = (HashSet::new(), 0, 0, 0, 0);
    let (mut in_voice, mut evening, mut night, mut messages) = (HashSet::new(), 0, 0, 0);
    let (mut lengths, mut since) = (Vec::new(), BTreeMap::new());
    for event in month(2).events() {
        match event {
            Event::UserSeen(user) if user.bot => drop(bots.insert(user.user_id)),
            Event::MemberJoined(_) => joins += 1,
            Event::MemberLeft(_) => leaves += 1,
            Event::MessageSent(message) => {
                messages += 1;
                by_bots += u32::from(bots.contains(&message.user_id));
                evening += u32::from(message.at.hour() == 20);
                night += u32::from(message.at.hour() == 4);
            }
            Event::VoiceStateChanged(voice) => {
                let person = (voice.guild_id, voice.user_id);
                if voice.channel_id.is_none() {
                    in_voice.remove(&person);
                    let start: DateTime<_> = since.remove(&person).ok_or("a leave without a join")?;
                    lengths.push((voice.at - start).num_minutes());
                } else if in_voice.insert(person) {
                    sessions += 1;
                    since.insert(person, voice.at);
                }
            }
            _ => {}
        }
    }
    assert_eq!(messages, 411_000);
    assert!((19_000..25_000).contains(&by_bots), "{by_bots} messages by bots");
    assert!((16_000..16_600).contains(&sessions), "{sessions} voice sessions");
    assert!((1_150..1_300).contains(&joins) && (700..1_200).contains(&leaves), "{joins} joins, {leaves} leaves");
    assert!(evening > 8 * night && night > 500, "{evening} in the evening, {night} at night");
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or(0);
    assert!((10..60).contains(&median) && lengths.last() > Some(&400), "{median} minutes");
    Ok(())
}

/// Checks the default without making its events.
#[test]
fn one_guild_is_large_and_five_hundred_are_small() {
    let guilds: Vec<u32> = Community::new(1).guilds().map(|guild| guild.messages).collect();
    assert_eq!((guilds.len(), guilds.iter().sum::<u32>()), (501, 5_000_000));
    assert!((4_000_000..4_001_000).contains(&guilds[0]), "{}", guilds[0]);
    assert!(guilds[1..].is_sorted() && (50..60).contains(&guilds[1]) && (8_000..12_000).contains(&guilds[500]));
}
