//! Changes of a roll-up without its triggers are found and repaired.

mod support;

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_schema::VoiceState;
use mocha_store::{Counted, Difference, MessageSums, Rollup, Store, Sums, Verification, VoiceSums};
use support::*;

const DAY: i64 = 86_400_000;

fn verify(store: &Store, rollup: Rollup) -> Result<Verification, mocha_store::Error> {
    store.verify(rollup).run()
}

fn rebuild(store: &Store) -> TestResult {
    for rollup in Rollup::ALL {
        let rebuilt = store.rebuild(rollup).run()?;
        assert!(rebuilt.complete, "{rollup}");
    }
    Ok(())
}

/// Returns the number of wrong rows of each roll-up.
fn differences(store: &Store) -> Result<[usize; 15], mocha_store::Error> {
    let mut found = [0; 15];
    for (found, rollup) in found.iter_mut().zip(Rollup::ALL) {
        *found = verify(store, rollup)?.differences.len();
    }
    Ok(found)
}

/// Creates a store with two months of messages and voice of two users and a bot, who joined.
fn filled() -> Result<Store, Box<dyn std::error::Error + Send + Sync>> {
    let store = store()?;
    store.count_awards(id(10), std::time::Duration::from_mins(1))?;
    let deaf = VoiceState { self_deaf: true, ..VoiceState::default() };
    let mut events = Vec::new();
    for day in 0..40 {
        let ms = day * DAY;
        for user in 40..43 {
            let number = u64::try_from(day)? * 3 + user;
            events.push(message(ms, number, 20, user));
            events.push(voice_state(ms + 1000, user, Some(22), deaf));
            events.push(voice(ms + 61_000, user, None));
        }
    }
    record(&store, events)?;
    store.write(|conn| {
        conn.batch_execute(
            "INSERT INTO member_events SELECT id, 10, id, 'join', NULL, created_at FROM users;
             UPDATE users SET bot = 1 WHERE id = '42';",
        )
    })?;
    // The quarters of the user who became a bot are packed again only later, so this does it at once.
    store.rebuild(Rollup::PackedQuarters).run()?;
    assert_eq!(differences(&store)?, [0; 15]);
    Ok(store)
}

/// Returns whether rows were moved to another guild, user or channel.
fn moved_from(sql: &str) -> bool {
    ["guild_id", "user_id", "channel_id"].iter().any(|column| sql.contains(&format!("SET {column}")))
}

