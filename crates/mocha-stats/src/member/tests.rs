//! The answers against plain Rust.

use std::collections::BTreeSet;

use mocha_schema::VoiceInterval;
use proptest::prelude::*;

use super::*;
use crate::{
    GuildVoice,
    fixture::{MONDAY, Message, TestResult, insert_interval, interval},
    random,
    rollup::DAY,
    test_file::{File, empty, seeded},
    voice::truth,
    world::{SPAN, World, ceil_ms, insert, world},
};

const DAY_MS: i64 = DAY * 1000;

/// The part of a stay in a window, in milliseconds.
fn clip(window: Window, start: i64, length: i64) -> Option<(i64, i64)> {
    let from = window.start().map_or(start, |edge| ceil_ms(edge).max(start));
    let to = window.end().map_or(start + length, |edge| ceil_ms(edge).min(start + length));
    (from < to).then_some((from, to))
}

/// The data of one user in a window, computed in plain Rust.
struct Known<'a> {
    messages: Vec<&'a Message>,
    /// Channel, beginning and end in milliseconds.
    stays: Vec<(u64, i64, i64)>,
    days: BTreeSet<i64>,
}

impl<'a> Known<'a> {
    fn new(world: &'a World, user: u64, window: Window) -> Self {
        let messages: Vec<&Message> = world
            .messages
            .iter()
            .filter(|message| (message.guild, message.user) == (random::GUILD, user))
            .filter(|message| matches!(message.kind, Some(0 | 19 | 20 | 23)))
            .filter(|message| random::holds(window, message.second * 1000))
            .collect();
        let own = world.stays.iter().filter(|stay| stay.0 == user);
        let stays: Vec<_> = own
            .filter_map(|&(_, channel, start, length)| {
                let (from, to) = clip(window, start, length)?;
                Some((channel, from, to))
            })
            .collect();
        let wrote = messages.iter().map(|message| message.second / DAY);
        let days = wrote.chain(stays.iter().map(|stay| stay.1 / DAY_MS)).collect();
        Self { messages, stays, days }
    }

    fn written(&self) -> MessageCounts {
        let mut written = MessageCounts::default();
        for message in &self.messages {
            let (characters, words) = message.content.unwrap_or((0, 0));
            written.messages += 1;
            written.characters += u64::try_from(characters).unwrap();
            written.words += u64::try_from(words).unwrap();
            written.attachments += u64::from(message.has_attachment == Some(true));
        }
        written
    }

    /// A number of each channel: those with the greatest, greatest first.
    fn top(top: usize, of: impl Fn(u64) -> u64, channels: impl Iterator<Item = u64>) -> Vec<(u64, u64)> {
        let mut all: Vec<_> =
            channels.collect::<BTreeSet<u64>>().into_iter().map(|channel| (channel, of(channel))).collect();
        all.sort_by_key(|(_, number)| u64::MAX - number);
        all.truncate(top);
        all
    }

    fn written_in(&self, top: usize) -> Vec<(u64, u64)> {
        let count = |channel| self.messages.iter().filter(|message| message.channel == channel).count();
        Self::top(
            top,
            |channel| count(channel).try_into().unwrap(),
            self.messages.iter().map(|message| message.channel),
        )
    }

    fn talked_in(&self, top: usize) -> Vec<(u64, u64)> {
        let ms = |channel| self.stays.iter().filter(|stay| stay.0 == channel).map(|stay| stay.2 - stay.1).sum::<i64>();
        Self::top(top, |channel| ms(channel).try_into().unwrap(), self.stays.iter().map(|stay| stay.0))
    }

    fn streak(&self, last: i64) -> Option<Streak> {
        let first = (0..=last).rev().take_while(|day| self.days.contains(day)).last()?;
        let date = |day: i64| DateTime::from_timestamp(day * DAY, 0).unwrap().date_naive();
        Some(Streak { days: u64::try_from(last - first + 1).unwrap(), first: date(first), last: date(last) })
    }

    /// The instants of the first and last day in milliseconds, of what ends or begins.
    fn instants(&self, day: i64) -> (i64, i64) {
        let messages = self.messages.iter().map(|message| (message.second * 1000, message.second * 1000));
        let all = messages.chain(self.stays.iter().map(|stay| (stay.1, stay.2)));
        let own: Vec<_> = all.filter(|(from, _)| from / DAY_MS == day).collect();
        (own.iter().map(|own| own.0).min().unwrap(), own.iter().map(|own| own.1).max().unwrap())
    }
}

