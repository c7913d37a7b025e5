use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Weekday};
use mocha_schema::RoleId;
use proptest::prelude::*;

use super::*;
use crate::{
    Assumed,
    fixture::{MONDAY, Message, TestResult},
    random,
    test_file::empty,
    world::{ROLES, SPAN, World, ceil_ms, insert, parent, world},
};

/// The same in plain Rust, over all there is.
fn expected(question: &Leaderboard, world: &World, window: Window) -> TestResult<Vec<Rank>> {
    let counts_channel = |channel: u64| {
        let chain = [Some(channel), parent(channel), parent(channel).and_then(parent)];
        let among = |set: &BTreeSet<ChannelId>| {
            chain.iter().flatten().any(|place| set.iter().any(|channel| channel.get() == *place))
        };
        question.channels.only.as_ref().is_none_or(among) && !among(&question.channels.without)
    };
    let mut values: BTreeMap<u64, u64> = BTreeMap::new();
    let messages: Vec<&Message> = world
        .messages
        .iter()
        .filter(|message| message.guild == random::GUILD && matches!(message.kind, Some(0 | 19 | 20 | 23)))
        .filter(|message| random::holds(window, message.second * 1000) && counts_channel(message.channel))
        .collect();
    // The milliseconds of stays in the window, and the days they lie in.
    let clip = |start: i64, length: i64| {
        let from = window.start().map_or(start, |edge| ceil_ms(edge).max(start));
        let to = window.end().map_or(start + length, |edge| ceil_ms(edge).min(start + length));
        u64::try_from(to - from).unwrap_or(0)
    };
    let stays = || {
        let counted = world.stays.iter().filter(|stay| counts_channel(stay.1));
        counted.map(|&(user, _, start, length)| (user, start, clip(start, length))).filter(|stay| stay.2 > 0)
    };
    let content = |message: &Message| message.content.unwrap_or((0, 0));
    match question.measure {
        Measure::ActiveDays => {
            let date = |ms| DateTime::from_timestamp_millis(ms).unwrap().with_timezone(&question.zone).date_naive();
            let wrote = messages.iter().map(|message| (message.user, date(message.second * 1000)));
            let start_ms = window.start().map_or(0, ceil_ms);
            let talked = stays().flat_map(|(user, start, ms)| {
                let from = start.max(start_ms);
                let to = from + i64::try_from(ms).unwrap();
                (from..to).step_by(900_000).chain([to - 1]).map(move |ms| (user, date(ms)))
            });
            for (user, _) in wrote.chain(talked).collect::<BTreeSet<_>>() {
                *values.entry(user).or_default() += 1;
            }
        }
        Measure::VoiceSessions => {
            for (user, _) in world.leaves.iter().filter(|leave| random::holds(window, leave.1 * 1000)) {
                *values.entry(*user).or_default() += 1;
            }
        }
        Measure::VoiceTime => stays().for_each(|(user, _, ms)| *values.entry(user).or_default() += ms),
        Measure::Score(weights) => {
            let stays: Vec<_> = stays().collect();
            values = score_truth::points(question, world, window, weights, &messages, &stays)?;
            for (user, points) in &world.balances {
                *values.entry(*user).or_default() += points * u64::from(weights.balances);
            }
        }
        measure => {
            for message in messages {
                *values.entry(message.user).or_default() += match measure {
                    Measure::Attachments => u64::from(message.has_attachment == Some(true)),
                    Measure::Characters => u64::try_from(content(message).0)?,
                    Measure::Words => u64::try_from(content(message).1)?,
                    _ => 1,
                };
            }
        }
    }
    let on_board = |user: u64| {
        let id = UserId::try_from(user).unwrap();
        random::counts(question.bots, user)
            && (!question.current_members || world.members.contains(&user))
            && question.only_users.as_ref().is_none_or(|only| only.contains(&id))
            && !question.exclude_users.contains(&id)
            && question.roles.only.as_ref().is_none_or(|only| has_role(world, user, only))
            && !has_role(world, user, &question.roles.without)
    };
    values.retain(|user, value| *value > 0 && *value >= question.min_value && on_board(*user));
    let mut ranks = Vec::new();
    for (&user, &value) in &values {
        let better = values.values().filter(|other| **other > value).count();
        ranks.push(Rank {
            rank: u64::try_from(better)? + 1,
            user_id: user.try_into()?,
            value,
            previous: None,
            level: question.curve.map(|curve| curve.progress(value)),
            voice: None,
        });
    }
    // Stable: those of one rank stay in order of their ids.
    ranks.sort_by_key(|rank| rank.rank);
    Ok(ranks)
}

