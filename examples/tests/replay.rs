//! Whole and damaged traces through the example `replay`.

use std::{error::Error, fs, io::Read as _, num::NonZeroU64};

use diesel::{QueryableByName, RunQueryDsl as _, connection::SimpleConnection as _, sql_query, sql_types::Text};
use mocha_discord::{AnyStore, Clock, Store};
use mocha_examples::replay::{Answer, Played, Trace, feed, report};
use mocha_sim::recorded_folder;
use serde_json::{Value, json};

type TestResult<T = ()> = Result<T, Box<dyn Error>>;

const GUILD: &str = "60000000000000000";
const TEXT: &str = "70000000000000001";
const ANNA: &str = "90000000000000001";
const BERT: &str = "90000000000000002";
const BOT: &str = "80000000000000001";
const VOICE: &str = "70000000000000002";

/// When the initial members joined.
const OLD: &str = "2026-11-01T00:00:00.000000+00:00";

/// 22 November 2026, a Sunday, at 10:00 UTC.
const START_MS: i64 = 1_795_341_600_000;

/// A replayed trace: its numbers, the answer, and the broken lines.
struct Replayed {
    answer: Value,
    broken: Vec<u64>,
    played: Played,
    report: String,
}

fn replay(store: &Store, trace: &[u8]) -> TestResult<Replayed> {
    replay_with_kills(store, trace, None)
}

fn replay_with_kills(store: &Store, trace: &[u8], kill_every: Option<NonZeroU64>) -> TestResult<Replayed> {
    replay_into(&store.clone().into(), trace, kill_every)
}

fn replay_into(store: &AnyStore, trace: &[u8], kill_every: Option<NonZeroU64>) -> TestResult<Replayed> {
    let mut broken = Vec::new();
    let played = feed(Trace::new(trace)?, || store.recorder(), kill_every, |line| broken.push(line.number))?;
    let (guild_id, span) = played.guild_id.zip(played.span).ok_or("nothing was played")?;
    let (answer, report) = store.read(|conn| -> anyhow::Result<_> {
        let answer = Answer::load(conn, guild_id, span)?;
        let text = report(conn, &played, &answer)?;
        Ok((answer, text))
    })?;
    Ok(Replayed { answer: serde_json::to_value(answer)?, broken, played, report })
}

fn in_memory() -> TestResult<Store> {
    Ok(Store::builder().clock(Clock::Events).open_in_memory()?)
}

fn user(id: &str, name: &str, bot: bool) -> Value {
    json!({"id": id, "username": name, "discriminator": "0", "avatar": null, "bot": bot})
}

fn member(user: &Value, joined_at: &str) -> Value {
    json!({"guild_id": GUILD, "user": user, "nick": null, "roles": [], "joined_at": joined_at, "deaf": false, "mute": false,
        "flags": 0, "communication_disabled_until": null})
}