fn place(conn: &mut File, board: &Leaderboard, user: u64) -> Option<Place> {
    let board = board.load(conn).unwrap();
    let entry = board.entries.iter().find(|entry| entry.user_id.get() == user);
    entry.map(|entry| Place { rank: entry.rank, total: board.user_count })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_answer_matches_plain_rust(
        world in world(), user in random::any_user(), window in random::window(SPAN), top in 0..4_usize,
        today in -1..SPAN / DAY + 2, horizon in prop::option::of(0..SPAN / DAY), filled_to in 0..80_i64
    ) {
        let mut conn = empty().unwrap();
        insert(&mut conn, &world).unwrap();
        let horizon = horizon.map_or(0, |day| MONDAY + day * DAY);
        random::fill_to(&mut conn, filled_to).unwrap();
        random::forget_before(&mut conn, horizon).unwrap();
        let counted = random::rounded_to_days(window, horizon).unwrap();
        let (guild, user_id) = (random::GUILD.try_into().unwrap(), user.try_into().unwrap());
        let now = DateTime::from_timestamp(MONDAY + today * DAY + 5, 0).unwrap();
        let answer = MemberStatistics::of(guild, user_id).now(now).within(window).limit(top).load(&mut conn).unwrap();

        let known = Known::new(&world, user, counted);
        prop_assert_eq!(answer.written, known.written());
        let channels: Vec<_> =
            answer.channels.iter().map(|channel| (channel.channel_id.get(), channel.messages)).collect();
        prop_assert_eq!(channels, known.written_in(top));
        let voice = &answer.voice;
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap();
        prop_assert_eq!(ms(voice.voice_time), known.talked_in(9).iter().map(|channel| channel.1).sum::<u64>());
        prop_assert_eq!((voice.observed, voice.assumed), (voice.voice_time, Duration::ZERO));
        let channels: Vec<_> =
            voice.channels.iter().map(|channel| (channel.channel_id.unwrap().get(), ms(channel.voice_time))).collect();
        prop_assert_eq!(channels, known.talked_in(top));
        let sessions = world.leaves.iter().filter(|leave| leave.0 == user && random::holds(counted, leave.1 * 1000));
        prop_assert_eq!(voice.sessions, u64::try_from(sessions.count()).unwrap());

        prop_assert_eq!(answer.active_days, u64::try_from(known.days.len()).unwrap());
        let today = MONDAY / DAY + today;
        let current = known.streak(today).or(known.streak(today - 1));
        prop_assert_eq!(answer.current_streak, current);
        let streaks = known.days.iter().filter_map(|day| known.streak(*day));
        prop_assert_eq!(answer.longest_streak, streaks.max_by_key(|streak| (streak.days, streak.last)));

        let seen = |day: i64, at: i64| Seen {
            day: DateTime::from_timestamp(day * DAY, 0).unwrap().date_naive(),
            at: DateTime::from_timestamp_millis(at).filter(|_| day * DAY >= horizon),
        };
        prop_assert_eq!(answer.first_seen, known.days.first().map(|day| seen(*day, known.instants(*day).0)));
        prop_assert_eq!(answer.last_seen, known.days.last().map(|day| seen(*day, known.instants(*day).1)));

        prop_assert_eq!(answer.messages_place, place(&mut conn, &Leaderboard::messages(guild).within(window), user));
        let board = Leaderboard::by(Measure::VoiceTime, guild).within(window);
        prop_assert_eq!(answer.voice.place, place(&mut conn, &board, user));
        let edges = |window: Window| (window.start_second(), window.end_second(), window.start_ms(), window.end_ms());
        prop_assert_eq!((answer.window, answer.rounded_to_days), (window, edges(counted) != edges(window)));
    }

    #[test]
    fn days_of_a_zone_are_what_plain_rust_counts(
        world in world(), user in random::any_user(), window in random::window(SPAN), zone in random::zone(),
        today in -1..SPAN / DAY + 2, horizon in prop::option::of(0..SPAN / DAY), filled_to in 0..80_i64
    ) {
        let mut conn = empty().unwrap();
        insert(&mut conn, &world).unwrap();
        let horizon = horizon.map_or(0, |day| MONDAY + day * DAY);
        random::fill_to(&mut conn, filled_to).unwrap();
        random::forget_before(&mut conn, horizon).unwrap();
        let now = DateTime::from_timestamp(MONDAY + today * DAY + 5, 0).unwrap();
        let question = MemberStatistics::of(random::GUILD.try_into().unwrap(), user.try_into().unwrap()).now(now).within(window);
        let (utc, local) = (question.load(&mut conn).unwrap(), question.zone(zone).load(&mut conn).unwrap());

        let date = |ms: i64| DateTime::from_timestamp_millis(ms).unwrap().with_timezone(&zone).date_naive();
        let counted = if zone == Tz::UTC { random::rounded_to_days(window, horizon).unwrap() } else { window.not_before(horizon) };
        let known = Known::new(&world, user, counted);
        let wrote = known.messages.iter().map(|message| date(message.second * 1000));
        let talked = known.stays.iter().flat_map(|stay| (stay.1..stay.2).step_by(900_000).chain([stay.2 - 1])).map(date);
        let days: BTreeSet<_> = wrote.chain(talked).collect();
        let streak = |last: chrono::NaiveDate| {
            let first = last.iter_days().rev().take_while(|day| days.contains(day)).last()?;
            Some(Streak { days: u64::try_from((last - first).num_days() + 1).unwrap(), first, last })
        };
        prop_assert_eq!(local.active_days, u64::try_from(days.len()).unwrap());
        let today = date(now.timestamp_millis());
        prop_assert_eq!(local.current_streak, streak(today).or(streak(today.pred_opt().unwrap())));
        let streaks = days.iter().filter_map(|day| streak(*day));
        prop_assert_eq!(local.longest_streak, streaks.max_by_key(|streak| (streak.days, streak.last)));
        let since = DateTime::from_timestamp(horizon, 0).filter(|from| zone != Tz::UTC && window.start().is_none_or(|start| start < *from));
        prop_assert_eq!(local.days_since, since.filter(|_| horizon > 0));
        // Nothing else is by day of the zone.
        let MemberStatisticsAnswer { active_days, current_streak, longest_streak, days_since, .. } = local;
        prop_assert_eq!(local, MemberStatisticsAnswer { active_days, current_streak, longest_streak, days_since, ..utc });
    }

    #[test]
    fn a_member_who_is_still_in_voice_counts_as_in_other_questions(
        (voice, window) in truth::voice_of(MONDAY * 1000, 600_000, 200), user in random::any_user()
    ) {
        let mut conn = empty().unwrap();
        voice.insert(&mut conn).unwrap();
        let (guild, user_id) = (GuildId::try_from(random::GUILD).unwrap(), UserId::try_from(user).unwrap());
        let answer = MemberStatistics::of(guild, user_id).now(DateTime::UNIX_EPOCH).within(window).load(&mut conn).unwrap();
        let alone = GuildVoice::of(guild).user(user_id).within(window).load(&mut conn).unwrap();
        let MemberVoice { voice_time, observed, assumed, channels, .. } = answer.voice;
        prop_assert_eq!((voice_time, observed, assumed), (alone.voice_time, alone.observed, alone.assumed));
        prop_assert_eq!(channels, alone.channels.into_iter().take(5).collect::<Vec<_>>());
        prop_assert_eq!(answer.first_seen.is_some(), !voice_time.is_zero());
        for seen in [answer.first_seen, answer.last_seen].into_iter().flatten() {
            let at = seen.at.unwrap();
            prop_assert!(random::holds(window, at.timestamp_millis()) || window.end() == Some(at), "{at}");
            // The end of a day is in it.
            let inside = if Some(seen) == answer.last_seen { at - chrono::TimeDelta::milliseconds(1) } else { at };
            prop_assert_eq!(inside.date_naive(), seen.day);
        }
        // Without an end no time is assumed after the last confirmation, and with one there is.
        if let (Some(first), Some(last), Some(_)) = (answer.first_seen, answer.last_seen, window.end()) {
            let span = Window::between(first.at.unwrap(), last.at.unwrap()).unwrap();
            let within = GuildVoice::of(guild).user(user_id).within(span).load(&mut conn).unwrap();
            prop_assert_eq!(within.voice_time, voice_time);
        }
    }
}

