//! The answers against plain Rust.

use chrono::{TimeDelta, Timelike};
use proptest::prelude::*;

use super::*;
use crate::{
    fixture::{MONDAY, TestResult},
    growth::truth::{self, Event},
    random,
    test_file::File,
};

const TEN_DAYS: i64 = 10 * 86_400;

/// A name for the period of a second in the zone; two names are equal only in the same period.
fn name(question: Growth, second: i64) -> String {
    let at = DateTime::from_timestamp(second, 0).unwrap().with_timezone(&question.zone);
    match question.period {
        Period::Hour => format!("{} {} {}", at.date_naive(), at.hour(), at.format("%z")),
        Period::Day => at.date_naive().to_string(),
        Period::Week => at.format("%G-%V").to_string(),
        Period::Month => at.format("%Y-%m").to_string(),
    }
}

/// Name, joins, leaves and members of a period.
type Row = (String, u64, u64, Option<u64>);

/// The same in plain Rust, event by event and to the second, walking through the zone's time
/// quarter hour by quarter hour.
fn expected(question: Growth, events: &[Event], told: Option<Event>) -> (Vec<Row>, Row) {
    let window = question.window;
    let log = truth::log(events, window.end_second());
    let counted: Vec<Event> = log
        .iter()
        .filter(|event| random::counts(question.bots, event.user) && random::holds(window, event.second * 1000))
        .copied()
        .collect();
    let first = window.start().map(|start| start.timestamp()).or(counted.first().map(|event| event.second));
    // The second of the last instant before the end.
    let end = window.end().map(|end| (end - TimeDelta::nanoseconds(1)).timestamp());
    let last = end.or(counted.last().map(|event| event.second));
    let mut names: Vec<String> = Vec::new();
    if let (Some(first), Some(last)) = (first, last)
        && (window.start() != window.end() || window.start().is_none())
    {
        let seconds = (first.div_euclid(900)..=last.div_euclid(900)).map(|quarter| quarter * 900);
        names = seconds.map(|second| name(question, second)).collect();
        names.dedup();
    }
    let number = |join: bool, counts: &dyn Fn(&Event) -> bool| {
        counted.iter().filter(|event| event.join == join && counts(event)).count()
    };
    let members = |knows: &dyn Fn(&Event) -> bool| {
        let known: Vec<&Event> = log.iter().filter(|event| knows(event)).collect();
        let counted = known.iter().rposition(|event| event.count.is_some());
        let told = told.filter(|told| told.second < window.end_second() && knows(told));
        let told = told.filter(|told| counted.is_none_or(|counted| known[counted].second <= told.second));
        let (count, since) = match told {
            Some(told) => (told.count?, known.partition_point(|event| event.second <= told.second)),
            None => (known[counted?].count?, counted? + 1),
        };
        let later: i64 = known[since..].iter().map(|event| if event.join { 1 } else { -1 }).sum();
        Some(u64::try_from(i64::from(count) + later).unwrap_or(0))
    };
    let row = |name: String, counts: &dyn Fn(&Event) -> bool, knows: &dyn Fn(&Event) -> bool| {
        let [joins, leaves] = [true, false].map(|join| u64::try_from(number(join, counts)).unwrap());
        (name, joins, leaves, members(knows))
    };
    let periods = names.iter().enumerate().map(|(index, own)| {
        let before = |event: &Event| {
            let name = name(question, event.second);
            first.is_some_and(|first| event.second < first) || names[..=index].contains(&name)
        };
        row(own.clone(), &|event| name(question, event.second) == *own, &before)
    });
    (periods.collect(), row(String::new(), &|_| true, &|_| true))
}

proptest! {
    #[test]
    fn the_answer_matches_plain_rust(
        (events, window) in truth::events_and_window(TEN_DAYS), bots in random::bots(),
        zone in random::zone(),
        period in prop::sample::select([Period::Hour, Period::Day, Period::Week, Period::Month].as_slice()),
        told in prop::option::of((0..50_i32, 0..20_i64, any::<bool>()))
    ) {
        let question = Growth::of(random::GUILD.try_into().unwrap()).within(window).bots(bots).zone(zone).by(period);
        let told = told.map(|(count, second, long)| {
            let second = MONDAY + if long { second * TEN_DAYS / 20 } else { second };
            Event { guild: random::GUILD, user: 0, join: true, count: Some(count), second }
        });
        let mut conn = truth::file(&events).unwrap();
        if let Some(Event { count: Some(count), second, .. }) = told {
            tell(&mut conn, count, second).unwrap();
        }
        let answer = question.load(&mut conn).unwrap();
        let (periods, all) = expected(question, &events, told);
        let rows: Vec<Row> = answer.periods.iter().map(|period| {
            (name(question, period.start.timestamp()), period.joins, period.leaves, period.members)
        }).collect();
        prop_assert_eq!(rows, periods);
        prop_assert_eq!((String::new(), answer.joins, answer.leaves, answer.members), all);
        let net = |joins: u64, leaves: u64| joins.cast_signed() - leaves.cast_signed();
        prop_assert_eq!(answer.net, net(answer.joins, answer.leaves));
        prop_assert!(answer.periods.iter().all(|period| period.net == net(period.joins, period.leaves)));
    }
}