fn has_role(world: &World, user: u64, roles: &BTreeSet<RoleId>) -> bool {
    world.roles.iter().any(|(role, member)| *member == user && roles.iter().any(|id| id.get() == *role))
}

fn measure() -> impl Strategy<Value = Measure> {
    let weights = [0..4_u32, 0..4, 0..4, 0..4, 0..4, 0..4, 0..3].prop_map(|[a, b, c, d, e, f, g]| {
        let weights = Weights::new().attachments(a).characters(b).messages(c).voice_minutes(d).words(e);
        Measure::Score(weights.awards(f).balances(g))
    });
    let plain = prop::sample::select(vec![
        Measure::ActiveDays,
        Measure::Attachments,
        Measure::Characters,
        Measure::Messages,
        Measure::VoiceSessions,
        Measure::VoiceTime,
        Measure::Words,
    ]);
    prop_oneof![2 => plain, 1 => weights]
}

fn question() -> impl Strategy<Value = Leaderboard> {
    let places = || prop::collection::vec(prop::sample::select(vec![1_002_u64, 1_010, 1_100, 5_000]), 1..3);
    let lists = (prop::option::weighted(0.3, places()), prop::option::weighted(0.3, places()));
    let users = || prop::option::weighted(0.2, prop::collection::vec(random::user(), 1..4));
    let some_roles =
        || prop::option::weighted(0.2, prop::collection::vec(prop::sample::select(ROLES.as_slice()), 1..3));
    let zone = prop_oneof![1 => Just(Tz::UTC), 1 => random::zone()];
    let multipliers = (
        prop::collection::vec((places(), 0..300_u32), 0..3),
        prop::collection::vec((prop::collection::vec(prop::sample::select(ROLES.as_slice()), 1..3), 0..300_u32), 0..3),
        prop::collection::vec((prop::collection::vec(0..7_u8, 1..4), 0..300_u32), 0..2),
    );
    (
        measure(),
        (random::bots(), zone),
        (any::<bool>(), multipliers),
        prop_oneof![2 => Just(1), 1 => 0..40_u64],
        lists,
        users(),
        users(),
        (some_roles(), some_roles()),
    )
        .prop_map(
            |(
                measure,
                (bots, zone),
                (current_members, (of_channels, of_roles, of_weekdays)),
                min_value,
                (only, without),
                only_users,
                exclude_users,
                roles,
            )| {
                let guild = random::GUILD.try_into().unwrap();
                let channels =
                    |ids: Vec<u64>| ids.into_iter().map(|id| id.try_into().unwrap()).collect::<Vec<ChannelId>>();
                let users = |ids: Vec<u64>| ids.into_iter().map(|id| id.try_into().unwrap()).collect::<Vec<UserId>>();
                let mut question = Leaderboard::by(measure, guild).bots(bots).min_value(min_value).zone(zone);
                // A session has no channel.
                if measure != Measure::VoiceSessions {
                    if let Some(only) = only {
                        question = question.only_channels(&channels(only));
                    }
                    if let Some(without) = without {
                        question = question.exclude_channels(&channels(without));
                    }
                }
                let roles_of =
                    |ids: Vec<u64>| ids.into_iter().map(|id| id.try_into().unwrap()).collect::<Vec<RoleId>>();
                for (places, percent) in of_channels {
                    question = question.multiply_channels(&channels(places), percent);
                }
                for (roles, percent) in of_roles {
                    question = question.multiply_roles(&roles_of(roles), percent);
                }
                for (days, percent) in of_weekdays {
                    let days: Vec<Weekday> = days.into_iter().map(|day| day.try_into().unwrap()).collect();
                    question = question.multiply_weekdays(&days, percent);
                }
                if let Some(only) = only_users {
                    question = question.only_users(&users(only));
                }
                if let Some(without) = exclude_users {
                    question = question.exclude_users(&users(without));
                }
                if let Some(only) = roles.0 {
                    question = question.only_roles(&roles_of(only));
                }
                if let Some(without) = roles.1 {
                    question = question.exclude_roles(&roles_of(without));
                }
                if current_members { question.current_members() } else { question }
            },
        )
}

