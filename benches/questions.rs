//! Measures how fast queries are, compared with the documented statements on the same file.
//!
//! `cargo bench -p mocha-benches --bench questions`. The documented statements are prepared in advance. Both connections have
//! the same PRAGMAs. Both compute the same: the first ten users since an instant, bots included. The first run creates the
//! files in the folder `tmp` of the target folder. A word after `--` selects the queries whose names contain it.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use criterion::Criterion;
use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use mocha_benches::{Failure, File, community, irc, is_test, median, single_and_double};
use mocha_schema::{ChannelId, GuildId, UserId};
use mocha_stats::{
    ActiveMembers, Bots, Channels, GuildOverview, GuildReport, HeatMap, Leaderboard, MemberCard, MemberReturn,
    MemberSegments, MemberStatistics, MembersSince, VoiceHeatMap, Window, chrono_tz::Europe::Berlin,
    documented::UserStatistics,
};
use rusqlite::{Connection, Params, Row, Statement, params};

/// The number of rounds. A round runs both queries once.
const ROUNDS: usize = 3;

/// The shortest time of a round. Faster queries are repeated within a round.
const ROUND: Duration = Duration::from_millis(100);

/// The number of users on a leaderboard.
const TOP: usize = 10;

const LEADERBOARD: &str = include_str!("../crates/mocha-stats/src/documented/documented_leaderboard.sql");
const USER_STATISTICS: &str = include_str!("../crates/mocha-stats/src/documented/documented_user.sql");
const VOICE_ACTIVITY: &str = include_str!("../crates/mocha-stats/src/documented/documented_voice.sql");

const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA cache_size = 10000; PRAGMA temp_store = MEMORY; \
                       PRAGMA mmap_size = 268435456;";

fn main() -> Result<(), Failure> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let community = community(folder)?;
    compare("community", &community)?;
    match irc(folder)? {
        Some(irc) => compare("irc", &irc)?,
        None => println!("irc: skipped, because the data is missing (`MOCHA_DATA` names its folder)"),
    }
    grow(folder)?;
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion, &community)?;
    criterion.final_summary();
    Ok(())
}

/// A checksum of an answer, to compare it with another answer.
type Sum = i64;

/// A query with all its arguments.
type Ask<'a> = Box<dyn FnMut(&mut SqliteConnection) -> Result<Sum, Failure> + 'a>;

/// A prepared documented statement with all its arguments.
type Run<'a> = Box<dyn FnMut() -> Result<Sum, Failure> + 'a>;

/// Prints the time of each query, as the median of alternating rounds, and how many times as long the SQL takes.
fn compare(name: &str, file: &File) -> Result<(), Failure> {
    let rounds = if is_test() { 1 } else { ROUNDS };
    println!("{:<40}{:>15}{:>15}{:>10}", format!("{name}, median of {rounds}"), "Mocha", "SQL", "SQL/Mocha");
    let questions = questions(file, Edges::Instants, &mut connect(&file.path)?)?;
    for (question, mut ask, sql) in questions.into_iter().filter(|(name, ..)| is_asked(name)) {
        let (mut asked, mut ran) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            // One connection at a time, because the order of opening two connections changes the times by half.
            let (time, sum) = {
                let mut conn = connect(&file.path)?;
                ask(&mut conn)?;
                time(|| ask(&mut conn))?
            };
            asked.push(time);
            if let Some(sql) = sql {
                let bare = Connection::open(&file.path)?;
                bare.execute_batch(PRAGMAS)?;
                let mut run = sql.prepare(&bare)?;
                run()?;
                let (time, expected) = crate::time(run)?;
                ran.push(time);
                if sum != expected {
                    return Err(format!("{question}: {sum} is not {expected}").into());
                }
            }
        }
        let (asked, ran) = (median(asked).unwrap_or_default(), median(ran));
        let none = || "-".to_owned();
        let ratio = ran.map_or_else(none, |ran| hundredths(ran.as_nanos() * 100 / asked.as_nanos().max(1)));
        println!("  {question:<38}{:>15}{:>15}{ratio:>10}", millis(asked), ran.map_or_else(none, millis));
    }
    Ok(())
}

