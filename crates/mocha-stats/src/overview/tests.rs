//! The answers against plain Rust.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use proptest::prelude::*;

use super::*;
use crate::{
    Leaderboard, Measure,
    fixture::{MONDAY, TestResult},
    growth::truth::{self, Event},
    random,
    test_file::{empty, seeded},
    world::{SPAN, World, ceil_ms, insert, world},
};

const DAY: i64 = 86_400;

/// Numbers of a window: messages, milliseconds in voice, active members, joins and leaves.
fn numbers(world: &World, events: &[Event], bots: Bots, window: Window) -> [u64; 5] {
    let messages: Vec<u64> = world
        .messages
        .iter()
        .filter(|message| message.guild == random::GUILD && random::counts(bots, message.user))
        .filter(|message| matches!(message.kind, Some(0 | 19 | 20 | 23)))
        .filter(|message| random::holds(window, message.second * 1000))
        .map(|message| message.user)
        .collect();
    let clipped =
        world.stays.iter().filter(|stay| random::counts(bots, stay.0)).filter_map(|&(user, _, start, length)| {
            let from = window.start().map_or(start, |edge| ceil_ms(edge).max(start));
            let to = window.end().map_or(start + length, |edge| ceil_ms(edge).min(start + length));
            (from < to).then(|| (user, u64::try_from(to - from).unwrap()))
        });
    let voice: Vec<(u64, u64)> = clipped.collect();
    let active: BTreeSet<u64> = messages.iter().copied().chain(voice.iter().map(|stay| stay.0)).collect();
    let came = |join| {
        let own = events.iter().filter(|event| event.guild == random::GUILD && event.join == join);
        own.filter(|event| random::counts(bots, event.user) && random::holds(window, event.second * 1000)).count()
    };
    let count = |n: usize| u64::try_from(n).unwrap();
    [
        count(messages.len()),
        voice.iter().map(|stay| stay.1).sum(),
        count(active.len()),
        count(came(true)),
        count(came(false)),
    ]
}

/// How many members there were before a second, as far as the log has it.
fn members(events: &[Event], horizon: i64, end: i64) -> Option<u64> {
    let mut log = truth::log(events, end);
    log.retain(|event| event.second >= horizon);
    let told = log.iter().rposition(|event| event.count.is_some())?;
    let later: i64 = log[told + 1..].iter().map(|event| if event.join { 1 } else { -1 }).sum();
    Some(u64::try_from(i64::from(log[told].count?) + later).unwrap_or(0))
}

/// Messages by channel.
fn channels(world: &World, bots: Bots, window: Window) -> BTreeMap<u64, u64> {
    let mut channels = BTreeMap::new();
    for message in world.messages.iter().filter(|message| message.guild == random::GUILD) {
        let counted = matches!(message.kind, Some(0 | 19 | 20 | 23)) && random::counts(bots, message.user);
        if counted && random::holds(window, message.second * 1000) {
            *channels.entry(message.channel).or_default() += 1;
        }
    }
    channels
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_answer_matches_plain_rust(
        world in world(), events in truth::events(SPAN), bots in random::bots(), window in random::window(SPAN),
        top in 0..4_usize, horizon in prop::option::of(0..SPAN / DAY), filled_to in 0..80_i64
    ) {
        let mut conn = empty().unwrap();
        insert(&mut conn, &world).unwrap();
        truth::insert(&mut conn, &events).unwrap();
        let horizon = horizon.map_or(0, |day| MONDAY + day * DAY);
        random::fill_to(&mut conn, filled_to).unwrap();
        random::forget_before(&mut conn, horizon).unwrap();
        let guild = random::GUILD.try_into().unwrap();
        let answer = GuildOverview::of(guild).within(window).bots(bots).limit(top).load(&mut conn).unwrap();

        let before = window.previous();
        prop_assert_eq!((answer.window, answer.previous), (window, before));
        let counted = random::rounded_to_days(window, horizon).unwrap();
        let counted_before = before.map(|before| random::rounded_to_days(before, horizon).unwrap());
        let numbers = |counted| numbers(&world, &events, bots, counted);
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap();
        let Compared { value, previous } = answer.voice_time;
        let voice = Compared { value: ms(value), previous: previous.map(ms) };
        let got = [answer.messages, voice, answer.active_members, answer.joins, answer.leaves];
        prop_assert_eq!(got.map(|number| number.value), numbers(counted));
        let previous = counted_before.map(numbers);
        prop_assert_eq!(got.map(|number| number.previous), previous.map_or([None; 5], |numbers| numbers.map(Some)));
        let count = members(&events, horizon, window.end_second());
        prop_assert_eq!(answer.members.map(|members| members.value), count);
        let count_before = before.and_then(|before| members(&events, horizon, before.end_second())).filter(|_| count.is_some());
        prop_assert_eq!(answer.members.and_then(|members| members.previous), count_before);

        let mut expected: Vec<(u64, u64)> = channels(&world, bots, counted).into_iter().collect();
        expected.sort_by_key(|(_, messages)| u64::MAX - messages);
        expected.truncate(top);
        let old = counted_before.map(|before| channels(&world, bots, before));
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(channel, messages)| {
                (channel, messages, old.as_ref().map(|old| old.get(&channel).copied().unwrap_or(0)))
            })
            .collect();
        let listed = answer.channels.iter();
        let listed: Vec<_> = listed
            .map(|channel| (channel.channel_id.get(), channel.messages.value, channel.messages.previous))
            .collect();
        prop_assert_eq!(listed, expected);

        for (measure, listed) in [(Measure::Messages, &answer.writers), (Measure::VoiceTime, &answer.speakers)] {
            let board = Leaderboard::by(measure, guild).within(window).bots(bots).limit(top).compare();
            prop_assert_eq!(listed, &board.load(&mut conn).unwrap().entries);
        }
        let edges = |window: Window| (window.start_second(), window.end_second(), window.start_ms(), window.end_ms());
        let rounded_to_days = |asked, counted| edges(asked) != edges(counted);
        let before_widened = before.zip(counted_before).is_some_and(|(asked, counted)| rounded_to_days(asked, counted));
        prop_assert_eq!(answer.rounded_to_days, rounded_to_days(window, counted) || before_widened);
    }
}

