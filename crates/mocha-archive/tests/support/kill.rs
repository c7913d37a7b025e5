//! Kills a process of a test again and again.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::TestResult;

/// Set for the process that is killed, the test `child` of the same program: the folder, and what to
/// do. It prints `begun` on its standard error when it begins.
pub(crate) const FOLDER: &str = "MOCHA_TEST_FOLDER";
pub(crate) const DO: &str = "MOCHA_TEST_DO";

/// Kills the process after some time; returns whether it had ended by itself.
fn killed_after(folder: &Path, what: &str, time: Duration) -> TestResult<bool> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["child", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env(DO, what)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut said = BufReader::new(child.stderr.take().ok_or("its output is piped")?).lines();
    assert!(said.by_ref().map_while(Result::ok).any(|line| line == "begun"), "the child failed");
    // The time is what is tried, not a wait for something.
    thread::sleep(time);
    child.kill()?;
    Ok(child.wait()?.success())
}

/// Kills it after ever longer times until it ends by itself. Calls `check` after each kill.
pub(crate) fn in_every_phase(folder: &Path, what: &str, mut check: impl FnMut() -> TestResult) -> TestResult {
    let (mut time, mut kills, begun) = (Duration::from_micros(500), 0, Instant::now());
    while !killed_after(folder, what, time)? {
        check()?;
        kills += 1;
        time = time * 5 / 4 + Duration::from_millis(1);
        assert!(begun.elapsed() < Duration::from_mins(5), "it never ends");
    }
    assert!(kills > 2, "{what} was killed {kills} times only");
    check()
}
