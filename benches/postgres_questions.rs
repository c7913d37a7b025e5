//! Measures how fast queries are on PostgreSQL, compared with the documented statements on the same server.
//!
//! `cargo bench -p mocha-benches --features postgres --bench postgres_questions`. It starts a private server on the disk of the
//! target folder, or uses that of `MOCHA_POSTGRES_URL`, and moves the file of the real community into it (`MOCHA_DATA`), or that
//! of the simulated one without the data. Both compute the same: the first ten users since an instant, bots included.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{path::Path, time::Instant};

use diesel::{
    Connection as _, PgConnection, QueryableByName, RunQueryDsl as _,
    connection::SimpleConnection as _,
    sql_query,
    sql_types::{BigInt, Nullable},
};
use mocha_benches::{
    Failure, community, irc, is_test, median,
    questions::{Edges, Sql, Sum, questions},
    timing::{millis, ratio, time},
};
use mocha_discord::{AnyStore, Mover, PgStore};
use mocha_stats::AnyConnection;
use mocha_test_postgres::Database;

const ROUNDS: usize = 3;

fn main() -> Result<(), Failure> {
    let Some(database) = Database::create() else {
        println!("skipped, because PostgreSQL is missing");
        return Ok(());
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (name, file) = match irc(folder)? {
        Some(file) => ("irc", file),
        None => ("community", community(folder)?),
    };
    let start = Instant::now();
    let path = file.path.to_str().ok_or("the path is not UTF-8")?;
    let moved = Mover::new(&AnyStore::open(path)?, &AnyStore::open(database.url())?).run()?;
    if !moved.is_complete() {
        return Err(format!("the move is not complete: {moved:?}").into());
    }
    println!("{name}: moved and compared in {} s", start.elapsed().as_secs());
    // As the documentation says: once a day.
    PgStore::connect(database.url())?.pack_quarters()?;
    let mut conn = PgConnection::establish(database.url())?;
    conn.batch_execute("VACUUM ANALYZE")?;
    let rounds = if is_test() { 1 } else { ROUNDS };
    println!("{:<40}{:>12}{:>12}{:>10}", format!("median of {rounds}, ms"), "Mocha", "SQL", "SQL/Mocha");
    let asked = questions(&file, Edges::Instants, &mut AnyConnection::Postgres(&mut conn))?;
    for (question, mut ask, sql) in asked {
        let (mut times, mut ran) = (Vec::new(), Vec::new());
        // The first run prepares statements and reads pages from the disk.
        ask(&mut AnyConnection::Postgres(&mut conn))?;
        for _ in 0..rounds {
            let (asked, answer) = time(|| ask(&mut AnyConnection::Postgres(&mut conn)))?;
            times.push(asked);
            if let Some(sql) = &sql {
                let (running, expected) = time(|| run(sql, &mut conn))?;
                ran.push(running);
                if answer != expected {
                    return Err(format!("{question}: {answer} is not {expected}").into());
                }
            }
        }
        let (asked, ran) = (median(times).unwrap_or_default(), median(ran));
        let (sql, ratio) = (ran.map(millis).unwrap_or_default(), ran.map(|ran| ratio(ran, asked)).unwrap_or_default());
        println!("  {question:<38}{:>12}{sql:>12}{ratio:>10}", millis(asked));
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Columns {
    #[diesel(sql_type = Nullable<BigInt>)]
    first: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    second: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    third: Option<i64>,
}

/// Runs a documented statement, with PostgreSQL's types and placeholders.
fn run(sql: &Sql, conn: &mut PgConnection) -> Result<Sum, Failure> {
    let mut text = sql.text().trim_end().trim_end_matches(';').replace("has_attachment = 1", "has_attachment");
    let args: Vec<i64> = sql
        .ids()
        .iter()
        .map(|id| i64::try_from(*id))
        .chain(sql.numbers().iter().copied().map(Ok))
        .collect::<Result<_, _>>()?;
    for number in 1..=args.len() {
        text = text.replacen('?', &format!("${number}"), 1);
    }
    let mut query = sql_query(format!(
        "SELECT first::bigint, second::bigint, third::bigint FROM ({text}) AS documented (first, second, third)"
    ))
    .into_boxed();
    for arg in args {
        query = query.bind::<BigInt, _>(arg);
    }
    let rows: Vec<Columns> = query.load(conn)?;
    Ok(rows.into_iter().map(|Columns { first, second, third }| sql.sum_of([first, second, third])).sum())
}
