//! Tests that answers report where their data starts, and leave out time that has not passed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use mocha_schema::{GuildId, VoiceInterval};

use crate::{
    ActiveMembers, Growth, GuildVoice, Leaderboard, MemberStatistics, MessageSeries, OnlineSeries, VoiceOccupancy,
    VoiceSeries, Window,
    fixture::{MONDAY, TestResult, insert_interval, interval},
    questions::QUESTIONS,
    random,
    test_file::seeded,
};

/// The horizons that affect a question.
fn minded(question: &str) -> &'static [&'static str] {
    match question {
        "user heat map"
        | "user series"
        | "channel heat map"
        | "channel hours"
        | "hours in other channels"
        | "user"
        | "commands"
        | "user command"
        | "command series"
        | "conversations"
        | "user conversations"
        | "first replies"
        | "thread answers"
        | "reactions"
        | "reactions in some channels"
        | "guild log" => &["messages_from"],
        "guild voice"
        | "user voice"
        | "voice in company"
        | "occupancy"
        | "voice series"
        | "voice heat map"
        | "user voice heat map"
        | "user voice series"
        | "voice log" => &["voice_from"],
        "voice board in company" => &["rollups_from", "voice_from"],
        "boosters" | "growth" | "invites" | "invited user" | "retention" | "stay" => &["members_from"],
        "member card" => &["messages_from", "rollups_from"],
        "report" => &["members_from", "rollups_from", "voice_from"],
        "return" => &["members_from", "rollups_from"],
        "active days in a zone" | "active members in a zone" | "segments in a zone" => &["messages_from", "voice_from"],
        "activation" | "return in a zone" => &["members_from", "messages_from", "voice_from"],
        "presence" | "online" | "activities" | "user presence" | "user activities" => {
            &["members_from", "presences_from"]
        }
        "voice now" | "members since" | "role members" => &[],
        _ => &["rollups_from"],
    }
}

#[test]
fn each_answer_reports_where_its_data_starts() -> TestResult {
    let guild = GuildId::try_from(1)?;
    let day = |number: i64| DateTime::from_timestamp(MONDAY + number * 86_400, 0).ok_or("no such time");
    for horizon in ["members_from", "messages_from", "presences_from", "rollups_from", "voice_from"] {
        let mut conn = seeded()?;
        conn.execute(format!("UPDATE horizons SET {horizon} = {}", MONDAY + 86_400))?;
        for (name, load) in QUESTIONS {
            let known = format!("data_since: Some({:?})", day(1)?);
            let mut says = |window| TestResult::Ok(load(&mut conn, guild, window)?.contains(&known));
            let minds = minded(name).contains(&horizon);
            assert_eq!(says(Window::all())?, minds, "{name}, {horizon}");
            assert_eq!(says(Window::between(day(0)?, day(9)?)?)?, minds, "{name}, {horizon}");
            // The days before the window that active members need, and the window that a board is
            // compared with.
            let looks_back = minds
                && (name.starts_with("active") && !name.starts_with("active days")
                    || name == "compared"
                    || name == "member card"
                    || name == "report" && horizon == "rollups_from"
                    || name.starts_with("segments"));
            assert_eq!(says(Window::between(day(1)?, day(9)?)?)?, looks_back || minds && name == "overview", "{name}");
            assert!(!says(Window::since(day(1)?)?)? || looks_back, "{name}, {horizon}");
        }
    }
    Ok(())
}

/// Answers are the same before and after the rows from before a horizon are deleted, which takes a
/// while.
#[test]
fn rows_from_before_a_horizon_are_not_counted() -> TestResult {
    let (guild, tuesday) = (GuildId::try_from(1)?, MONDAY + 86_400);
    let windows = || -> TestResult<[Window; 3]> {
        let at = |second| DateTime::from_timestamp(second, 0).ok_or("no such time");
        let end = at(MONDAY + 9 * 86_400 + 7)?;
        Ok([Window::all(), Window::between(at(MONDAY + 7)?, end)?, Window::between(at(tuesday + 7)?, end)?])
    };
    let mut conn = seeded()?;
    conn.execute("UPDATE member_events SET member_count = 40")?;
    let horizons = ["members_from", "messages_from", "presences_from", "rollups_from", "voice_from"];
    let set = format!("UPDATE horizons SET {}", horizons.map(|horizon| format!("{horizon} = {tuesday}")).join(", "));
    conn.execute(set)?;
    // The sums of months include both, for days that are over.
    random::fill_to(&mut conn, 10)?;
    let mut before = Vec::new();
    for (name, load) in QUESTIONS.into_iter().filter(|(name, _)| *name != "voice now") {
        for window in windows()? {
            before.push((name, load(&mut conn, guild, window)?));
        }
    }
    for sql in [
        format!("DELETE FROM message_events WHERE created_at < {tuesday}"),
        format!("DELETE FROM command_uses WHERE created_at < {tuesday}"),
        format!("DELETE FROM message_addressees WHERE created_at < {tuesday}"),
        format!("DELETE FROM reactions WHERE created_at < {tuesday}"),
        format!("DELETE FROM invited_members WHERE joined_at_ms < {tuesday}000"),
        format!("DELETE FROM ended_boosts WHERE ended_at < {tuesday}"),
        format!("DELETE FROM voice_events WHERE created_at < {tuesday}"),
        format!("DELETE FROM voice_intervals WHERE started_at_ms < {tuesday}000 AND ended_at_ms IS NOT NULL"),
        format!("DELETE FROM member_events WHERE created_at < {tuesday}"),
        format!("DELETE FROM presence_events WHERE created_at < {tuesday}"),
        format!("DELETE FROM member_days WHERE day < {}", tuesday / 86_400),
        format!("DELETE FROM message_days WHERE day < {}", tuesday / 86_400),
        format!("DELETE FROM message_quarters WHERE quarter < {}", tuesday / 900),
        format!("DELETE FROM voice_days WHERE day < {}", tuesday / 86_400),
        format!("DELETE FROM voice_channel_days WHERE day < {}", tuesday / 86_400),
    ] {
        conn.execute(sql)?;
    }
    let mut after = before.iter();
    for (name, load) in QUESTIONS.into_iter().filter(|(name, _)| *name != "voice now") {
        for window in windows()? {
            assert_eq!(after.next(), Some(&(name, load(&mut conn, guild, window)?)));
        }
    }
    Ok(())
}

