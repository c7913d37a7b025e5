//! Measures the peak of the memory that Rust allocates for a query. SQLite's page cache comes on top, which a PRAGMA limits.
//!
//! `cargo bench -p mocha-benches --bench memory`, on the files of the benchmark `questions`.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::path::Path;

use chrono::TimeDelta;
use diesel::{Connection as _, SqliteConnection};
use mocha_benches::{Failure, File, community, irc};
use mocha_stats::{ActiveMembers, Channels, Error, GuildOverview, HeatMap, Leaderboard, MemberStatistics, Window};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

type Ask = Box<dyn FnOnce(&mut SqliteConnection) -> Result<(), Error>>;

fn main() -> Result<(), Failure> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    measure("community", &community(folder)?)?;
    if let Some(irc) = irc(folder)? {
        measure("irc", &irc)?;
    }
    Ok(())
}

fn measure(name: &str, file: &File) -> Result<(), Failure> {
    let (guild, now) = (file.guild_id, file.now);
    let mut conn = SqliteConnection::establish(file.path.to_str().ok_or("the path is not UTF-8")?)?;
    let year = Window::since(now - TimeDelta::days(365))?;
    let user = Leaderboard::messages(guild).limit(1).load(&mut conn)?;
    let user = user.entries.first().ok_or("the file has no messages")?.user_id;
    for (window_name, window) in [("365 days", year), ("all time", Window::all())] {
        let questions: [(&str, Ask); 8] = [
            (
                "message leaderboard",
                Box::new(move |conn| Leaderboard::messages(guild).within(window).load(conn).map(drop)),
            ),
            ("active days", Box::new(move |conn| Leaderboard::active_days(guild).within(window).load(conn).map(drop))),
            ("voice leaderboard", Box::new(move |conn| Leaderboard::voice(guild).within(window).load(conn).map(drop))),
            ("channels", Box::new(move |conn| Channels::of(guild).within(window).load(conn).map(drop))),
            ("heat map", Box::new(move |conn| HeatMap::of(guild).within(window).load(conn).map(drop))),
            ("active members", Box::new(move |conn| ActiveMembers::of(guild).within(window).load(conn).map(drop))),
            ("guild overview", Box::new(move |conn| GuildOverview::of(guild).within(window).load(conn).map(drop))),
            (
                "member",
                Box::new(move |conn| MemberStatistics::of(guild, user).now(now).within(window).load(conn).map(drop)),
            ),
        ];
        for (question, ask) in questions {
            let before = ALLOCATED.current_usage();
            ALLOCATED.reset_peak_usage();
            ask(&mut conn)?;
            let peak = ALLOCATED.peak_usage().saturating_sub(before);
            println!("{name}: {question}, {window_name}: {} kB", peak / 1_000);
        }
    }
    Ok(())
}