/// Prints how much longer each query about whole days takes with twice as many messages of each user.
fn grow(folder: &Path) -> Result<(), Failure> {
    let [single, double] = single_and_double(folder)?;
    let (mut few, mut many) = (connect(&single.path)?, connect(&double.path)?);
    let rounds = if is_test() { 1 } else { ROUNDS };
    println!("{:<40}{:>15}{:>15}{:>10}", format!("growth, median of {rounds}"), "single", "double", "ratio");
    let asked = questions(&single, Edges::Days, &mut few)?.into_iter().zip(questions(&double, Edges::Days, &mut many)?);
    for ((question, mut ask_few, _), (_, mut ask_many, _)) in asked {
        // Voice is the same in both files, and the log is read message by message.
        if question.starts_with("voice") || question.starts_with("user statistics") || !is_asked(&question) {
            continue;
        }
        let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let ((few, once), (many, twice)) = (time(|| ask_few(&mut few))?, time(|| ask_many(&mut many))?);
            if question == "heat map, all time" && twice != 2 * once {
                return Err(format!("{twice} messages are not twice {once}").into());
            }
            of_few.push(few);
            of_many.push(many);
        }
        let (few, many) = (median(of_few).unwrap_or_default(), median(of_many).unwrap_or_default());
        let ratio = hundredths(many.as_nanos() * 100 / few.as_nanos().max(1));
        println!("  {question:<38}{:>15}{:>15}{ratio:>10}", millis(few), millis(many));
    }
    Ok(())
}

fn is_asked(question: &str) -> bool {
    std::env::args().skip(1).filter(|word| !word.starts_with('-')).all(|word| question.contains(&word))
}

fn millis(time: Duration) -> String {
    format!("{}.{:03} ms", time.as_millis(), time.as_micros() % 1_000)
}

fn hundredths(number: u128) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

/// Runs a query once, and returns the time and the checksum.
fn time(mut ask: impl FnMut() -> Result<Sum, Failure>) -> Result<(Duration, Sum), Failure> {
    let mut times = 0;
    let start = Instant::now();
    loop {
        let sum = black_box(ask()?);
        times += 1;
        let elapsed = start.elapsed();
        if elapsed >= ROUND || is_test() {
            return Ok((elapsed / times, sum));
        }
    }
}

fn connect(path: &Path) -> Result<SqliteConnection, Failure> {
    let mut conn = SqliteConnection::establish(path.to_str().ok_or("the path is not UTF-8")?)?;
    conn.batch_execute(PRAGMAS)?;
    Ok(conn)
}

/// A documented statement.
#[derive(Clone, Copy)]
enum Sql {
    GuildLeaderboard { guild: GuildId, since: i64 },
    UserStatistics { guild: GuildId, user: UserId, since: i64 },
    VoiceActivity { guild: GuildId, since: i64 },
}

impl Sql {
    fn prepare(self, bare: &Connection) -> Result<Run<'_>, Failure> {
        Ok(match self {
            Self::GuildLeaderboard { guild, since } => {
                let mut statement = bare.prepare(LEADERBOARD)?;
                let (guild, top) = (guild.to_string(), i64::try_from(TOP)?);
                Box::new(move || {
                    sum(&mut statement, params![guild, since, top], |row| {
                        Ok(row.get::<_, Sum>("message_count")? * row.get::<_, Sum>("rank")?)
                    })
                })
            }
            Self::UserStatistics { guild, user, since } => {
                let mut statement = bare.prepare(USER_STATISTICS)?;
                let (guild, user) = (guild.to_string(), user.to_string());
                Box::new(move || {
                    sum(&mut statement, params![guild, user, since], |row| {
                        let characters: Option<Sum> = row.get(1)?;
                        Ok(row.get::<_, Sum>(0)? + characters.unwrap_or(0) + row.get::<_, Sum>(2)?)
                    })
                })
            }
            Self::VoiceActivity { guild, since } => {
                let mut statement = bare.prepare(VOICE_ACTIVITY)?;
                let guild = guild.to_string();
                Box::new(move || sum(&mut statement, params![guild, since], |row| row.get("session_count")))
            }
        })
    }
}