#[test]
fn series_leave_out_time_that_has_not_passed() -> TestResult {
    let (mut conn, guild) = (seeded()?, GuildId::try_from(1)?);
    // On the second Wednesday, ten seconds after somebody came into voice.
    let now = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")? + TimeDelta::days(9) + TimeDelta::hours(12);
    let since = now - TimeDelta::seconds(10);
    let open = interval(1, 20, Some(3000), since.timestamp_millis(), None)?;
    insert_interval(&mut conn, VoiceInterval { seen_at_ms: since.timestamp_millis() + 4000, ..open })?;
    let month = Window::last_months(1, Tz::UTC, now)?;
    let days = Window::last_days(10, Tz::UTC, now)?;
    let week = Window::last_weeks(1, Tz::UTC, now)?;

    let board = Leaderboard::voice(guild).within(week).load(&mut conn)?;
    let voice = board.voice.ok_or("voice boards have it")?;
    assert_eq!((board.total, voice.assumed, voice.open_sessions), (10_000, Duration::from_secs(6), Some(1)));
    assert_eq!(GuildVoice::of(guild).within(week).load(&mut conn)?.voice_time, Duration::from_secs(10));
    let member = MemberStatistics::of(guild, 20.try_into()?).now(now).within(week).load(&mut conn)?;
    assert_eq!((member.voice.voice_time, member.active_days), (Duration::from_secs(10), 1));

    // From the first to the 28th, or from Monday to that Wednesday; all of a week that is over.
    assert_eq!(MessageSeries::of(guild).within(month).load(&mut conn)?.periods.len(), 28);
    assert_eq!(MessageSeries::of(guild).within(days).load(&mut conn)?.periods.len(), 10);
    assert_eq!(VoiceSeries::of(guild).within(month).load(&mut conn)?.periods.len(), 28);
    assert_eq!(Growth::of(guild).within(month).load(&mut conn)?.periods.len(), 28);
    assert_eq!(OnlineSeries::of(guild).within(month).load(&mut conn)?.periods.len(), 28);
    let active = ActiveMembers::of(guild).within(month).load(&mut conn)?;
    assert_eq!(active.days.len(), 28);
    let steps = VoiceOccupancy::of(guild).within(week).step(TimeDelta::days(1)).load(&mut conn)?.steps;
    // Half of Wednesday has passed.
    assert_eq!(steps.iter().map(|step| step.length.as_secs() / 3600).collect::<Vec<_>>(), [24, 24, 12]);
    // Later days are listed if the file has data of them, as a simulation writes.
    let earlier = Window::last_months(1, Tz::UTC, now - TimeDelta::days(20))?;
    let series = MessageSeries::of(guild).within(earlier).load(&mut conn)?;
    assert_eq!(series.written.messages, series.periods.iter().map(|period| period.written.messages).sum::<u64>());
    assert!(series.written.messages > 0);
    Ok(())
}

#[test]
fn open_sessions_are_unknown_where_intervals_are_deleted() -> TestResult {
    let (mut conn, guild) = (seeded()?, GuildId::try_from(1)?);
    let at = |day: i64| DateTime::from_timestamp(MONDAY + day * 86_400, 0).ok_or("no such time");
    conn.execute(format!("UPDATE horizons SET voice_from = {}", MONDAY + 86_400))?;
    let mut open = |end| {
        TestResult::Ok(
            Leaderboard::voice(guild)
                .within(Window::between(at(-3)?, at(end)?)?)
                .load(&mut conn)?
                .voice
                .and_then(|voice| voice.open_sessions),
        )
    };
    assert_eq!((open(0)?, open(1)?), (None, Some(0)));
    Ok(())
}

/// In a question about a day, without a present instant, all time counts as passed.
#[test]
fn a_window_between_two_instants_is_as_it_was_given() -> TestResult {
    let (mut conn, guild) = (seeded()?, GuildId::try_from(1)?);
    let monday: DateTime<Utc> = DateTime::from_timestamp(MONDAY, 0).ok_or("no such time")?;
    let window = Window::between(monday, monday + TimeDelta::days(40))?;
    assert_eq!(MessageSeries::of(guild).within(window).load(&mut conn)?.periods.len(), 40);
    Ok(())
}