fn window() -> impl Strategy<Value = Window> {
    let day = (0..SPAN / 86_400, 0..SPAN / 86_400).prop_map(|(a, b)| {
        let at = |day| DateTime::from_timestamp(MONDAY, 0).unwrap() + TimeDelta::days(day);
        Window::between(at(a.min(b)), at(a.max(b))).unwrap()
    });
    prop_oneof![3 => random::window(SPAN), 1 => day]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_answer_matches_plain_rust(
        world in world(), question in question(), window in window(), horizon in prop::option::of(0..SPAN / 86_400),
        filled_to in 0..80_i64
    ) {
        let mut conn = empty().unwrap();
        insert(&mut conn, &world).unwrap();
        random::fill_to(&mut conn, filled_to).unwrap();
        let mut counted = window;
        if let Some(day) = horizon {
            let horizon = MONDAY + day * 86_400;
            random::forget_before(&mut conn, horizon).unwrap();
            let local = question.measure == Measure::ActiveDays && question.zone != Tz::UTC;
            counted = if local { window.not_before(horizon) } else { random::rounded_to_days(window, horizon).unwrap() };
            // An edge that is open is never in a day that is only rolled up.
            prop_assume!(window.start().is_some() == window.end().is_some());
        }
        let question = question.within(window);
        let answer = question.load(&mut conn).unwrap();
        let ranks = expected(&question, &world, counted).unwrap();
        prop_assert_eq!(answer.total, ranks.iter().map(|rank| rank.value).sum::<u64>());
        prop_assert_eq!(answer.user_count, u64::try_from(ranks.len()).unwrap());
        prop_assert_eq!(answer.entries, ranks);
        prop_assert_eq!(answer.window, window);
        // Messages are kept by the second, voice by the millisecond.
        let edges = |window: Window, unit: i64| {
            [window.start(), window.end()].map(|edge| edge.map(|edge| -(-ceil_ms(edge)).div_euclid(unit)))
        };
        let (by_second, by_ms) = (edges(counted, 1000) != edges(window, 1000), edges(counted, 1) != edges(window, 1));
        prop_assert_eq!(answer.rounded_to_days, match question.measure {
            Measure::VoiceTime | Measure::VoiceSessions => by_ms,
            Measure::ActiveDays => question.zone == Tz::UTC && (by_ms || by_second),
            Measure::Score(weights) => {
                let silent = Weights::new().voice_minutes(weights.voice_minutes).balances(weights.balances);
                (weights.voice_minutes > 0 && by_ms) || (weights != silent && by_second)
            }
            _ => by_second,
        });
    }

    #[test]
    fn the_highest_multiplier_of_a_members_roles_counts(
        world in world(), percents in [0..300_u32, 0..300, 0..300],
        roles in prop::collection::btree_set((prop::sample::select(ROLES.as_slice()), random::user()), 4..14)
    ) {
        let world = World { roles, ..world };
        let mut conn = empty().unwrap();
        insert(&mut conn, &world).unwrap();
        let weights = Weights::new().messages(7).voice_minutes(1).balances(1);
        let mut question = Leaderboard::score(random::GUILD.try_into().unwrap(), weights).bots(Bots::Include);
        for (role, percent) in ROLES.into_iter().zip(percents) {
            question = question.multiply_roles(&[role.try_into().unwrap()], percent);
        }
        let question = question.levels(LevelCurve::new(1, 2, 3).unwrap());
        let expected = expected(&question, &world, Window::all()).unwrap();
        prop_assert_eq!(question.load(&mut conn).unwrap().entries, expected);
    }

    #[test]
    fn a_role_has_what_its_members_have(world in world(), question in question(), window in window()) {
        let mut conn = empty().unwrap();
        insert(&mut conn, &world).unwrap();
        let question = question.within(window);
        let board = question.load(&mut conn).unwrap();
        let answer = RoleActivity::of(question.clone().limit(1).compare()).load(&mut conn).unwrap();
        let mut expected = Vec::new();
        for role in ROLES {
            let counts = |user: u64| {
                let id = UserId::try_from(user).unwrap();
                random::counts(question.bots, user)
                    && question.only_users.as_ref().is_none_or(|only| only.contains(&id))
                    && !question.exclude_users.contains(&id)
                    && question.roles.only.as_ref().is_none_or(|only| has_role(&world, user, only))
                    && !has_role(&world, user, &question.roles.without)
            };
            let with_it = world.roles.iter().filter(|(id, user)| *id == role && counts(*user));
            let users: BTreeSet<u64> = with_it.map(|(_, user)| *user).collect();
            let active = board.entries.iter().filter(|entry| users.contains(&entry.user_id.get()));
            let (active_members, members) = (active.clone().count().try_into().unwrap(), users.len().try_into().unwrap());
            if members > 0 {
                let value = active.map(|entry| entry.value).sum();
                expected.push(ActiveRole { role_id: role.try_into().unwrap(), value, active_members, members });
            }
        }
        expected.sort_by_key(|role| Reverse(role.value));
        prop_assert_eq!(answer.roles, expected);
        prop_assert_eq!(answer.data_since, board.data_since);
    }

    #[test]
    fn a_list_is_a_part_of_the_board(
        world in world(), question in question(), window in window(), voice_details in any::<bool>(),
        offset in 0..4_usize, limit in random::limit(), around in prop::option::of((random::any_user(), 0..3_usize))
    ) {
        let mut conn = empty().unwrap();
        insert(&mut conn, &world).unwrap();
        let mut question = question.within(window).filter(VoiceFilter::new().assumed(Assumed::Exclude));
        question.voice_details = voice_details && question.measure == Measure::VoiceTime;
        let all = question.load(&mut conn).unwrap();
        prop_assert_eq!(all.voice.is_some(), question.voice_details);
        prop_assert!(all.entries.iter().all(|entry| entry.voice.is_some() == question.voice_details));
        let mut listed = all.entries.clone();
        let mut part = question.clone().offset(offset);
        if let Some((user, neighbours)) = around {
            let user = UserId::try_from(user).unwrap();
            part = part.around(user, neighbours);
            let place = listed.iter().position(|entry| entry.user_id == user);
            listed = match place {
                Some(place) => listed[place.saturating_sub(neighbours)..(place + neighbours + 1).min(listed.len())].to_vec(),
                None => Vec::new(),
            };
        }
        let listed: Vec<Rank> = listed.into_iter().skip(offset).take(limit.unwrap_or(usize::MAX)).collect();
        let part = limit.into_iter().fold(part, Leaderboard::limit).load(&mut conn).unwrap();
        prop_assert_eq!((part.total, part.user_count, &part.entries), (all.total, all.user_count, &listed));

        // Beside each the place on the board of the window before.
        let compared = question.clone().compare().load(&mut conn).unwrap();
        let before = match window.previous() {
            Some(window) => question.within(window).load(&mut conn).unwrap().entries,
            None => Vec::new(),
        };
        prop_assert_eq!(compared.entries.len(), all.entries.len());
        for (entry, plain) in compared.entries.iter().zip(&all.entries) {
            prop_assert_eq!((entry.rank, entry.user_id, entry.value), (plain.rank, plain.user_id, plain.value));
            let then = before.iter().find(|then| then.user_id == entry.user_id);
            prop_assert_eq!(entry.previous, then.map(|&Rank { rank, value, .. }| PreviousRank { rank, value }));
        }
    }
}

