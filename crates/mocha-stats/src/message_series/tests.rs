//! The answers against plain Rust.

use chrono::{TimeDelta, Timelike};
use proptest::prelude::*;

use super::*;
use crate::{
    fixture::{MONDAY, Message},
    random,
    test_file::empty,
};

const TEN_DAYS: i64 = 10 * 86_400;

/// A name for the period of a second in the zone; two names are equal only in the same period.
fn name(question: &MessageSeries, second: i64) -> String {
    let at = DateTime::from_timestamp(second, 0).unwrap().with_timezone(&question.zone);
    match question.period {
        Period::Hour => format!("{} {} {}", at.date_naive(), at.hour(), at.format("%z")),
        Period::Day => at.date_naive().to_string(),
        Period::Week => at.format("%G-%V").to_string(),
        Period::Month => at.format("%Y-%m").to_string(),
    }
}

/// The same in plain Rust, message by message and to the second, walking through the zone's time
/// quarter hour by quarter hour.
fn expected(question: &MessageSeries, messages: &[Message], window: Window) -> Vec<(String, MessageCounts)> {
    let counts = |user| question.user.map_or(random::counts(question.bots, user), |only| only.get() == user);
    let mut counted: Vec<&Message> = messages
        .iter()
        .filter(|message| message.guild == random::GUILD && counts(message.user))
        .filter(|message| matches!(message.kind, Some(0 | 19 | 20 | 23)))
        .filter(|message| random::counts_channel(&question.channels, message.channel))
        .filter(|message| random::holds(window, message.second * 1000))
        .collect();
    counted.sort_by_key(|message| message.second);
    let first = window.start().map(|start| start.timestamp()).or(counted.first().map(|message| message.second));
    // The second of the last instant before the end.
    let end = window.end().map(|end| (end - TimeDelta::nanoseconds(1)).timestamp());
    let last = end.or(counted.last().map(|message| message.second));
    let mut names: Vec<String> = Vec::new();
    if let (Some(first), Some(last)) = (first, last)
        && (window.start() != window.end() || window.start().is_none())
    {
        let seconds = (first.div_euclid(900)..=last.div_euclid(900)).map(|quarter| quarter * 900);
        names = seconds.map(|second| name(question, second)).collect();
        names.dedup();
    }
    let periods = names.into_iter().map(|period| {
        let mut written = MessageCounts::default();
        for message in counted.iter().filter(|message| name(question, message.second) == period) {
            let (characters, words) = message.content.unwrap_or((0, 0));
            written.messages += 1;
            written.characters += u64::try_from(characters).unwrap();
            written.words += u64::try_from(words).unwrap();
            written.attachments += u64::from(message.has_attachment == Some(true));
        }
        (period, written)
    });
    periods.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_answer_matches_plain_rust(
        messages in random::messages(TEN_DAYS), window in random::window(TEN_DAYS), bots in random::bots(),
        zone in prop_oneof![1 => Just(Tz::UTC), 3 => random::zone()], user in prop::option::of(random::any_user()),
        period in prop::sample::select([Period::Hour, Period::Day, Period::Week, Period::Month].as_slice()),
        horizon in prop::option::of(0..11_i64), channels in random::channels()
    ) {
        let mut conn = empty().unwrap();
        random::insert_places(&mut conn).unwrap();
        random::insert_messages(&mut conn, &messages).unwrap();
        let guild = random::GUILD.try_into().unwrap();
        let mut question = MessageSeries::of(guild).within(window).bots(bots).zone(zone).by(period);
        if let Some(user) = user {
            question = question.user(user.try_into().unwrap());
        }
        question.channels = channels;
        let horizon = horizon.map_or(0, |day| MONDAY + day * 86_400);
        random::forget_before(&mut conn, horizon).unwrap();
        let answer = question.load(&mut conn).unwrap();
        // The roll-ups of one user and of a channel are by days in UTC only.
        let single = (user.is_some() || !question.channels.is_open()) && (zone != Tz::UTC || period == Period::Hour);
        let (counted, messages) = if single {
            (window, messages.into_iter().filter(|message| message.second >= horizon).collect())
        } else {
            (random::rounded_to_days(window, horizon).unwrap(), messages)
        };
        let expected = expected(&question, &messages, counted);
        let periods: Vec<_> =
            answer.periods.iter().map(|period| (name(&question, period.start.timestamp()), period.written)).collect();
        let mut all = MessageCounts::default();
        for (_, written) in &expected {
            all.add(*written);
        }
        prop_assert_eq!(periods, expected);
        prop_assert_eq!(answer.written, all);
        // Parts of a second are in no message.
        let seconds = |window: Window| (window.start_second(), window.end_second());
        prop_assert_eq!(answer.rounded_to_days, seconds(counted) != seconds(window));
        let (start, end) = seconds(window);
        let unknown = single && start < horizon && start < end;
        prop_assert_eq!(answer.data_since.map(|at| at.timestamp()), unknown.then_some(horizon));
        prop_assert_eq!(answer.window, window);
    }
}

#[cfg(feature = "serde")]
#[test]
fn a_period_is_flat_in_json() -> crate::fixture::TestResult {
    let answer = MessageSeries::of(1.try_into()?).load(&mut crate::test_file::seeded()?)?;
    let written = serde_json::json!({ "messages": 6, "characters": 300, "words": 60, "attachments": 0, "embeds": 0 });
    let mut period = written.clone();
    period["start"] = "2026-10-19T00:00:00Z".into();
    period["is_partial"] = false.into();
    let mut expected = written;
    expected["periods"] = vec![period].into();
    expected["data_since"] = serde_json::Value::Null;
    expected["window"] = serde_json::json!({ "start": null, "end": null });
    expected["rounded_to_days"] = false.into();
    assert_eq!(serde_json::to_value(answer)?, expected);
    Ok(())
}

/// Nothing is kept of Monday, and only the roll-ups of Tuesday: a window within it gets all of them.
#[test]
fn the_periods_cover_the_window_even_where_events_are_deleted() -> crate::fixture::TestResult {
    let (mut conn, guild) = (crate::test_file::seeded()?, GuildId::try_from(1)?);
    let at = |second: i64| DateTime::from_timestamp(MONDAY + second, 0).ok_or("no such time");
    let day = 86_400;
    conn.execute(format!("UPDATE horizons SET rollups_from = {}, messages_from = {}", MONDAY + day, MONDAY + 3 * day))?;
    for (end, rounded_to_days) in [(2 * day, false), (2 * day - 7, true)] {
        let window = Window::between(at(0)?, at(end)?)?;
        let answer = MessageSeries::of(guild).by(Period::Day).within(window).load(&mut conn)?;
        let starts: Vec<_> = answer.periods.iter().map(|period| period.start.to_utc()).collect();
        assert_eq!((starts, answer.rounded_to_days), (vec![at(0)?, at(day)?], rounded_to_days));
    }
    Ok(())
}
