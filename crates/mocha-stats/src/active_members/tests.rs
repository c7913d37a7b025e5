use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, TimeDelta, Utc, Weekday};
use mocha_schema::VoiceInterval;
use proptest::prelude::*;

use super::*;
use crate::{
    fixture::{MONDAY, Message, TestResult, insert_interval, interval},
    random,
    test_file::{File, empty},
    world::{self, SPAN, World, ceil_ms, world},
};

const DAY_MS: i64 = 86_400_000;

/// An act: the user, the millisecond, and whether it was a message.
type Act = (u64, i64, bool);

/// Each day of the zone on which somebody was in voice is an act.
fn days_of(zone: Tz, user: u64, from: i64, to: i64) -> Vec<Act> {
    let hours = (from..to).step_by(900_000).chain([to - 1]);
    let mut days: Vec<Act> = hours.map(|ms| (user, ms, false)).collect();
    days.dedup_by_key(|(_, ms, _)| date(zone, *ms));
    days
}

fn date(zone: Tz, ms: i64) -> NaiveDate {
    DateTime::from_timestamp_millis(ms).unwrap().with_timezone(&zone).date_naive()
}

/// All that counts in some window, day by day, in plain Rust.
fn acts(question: ActiveMembers, world: &World, wrote: Window, talked: Window) -> Vec<Act> {
    let messages = world
        .messages
        .iter()
        .filter(|message| message.guild == random::GUILD && matches!(message.kind, Some(0 | 19 | 20 | 23)))
        .filter(|message| random::holds(wrote, message.second * 1000))
        .map(|message| (message.user, message.second * 1000, true));
    let stays = world.stays.iter().filter(|_| question.voice).filter_map(|&(user, _, start, length)| {
        let from = talked.start().map_or(start, |edge| ceil_ms(edge).max(start));
        let to = talked.end().map_or(start + length, |edge| ceil_ms(edge).min(start + length));
        (from < to).then(|| days_of(question.zone, user, from, to))
    });
    let stays = stays.flatten();
    messages.chain(stays).filter(|(user, ..)| random::counts(question.bots, *user)).collect()
}

/// How many wrote three messages or more.
fn communicators<'a>(acts: impl Iterator<Item = &'a Act>) -> TestResult<u64> {
    let mut messages = BTreeMap::<u64, u64>::new();
    acts.filter(|act| act.2).for_each(|(user, ..)| *messages.entry(*user).or_default() += 1);
    Ok(messages.values().filter(|messages| **messages >= 3).count().try_into()?)
}

fn users<'a>(acts: impl Iterator<Item = &'a Act>) -> TestResult<u64> {
    Ok(acts.map(|act| act.0).collect::<BTreeSet<u64>>().len().try_into()?)
}

/// A set for each day.
fn expected(question: ActiveMembers, inside: &[Act], all: &[Act]) -> TestResult<ActiveMembersAnswer> {
    let ActiveMembers { window, zone, .. } = question;
    let date = |ms: i64| date(zone, ms);
    let days = || inside.iter().map(|act| date(act.1));
    let first = window.start().map(|start| start.with_timezone(&zone).date_naive()).or_else(|| days().min());
    let before = |end: DateTime<Utc>| (end - TimeDelta::nanoseconds(1)).with_timezone(&zone).date_naive();
    let last = window.end().map(before).or_else(|| days().max());
    let empty = window.start().is_some() && window.start() == window.end();
    let (mut listed, mut weeks) = (Vec::new(), Vec::<ActiveWeek>::new());
    let mut next = first.filter(|_| !empty);
    while let Some(day) = next.filter(|day| last.is_some_and(|last| *day <= last)) {
        let within = |length: u64| {
            let from = day - Days::new(length - 1);
            users(all.iter().filter(|act| from <= date(act.1) && date(act.1) <= day))
        };
        let daily = users(inside.iter().filter(|act| date(act.1) == day))?;
        listed.push(ActiveDay { day, daily, weekly: within(7)?, monthly: within(30)? });
        let monday = day.week(Weekday::Mon).first_day();
        if weeks.last().is_none_or(|week| week.monday != monday) {
            let own = inside.iter().filter(|act| date(act.1).week(Weekday::Mon).first_day() == monday);
            weeks.push(ActiveWeek { monday, communicators: communicators(own)? });
        }
        next = day.succ_opt();
    }
    let (user_count, communicators) = (users(inside.iter())?, communicators(inside.iter())?);
    Ok(ActiveMembersAnswer {
        days: listed,
        weeks,
        user_count,
        communicators,
        data_since: None,
        window,
        rounded_to_days: false,
    })
}

