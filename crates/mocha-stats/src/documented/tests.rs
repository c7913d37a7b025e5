//! The answers against the documented SQL.

use proptest::prelude::*;

use super::*;
use crate::{
    database::{Row, Source},
    fixture::{MONDAY, TestResult},
    random,
    rollup::DAY,
    test_file::{File, empty},
};

// The documented statements, word for word.
const DOCUMENTED_USER_SQL: &str = include_str!("documented_user.sql");
const DOCUMENTED_GUILD_SQL: &str = include_str!("documented_leaderboard.sql");
const DOCUMENTED_VOICE_SQL: &str = include_str!("documented_voice.sql");

/// Runs a documented statement. In PostgreSQL booleans are no numbers, a sum of BIGINT is no BIGINT, and no number stands for
/// no limit.
fn documented(conn: &mut File, sql: &str, ids: &[u64], numbers: &[i64]) -> Vec<Row> {
    let mut statement = Statement::new(conn.dialect());
    let postgres = sql
        .replace("has_attachment = 1", "has_attachment")
        .replace("SUM(duration)", "SUM(duration)::bigint")
        .replace("LIMIT ?", "LIMIT nullif(?, -1)");
    statement.either(sql, &postgres);
    for id in ids {
        statement.bind_planned_id(*id);
    }
    for number in numbers {
        statement.bind_planned(*number);
    }
    let mut rows = Vec::new();
    conn.rows(&statement, &mut |row| {
        rows.push(*row);
        Ok(())
    })
    .unwrap();
    rows
}

/// Windows that a single bound says as well.
fn since() -> impl Strategy<Value = Window> {
    random::window(20).prop_map(|window| match window.start() {
        Some(start) => Window::since(start).unwrap(),
        None => Window::all(),
    })
}