#[test]
fn each_kind_of_tampering_is_found_in_its_roll_up_and_repaired() -> TestResult {
    let store = filled()?;
    let untouched = dump(&store)?;
    for (number, rollup) in Rollup::ALL.into_iter().enumerate() {
        if matches!(rollup, Rollup::ActiveMonths | Rollup::PackedQuarters) {
            continue;
        }
        let columns = lines(&store, &format!("SELECT name AS line FROM pragma_table_info('{rollup}')"))?;
        let key =
            lines(&store, &format!("SELECT name AS line FROM pragma_table_info('{rollup}') WHERE pk ORDER BY pk"))?;
        let first = |of: &str| {
            let key = key.join(", ");
            format!("WHERE ({key}) = (SELECT {key} FROM {rollup} WHERE {of} ORDER BY {key} LIMIT 1)")
        };
        let (person, bot) = (first("NOT bot"), first("bot"));
        // A column that is never 0.
        let sum = columns
            .iter()
            .find(|column| matches!(column.as_str(), "awards" | "joins" | "words" | "voice_ms"))
            .ok_or("a sum")?;
        // The row of bots can replace the row of humans, but not stand beside it.
        let (replace, replaced) =
            if matches!(rollup, Rollup::MemberDays | Rollup::MessageQuarters) { ("OR REPLACE", 2) } else { ("", 1) };
        let mut tampered = vec![
            (1, format!("UPDATE {rollup} SET {sum} = {sum} + 1 {person}")),
            (1, format!("UPDATE {rollup} SET {sum} = NULL {person}")),
            (1, format!("DELETE FROM {rollup} {bot}")),
            (replaced, format!("UPDATE {replace} {rollup} SET bot = 0 {bot}")),
        ];
        // Extra rows of a guild, a time, a user or a channel without events.
        let moved = key.iter().filter(|column| !matches!(column.as_str(), "assumed" | "bot"));
        tampered.extend(moved.map(|column| (2, format!("UPDATE {rollup} SET {column} = {column} + 90000000 {bot}"))));
        for (wrong, sql) in tampered {
            store.write(|conn| conn.batch_execute(&sql))?;
            assert_ne!(dump(&store)?, untouched, "{sql}");
            let mut found = differences(&store)?;
            assert_eq!(found[number], wrong, "{sql}");
            found[number] = 0;
            // The roll-ups that are computed from this one differ from it too.
            let (sums, differ) = match rollup {
                Rollup::AwardDays => (vec![Rollup::AwardTotals], moved_from(&sql)),
                Rollup::MessageMonths => (vec![Rollup::MessageTotals], moved_from(&sql)),
                Rollup::VoiceMonths => (vec![Rollup::VoiceTotals], moved_from(&sql)),
                Rollup::MessageDays => (vec![Rollup::MessageThirds, Rollup::MessageMonths], !sql.contains("SET bot")),
                Rollup::VoiceDays => (vec![Rollup::VoiceMonths], !sql.contains("SET bot")),
                Rollup::VoiceChannelDays => (vec![Rollup::VoiceChannelMonths], !sql.contains("SET bot")),
                _ => (Vec::new(), false),
            };
            // Packed roll-ups may lack the changed value.
            let packed = [Rollup::ActiveMonths, Rollup::PackedQuarters];
            for (place, other) in Rollup::ALL.into_iter().enumerate() {
                if sums.contains(&other) {
                    assert_eq!(found[place] > 0, differ, "{sql}");
                    found[place] = 0;
                }
                let from = if other == Rollup::ActiveMonths { Rollup::MessageDays } else { Rollup::MessageQuarters };
                if packed.contains(&other) && rollup == from {
                    found[place] = 0;
                }
            }
            assert_eq!(found, [0; 15], "{sql}");
            rebuild(&store)?;
            assert_eq!(dump(&store)?, untouched, "{sql}");
        }
    }
    Ok(())
}