fn sum(
    statement: &mut Statement<'_>,
    params: impl Params,
    of: impl Fn(&Row<'_>) -> rusqlite::Result<Sum>,
) -> Result<Sum, Failure> {
    let mut rows = statement.query(params)?;
    let mut sum = 0;
    while let Some(row) = rows.next()? {
        sum += of(row)?;
    }
    Ok(sum)
}

/// The start of the windows.
#[derive(Clone, Copy, Debug)]
enum Edges {
    /// At a midnight in UTC.
    Days,
    /// At an instant within a day. The query reads all messages from it to midnight.
    Instants,
}

impl Edges {
    fn start(self, file: &File, days: i64) -> DateTime<Utc> {
        let start = file.now - TimeDelta::days(days);
        match self {
            Self::Days => start.date_naive().and_time(NaiveTime::MIN).and_utc(),
            Self::Instants => start,
        }
    }
}

/// Returns questions that read single events.
fn of_single_events<'a>(
    name: &str,
    guild: GuildId,
    user: UserId,
    channel: ChannelId,
    now: DateTime<Utc>,
    window: Window,
) -> [(String, Ask<'a>, Option<Sql>); 4] {
    let member: Ask<'a> = Box::new(move |conn| {
        let member = MemberStatistics::of(guild, user).now(now).within(window).zone(Berlin).load(conn)?;
        Ok(i64::try_from(member.active_days)?)
    });
    let active: Ask<'a> = Box::new(move |conn| {
        let active = ActiveMembers::of(guild).within(window).zone(Berlin).load(conn)?;
        Ok(i64::try_from(active.user_count)?)
    });
    let written: Ask<'a> = Box::new(move |conn| {
        let answer = HeatMap::of(guild).only_channels(&[channel]).within(window).load(conn)?;
        Ok(i64::try_from(answer.messages)?)
    });
    let talked: Ask<'a> = Box::new(move |conn| {
        Ok(i64::try_from(VoiceHeatMap::of(guild).within(window).load(conn)?.voice_time.as_millis())?)
    });
    [
        (format!("member in a zone, {name}"), member, None),
        (format!("active members in a zone, {name}"), active, None),
        (format!("heat map of a channel, {name}"), written, None),
        (format!("voice heat map, {name}"), talked, None),
    ]
}