#[test]
fn a_negative_sum_is_an_error() -> TestResult {
    let mut conn = empty()?;
    let message = Message {
        guild: 1,
        channel: 2,
        user: 2,
        kind: Some(0),
        content: Some((5, 1)),
        has_attachment: None,
        second: MONDAY,
    };
    random::insert_messages(&mut conn, &[message])?;
    conn.execute("UPDATE message_totals SET characters = -5")?;
    let error = Leaderboard::characters(1.try_into()?).load(&mut conn).unwrap_err();
    assert!(format!("{error:?}").contains("-5 is negative"), "{error:?}");
    Ok(())
}

/// As the roll-ups have it, so one by one.
#[test]
fn a_message_with_a_negative_count_does_not_lower_the_sum() -> TestResult {
    let mut conn = empty()?;
    let message = |characters, second| Message {
        guild: 1,
        channel: 2,
        user: 2,
        kind: Some(0),
        content: Some((characters, -characters)),
        has_attachment: None,
        second: MONDAY + second,
    };
    random::insert_messages(&mut conn, &[message(-5, 1), message(7, 2)])?;
    let at = |second| DateTime::from_timestamp(MONDAY + second, 0).ok_or("no such time");
    for window in [Window::all(), Window::between(at(1)?, at(3)?)?] {
        let mut total =
            |measure| TestResult::Ok(Leaderboard::by(measure, 1.try_into()?).within(window).load(&mut conn)?.total);
        assert_eq!((total(Measure::Characters)?, total(Measure::Words)?), (7, 5));
    }
    Ok(())
}