#[test]
fn joins_from_before_the_horizon_count_by_whole_days() -> TestResult {
    let mut conn = seeded()?;
    let (guild, horizon) = (random::GUILD.try_into()?, MONDAY + 9 * DAY);
    conn.execute(format!("UPDATE horizons SET members_from = {horizon}"))?;
    conn.execute(format!("DELETE FROM member_events WHERE created_at < {horizon}"))?;
    // Messages and voice are complete: only joins and leaves make it more than the window.
    for (from, rounded_to_days) in [(MONDAY, false), (MONDAY + 1, true)] {
        let at = |second| DateTime::from_timestamp(second, 0).ok_or("no such time");
        let week = Window::between(at(from)?, at(MONDAY + 7 * DAY)?)?;
        let answer = GuildOverview::of(guild).within(week).load(&mut conn)?;
        assert_eq!(
            (answer.joins.value, answer.leaves.value, answer.rounded_to_days),
            (3, 1, rounded_to_days),
            "{from}"
        );
    }
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn an_answer_is_json_with_ids_as_texts() -> crate::fixture::TestResult {
    let mut conn = crate::test_file::seeded()?;
    conn.execute("UPDATE member_events SET member_count = 40 WHERE id = '4'")?;
    let monday = chrono::DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    let week = Window::between(monday, monday + chrono::TimeDelta::days(7))?;
    let answer = GuildOverview::of(1.try_into()?).within(week).limit(1).load(&mut conn)?;
    let compared = |value: u64| serde_json::json!({ "value": value, "previous": 0 });
    // User 30 was last seen at half past nine, and is believed to have been there for five more minutes.
    let expected = serde_json::json!({
        "messages": compared(6),
        "voice_ms": compared(95 * 60_000),
        "active_members": compared(3),
        "joins": compared(3),
        "leaves": compared(1),
        "members": { "value": 39, "previous": null },
        "channels": [{ "channel_id": "1000", "messages": compared(4) }],
        "writers": [{ "rank": 1, "user_id": "20", "value": 3, "previous": null }],
        "speakers": [{ "rank": 1, "user_id": "20", "value": 3_600_000, "previous": null }],
        "window": { "start": "2026-10-19T00:00:00Z", "end": "2026-10-26T00:00:00Z" },
        "previous": { "start": "2026-10-12T00:00:00Z", "end": "2026-10-19T00:00:00Z" },
        "data_since": null,
        "rounded_to_days": false,
    });
    assert_eq!(serde_json::to_value(answer)?, expected);
    Ok(())
}
