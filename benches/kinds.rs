//! Measures queries about kinds of events that a bot records only if it asks for them.
//!
//! `cargo bench -p mocha-benches --bench kinds`. The first run creates the file in the folder `tmp` of the target folder, from
//! the real data (`MOCHA_DATA`). Without the data it does nothing.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{hint::black_box, path::Path};

use chrono::{TimeDelta, Weekday};
use diesel::SqliteConnection;
use mocha_benches::{
    Failure, connect, irc_with_kinds, is_test, median,
    timing::{millis, time},
};
use mocha_schema::{GuildId, RoleId};
use mocha_stats::{
    CommandSeries, Commands, Conversations, FirstReplies, Invites, Leaderboard, LevelCurve, LevelUps, Reactions,
    RoleActivity, RoleMembers, ThreadAnswers, Weights, Window,
};

/// The number of rounds.
const ROUNDS: usize = 3;

/// The number of entries of each list.
const TOP: usize = 10;

fn main() -> Result<(), Failure> {
    let Some(file) = irc_with_kinds(Path::new(env!("CARGO_TARGET_TMPDIR")))? else {
        println!("kinds: skipped, because the data is missing (`MOCHA_DATA` names its folder)");
        return Ok(());
    };
    let mut conn = connect(&file.path)?;
    let rounds = if is_test() { 1 } else { ROUNDS };
    println!("{:<32}{:>12}{:>12}{:>12}", format!("median of {rounds}, ms"), "30 days", "365 days", "all time");
    let windows = [Some(30), Some(365), None].map(|days| match days {
        Some(days) => Window::since(file.now - TimeDelta::days(days)),
        None => Ok(Window::all()),
    });
    let [month, year, all] = windows;
    let windows = [month?, year?, all?];
    for (name, ask) in questions(file.guild_id)? {
        print!("{name:<32}");
        for window in windows {
            let times = (0..rounds).map(|_| Ok(time(|| ask(&mut conn, window))?.0));
            let times = times.collect::<Result<Vec<_>, Failure>>()?;
            print!("{:>12}", millis(median(times).unwrap_or_default()));
        }
        println!();
    }
    Ok(())
}

/// A query that is run in a window.
type Ask = Box<dyn Fn(&mut SqliteConnection, Window) -> Result<(), Failure>>;

/// Returns the query that `load` runs, without its answer.
fn ask<T>(load: impl Fn(&mut SqliteConnection, Window) -> Result<T, mocha_stats::Error> + 'static) -> Ask {
    Box::new(move |conn, window| {
        black_box(load(conn, window)?);
        Ok(())
    })
}

fn questions(guild: GuildId) -> Result<Vec<(&'static str, Ask)>, Failure> {
    let points = Weights::new().awards(20).voice_minutes(1).balances(1);
    let score = move |window| Leaderboard::score(guild, points).within(window).limit(TOP);
    let messages = move |window| Leaderboard::messages(guild).within(window).limit(TOP);
    let role = RoleId::try_from(1 << 22)?;
    Ok(vec![
        ("score", ask(move |conn, window| score(window).load(conn))),
        ("score with levels", ask(move |conn, window| score(window).levels(LevelCurve::mee6()).load(conn))),
        ("score, a role doubled", ask(move |conn, window| score(window).multiply_roles(&[role], 200).load(conn))),
        (
            "score, a weekday doubled",
            ask(move |conn, window| score(window).multiply_weekdays(&[Weekday::Sat], 200).load(conn)),
        ),
        ("level-ups, nobody's", ask(move |conn, window| LevelUps::of(score(window), LevelCurve::mee6()).take(conn))),
        ("messages of a role", ask(move |conn, window| messages(window).only_roles(&[role]).load(conn))),
        ("messages by role", ask(move |conn, window| RoleActivity::of(messages(window)).load(conn))),
        ("members by role", ask(move |conn, _| RoleMembers::of(guild).load(conn))),
        ("reactions", ask(move |conn, window| Reactions::of(guild).within(window).limit(TOP).load(conn))),
        ("conversations", ask(move |conn, window| Conversations::of(guild).within(window).limit(TOP).load(conn))),
        ("first replies", ask(move |conn, window| FirstReplies::of(guild).within(window).limit(TOP).load(conn))),
        ("answers in threads", ask(move |conn, window| ThreadAnswers::of(guild).within(window).limit(TOP).load(conn))),
        ("invites", ask(move |conn, window| Invites::of(guild).within(window).limit(TOP).load(conn))),
        ("commands", ask(move |conn, window| Commands::of(guild).within(window).load(conn))),
        ("commands by day", ask(move |conn, window| CommandSeries::of(guild).within(window).load(conn))),
    ])
}