fn message(number: u64, author: &Value, content: &str, timestamp: &str) -> Value {
    json!({"id": (1_441_000_000_000_000_000 + number).to_string(), "channel_id": TEXT, "guild_id": GUILD, "author": author,
        "content": content, "timestamp": timestamp, "edited_timestamp": null, "tts": false, "mention_everyone": false,
        "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "pinned": false, "type": 0})
}

fn voice(user_id: &str, channel_id: Option<&str>) -> Value {
    json!({"guild_id": GUILD, "channel_id": channel_id, "user_id": user_id, "session_id": "voice", "deaf": false,
        "mute": false, "self_deaf": false, "self_mute": false, "self_video": false, "suppress": false,
        "request_to_speak_timestamp": null})
}

fn ready(session_id: &str) -> Value {
    json!({"v": 10, "user": {"id": BOT, "username": "mocha", "discriminator": "0", "avatar": null, "bot": true,
        "mfa_enabled": false}, "guilds": [{"id": GUILD, "unavailable": true}], "session_id": session_id,
        "resume_gateway_url": "wss://gateway.example", "shard": [0, 1], "application": {"id": BOT, "flags": 0}})
}

/// Returns the guild with its members.
fn guild(members: &[Value], voices: &[Value]) -> Value {
    json!({"id": GUILD, "name": "Mocha", "icon": null, "splash": null, "discovery_splash": null, "owner_id": ANNA,
        "afk_channel_id": null, "afk_timeout": 300, "verification_level": 0, "default_message_notifications": 0,
        "explicit_content_filter": 0, "roles": [], "emojis": [], "features": [], "mfa_level": 0, "application_id": null,
        "system_channel_id": null, "system_channel_flags": 0, "rules_channel_id": null,
        "joined_at": "2026-11-01T00:00:00.000000+00:00", "large": false, "unavailable": false, "member_count": members.len(),
        "voice_states": voices, "members": members,
        "channels": [{"id": TEXT, "type": 0, "name": "general"}, {"id": VOICE, "type": 2, "name": "Lounge"}],
        "threads": [], "presences": [], "stage_instances": [], "guild_scheduled_events": [], "vanity_url_code": null,
        "description": null, "banner": null, "premium_tier": 0, "preferred_locale": "en-US",
        "public_updates_channel_id": null, "nsfw_level": 0, "premium_progress_bar_enabled": false, "stickers": []})
}

/// Returns the initial members.
fn founders() -> [Value; 2] {
    [member(&user(ANNA, "anna", false), OLD), member(&user(BOT, "mocha", true), OLD)]
}

fn bert() -> Value {
    member(&user(BERT, "bert", false), "2026-11-22T10:00:10.000000+00:00")
}

fn line(after_ms: i64, sequence: u64, name: &str, data: &Value) -> String {
    let received_at = START_MS + after_ms;
    format!("{}\n", json!({"received_at": received_at, "frame": {"op": 0, "s": sequence, "t": name, "d": data}}))
}

/// A minute of a small server: Anna, who is in voice at first, writes twice and leaves; Bert joins, talks twice, and stays.
fn lines() -> Vec<String> {
    let (anna, bot) = (user(ANNA, "anna", false), user(BOT, "mocha", true));
    vec![
        line(0, 1, "READY", &ready("one")),
        line(0, 2, "GUILD_CREATE", &guild(&founders(), &[voice(ANNA, Some(VOICE))])),
        line(5_500, 3, "MESSAGE_CREATE", &message(1, &anna, "hello  you", "2026-11-22T10:00:05.400000+00:00")),
        line(10_000, 4, "GUILD_MEMBER_ADD", &bert()),
        line(20_000, 5, "VOICE_STATE_UPDATE", &voice(BERT, Some(VOICE))),
        line(30_000, 6, "VOICE_STATE_UPDATE", &voice(BERT, None)),
        line(31_000, 7, "MESSAGE_CREATE", &message(2, &bot, "beep", "2026-11-22T10:00:31.000000+00:00")),
        line(40_000, 8, "VOICE_STATE_UPDATE", &voice(ANNA, None)),
        line(45_000, 9, "VOICE_STATE_UPDATE", &voice(BERT, Some(VOICE))),
        line(60_250, 10, "MESSAGE_CREATE", &message(3, &anna, "bye", "2026-11-22T10:01:00.250000+00:00")),
    ]
}

fn expected() -> Value {
    let sunday_at_ten = |day, hour| if (day, hour) == (6, 10) { 2 } else { 0 };
    let heat_map: Vec<Vec<u64>> = (0..7).map(|day| (0..24).map(|hour| sunday_at_ten(day, hour)).collect()).collect();
    json!({
        "guild_id": GUILD,
        "start_ms": START_MS,
        "end_ms": START_MS + 60_250,
        "messages": {
            "total": 2,
            "leaderboard": [{"rank": 1, "user_id": ANNA, "messages": 2, "characters": 13, "words": 3}],
        },
        "voice": {
            "total_ms": 65_250,
            "open_sessions": 1,
            "leaderboard": [
                {"rank": 1, "user_id": ANNA, "voice_ms": 40_000, "sessions": 1},
                {"rank": 2, "user_id": BERT, "voice_ms": 25_250, "sessions": 1},
            ],
            "channels": [{"channel_id": VOICE, "voice_ms": 65_250}],
        },
        "channels": [{"channel_id": TEXT, "messages": 2, "unique_users": 1}],
        "growth": {"joins": 1, "leaves": 0, "days": [{"day": "2026-11-22", "joins": 1, "leaves": 0}]},
        "heatmap_utc": heat_map,
    })
}

#[test]
fn plain_and_compressed_traces_give_the_same_answer() -> TestResult {
    let plain = lines().concat().into_bytes();
    let packed = zstd::encode_all(plain.as_slice(), 0)?;
    for trace in [plain, packed] {
        let replayed = replay(&in_memory()?, &trace)?;
        assert_eq!(replayed.answer, expected());
        assert_eq!((replayed.broken, replayed.played.frames), (vec![], 10));
    }
    Ok(())
}

#[test]
fn a_damaged_trace_gives_the_same_answer() -> TestResult {
    let lines = lines();
    let again = |number: usize, after_ms: i64| -> TestResult<String> {
        let mut line: Value = serde_json::from_str(&lines[number])?;
        line["received_at"] = (START_MS + after_ms).into();
        Ok(format!("{line}\n"))
    };
    let mut damaged = lines[..7].to_vec();
    // One line twice, and later a RESUME that delivers a join, a leave and a message again.
    damaged.insert(3, lines[2].clone());
    damaged.extend([again(4, 33_000)?, again(5, 33_000)?, again(6, 33_000)?]);
    damaged.push(line(33_000, 7, "RESUMED", &json!({})));
    damaged.push(line(34_000, 7, "NEWER_THAN_TWILIGHT", &json!({"id": "1"})));
    damaged.push("{\"received_at\":1795341634000,\"frame\":{\"op\":0,\"t\":\"MESSAGE_CRE\n".into());
    damaged.push("\u{0}\n".into());
    // The two first lines again, and then a new session whose sequence numbers start again.
    damaged.extend([again(0, 35_000)?, again(1, 35_000)?]);
    damaged.push(line(36_000, 1, "READY", &ready("two")));
    let members = [&founders()[..], &[bert()]].concat();
    damaged.push(line(36_000, 2, "GUILD_CREATE", &guild(&members, &[voice(ANNA, Some(VOICE))])));
    damaged.push(lines[7].clone());
    damaged.push(line(45_000, 5, "VOICE_STATE_UPDATE", &voice(BERT, Some(VOICE))));
    damaged.push(again(7, 50_000)?);
    damaged.push(lines[9].clone());

    let replayed = replay(&in_memory()?, damaged.concat().as_bytes())?;
    assert_eq!(replayed.answer, expected());
    assert_eq!(replayed.broken, [14, 15]);
    assert_eq!((replayed.played.broken, replayed.played.delivered_again), (2, 7));
    Ok(())
}

#[test]
fn a_truncated_trace_gives_the_answer_about_its_start() -> TestResult {
    let lines = lines();
    let packed = zstd::encode_all(lines.concat().as_bytes(), 0)?;
    let whole = lines.len();
    // A compressed block is readable only as a whole, so the trace needs two.
    let mut trace = packed.clone();
    trace.extend_from_slice(&packed[..packed.len() / 2]);
    let replayed = replay(&in_memory()?, &trace)?;
    assert_eq!(replayed.answer, expected());
    assert_eq!(replayed.broken, [u64::try_from(whole + 1)?]);
    Ok(())
}

#[test]
fn replaying_a_trace_again_changes_no_row() -> TestResult {
    let folder = tempfile::tempdir()?;
    let open = || Store::builder().clock(Clock::Events).open(folder.path().join("stats.db"));
    let trace = lines().concat();
    let first = replay(&open()?, trace.as_bytes())?;
    let rows = dump(&open()?)?;
    let second = replay(&open()?, trace.as_bytes())?;
    assert_eq!(first.answer, second.answer);
    assert_eq!(rows, dump(&open()?)?);
    // After a crash in the middle, the rest of the trace changes nothing either.
    for every in 1..5 {
        let again = replay_with_kills(&open()?, trace.as_bytes(), NonZeroU64::new(every))?;
        assert_eq!(first.answer, again.answer, "killed every {every} frames");
    }
    Ok(())
}

#[test]
fn killing_and_restarting_the_recorder_gives_the_same_answer() -> TestResult {
    let trace = lines().concat();
    for every in 1..5 {
        let replayed = replay_with_kills(&in_memory()?, trace.as_bytes(), NonZeroU64::new(every))?;
        assert!(replayed.played.kills > 0);
        assert_eq!(replayed.answer, expected(), "killed every {every} frames");
    }
    Ok(())
}

#[test]
fn the_report_has_names_and_numbers() -> TestResult {
    let report = replay(&in_memory()?, lines().concat().as_bytes())?.report;
    for part in ["Mocha, 2026-11-22 to 2026-11-22 (UTC)", " 1  anna", "general", "Lounge", "2026-11-22       1"] {
        assert!(report.contains(part), "{part:?} is not in\n{report}");
    }
    assert!(report.lines().all(|line| line.chars().count() <= 80), "{report}");
    Ok(())
}

/// Returns a store that cannot keep up. Its queue is short, and each message and voice event takes long.
fn overloaded() -> TestResult<Store> {
    let store = Store::builder().clock(Clock::Events).queue_len(100).open_in_memory()?;
    store.write(|conn| {
        conn.batch_execute(
            "CREATE TRIGGER slow_message AFTER INSERT ON message_events BEGIN SELECT length(hex(randomblob(3000))); END;
             CREATE TRIGGER slow_voice AFTER INSERT ON voice_events BEGIN SELECT length(hex(randomblob(3000))); END;",
        )
    })?;
    Ok(store)
}

/// Returns the recorded month and the answer of an independent program, if they exist.
fn real_month() -> TestResult<Option<(Vec<u8>, Value)>> {
    let data = recorded_folder();
    let (trace, answer) = (data.join("gateway-2018-03.jsonl.zst"), data.join("answer-2018-03.json"));
    if !trace.exists() || !answer.exists() {
        skipped(&data);
        return Ok(None);
    }
    let mut bytes = Vec::new();
    fs::File::open(trace)?.read_to_end(&mut bytes)?;
    Ok(Some((bytes, serde_json::from_str(&fs::read_to_string(answer)?)?)))
}

#[test]
fn a_recorded_month_gives_the_expected_answer() -> TestResult {
    let Some((trace, expected)) = real_month()? else { return Ok(()) };
    let replayed = replay(&in_memory()?, &trace)?;
    assert_eq!(replayed.broken, Vec::<u64>::new());
    for (part, expected) in expected.as_object().ok_or("no object")? {
        assert_eq!(&replayed.answer[part], expected, "{part}");
    }
    assert_eq!(replayed.answer, expected);
    let killed = replay_with_kills(&in_memory()?, &trace, NonZeroU64::new(5_000))?;
    assert_eq!((killed.played.kills, killed.answer), (8, expected));
    Ok(())
}

#[test]
fn a_recorded_month_through_a_full_queue_gives_the_expected_answer() -> TestResult {
    let Some((trace, expected)) = real_month()? else { return Ok(()) };
    let replayed = replay(&overloaded()?, &trace)?;
    assert_eq!((replayed.answer, replayed.broken), (expected, vec![]));
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a skipped test must not look like a passed one")]
fn skipped(data: &std::path::Path) {
    eprintln!("skipped: there is no trace in {}; MOCHA_DATA can name another folder", data.display());
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Returns every row of every table.
fn dump(store: &Store) -> TestResult<Vec<String>> {
    let rows = store.read(|conn| -> diesel::QueryResult<_> {
        let tables: Vec<Line> =
            sql_query("SELECT name AS line FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
                .load(conn)?;
        let mut rows = Vec::new();
        for Line { line: table } in tables {
            let columns: Vec<Line> =
                sql_query(format!("SELECT name AS line FROM pragma_table_info('{table}')")).load(conn)?;
            let values: Vec<String> = columns.iter().map(|Line { line }| format!("quote({line})")).collect();
            let sql = format!("SELECT '{table}: ' || {} AS line FROM {table} ORDER BY 1", values.join(" || ',' || "));
            rows.extend(sql_query(sql).load::<Line>(conn)?.into_iter().map(|Line { line }| line));
        }
        Ok(rows)
    })?;
    assert!(rows.len() > 10, "{rows:?}");
    Ok(rows)
}

/// A short trace, and the recorded month if it is there.
#[cfg(feature = "postgres")]
#[test]
fn postgresql_gives_the_same_answer_as_sqlite() -> TestResult {
    let recorded = std::fs::read(recorded_folder().join("gateway-2018-03.jsonl.zst")).ok();
    for trace in [Some(include_bytes!("../replay/trace.jsonl").to_vec()), recorded].into_iter().flatten() {
        let Some(database) = mocha_test_postgres::Database::create() else { return Ok(()) };
        let server = AnyStore::builder().clock(Clock::Events).open(database.url())?;
        let expected = replay(&in_memory()?, &trace)?;
        for _ in 0..2 {
            // The second time changes nothing.
            let found = replay_into(&server, &trace, None)?;
            assert_eq!(found.answer, expected.answer);
            assert_eq!(found.report, expected.report);
        }
    }
    Ok(())
}
