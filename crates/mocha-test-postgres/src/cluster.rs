//! A private server in a temporary folder.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::Programs;

/// A script that creates a server, starts it, waits until the test process ends or closes the pipe, and removes everything.
///
/// Rust runs no destructors of statics, and a killed process runs none at all. The pipe closes in every case.
const SUPERVISOR: &str = r#"
    trap '' INT TERM HUP
    "$bin/initdb" -D "$folder/data" -U mocha -A trust -E UTF8 --no-locale --no-sync >"$folder/log" 2>&1 &&
    printf '%s\n' "$settings" >>"$folder/data/postgresql.conf" &&
    "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w start >/dev/null &&
    echo ready
    cat >/dev/null
    "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1
    rm -rf "$folder"
"#;

/// A private PostgreSQL server, which listens on a socket in a temporary folder. The user is `mocha`, without a password.
///
/// The server ends when the value is dropped, and also when the test process ends in any other way.
#[derive(Debug)]
pub struct Cluster {
    folder: tempfile::TempDir,
    programs: Programs,
    supervisor: Child,
}

impl Cluster {
    /// Creates and starts a server. `settings` are lines of `postgresql.conf`.
    ///
    /// Unless `settings` say otherwise, the server does not wait for the disk (`fsync` is off), because only the machine's
    /// own crash could then lose data.
    ///
    /// # Panics
    ///
    /// If the server does not start.
    #[must_use]
    pub fn start(programs: &Programs, settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("mocha-postgres-").tempdir().unwrap();
        programs.hand_over(folder.path());
        let own =
            format!("listen_addresses = ''\nunix_socket_directories = '{}'\nfsync = off", folder.path().display());
        let settings = [&[own.as_str()], settings].concat().join("\n");
        let mut child = programs
            .script(SUPERVISOR)
            .env("folder", folder.path())
            .env("settings", settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // An interrupt from the keyboard must not reach the script, which has to clean up.
            .process_group(0)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let cluster = Self { folder, programs: programs.clone(), supervisor: child };
        assert_eq!(line, "ready\n", "the server does not start:\n{}", cluster.log());
        cluster
    }

    /// Returns the URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://mocha@/{database}?host={}", self.folder.path().display())
    }

    /// Returns the folder of the socket, the log and the data.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the server's log, or an empty text if there is none.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Kills the server's main process with SIGKILL, and waits until all of the server's processes have ended.
    ///
    /// # Panics
    ///
    /// If the server does not run, or if its other processes do not end within some seconds.
    pub fn kill(&self) {
        let main = self.main_process();
        let others = children(&main);
        let status = Command::new("kill").args(["-9", &main]).status().unwrap();
        assert!(status.success(), "the server does not run");
        // The signal arrives after the command has ended, and the other processes notice only then. Until they do, they commit.
        let deadline = Instant::now() + Duration::from_secs(30);
        while others.iter().chain([&main]).any(|process| is_running(process)) {
            assert!(Instant::now() < deadline, "the server's processes do not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops the server at once and ends all connections.
    ///
    /// # Panics
    ///
    /// If the server does not run.
    pub fn stop(&self) {
        self.control("-m fast -w stop");
    }

    /// Starts the server again after [`stop`](Self::stop) or [`kill`](Self::kill).
    ///
    /// # Panics
    ///
    /// If the server does not start within some seconds.
    pub fn start_again(&self) {
        self.control("-l \"$folder/log\" -w start");
    }

    fn control(&self, arguments: &str) {
        // The remaining processes of a killed server hold its shared memory for a moment.
        let script = format!(
            "for try in 1 2 3 4 5 6 7 8 9 10; do \
                \"$bin/pg_ctl\" -D \"$folder/data\" {arguments} && exit 0; sleep 0.3; \
            done; exit 1"
        );
        let mut command = self.programs.script(&script);
        let output = command.env("folder", self.folder.path()).stdout(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "pg_ctl {arguments}: {said}\n{}", self.log());
    }

    fn main_process(&self) -> String {
        let file: PathBuf = self.folder.path().join("data/postmaster.pid");
        fs::read_to_string(file).unwrap().lines().next().unwrap().to_owned()
    }
}

/// Returns the parent and the state of a process, or nothing if there is no such process.
fn parent_and_state(process: &str) -> Option<(String, String)> {
    let line = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name in parentheses, which can contain anything.
    let mut fields = line.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?.to_owned();
    Some((fields.next()?.to_owned(), state))
}

fn children(process: &str) -> Vec<String> {
    let names = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    names.filter(|name| parent_and_state(name).is_some_and(|(parent, _)| parent == process)).collect()
}

/// A process that has ended may stay in the list as a zombie (`Z`) until its parent asks for it.
fn is_running(process: &str) -> bool {
    parent_and_state(process).is_some_and(|(_, state)| !matches!(state.as_str(), "Z" | "X"))
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The script waits for the end of this pipe. The folder is removed after it.
        drop(self.supervisor.stdin.take());
        drop(self.supervisor.wait());
    }
}
