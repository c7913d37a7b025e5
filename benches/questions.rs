//! Measures how fast queries are, compared with the documented statements on the same file.
//!
//! `cargo bench -p mocha-benches --bench questions`. The documented statements are prepared in advance. Both connections have
//! the same PRAGMAs. Both compute the same: the first ten users since an instant, bots included. The first run creates the
//! files in the folder `tmp` of the target folder. A word after `--` selects the queries whose names contain it.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{path::Path, time::Duration};

use criterion::Criterion;
use mocha_benches::{
    Failure, File, PRAGMAS, community, connect, irc, is_test, median,
    questions::{Edges, Sql, Sum, questions},
    single_and_double,
    timing::{millis, ratio, time},
};
use mocha_stats::AnyConnection;
use rusqlite::{Connection, params_from_iter, types::Value};

/// The number of rounds. A round runs both queries once.
const ROUNDS: usize = 3;

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

/// A prepared documented statement with all its arguments.
type Run<'a> = Box<dyn FnMut() -> Result<Sum, Failure> + 'a>;

/// Prints the time of each query, as the median of alternating rounds, and how many times as long the SQL takes.
fn compare(name: &str, file: &File) -> Result<(), Failure> {
    let rounds = if is_test() { 1 } else { ROUNDS };
    println!("{:<40}{:>15}{:>15}{:>10}", format!("{name}, median of {rounds}, ms"), "Mocha", "SQL", "SQL/Mocha");
    let questions = questions(file, Edges::Instants, &mut AnyConnection::Sqlite(&mut connect(&file.path)?))?;
    for (question, mut ask, sql) in questions.into_iter().filter(|(name, ..)| is_asked(name)) {
        let (mut asked, mut ran) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            // One connection at a time, because the order of opening two connections changes the times by half.
            let (asking, sum) = {
                let mut conn = connect(&file.path)?;
                let mut conn = AnyConnection::Sqlite(&mut conn);
                ask(&mut conn)?;
                time(|| ask(&mut conn))?
            };
            asked.push(asking);
            if let Some(sql) = &sql {
                let bare = Connection::open(&file.path)?;
                bare.execute_batch(PRAGMAS)?;
                let mut run = prepare(sql, &bare)?;
                run()?;
                let (running, expected) = time(run)?;
                ran.push(running);
                if sum != expected {
                    return Err(format!("{question}: {sum} is not {expected}").into());
                }
            }
        }
        let (asked, ran) = (median(asked).unwrap_or_default(), median(ran));
        let none = || "-".to_owned();
        let ratio = ran.map_or_else(none, |ran| ratio(ran, asked));
        println!("  {question:<38}{:>15}{:>15}{ratio:>10}", millis(asked), ran.map_or_else(none, millis));
    }
    Ok(())
}

/// Prints how much longer each query about whole days takes with twice as many messages of each user.
fn grow(folder: &Path) -> Result<(), Failure> {
    let [single, double] = single_and_double(folder)?;
    let (mut few, mut many) = (connect(&single.path)?, connect(&double.path)?);
    let (mut few, mut many) = (AnyConnection::Sqlite(&mut few), AnyConnection::Sqlite(&mut many));
    let rounds = if is_test() { 1 } else { ROUNDS };
    println!("{:<40}{:>15}{:>15}{:>10}", format!("growth, median of {rounds}, ms"), "single", "double", "ratio");
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
        let ratio = ratio(many, few);
        println!("  {question:<38}{:>15}{:>15}{ratio:>10}", millis(few), millis(many));
    }
    Ok(())
}

fn is_asked(question: &str) -> bool {
    std::env::args().skip(1).filter(|word| !word.starts_with('-')).all(|word| question.contains(&word))
}

fn prepare<'a>(sql: &'a Sql, bare: &'a Connection) -> Result<Run<'a>, Failure> {
    let mut statement = bare.prepare(sql.text())?;
    let ids = sql.ids().iter().map(|id| Value::Text(id.to_string()));
    let params: Vec<Value> = ids.chain(sql.numbers().iter().copied().map(Value::Integer)).collect();
    Ok(Box::new(move || {
        let mut rows = statement.query(params_from_iter(&params))?;
        let mut sum = 0;
        while let Some(row) = rows.next()? {
            // The first column is a user id, as text, or a number.
            let first = row.get_ref(0)?.as_i64().ok();
            sum += sql.sum_of([first, row.get(1)?, row.get(2)?]);
        }
        Ok(sum)
    }))
}

fn measure(criterion: &mut Criterion, file: &File) -> Result<(), Failure> {
    let mut conn = connect(&file.path)?;
    let mut conn = AnyConnection::Sqlite(&mut conn);
    let mut group = criterion.benchmark_group("questions");
    group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    for (name, mut ask, _) in questions(file, Edges::Instants, &mut conn)? {
        group.bench_function(name, |bencher| bencher.iter(|| ask(&mut conn).expect("the file answers")));
    }
    group.finish();
    Ok(())
}