proptest! {
    #[test]
    fn messages_are_what_the_documented_sql_says(
        messages in random::messages(20), window in since(), limit in random::limit()
    ) {
        let mut conn = empty().unwrap();
        random::insert_messages(&mut conn, &messages).unwrap();
        let guild = GuildId::try_from(random::GUILD).unwrap();
        let start = window.start_second();

        for user in random::USERS {
            let user = UserId::try_from(user.0).unwrap();
            let answer = UserStatistics::of(guild, user).within(window).load(&mut conn).unwrap();
            let own = documented(&mut conn, DOCUMENTED_USER_SQL, &[guild.get(), user.get()], &[start]);
            prop_assert_eq!(own.len(), 1);
            prop_assert_eq!(own[0].count(0).unwrap(), answer.messages);
            prop_assert_eq!(own[0].optional(1), answer.characters);
            prop_assert_eq!(own[0].count(2).unwrap(), answer.attachments);
        }

        let question = GuildLeaderboard::of(guild).within(window);
        let question = limit.map_or(question, |limit| question.limit(limit));
        let answer = question.load(&mut conn).unwrap();
        let ours: Vec<(u64, UserId, u64)> =
            answer.entries.iter().map(|entry| (entry.rank, entry.user_id, entry.messages)).collect();
        let mut documented = |limit: i64| -> Vec<(u64, UserId, u64)> {
            let rows = documented(&mut conn, DOCUMENTED_GUILD_SQL, &[guild.get()], &[start, limit]);
            rows.iter().map(|row| (row.count(2).unwrap(), row.id(0).unwrap(), row.count(1).unwrap())).collect()
        };
        // The documented statement leaves open who comes first among equals, and so whom its limit cuts off.
        let mut whole = documented(-1);
        whole.sort_unstable();
        whole.truncate(limit.unwrap_or(usize::MAX));
        prop_assert_eq!(&ours, &whole);
        let limited = documented(limit.map_or(-1, |limit| limit.try_into().unwrap()));
        let numbers = |entries: &[(u64, UserId, u64)]| -> Vec<(u64, u64)> {
            entries.iter().map(|entry| (entry.0, entry.2)).collect()
        };
        prop_assert_eq!(numbers(&ours), numbers(&limited));
    }

    #[test]
    fn voice_is_what_the_documented_sql_says(log in random::voice_log(20), window in since()) {
        let mut conn = empty().unwrap();
        random::insert_voice_log(&mut conn, &log).unwrap();
        let guild = GuildId::try_from(random::GUILD).unwrap();
        let answer = VoiceActivity::of(guild).within(window).load(&mut conn).unwrap();
        let rows = documented(&mut conn, DOCUMENTED_VOICE_SQL, &[guild.get()], &[window.start_second()]);
        let mut documented: Vec<(UserId, Option<i64>, u64)> =
            rows.iter().map(|row| (row.id(0).unwrap(), row.optional(1), row.count(2).unwrap())).collect();
        documented.sort_unstable();
        let ours: Vec<_> = answer.entries.iter().map(|entry| (entry.user_id, entry.voice_ms, entry.sessions)).collect();
        prop_assert_eq!(ours, documented);
    }

    #[test]
    fn the_end_of_a_window_cuts_off_what_comes_after(
        messages in random::messages(20), log in random::voice_log(20), window in random::window(20)
    ) {
        let guild = GuildId::try_from(random::GUILD).unwrap();
        let user = UserId::try_from(2).unwrap();
        let load = |messages: &[_], log: &[_], window| -> TestResult<_> {
            let mut conn = empty()?;
            random::insert_messages(&mut conn, messages)?;
            random::insert_voice_log(&mut conn, log)?;
            Ok((
                UserStatistics::of(guild, user).within(window).load(&mut conn)?,
                GuildLeaderboard::of(guild).within(window).load(&mut conn)?.entries,
                VoiceActivity::of(guild).within(window).load(&mut conn)?.entries,
            ))
        };
        let in_window = |second: i64| random::holds(window, second * 1000);
        let (mut fewer, mut less) = (messages.clone(), log.clone());
        fewer.retain(|message| in_window(message.second));
        less.retain(|event| in_window(event.second));
        let (clipped, all) = (load(&messages, &log, window).unwrap(), load(&fewer, &less, Window::all()).unwrap());
        prop_assert_eq!(UserStatisticsAnswer { window, ..all.0 }, clipped.0);
        prop_assert_eq!((all.1, all.2), (clipped.1, clipped.2));
    }

    #[test]
    fn a_window_that_starts_before_the_horizon_counts_the_rest(
        messages in random::messages(3 * DAY), window in random::window(3 * DAY), day in -1..4_i64
    ) {
        let horizon = MONDAY + day * DAY;
        let (guild, user) = (GuildId::try_from(random::GUILD).unwrap(), UserId::try_from(2).unwrap());
        let mut conn = empty().unwrap();
        random::insert_messages(&mut conn, &messages).unwrap();
        conn.execute(format!("UPDATE horizons SET messages_from = {horizon}")).unwrap();
        let own = messages.iter().filter(|message| message.guild == random::GUILD && message.user == 2);
        let kept = own.filter(|message| message.second >= horizon && random::holds(window, message.second * 1000));
        let answer = UserStatistics::of(guild, user).within(window).load(&mut conn).unwrap();
        prop_assert_eq!(answer.messages, u64::try_from(kept.count()).unwrap());
        let board = GuildLeaderboard::of(guild).within(window).load(&mut conn).unwrap();
        let place = board.entries.iter().find(|entry| entry.user_id == user);
        prop_assert_eq!(answer.messages, place.map_or(0, |entry| entry.messages));
        prop_assert_eq!(answer.data_since, board.data_since);
    }
}

#[test]
fn unknown_values_are_not_zero() -> TestResult {
    let mut conn = empty()?;
    let mut rows = random::insert_users(&mut conn)?;
    rows.voice_event(&mut conn, 1, 2, mocha_schema::VoiceEventType::Leave, None, MONDAY)?;
    let (guild, user) = (1.try_into()?, 2.try_into()?);
    assert_eq!(UserStatistics::of(guild, user).load(&mut conn)?.characters, None);
    let voice = VoiceActivity::of(guild).load(&mut conn)?;
    assert_eq!(voice.entries, [UserVoiceActivity { user_id: user, voice_ms: None, sessions: 1 }]);
    Ok(())
}