#[test]
fn a_member_in_voice_since_the_day_before_was_seen_on_both_days() -> TestResult {
    let mut conn = empty()?;
    let evening = (MONDAY - 3600) * 1000;
    let open = interval(1, 2, Some(3000), evening, None)?;
    insert_interval(&mut conn, VoiceInterval { seen_at_ms: MONDAY * 1000 + 7, ..open })?;
    let monday = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    let question = MemberStatistics::of(1.try_into()?, 2.try_into()?).now(monday);
    let answer = question.load(&mut conn)?;
    let [first, last] = [answer.first_seen, answer.last_seen].map(|seen| seen.and_then(|seen| seen.at));
    assert_eq!(
        (first, last),
        (DateTime::from_timestamp_millis(evening), DateTime::from_timestamp_millis(MONDAY * 1000 + 7))
    );
    assert_eq!((answer.active_days, answer.current_streak.map(|streak| streak.days)), (2, Some(2)));
    // Only the evening, of which something is at midnight: the day is over then.
    let window = Window::between(monday - chrono::TimeDelta::days(1), monday)?;
    let answer = question.within(window).load(&mut conn)?;
    assert_eq!((answer.active_days, answer.last_seen.and_then(|seen| seen.at)), (1, Some(monday)));
    Ok(())
}