#[test]
fn only_points_have_levels() -> TestResult {
    let (mut conn, guild) = (crate::test_file::seeded()?, 1.try_into()?);
    let mut levels = |measure| -> TestResult<Vec<Option<u64>>> {
        let board = Leaderboard::by(measure, guild).levels(LevelCurve::new(0, 0, 2)?).load(&mut conn)?;
        Ok(board.entries.iter().map(|entry| entry.level.map(|progress| progress.level)).collect())
    };
    // Three messages, two and one.
    assert_eq!(levels(Measure::Score(Weights::new().messages(1)))?, [Some(1), Some(1), Some(0)]);
    assert_eq!(levels(Measure::Messages)?, [None; 3]);
    Ok(())
}

/// Voice time in company is known for a shorter time than messages are.
#[test]
fn a_score_is_known_from_when_all_its_parts_are() -> TestResult {
    let mut conn = crate::test_file::seeded()?;
    let tuesday = MONDAY + 86_400;
    conn.execute(format!("UPDATE horizons SET voice_from = {tuesday}"))?;
    let weights = Weights::new().awards(1).messages(1).voice_minutes(1);
    let board = Leaderboard::score(1.try_into()?, weights).filter(VoiceFilter::new().exclude_alone());
    assert_eq!(board.load(&mut conn)?.data_since, DateTime::from_timestamp(tuesday, 0));
    let board = board.multiply_weekdays(&[Weekday::Mon], 200);
    assert_eq!(board.load(&mut conn)?.data_since, DateTime::from_timestamp(tuesday, 0));
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn an_answer_is_json_with_ids_as_texts() -> TestResult {
    let mut conn = crate::test_file::seeded()?;
    let start = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    let question = Leaderboard::messages(1.try_into()?).within(Window::since(start)?).limit(1);
    let expected = serde_json::json!({
        "entries": [{ "rank": 1, "user_id": "20", "value": 3, "previous": null }],
        "total": 6,
        "user_count": 3,
        "previous": null,
        "window": { "start": "2026-10-19T00:00:00Z", "end": null },
        "data_since": null,
        "measure": "messages",
        "rounded_to_days": false,
    });
    assert_eq!(serde_json::to_value(question.load(&mut conn)?)?, expected);
    Ok(())
}