/// Returns each query with its name and the statement to compare it with.
fn questions<'a>(
    file: &File,
    edges: Edges,
    conn: &mut SqliteConnection,
) -> Result<Vec<(String, Ask<'a>, Option<Sql>)>, Failure> {
    let guild = file.guild_id;
    let mut questions: Vec<(String, Ask<'a>, Option<Sql>)> = Vec::new();
    let windows = [("30 days", Some(30)), ("365 days", Some(365)), ("all time", None)];
    for (name, days) in windows {
        let start = days.map(|days| edges.start(file, days));
        let sql = Sql::GuildLeaderboard { guild, since: seconds(start) };
        questions.push((format!("message leaderboard, {name}"), message_leaderboard(guild, window(start)?), Some(sql)));
    }
    if matches!(edges, Edges::Instants) {
        let start = Some(Edges::Days.start(file, 30));
        let sql = Sql::GuildLeaderboard { guild, since: seconds(start) };
        questions.push((
            "message leaderboard, 30 whole days".into(),
            message_leaderboard(guild, window(start)?),
            Some(sql),
        ));
    }
    let most = Leaderboard::messages(guild).bots(Bots::Include).limit(1).load(conn)?;
    let user = most.entries.first().ok_or("the file has no messages")?.user_id;
    let busiest = Channels::of(guild).bots(Bots::Include).limit(1).load(conn)?;
    let busiest = busiest.channels.first().ok_or("the file has no messages")?.channel_id;
    for (name, days) in windows {
        let start = days.map(|days| edges.start(file, days));
        let window = window(start)?;
        let sql = Sql::UserStatistics { guild, user, since: seconds(start) };
        let ask: Ask<'a> = Box::new(move |conn| {
            let answer = UserStatistics::of(guild, user).within(window).load(conn)?;
            Ok(i64::try_from(answer.messages + answer.attachments)? + answer.characters.unwrap_or(0))
        });
        questions.push((format!("user statistics, {name}"), ask, Some(sql)));
    }
    for (name, days) in windows {
        let start = days.map(|days| edges.start(file, days));
        let sql = Sql::VoiceActivity { guild, since: seconds(start) };
        questions.push((format!("voice leaderboard, {name}"), voice_leaderboard(guild, window(start)?), Some(sql)));
    }
    for (name, days) in windows {
        let window = window(days.map(|days| edges.start(file, days)))?;
        let ask: Ask<'a> =
            Box::new(move |conn| Ok(i64::try_from(HeatMap::of(guild).within(window).load(conn)?.messages)?));
        questions.push((format!("heat map, {name}"), ask, None));
    }
    let now = file.now;
    for (name, days) in windows {
        let window = window(days.map(|days| edges.start(file, days)))?;
        let member: Ask<'a> = Box::new(move |conn| {
            let member = MemberStatistics::of(guild, user).now(now).within(window).load(conn)?;
            let written = member.written;
            Ok(i64::try_from(written.messages + written.characters + written.attachments)?)
        });
        // Mocha's answer has much more than the three numbers to compare.
        let since = seconds(days.map(|days| edges.start(file, days)));
        questions.push((format!("member, {name}"), member, Some(Sql::UserStatistics { guild, user, since })));
        let active: Ask<'a> = Box::new(move |conn| {
            let active = ActiveMembers::of(guild).within(window).load(conn)?;
            Ok(i64::try_from(active.user_count)?)
        });
        questions.push((format!("active members, {name}"), active, None));
        let overview: Ask<'a> = Box::new(move |conn| {
            let overview = GuildOverview::of(guild).within(window).load(conn)?;
            Ok(i64::try_from(overview.messages.value)?)
        });
        questions.push((format!("guild overview, {name}"), overview, None));
        let returned: Ask<'a> = Box::new(move |conn| {
            let answer = MemberReturn::of(guild).within(window).now(now).load(conn)?;
            Ok(i64::try_from(answer.days.iter().map(|day| day.joined + day.returned).sum::<u64>())?)
        });
        questions.push((format!("return, {name}"), returned, None));
        let report: Ask<'a> = Box::new(move |conn| {
            let report = GuildReport::of(guild, window).load(conn)?;
            Ok(i64::try_from(report.overview.messages.value)?)
        });
        questions.push((format!("report, {name}"), report, None));
        questions.extend(of_single_events(name, guild, user, busiest, now, window));
    }
    let segments: Ask<'a> = Box::new(move |conn| {
        let answer = MemberSegments::of(guild, now).load(conn)?;
        Ok(i64::try_from(answer.new + answer.active + answer.at_risk + answer.dormant)?)
    });
    questions.push(("segments".into(), segments, None));
    let card: Ask<'a> = Box::new(move |conn| {
        let card = MemberCard::of(guild, user, now).load(conn)?;
        Ok(i64::try_from(card.statistics.written.messages)?)
    });
    questions.push(("member card".into(), card, None));
    let since: Ask<'a> = Box::new(move |conn| Ok(i64::try_from(MembersSince::of(guild).load(conn)?.members)?));
    questions.push(("members since".into(), since, None));
    if let Some(guild) = file.small_guild_id {
        let sql = Sql::GuildLeaderboard { guild, since: 0 };
        questions.push((
            "message leaderboard, small guild".into(),
            message_leaderboard(guild, Window::all()),
            Some(sql),
        ));
        let sql = Sql::VoiceActivity { guild, since: 0 };
        questions.push(("voice leaderboard, small guild".into(), voice_leaderboard(guild, Window::all()), Some(sql)));
    }
    Ok(questions)
}

fn window(start: Option<DateTime<Utc>>) -> Result<Window, Failure> {
    Ok(start.map_or(Ok(Window::all()), Window::since)?)
}

fn seconds(start: Option<DateTime<Utc>>) -> i64 {
    start.map_or(0, |start| start.timestamp())
}

fn message_leaderboard<'a>(guild: GuildId, window: Window) -> Ask<'a> {
    Box::new(move |conn| {
        let board = Leaderboard::messages(guild).within(window).bots(Bots::Include).limit(TOP).load(conn)?;
        Ok(i64::try_from(board.entries.iter().map(|entry| entry.value * entry.rank).sum::<u64>())?)
    })
}

/// The checksum includes sessions but not time. The statement adds up the whole time of sessions that ended, and Mocha adds up
/// the time within the window.
fn voice_leaderboard<'a>(guild: GuildId, window: Window) -> Ask<'a> {
    Box::new(move |conn| {
        let board = Leaderboard::voice(guild).within(window).bots(Bots::Include).load(conn)?;
        Ok(i64::try_from(
            board.entries.iter().filter_map(|entry| entry.voice).map(|voice| voice.sessions).sum::<u64>(),
        )?)
    })
}

fn measure(criterion: &mut Criterion, file: &File) -> Result<(), Failure> {
    let mut conn = connect(&file.path)?;
    let mut group = criterion.benchmark_group("questions");
    group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    for (name, mut ask, _) in questions(file, Edges::Instants, &mut conn)? {
        group.bench_function(name, |bencher| bencher.iter(|| ask(&mut conn).expect("the file answers")));
    }
    group.finish();
    Ok(())
}
