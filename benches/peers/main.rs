//! Compares Mocha with its peers on the same messages and questions. Each answer is compared before it is timed.
//!
//! `benches/peers/run.sh` downloads the peers and runs this program.
#![expect(clippy::print_stdout, reason = "progress is printed")]

mod data;
mod machine;
mod mocha;
mod peer;
mod process;
mod report;
mod sqlite;

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use mocha_benches::Failure;

use crate::{
    data::{DAYS, Data, Source},
    mocha::Mocha,
    peer::{Answer, Kind, Peer, Question, Rate, TOP},
    process::Process,
    report::Report,
    sqlite::Sqlite,
};

/// The measured programs, in the order of the columns.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Name {
    Mocha,
    Sqlite,
    Original,
    DuckDb,
}

/// The figures of a program.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) bytes: u64,
    pub(crate) import: Option<Rate>,
    pub(crate) insert: Rate,
    pub(crate) times: Vec<(Question, Duration)>,
}

/// The figures of all programs for one set of messages.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) data: Data,
    pub(crate) duck_db: Figures,
    pub(crate) mocha: Figures,
    pub(crate) original: Figures,
    pub(crate) sqlite: Figures,
}

impl Measured {
    pub(crate) fn of(&self, name: Name) -> &Figures {
        match name {
            Name::DuckDb => &self.duck_db,
            Name::Mocha => &self.mocha,
            Name::Original => &self.original,
            Name::Sqlite => &self.sqlite,
        }
    }
}

/// The folders and programs.
struct Places {
    work: PathBuf,
}

impl Places {
    /// An empty folder for messages and files.
    fn empty(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.work.join("files").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    fn original(&self, folder: &Path) -> Result<Process, Failure> {
        let home = self.work.join("original");
        Process::start(&home.join("node_modules/.bin/bun"), &home.join("peer.ts"), &folder.join("stats.db"), false)
    }

    fn duck_db(&self, folder: &Path) -> Result<Process, Failure> {
        let home = self.work.join("duckdb");
        Process::start(&home.join("venv/bin/python"), &home.join("peer.py"), &folder.join("stats.duckdb"), true)
    }
}

fn main() -> Result<(), Failure> {
    let mut args = env::args().skip(1);
    let (Some(work), Some(document)) = (args.next(), args.next()) else {
        return Err("run it with benches/peers/run.sh".into());
    };
    let (places, document) = (Places { work: work.into() }, PathBuf::from(document));
    let mut report = Report::new(versions(&places)?, &places.work);
    for source in args.map(|arg| Source::of(&arg)).collect::<Result<Vec<_>, _>>()? {
        if source.is_there() {
            report.add(measure(source, &places)?);
            // The document is written after each set, so an early end keeps the figures.
            fs::write(&document, report.to_string())?;
        } else {
            println!("the real data is missing (`MOCHA_DATA` names its folder)");
        }
    }
    fs::remove_dir_all(places.work.join("files"))?;
    println!("{report}");
    Ok(())
}

fn versions(places: &Places) -> Result<[String; 4], Failure> {
    let folder = places.empty("versions")?;
    let sqlite = rusqlite::version();
    Ok([
        format!("{}, with SQLite {sqlite}", env!("CARGO_PKG_VERSION")),
        sqlite.to_owned(),
        places.original(&folder)?.versions()?,
        places.duck_db(&folder)?.versions()?,
    ])
}

/// Measures the programs one after the other, so that none shares the disk with another.
fn measure(source: Source, places: &Places) -> Result<Measured, Failure> {
    let data = Data::export(source, &places.empty("messages")?)?;
    println!("{data} messages of {} people in {} days", report::thousands(&data.people), data.days);
    let mut run = Run { data: &data, expected: Vec::new(), questions: questions(&data) };
    let (original, own) = (places.empty("original")?, places.empty("own")?);
    let mut bare = Sqlite::new(&own)?;
    let import = bare.import(&data.head)?;
    // The original has no import, so it continues with a file that bare SQLite filled.
    bare.copy(&original.join("stats.db"))?;
    let sqlite = run.figures("SQLite", &mut bare, import)?;
    drop(bare);
    places.empty("own")?;
    let original = run.all("original", &mut places.original(&original)?)?;
    places.empty("original")?;
    let duck_db = run.all("DuckDB", &mut places.duck_db(&places.empty("own")?)?)?;
    let mocha = run.all("Mocha", &mut Mocha::new(&places.empty("own")?))?;
    Ok(Measured { data, duck_db, mocha, original, sqlite })
}

struct Run<'a> {
    data: &'a Data,
    /// The answers of the first program.
    expected: Vec<Answer>,
    questions: Vec<Question>,
}

impl Run<'_> {
    fn all(&mut self, name: &str, peer: &mut dyn Peer) -> Result<Figures, Failure> {
        let import = peer.import(&self.data.head)?;
        self.figures(name, peer, import)
    }

    /// Measures a program that has imported all messages except the last ones.
    fn figures(&mut self, name: &str, peer: &mut dyn Peer, import: Option<Duration>) -> Result<Figures, Failure> {
        if let Some(time) = import {
            println!("  {name} imported in {:.1} s", time.as_secs_f64());
        }
        let start = Instant::now();
        let insert = peer.insert(&self.data.tail)?;
        let import = import.map(|time| Rate { len: self.data.head_len, time });
        let bytes = peer.bytes()?;
        let mut times = Vec::new();
        for (number, question) in self.questions.iter().enumerate() {
            let answer = peer.answer(question)?.in_order(question.kind);
            match self.expected.get(number) {
                Some(expected) if *expected != answer => {
                    return Err(format!("{name} answers {question:?} with {answer:?} instead of {expected:?}").into());
                }
                Some(_) => {}
                None => self.expected.push(answer),
            }
            times.push((*question, peer.time(question)?));
        }
        println!("  {name} inserted and answered in {:.1} s", start.elapsed().as_secs_f64());
        Ok(Figures { bytes, import, insert, times })
    }
}

/// Returns all questions, by kind and window.
fn questions(data: &Data) -> Vec<Question> {
    let Data { guild, last, user, .. } = *data;
    let kinds = [Kind::Leaderboard, Kind::UserStatistics, Kind::HeatMap];
    let of = |kind| {
        DAYS.map(|days| {
            let since = days.map_or(0, |days| last - days * 86_400);
            Question { days, guild, kind, last, since, top: TOP, user }
        })
    };
    kinds.into_iter().flat_map(of).collect()
}