fn forget_voice_before(conn: &mut File, horizon: i64) -> TestResult {
    for sql in [
        format!("UPDATE horizons SET voice_from = {horizon}"),
        format!("DELETE FROM voice_intervals WHERE started_at_ms < {horizon}000"),
    ] {
        conn.execute(sql)?;
    }
    Ok(())
}

/// As [`world`], with some who come often.
fn busy_world() -> impl Strategy<Value = World> {
    let message = (random::user(), 0..SPAN / 86_400, 0..4_usize, 0..86_400_i64);
    (world(), prop::collection::vec(message, 0..30)).prop_map(|(mut world, messages)| {
        for (user, day, count, second) in messages {
            let second = MONDAY + day * 86_400 + second;
            let (guild, channel) = (random::GUILD, 1_002);
            let message = Message { guild, channel, user, kind: Some(0), content: None, has_attachment: None, second };
            world.messages.extend(std::iter::repeat_n(message, count));
        }
        world
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_answer_matches_a_set_for_each_day(
        world in busy_world(), window in random::window(SPAN), bots in random::bots(), voice in any::<bool>(),
        zone in random::zone(), horizon in prop::option::of(0..SPAN / 86_400), voice_horizon in prop::option::of(0..SPAN / 86_400), filled_to in 0..80_i64
    ) {
        let mut conn = empty().unwrap();
        world::insert(&mut conn, &world).unwrap();
        let horizon = horizon.map_or(0, |day| MONDAY + day * 86_400);
        random::forget_before(&mut conn, horizon).unwrap();
        random::fill_to(&mut conn, filled_to).unwrap();
        // Voice may be kept for less long.
        let voice_horizon = voice_horizon.map_or(horizon, |day| horizon.max(MONDAY + day * 86_400));
        forget_voice_before(&mut conn, voice_horizon).unwrap();
        let mut question = ActiveMembers::of(random::GUILD.try_into().unwrap()).within(window).bots(bots).zone(zone);
        if voice {
            question = question.including_voice();
        }
        // Messages are kept by the second, voice by the millisecond.
        let edges = |window: Window, unit: i64| {
            [window.start(), window.end()].map(|edge| edge.map(|edge| -(-ceil_ms(edge)).div_euclid(unit)))
        };
        let counted = |unit: i64, horizon: i64| {
            let [start, end] = edges(window, unit);
            if start.is_some() && start == end { window }
            // Only single events say on which day of another zone they were.
            else if zone != Tz::UTC { window.not_before(horizon) }
            else { random::rounded_to_days(window, horizon).unwrap() }
        };
        let (wrote, talked) = (counted(1000, horizon), counted(1, voice_horizon));
        let until = |window: Window, horizon: i64| {
            let all = window.end().map_or(Window::all(), |end| Window::between(DateTime::UNIX_EPOCH, end).unwrap());
            if zone == Tz::UTC { all } else { all.not_before(horizon) }
        };
        let inside = acts(question, &world, wrote, talked);
        // Days look back beyond the start, if there is one.
        let all = if window.start().is_some() { acts(question, &world, until(wrote, horizon), until(talked, voice_horizon)) } else { inside.clone() };
        let mut expected = expected(question, &inside, &all).unwrap();
        expected.rounded_to_days = zone == Tz::UTC
            && (edges(wrote, 1000) != edges(window, 1000) || (voice && edges(talked, 1) != edges(window, 1)));
        if zone != Tz::UTC {
            // The first days look back on 29 others.
            let from = DateTime::from_timestamp(if voice { horizon.max(voice_horizon) } else { horizon }, 0).unwrap();
            let reads_from = match window.start() {
                Some(start) if window.end() != Some(start) => {
                    let first = start.with_timezone(&zone).date_naive() - Days::new(29);
                    first.and_time(chrono::NaiveTime::MIN).and_local_timezone(zone).earliest().unwrap().to_utc()
                }
                Some(start) => start,
                None => DateTime::UNIX_EPOCH,
            };
            expected.data_since = (reads_from < from).then_some(from);
        }
        let answer = question.load(&mut conn).unwrap();
        for day in &answer.days {
            prop_assert!(day.daily <= day.weekly && day.weekly <= day.monthly);
            prop_assert!((0.0..=1.0).contains(&day.stickiness()));
        }
        prop_assert_eq!(answer, expected);
    }
}

/// The answer about a window of so many days from Monday on, in which one interval is still open.
fn who_is_still_there(start_ms: i64, seen_ms: i64, window: Window) -> TestResult<Vec<[u64; 3]>> {
    let mut conn = empty()?;
    let open = interval(1, 20, Some(3000), start_ms, None)?;
    insert_interval(&mut conn, VoiceInterval { seen_at_ms: seen_ms, ..open })?;
    let question = ActiveMembers::of(1.try_into()?).within(window);
    assert_eq!(question.load(&mut conn)?.user_count, 0);
    let days = question.including_voice().load(&mut conn)?.days;
    Ok(days.iter().map(|day| [day.daily, day.weekly, day.monthly]).collect())
}

#[test]
fn a_member_who_is_still_in_voice_is_active() -> TestResult {
    let monday = MONDAY * 1000;
    let day = |day: i64| DateTime::from_timestamp_millis(monday + day * DAY_MS).ok_or("no such time");
    // Since Monday evening, last seen on Tuesday.
    let (start, seen) = (monday + DAY_MS - 3_600_000, monday + DAY_MS + 3_600_000);
    assert_eq!(who_is_still_there(start, seen, Window::all())?, [[1, 1, 1], [1, 1, 1]]);
    let three = Window::between(day(0)?, day(3)?)?;
    assert_eq!(who_is_still_there(start, seen, three)?, [[1, 1, 1], [1, 1, 1], [0, 1, 1]]);
    let later = Window::between(day(7)?, day(9)?)?;
    assert_eq!(who_is_still_there(start, seen, later)?, [[0, 1, 1], [0, 0, 1]]);
    Ok(())
}

#[test]
fn a_week_of_seven_days_and_a_month_of_thirty_end_with_the_day() -> TestResult {
    let mut conn = crate::test_file::seeded()?;
    let monday = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    // Wrote on the window's first day, but before it.
    let window = Window::between(monday + TimeDelta::hours(12), monday + TimeDelta::days(31))?;
    let answer = ActiveMembers::of(1.try_into()?).within(window).load(&mut conn)?;
    assert_eq!(answer.user_count, 0);
    for (number, day) in answer.days.iter().enumerate() {
        let expected = (0, if number < 7 { 3 } else { 0 }, if number < 30 { 3 } else { 0 });
        assert_eq!((day.daily, day.weekly, day.monthly), expected, "{day:?}");
    }
    assert_eq!(answer.days.len(), 31);
    assert!(answer.weeks.iter().all(|week| week.monday.weekday() == Weekday::Mon && week.communicators == 0));
    Ok(())
}

#[test]
fn the_first_and_last_days_of_time_are_listed() -> TestResult {
    let mut conn = crate::test_file::seeded()?;
    let (first, last) = (DateTime::UNIX_EPOCH, "9999-12-31T23:59:59.999999999Z".parse::<DateTime<Utc>>()?);
    let question = ActiveMembers::of(1.try_into()?);
    let answer = question.within(Window::last(TimeDelta::hours(1), first + TimeDelta::hours(1))?).load(&mut conn)?;
    assert_eq!(answer.days.first().map(|day| day.day), Some(first.date_naive()));
    assert_eq!(answer.weeks.first().map(|week| week.monday.to_string()).as_deref(), Some("1969-12-29"));
    let answer = question.within(Window::last(TimeDelta::hours(1), last)?).load(&mut conn)?;
    assert_eq!(answer.days.last().map(|day| day.day), Some(last.date_naive()));
    Ok(())
}

#[test]
fn an_empty_window_has_no_days() -> TestResult {
    let noon = DateTime::from_timestamp(MONDAY + 12 * 3600, 0).ok_or("no such time")?;
    let question = ActiveMembers::of(1.try_into()?).within(Window::between(noon, noon)?).including_voice();
    let answer = question.load(&mut crate::test_file::seeded()?)?;
    assert_eq!((answer.days.len(), answer.weeks.len(), answer.user_count), (0, 0, 0));
    Ok(())
}

#[test]
fn the_share_of_an_empty_month_is_zero() -> TestResult {
    let answer = ActiveMembers::of(404.try_into()?).load(&mut crate::test_file::seeded()?)?;
    assert!(answer.days.is_empty() && answer.mean_daily().abs() < f64::EPSILON);
    let day = ActiveDay { day: NaiveDate::MIN, daily: 0, weekly: 0, monthly: 0 };
    assert!(day.stickiness().abs() < f64::EPSILON);
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn an_answer_is_json() -> TestResult {
    let expected = serde_json::json!({
        "days": [{ "day": "2026-10-19", "daily": 3, "weekly": 3, "monthly": 3 }],
        "weeks": [{ "monday": "2026-10-19", "communicators": 1 }],
        "user_count": 3,
        "communicators": 1,
        "window": { "start": null, "end": null },
        "data_since": null,
        "rounded_to_days": false,
    });
    let answer = ActiveMembers::of(1.try_into()?).load(&mut crate::test_file::seeded()?)?;
    assert_eq!(serde_json::to_value(answer)?, expected);
    Ok(())
}