/// Discord says how many members the guild has.
fn tell(conn: &mut File, count: i32, second: i64) -> diesel::QueryResult<()> {
    conn.execute(format!(
        "INSERT INTO guilds (id, member_count, created_at, updated_at) VALUES ('{}', {count}, 0, {second}) \
        ON CONFLICT (id) DO UPDATE SET member_count = excluded.member_count, updated_at = excluded.updated_at",
        random::GUILD
    ))
}

#[test]
fn the_number_of_members_follows_the_last_count_from_discord() -> TestResult {
    let event = |join, second, count| Event { guild: random::GUILD, user: 2, join, count, second: MONDAY + second };
    let mut conn = truth::file(&[event(true, 0, Some(40)), event(false, 2 * 86_400 + 1, None)])?;
    let members = |conn: &mut File| -> TestResult<(Vec<Option<u64>>, Option<u64>)> {
        let growth = Growth::of(random::GUILD.try_into()?).load(conn)?;
        Ok((growth.periods.iter().map(|day| day.members).collect(), growth.members))
    };
    assert_eq!(members(&mut conn)?, (vec![Some(40), Some(40), Some(39)], Some(39)));
    tell(&mut conn, 30, MONDAY + 86_400)?;
    assert_eq!(members(&mut conn)?, (vec![Some(40), Some(30), Some(29)], Some(29)));
    tell(&mut conn, 30, MONDAY + 9 * 86_400)?;
    assert_eq!(members(&mut conn)?, (vec![Some(40), Some(40), Some(39)], Some(30)));
    tell(&mut conn, 30, MONDAY - 1)?;
    assert_eq!(members(&mut conn)?, (vec![Some(40), Some(40), Some(39)], Some(39)));
    // Nor after the horizon is a count of before of use, for what came since is gone.
    conn.execute(format!("UPDATE horizons SET members_from = {}", MONDAY + 86_400))?;
    assert_eq!(members(&mut conn)?.1, None);
    Ok(())
}

fn load(question: Growth, events: &[(u64, i64)]) -> TestResult<GrowthAnswer> {
    let events: Vec<Event> = events
        .iter()
        .map(|(user, second)| Event { guild: random::GUILD, user: *user, join: true, count: None, second: *second })
        .collect();
    Ok(question.load(&mut truth::file(&events)?)?)
}

#[test]
fn a_day_begins_at_midnight_of_the_zone() -> TestResult {
    // A quarter to midnight and midnight in Kathmandu, which is 5 hours and 45 minutes ahead.
    let midnight = MONDAY - (5 * 60 + 45) * 60;
    let growth =
        load(Growth::of(1.try_into()?).zone(chrono_tz::Asia::Kathmandu), &[(2, midnight - 1), (10, midnight)])?;
    let days: Vec<_> = growth.periods.iter().map(|day| (day.start.to_rfc3339(), day.joins)).collect();
    assert_eq!(days, [("2026-10-18T00:00:00+05:45".to_owned(), 1), ("2026-10-19T00:00:00+05:45".to_owned(), 1)]);
    Ok(())
}

#[test]
fn days_are_those_that_the_window_touches() -> TestResult {
    let monday = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    let day = TimeDelta::days(1);
    for (window, expected) in [
        (Window::between(monday, monday)?, 0),
        (Window::between(monday + day / 2, monday + day / 2)?, 0),
        (Window::between(monday, monday + TimeDelta::nanoseconds(1))?, 1),
        (Window::between(monday, monday + day)?, 1),
        (Window::between(monday, monday + day + TimeDelta::nanoseconds(1))?, 2),
        (Window::between(monday - TimeDelta::nanoseconds(1), monday + day)?, 2),
        (Window::since(monday)?, 0),
        (Window::all(), 0),
    ] {
        assert_eq!(load(Growth::of(1.try_into()?).within(window), &[])?.periods.len(), expected, "{window:?}");
    }
    // The third day's event is of a bot, which counts by default.
    let events = [(2, MONDAY), (9, MONDAY + 2 * 86_400)];
    let sunday = Window::since(monday - day)?;
    let growth = Growth::of(1.try_into()?);
    assert_eq!(load(growth, &events)?.periods.len(), 3);
    assert_eq!(load(growth.within(sunday), &events)?.periods.len(), 4);
    assert_eq!(load(growth.within(sunday).bots(Bots::Exclude), &events)?.periods.len(), 2);
    Ok(())
}

#[test]
fn a_day_that_the_zone_skipped_is_not_listed() -> TestResult {
    // Samoa went from the 29th to the 31st of December 2011.
    let instant = |text: &str| text.parse::<DateTime<chrono::Utc>>();
    let window = Window::between(instant("2011-12-29T12:00:00Z")?, instant("2011-12-31T12:00:00Z")?)?;
    let growth = load(Growth::of(1.try_into()?).zone(chrono_tz::Pacific::Apia).within(window), &[])?;
    let days: Vec<String> = growth.periods.iter().map(|day| day.start.date_naive().to_string()).collect();
    assert_eq!(days, ["2011-12-29", "2011-12-31", "2012-01-01"]);
    Ok(())
}

#[test]
fn an_event_of_another_kind_counts_for_nothing() -> TestResult {
    let mut conn = crate::test_file::seeded()?;
    let before = Growth::of(1.try_into()?).load(&mut conn)?;
    conn.execute("INSERT INTO member_events VALUES ('ban', '1', '20', 'ban', 7, 0)")?;
    assert_eq!(Growth::of(1.try_into()?).load(&mut conn)?, before);
    Ok(())
}
