#![allow(warnings, clippy::all, clippy::pedantic, clippy::restriction)]
use diesel::prelude::*;
use mocha_stats::*;
use std::time::Instant;
fn main() {
    let mut conn = SqliteConnection::establish(&std::env::args().nth(1).unwrap()).unwrap();
    for p in ["PRAGMA cache_size = 10000", "PRAGMA mmap_size = 268435456", "PRAGMA temp_store = MEMORY"] { diesel::connection::SimpleConnection::batch_execute(&mut conn, p).unwrap(); }
    let g: mocha_schema::GuildId = std::env::args().nth(2).unwrap().parse().unwrap();
    #[derive(QueryableByName)] struct R { #[diesel(sql_type = diesel::sql_types::BigInt)] n: i64 }
    let last: R = diesel::sql_query("SELECT max(created_at) AS n FROM message_events").get_result(&mut conn).unwrap();
    let at = |s: i64| chrono::DateTime::from_timestamp(s, 0).unwrap();
    let now = last.n - 503 * 60;
    for _ in 0..3 {
        for (n, w) in [("30", Window::since(at(now - 30 * 86400)).unwrap()), ("365", Window::since(at(now - 365 * 86400)).unwrap()), ("all", Window::all())] {
            let s = Instant::now();
            let a = Leaderboard::messages(g).within(w).bots(Bots::Include).limit(10).load(&mut conn).unwrap();
            println!("{n} {:?} {} {}", s.elapsed(), a.total, a.users);
        }
        if std::env::args().nth(3).is_some() {
            let s = Instant::now();
            let r: Vec<R> = diesel::sql_query(format!("SELECT COUNT(*) AS n, RANK() OVER (ORDER BY COUNT(*) DESC) as rank FROM message_events WHERE guild_id = '{}' AND created_at >= 0 GROUP BY user_id ORDER BY n DESC LIMIT 10", g.get())).load(&mut SqliteConnection::establish(&std::env::args().nth(1).unwrap()).unwrap()).unwrap();
            println!("sql {:?}", s.elapsed());
        }
    }
}
