//! Measures how long charts take, from the answer to the file.
//!
//! `cargo bench -p mocha-benches --bench charts`. Draws each kind of chart with no value, one value, and ten thousand
//! values: users of a leaderboard or hours of a series. The pictures stay in the folder `tmp/charts` of the target folder.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    Connection as _, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _, sql_query,
    sql_types::BigInt,
};
use mocha_benches::{Failure, is_test, median};
use mocha_charts::{Chart, Theme};
use mocha_schema::{GuildId, UserId};
use mocha_stats::{
    Growth, GrowthAnswer, HeatMap, HeatMapAnswer, Leaderboard, LeaderboardAnswer, MessageSeries, MessageSeriesAnswer,
    Period, VoiceSeries, VoiceSeriesAnswer, Window,
};

/// The numbers of users of a leaderboard and of hours of a series.
const MANY: i64 = 10_000;

/// The numbers in a test.
const TEST: i64 = 50;

const ROUNDS: usize = 9;

/// 2026-10-19T18:00:00Z, where all windows end.
const END: i64 = 1_792_432_800;

const THEMES: [(&str, Theme); 2] = [("dark", Theme::Dark), ("light", Theme::Light)];

/// The names of users, used in turn.
const NAMES: [&str; 14] = [
    "Ferris",
    "محمد عبد الله",
    "יעל כהן (yael)",
    "สมชาย ใจดีที่สุด",
    "अनन्या श्रीवास्तव",
    "山田 太郎",
    "欧阳娜娜娜",
    "김민준",
    "👩🏽‍🚀 Zoë 👨‍👩‍👧‍👦",
    "bell\u{7} nul\0 \u{202e}turned\nline",
    "Жук & <b>Ко</b>",
    "𝓕𝓪𝓷𝓬𝔂 ✨ ♛",
    "Z\u{337}\u{322}\u{31b}a\u{334}\u{310}\u{351}l\u{336}g\u{335}o\u{336}\u{301}\u{302}\u{303}",
    "ꦗꦮ",
];

/// Inserts three guilds: an empty one, one with a single event of each kind, and one with many, for twice as long as the window.
/// The table `hours` numbers the hours.
const ROWS: &str = "
INSERT INTO guilds (id, created_at, updated_at) VALUES ('1', 0, 0), ('2', 0, 0), ('3', 0, 0);
INSERT INTO channels (id, guild_id, type, created_at, updated_at) SELECT 1000 + id, id, 0, 0, 0 FROM guilds;
INSERT INTO users (id, created_at, updated_at) SELECT number, 0, 0 FROM hours WHERE number > 0;

INSERT INTO message_events (id, guild_id, channel_id, user_id, created_at)
SELECT 'only', '2', '1002', '1', max(start) FROM hours;
-- Afternoons are busier. In the later half each user writes at least once, and some write much more.
INSERT INTO message_events (id, guild_id, channel_id, user_id, created_at)
WITH RECURSIVE counted AS (
    SELECT number, start, (12 - abs(start / 3600 % 24 - 15)) * (6 + number * 7919 % 13) / 24 AS times FROM hours
), written (number, start, left) AS (
    SELECT number, start, max(times, 1) FROM counted
    UNION ALL
    SELECT number, start, left - 1 FROM written WHERE left > 1
)
SELECT number || ' ' || left, '3', '1003',
    CASE left
        WHEN 1 THEN number % people + 1
        ELSE (number * 31 + left * 17) % 97 * (number * 7 + left * 11) % 89 % people + 1
    END, start + left
FROM written, (SELECT count(*) / 2 AS people FROM hours);

INSERT INTO voice_intervals (guild_id, user_id, started_at_ms, ended_at_ms, seen_at_ms, session_started_at_ms, channel_id,
    server_mute, server_deaf, self_mute, self_deaf, stream, video, suppress, assumed)
WITH spoken AS (
    SELECT number, '2' AS guild_id, 0 AS user_id, start * 1000 AS start, start * 1000 + 1500000 AS end, 0 AS assumed
    FROM hours WHERE number = (SELECT max(number) FROM hours)
    UNION ALL
    SELECT number, '3', number % (SELECT count(*) / 2 FROM hours), start * 1000,
        start * 1000 + (16 - abs(start / 3600 % 24 - 15)) * (60 + number * 7919 % 997) * 1000, number % 7 = 0
    FROM hours
)
SELECT guild_id, user_id + 1, start, min(end, midnight), min(end, midnight), start, 1000 + guild_id, 0, 0, 0, 0, 0, 0, 0, assumed
FROM (SELECT *, (start / 86400000 + 1) * 86400000 AS midnight FROM spoken);

INSERT INTO member_events (id, guild_id, user_id, event_type, member_count, created_at)
SELECT 'only', '2', '1', 'join', 1, max(start) FROM hours;
INSERT INTO member_events (id, guild_id, user_id, event_type, member_count, created_at)
SELECT number || ' ' || value, '3', number + 1, iif((number + value) % 5 < 3, 'join', 'leave'),
    2000 + number / 4 + abs(number % 2500 - 1250) / 3, start + value
FROM hours, json_each('[1, 2, 3]') WHERE value <= number * 7919 % 4;
";

