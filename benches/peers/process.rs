//! A peer that runs as a program of its own. It reads commands as lines of JSON and answers each with a line.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use mocha_benches::Failure;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::peer::{Answer, LEAST_RUNS, LEAST_TIME, MOST_RUNS, Peer, Question, Rate};

pub(crate) struct Process {
    child: Child,
    file: PathBuf,
    imports: bool,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "do")]
enum Order<'a> {
    Answer { question: &'a Question },
    Import { path: &'a Path },
    Insert { path: &'a Path },
    Time { least_millis: u128, least_runs: usize, most_runs: usize, question: &'a Question },
    Versions,
}

#[derive(Deserialize)]
struct Done {
    len: usize,
    nanos: u64,
}

impl Process {
    /// Starts a program with a script. The script creates a file or continues with one.
    pub(crate) fn start(program: &Path, script: &Path, file: &Path, imports: bool) -> Result<Self, Failure> {
        let mut child = Command::new(program)
            .arg(script)
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let output = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Self { input: child.stdin.take(), child, file: file.to_owned(), imports, output })
    }

    /// Returns the versions of the program.
    pub(crate) fn versions(&mut self) -> Result<String, Failure> {
        self.order(&Order::Versions)
    }

    fn order<T: DeserializeOwned>(&mut self, order: &Order<'_>) -> Result<T, Failure> {
        let input = self.input.as_mut().ok_or("no input")?;
        writeln!(input, "{}", serde_json::to_string(order)?)?;
        input.flush()?;
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("a peer ended before it answered".into());
        }
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The program ends when its input is closed.
        drop(self.input.take());
        drop(self.child.wait());
    }
}

impl Peer for Process {
    fn import(&mut self, head: &Path) -> Result<Option<Duration>, Failure> {
        if !self.imports {
            return Ok(None);
        }
        let Done { nanos, .. } = self.order(&Order::Import { path: head })?;
        Ok(Some(Duration::from_nanos(nanos)))
    }

    fn insert(&mut self, tail: &Path) -> Result<Rate, Failure> {
        let Done { len, nanos } = self.order(&Order::Insert { path: tail })?;
        Ok(Rate { len, time: Duration::from_nanos(nanos) })
    }

    fn bytes(&self) -> Result<u64, Failure> {
        Ok(fs::metadata(&self.file)?.len())
    }

    fn answer(&mut self, question: &Question) -> Result<Answer, Failure> {
        self.order(&Order::Answer { question })
    }

    fn time(&mut self, question: &Question) -> Result<Duration, Failure> {
        let least_millis = LEAST_TIME.as_millis();
        let order = Order::Time { least_millis, least_runs: LEAST_RUNS, most_runs: MOST_RUNS, question };
        let Done { nanos, .. } = self.order(&order)?;
        Ok(Duration::from_nanos(nanos))
    }
}