#[test]
fn packed_rows_are_compared_by_their_parts() -> TestResult {
    let store = store()?;
    // Two messages on the first day, three in one quarter of the second, four in each of two on the third.
    let (month, next) = (START / DAY / 30 + 1, START / DAY / 30 + 2);
    let at = |day: i64, minutes: i64| (month * 30 + day) * DAY - START + minutes * 60_000;
    let times = [
        at(0, 0),
        at(0, 300),
        at(1, 9),
        at(1, 9),
        at(1, 10),
        at(2, 20),
        at(2, 20),
        at(2, 20),
        at(2, 20),
        at(2, 35),
        at(2, 36),
    ];
    let events = times.into_iter().chain([at(30, 0)]);
    record(&store, events.zip(100..).map(|(ms, number)| message(ms, number, 20, 40)))?;
    let rise = |day: i64| store.write(|conn| conn.batch_execute(&format!("UPDATE watermarks SET messages_to = {day}")));
    rise(next * 30)?;
    let days = format!("SELECT days || '' AS line FROM active_months WHERE month = {month}");
    let quarters = format!("SELECT coalesce(quarters, '') AS line FROM packed_quarters WHERE month = {month}");
    assert_eq!(lines(&store, &days)?, [(2 + (3 << 2) + (3 << 4)).to_string()]);
    let packed = r#"{"0":1,"20":1,"96":3,"193":4,"194":2}"#;
    assert_eq!(lines(&store, &quarters)?, [packed]);
    assert_eq!(differences(&store)?, [0; 15]);

    let piece = |difference: &Difference| {
        let messages = |counted| told(counted).and_then(|(_, messages, _)| messages);
        (difference.period, difference.user_id, messages(difference.found), messages(difference.expected))
    };
    let pieces = |rollup| verify(&store, rollup).map(|found| found.differences.iter().map(piece).collect::<Vec<_>>());
    store.write(|conn| conn.batch_execute("UPDATE active_months SET days = days + (1 << 6) - (1 << 4) + (1 << 60)"))?;
    let day = month * 30;
    let expected = [(day + 2, Some(2), Some(3)), (day + 3, Some(1), None), (day + 30, Some(1), None)]
        .map(|(day, found, expected)| (Some(day), Some(40), found, expected));
    assert_eq!(pieces(Rollup::ActiveMonths)?, expected);
    store.write(|conn| {
        conn.batch_execute(r#"UPDATE packed_quarters SET quarters = '{"0":1,"21":1,"96":4,"193":4,"194":2}'"#)
    })?;
    let quarter = month * 2880;
    let expected = [(quarter + 20, None, Some(1)), (quarter + 21, Some(1), None), (quarter + 96, Some(4), Some(3))]
        .map(|(quarter, found, expected)| (Some(quarter), None, found, expected));
    assert_eq!(pieces(Rollup::PackedQuarters)?, expected);
    for wrong in ["UPDATE packed_quarters SET quarters = 'no JSON'", "DELETE FROM packed_quarters"] {
        store.write(|conn| conn.batch_execute(wrong))?;
        assert_eq!(pieces(Rollup::PackedQuarters)?.len(), 5, "{wrong}");
    }
    for wrong in
        ["UPDATE active_months SET days = NULL", "UPDATE active_months SET bot = 1", "DELETE FROM active_months"]
    {
        store.write(|conn| conn.batch_execute(wrong))?;
        assert_eq!(pieces(Rollup::ActiveMonths)?.len(), 3, "{wrong}");
    }
    rebuild(&store)?;
    assert_eq!(differences(&store)?, [0; 15]);
    assert_eq!(lines(&store, &quarters)?, [packed]);

    // Late changes are in the day at once, and in the packed quarters when the watermark rises.
    store.write(|conn| {
        let late = (month * 30 + 3) * 86_400;
        conn.batch_execute(&format!(
            "DELETE FROM message_events WHERE id IN ('100', '103');
             INSERT INTO message_events (id, guild_id, channel_id, user_id, created_at) VALUES ('99', '10', '20', '40', {late})"
        ))
    })?;
    assert_eq!(differences(&store)?, [0; 15]);
    assert_eq!(lines(&store, &days)?, [(1 + (2 << 2) + (3 << 4) + (1 << 6)).to_string()]);
    assert_eq!(lines(&store, &quarters)?, [""]);
    rise(next * 30 + 1)?;
    assert_eq!(lines(&store, &quarters)?, [r#"{"20":1,"96":2,"193":4,"194":2,"288":1}"#]);
    assert_eq!(differences(&store)?, [0; 15]);
    store.write(|conn| conn.batch_execute("DELETE FROM message_events"))?;
    assert_eq!(lines(&store, "SELECT '' || count(*) AS line FROM active_months")?, ["0"]);
    assert_eq!(differences(&store)?, [0; 15]);
    rise(next * 30 + 2)?;
    assert_eq!(lines(&store, "SELECT '' || count(*) AS line FROM packed_quarters")?, ["0"]);
    Ok(())
}

/// Returns the bot flag and the numbers of messages and words.
fn told(counted: Option<Counted>) -> Option<(bool, Option<i64>, Option<i64>)> {
    let Counted { bot, sums: Sums::Messages(MessageSums { messages, words, .. }), .. } = counted? else { return None };
    Some((bot, messages, words))
}

#[test]
fn a_difference_has_the_found_and_the_expected_row() -> TestResult {
    let store = store()?;
    record(&store, [message(0, 30, 20, 40), voice(0, 40, Some(22)), voice(5000, 40, None)])?;
    store.write(|conn| {
        conn.batch_execute(
            "UPDATE message_days SET words = 7, bot = 1;
             UPDATE message_quarters SET bot = 1;
             DELETE FROM voice_channel_days;",
        )
    })?;
    let day = START / DAY;
    let [days, _, _, _, _, quarters, .., voice, _, _, _, _] = Rollup::ALL.map(|rollup| verify(&store, rollup));
    let Verification { complete, differences, rollup, rows, .. } = days?;
    assert_eq!((complete, rollup, rows), (true, Rollup::MessageDays, 1));
    let [Difference { assumed, channel_id, expected, found, guild_id, period, rollup, user_id, .. }] = differences[..]
    else {
        return Err("one row differs".into());
    };
    assert_eq!((guild_id, period, user_id, channel_id, assumed), (10, Some(day), Some(40), Some(20), None));
    assert_eq!(rollup, Rollup::MessageDays);
    assert_eq!(told(found), Some((true, Some(1), Some(7))));
    assert_eq!(told(expected), Some((false, Some(1), Some(3))));

    let differences = quarters?.differences;
    let sides = |difference: &Difference| (difference.user_id, told(difference.found), told(difference.expected));
    let expected = [(None, None, Some((false, Some(1), Some(3)))), (None, Some((true, Some(1), Some(3))), None)];
    assert_eq!(differences.iter().map(sides).collect::<Vec<_>>(), expected);

    let [missing] = &voice?.differences[..] else { return Err("one row is missing".into()) };
    assert_eq!((missing.period, missing.channel_id, missing.assumed), (Some(day), Some(22), Some(false)));
    assert_eq!(missing.found, None);
    let Some(Sums::Voice(VoiceSums { intervals, sessions, voice_ms, talking_ms, muted_ms, .. })) =
        missing.expected.map(|counted| counted.sums)
    else {
        return Err("sums of voice".into());
    };
    let expected = (Some(1), None, Some(5000), Some(5000), Some(0));
    assert_eq!((intervals, sessions, voice_ms, talking_ms, muted_ms), expected);
    Ok(())
}

#[test]
fn rows_replaced_without_triggers_are_found() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::open(&path)?;
    record(&store, [message(0, 30, 20, 40), message(0, 31, 20, 40)])?;
    let replace = "INSERT OR REPLACE INTO message_events SELECT * FROM message_events";
    // The store's own connections fire the triggers of rows that REPLACE deletes.
    store.write(|conn| conn.batch_execute(replace))?;
    assert_eq!(differences(&store)?, [0; 15]);
    let mut other = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    other.batch_execute(replace)?;
    // Months still equal their days.
    assert_eq!(differences(&store)?, [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    rebuild(&store)?;
    assert_eq!(differences(&store)?, [0; 15]);
    assert_eq!(lines(&store, "SELECT messages || '' AS line FROM message_days")?, ["2"]);
    // Every other change of another program fires the triggers.
    other.batch_execute("DELETE FROM message_events WHERE id = '30'; UPDATE message_events SET word_count = 9")?;
    other.batch_execute(
        "DELETE FROM users; INSERT INTO users (id, bot, created_at, updated_at) VALUES ('40', 1, 0, 0)",
    )?;
    assert_eq!(differences(&store)?, [0; 15]);
    Ok(())
}

#[test]
fn a_bot_whose_id_changes_keeps_its_roll_ups() -> TestResult {
    let store = filled()?;
    store.write(|conn| {
        conn.batch_execute(
            "UPDATE users SET id = '50' WHERE id = '42'; UPDATE message_events SET user_id = '50' WHERE user_id = '42';
             UPDATE voice_intervals SET user_id = '50' WHERE user_id = '42' AND ended_at_ms % 2 = 0",
        )
    })?;
    assert_eq!(differences(&store)?, [0; 15]);
    let bots = "SELECT user_id || ' ' || max(bot) AS line FROM voice_days GROUP BY user_id ORDER BY 1";
    assert_eq!(lines(&store, bots)?, ["40 0", "41 0", "42 0", "50 1"]);
    Ok(())
}

#[test]
fn verification_during_recording_finds_no_differences() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store =
        Store::builder().batch_len(16).clock(mocha_store::Clock::Events).open(folder.path().join("stats.db"))?;
    let recorder = store.recorder()?;
    let done = Arc::new(AtomicBool::new(false));
    let writer = thread::spawn({
        let (done, recorder, store) = (Arc::clone(&done), recorder.clone(), store.clone());
        move || -> TestResult {
            for number in 1_u64.. {
                let (ms, user) = (i64::try_from(number)? * 600_000, 40 + number % 7);
                recorder.record(message(ms, number, 20 + number % 3, user))?;
                recorder.record(voice(ms, user, (number % 2 == 0).then_some(23)))?;
                if number % 100 == 0 {
                    recorder.flush()?;
                    let bot = number / 100 % 2;
                    let learned = format!("UPDATE users SET bot = {bot} WHERE id IN ('41', '42')");
                    store.write(|conn| conn.batch_execute(&learned))?;
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                }
            }
            Ok(())
        }
    });
    let mut rows = 0;
    for _ in 0..8 {
        for rollup in Rollup::ALL {
            let verification = verify(&store, rollup)?;
            assert!(verification.is_ok(), "{verification:#?}");
            rows += verification.rows;
            store.rebuild(rollup).run()?;
        }
    }
    done.store(true, Ordering::Relaxed);
    writer.join().map_err(|_| "the writer panicked")??;
    assert!(rows > 0);
    assert_eq!(recorder.stats().rejected, 0);
    assert_eq!(differences(&store)?, [0; 15]);
    Ok(())
}

#[test]
fn progress_counts_slices_and_may_end_it() -> TestResult {
    let store = filled()?;
    store.write(|conn| conn.batch_execute("UPDATE message_days SET words = 0"))?;
    // The forty days lie in two months. There are eighty rows of humans and forty of a bot.
    let mut told = Vec::new();
    let whole = store
        .verify(Rollup::MessageDays)
        .on_progress(|progress| {
            told.push((progress.done, progress.total, progress.differences > 0));
            ControlFlow::Continue(())
        })
        .run()?;
    assert_eq!(told.first(), Some(&(1, told.len(), true)));
    assert_eq!(told.last(), Some(&(told.len(), told.len(), true)));
    assert!((2..=3).contains(&told.len()), "{told:?}");
    assert_eq!((whole.complete, whole.is_ok(), whole.rows, whole.differences.len()), (true, false, 120, 120));

    let broken_off = store.verify(Rollup::VoiceDays).on_progress(|_| ControlFlow::Break(())).run()?;
    assert_eq!((broken_off.complete, broken_off.is_ok(), broken_off.differences.len()), (false, false, 0));
    let rebuilt = store.rebuild(Rollup::MessageDays).on_progress(|_| ControlFlow::Break(())).run()?;
    assert!(!rebuilt.complete && (1..120).contains(&rebuilt.rows), "{rebuilt:?}");
    assert_eq!(verify(&store, Rollup::MessageDays)?.differences.len(), 120 - rebuilt.rows);
    Ok(())
}

#[test]
fn roll_ups_before_the_horizon_stay() -> TestResult {
    let store = filled()?;
    let horizon = (START / DAY + 17) * 86_400;
    store.write(|conn| {
        conn.batch_execute(&format!(
            "UPDATE horizons SET messages_from = {horizon}, voice_from = {horizon};
             DELETE FROM message_events WHERE created_at < {horizon};
             DELETE FROM voice_events WHERE created_at < {horizon};
             DELETE FROM voice_intervals WHERE started_at_ms < {horizon} * 1000;"
        ))
    })?;
    assert_eq!(differences(&store)?, [0; 15]);
    let before = dump(&store)?;
    assert!(before.iter().filter(|row| row.starts_with("message_days")).count() == 120);
    rebuild(&store)?;
    assert_eq!(dump(&store)?, before);
    // The events of an older day are deleted, but the month includes all of its days.
    let older =
        format!("UPDATE message_days SET words = words + 1 WHERE day = {} AND user_id = 40", horizon / 86_400 - 1);
    store.write(|conn| conn.batch_execute(&older))?;
    assert_eq!(differences(&store)?, [0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    rebuild(&store)?;
    assert_eq!(differences(&store)?, [0; 15]);
    let words = "SELECT sum(words) || '' AS line FROM";
    assert_eq!(lines(&store, &format!("{words} message_days"))?, ["361"]);
    // The months include all days but the last.
    assert_eq!(lines(&store, &format!("{words} message_months"))?, ["352"]);
    assert_eq!(lines(&store, &format!("{words} message_totals"))?, ["352"]);
    Ok(())
}

#[test]
fn rows_whose_ids_are_not_plain_numbers_are_in_no_roll_up() -> TestResult {
    let store = store()?;
    store.write(|conn| {
        conn.batch_execute(
            "INSERT INTO guilds (id, created_at, updated_at) VALUES ('10', 0, 0), ('me', 0, 0), ('010', 0, 0);
             INSERT INTO channels (id, guild_id, type, created_at, updated_at) VALUES ('20', '10', 0, 0, 0);
             INSERT INTO users (id, bot, created_at, updated_at) VALUES ('40', 0, 0, 0), ('you', 1, 0, 0), ('her', 0, 0, 0);
             INSERT INTO message_events (id, guild_id, channel_id, user_id, created_at, word_count) VALUES
                ('1', '10', '20', '40', 86400, 'five'), ('2', 'me', '20', 'you', 86400, 5), ('3', 'me', '20', 'her', 86400, 1),
                ('4', '010', '20', '40', 86400, 3), ('5', '10', '20', '40', '2018-03-01', 3), ('6', '10', '20', '40', 86400.5, 3);
             INSERT INTO voice_events (id, guild_id, user_id, event_type, created_at) VALUES
                ('1', 'me', 'you', 'leave', 86400), ('2', '10', '40', 'leave', 9223372036854775807),
                ('3', '10', '40', 'leave', '2018-03-01');",
        )
    })?;
    let days =
        "SELECT guild_id || ' ' || user_id || ' ' || bot || ' ' || messages || ' ' || words AS line FROM message_days";
    let expected = ["10 40 0 2 3"];
    assert_eq!(lines(&store, days)?, expected);
    assert_eq!(lines(&store, "SELECT guild_id || ' ' || bot || sessions AS line FROM voice_days")?, [""; 0]);
    assert_eq!(differences(&store)?, [0; 15]);
    store.write(|conn| conn.batch_execute("UPDATE users SET bot = 1 - bot; UPDATE users SET bot = 1 - bot"))?;
    assert_eq!(differences(&store)?, [0; 15]);
    store.write(|conn| conn.batch_execute("DELETE FROM message_days; DELETE FROM voice_days"))?;
    let missing = verify(&store, Rollup::MessageDays)?.differences;
    assert_eq!(missing.iter().map(|row| (row.guild_id, row.user_id)).collect::<Vec<_>>(), [(10, Some(40))]);
    rebuild(&store)?;
    assert_eq!(lines(&store, days)?, expected);
    assert_eq!(differences(&store)?, [0; 15]);
    Ok(())
}