fn main() -> Result<(), Failure> {
    let (many, rounds) = if is_test() { (TEST, 1) } else { (MANY, ROUNDS) };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("charts");
    fs::create_dir_all(&folder)?;
    let mut conn = filled(many)?;
    let end = DateTime::from_timestamp(END, 0).ok_or("no such time")?;
    println!(
        "{:<30}{:>12}{:>12}{:>12}{:>12}",
        format!("ms, median of {rounds}"),
        "PNG dark",
        "PNG light",
        "SVG dark",
        "SVG light"
    );
    for (guild, values) in [(1, 0), (2, 1), (3, many)] {
        let answers = Answers::load(&mut conn, guild.try_into()?, values, end)?;
        for (kind, make) in charts(&answers) {
            let name = format!("{kind}-{values}");
            print!("{name:<30}");
            measure(&folder, &name, ".png", rounds, &*make, |chart| Ok(chart.png()?))?;
            measure(&folder, &name, ".svg", rounds, &*make, |chart| Ok(chart.svg()?.into_bytes()))?;
            println!();
        }
    }
    println!("The pictures are in {}", folder.display());
    Ok(())
}

/// Prints the times in both themes, and writes the pictures into the folder.
fn measure(
    folder: &Path,
    name: &str,
    end: &str,
    rounds: usize,
    make: &dyn Fn() -> Chart<'static>,
    draw: impl Fn(&Chart<'_>) -> Result<Vec<u8>, Failure>,
) -> Result<(), Failure> {
    for (theme_name, theme) in THEMES {
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..rounds {
            let start = Instant::now();
            let chart = make().theme(theme);
            // Small pictures are enough for a test.
            let file = draw(&if is_test() { chart.size(320, 200).scale(1) } else { chart })?;
            times.push(start.elapsed());
            fs::write(folder.join(format!("{name}-{theme_name}{end}")), file)?;
        }
        print!("{:>12.1}", median(times).unwrap_or_default().as_secs_f64() * 1_000.0);
    }
    Ok(())
}

fn filled(many: i64) -> Result<SqliteConnection, Failure> {
    let mut conn = SqliteConnection::establish(":memory:")?;
    mocha_schema::migrate(&mut conn)?;
    conn.batch_execute("CREATE TEMP TABLE hours (number INTEGER PRIMARY KEY, start INTEGER NOT NULL)")?;
    let hours = "INSERT INTO hours
        WITH RECURSIVE count (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM count WHERE n + 1 < 2 * ?1)
        SELECT n, ?2 - (2 * ?1 - n) * 3600 FROM count";
    sql_query(hours).bind::<BigInt, _>(many).bind::<BigInt, _>(END).execute(&mut conn)?;
    conn.transaction(|conn| conn.batch_execute(ROWS))?;
    Ok(conn)
}

struct Answers {
    board: LeaderboardAnswer,
    growth: GrowthAnswer,
    heat_map: HeatMapAnswer,
    messages: MessageSeriesAnswer,
    messages_before: MessageSeriesAnswer,
    voice: VoiceSeriesAnswer,
    voice_board: LeaderboardAnswer,
}

impl Answers {
    /// The approximate number of hours. 0 stands for all time of the empty guild.
    fn load(conn: &mut SqliteConnection, guild: GuildId, hours: i64, end: DateTime<Utc>) -> Result<Self, Failure> {
        let window = if hours == 0 { Window::all() } else { Window::last(TimeDelta::hours(hours), end)? };
        let limit = usize::try_from(MANY)?;
        let messages = MessageSeries::of(guild).by(Period::Hour);
        let answers = Self {
            board: Leaderboard::messages(guild).within(window).compare().limit(limit).load(conn)?,
            growth: Growth::of(guild).within(window).by(Period::Hour).load(conn)?,
            heat_map: HeatMap::of(guild).within(window).load(conn)?,
            messages: messages.clone().within(window).load(conn)?,
            messages_before: messages.within(window.previous().unwrap_or(window)).load(conn)?,
            voice: VoiceSeries::of(guild).within(window).by(Period::Hour).load(conn)?,
            voice_board: Leaderboard::voice(guild).within(window).limit(limit).load(conn)?,
        };
        let hours = usize::try_from(hours)?;
        let lens = [
            answers.board.entries.len(),
            answers.voice_board.entries.len(),
            answers.growth.periods.len(),
            answers.messages.periods.len(),
            answers.messages_before.periods.len(),
            answers.voice.periods.len(),
        ];
        if lens.into_iter().any(|len| len != hours) {
            return Err(format!("{lens:?} values, not {hours}").into());
        }
        Ok(answers)
    }
}

/// The kinds of charts. Each call draws the chart again.
type Make<'a> = Box<dyn Fn() -> Chart<'static> + 'a>;

fn charts(answers: &Answers) -> Vec<(&'static str, Make<'_>)> {
    let Answers { board, growth, heat_map, messages, messages_before, voice, voice_board } = answers;
    vec![
        ("leaderboard", Box::new(|| Chart::leaderboard(board, name))),
        ("voice-leaderboard", Box::new(|| Chart::leaderboard(voice_board, name))),
        ("messages", Box::new(|| Chart::messages(messages))),
        ("messages-compared", Box::new(|| Chart::messages_compared(messages, messages_before))),
        ("growth", Box::new(|| Chart::growth(growth))),
        ("heat-map", Box::new(|| Chart::heat_map(heat_map))),
        ("voice", Box::new(|| Chart::voice(voice))),
    ]
}

/// Returns a name. Some users have none, and some have one of more than two hundred letters.
fn name(user_id: UserId) -> Option<String> {
    let nth = usize::try_from(user_id.get()).ok()?.checked_rem(NAMES.len() + 2)?;
    match nth {
        0 => None,
        1 => Some("Wolfeschlegelstein".repeat(12)),
        nth => NAMES.get(nth - 2).map(|name| (*name).to_owned()),
    }
}