#[test]
fn a_day_known_only_from_voice_roll_ups_has_no_instant() -> TestResult {
    let mut conn = seeded()?;
    let tuesday = DateTime::from_timestamp(MONDAY + DAY, 0).ok_or("no such time")?;
    conn.execute(format!("UPDATE horizons SET messages_from = {}", tuesday.timestamp()))?;
    conn.execute("DELETE FROM message_events")?;
    let answer = MemberStatistics::of(1.try_into()?, 20.try_into()?).now(tuesday).load(&mut conn)?;
    assert_eq!((answer.written.messages, answer.voice.voice_time), (3, Duration::from_hours(1)));
    let monday = Some(Seen { day: tuesday.date_naive().pred_opt().ok_or("no such day")?, at: None });
    assert_eq!((answer.first_seen, answer.last_seen), (monday, monday));
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn an_answer_is_json_with_days_as_texts() -> TestResult {
    let mut conn = seeded()?;
    let monday = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    let answer = MemberStatistics::of(1.try_into()?, 20.try_into()?).now(monday).load(&mut conn)?;
    let streak = serde_json::json!({ "days": 1, "first": "2026-10-19", "last": "2026-10-19" });
    let expected = serde_json::json!({
        "messages": 3, "characters": 150, "words": 30, "attachments": 0, "embeds": 0,
        "messages_place": { "rank": 1, "total": 3 },
        "channels": [{ "channel_id": "1000", "messages": 3 }],
        "voice": {
            "voice_ms": 3_600_000, "observed_ms": 3_600_000, "assumed_ms": 0, "sessions": 1,
            "place": { "rank": 1, "total": 2 },
            "channels": [{ "channel_id": "3000", "voice_ms": 3_600_000, "observed_ms": 3_600_000, "assumed_ms": 0 }],
        },
        "active_days": 1,
        "current_streak": streak.clone(),
        "longest_streak": streak,
        "first_seen": { "day": "2026-10-19", "at": "2026-10-19T09:00:00Z" },
        "last_seen": { "day": "2026-10-19", "at": "2026-10-19T10:00:00Z" },
        "window": { "start": null, "end": null },
        "data_since": null,
        "days_since": null,
        "rounded_to_days": false,
    });
    assert_eq!(serde_json::to_value(answer)?, expected);
    Ok(())
}

#[test]
fn a_window_of_the_last_days_sets_the_current_day() -> TestResult {
    let mut conn = seeded()?;
    let monday = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    for (days, current) in [(1, Some(1)), (2, None)] {
        let window = Window::last_days(7, chrono_tz::Tz::UTC, monday + chrono::TimeDelta::days(days))?;
        let answer = MemberStatistics::of(1.try_into()?, 20.try_into()?).within(window).load(&mut conn)?;
        assert_eq!(answer.current_streak.map(|streak| streak.days), current, "{days}");
    }
    Ok(())
}
