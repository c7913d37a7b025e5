//! Processes that open and write one file at the same time.

mod support;

use std::process::{Child, Command};

use mocha_store::{Clock, Store};
use support::*;

const PROCESSES: u64 = 4;
const MESSAGES: u64 = 500;

/// Each of the processes.
#[test]
fn child() -> TestResult {
    let (Ok(path), Ok(number)) = (std::env::var("MOCHA_CHILD_FILE"), std::env::var("MOCHA_CHILD_NUMBER")) else {
        return Ok(());
    };
    let number: u64 = number.parse()?;
    let store = Store::builder().clock(Clock::Events).batch_len(50).open(path)?;
    // All processes record half of the messages.
    record(&store, (0..MESSAGES).map(|n| message(0, if n % 2 == 0 { 1 + n } else { 10_000 * number + n }, 20, 40)))?;
    Ok(())
}

#[test]
fn processes_open_a_new_file_at_once_and_no_event_is_lost_or_doubled() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let spawn = |number: u64| -> std::io::Result<Child> {
        Command::new(std::env::current_exe()?)
            .args(["child", "--exact", "--test-threads=1"])
            .env("MOCHA_CHILD_FILE", &path)
            .env("MOCHA_CHILD_NUMBER", number.to_string())
            .spawn()
    };
    let children: Vec<Child> = (1..=PROCESSES).map(spawn).collect::<Result<_, _>>()?;
    for mut child in children {
        assert!(child.wait()?.success());
    }
    let store = Store::open(&path)?;
    let expected = MESSAGES / 2 + PROCESSES * MESSAGES / 2;
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, [expected.to_string()]);
    assert_eq!(lines(&store, "SELECT integrity_check AS line FROM pragma_integrity_check")?, ["ok"]);
    Ok(())
}

#[test]
fn a_process_does_not_end_the_sessions_that_another_records() -> TestResult {
    let folder = tempfile::tempdir()?;
    let open = || Store::builder().clock(Clock::Events).open(folder.path().join("stats.db"));
    let (one, other) = (open()?, open()?);
    let recorder = one.recorder()?;
    recorder.record(voice(0, 40, Some(20)))?;
    recorder.flush()?;
    // The other process receives events of another guild only, for long enough to give up on missing guilds.
    record(&other, [user(3_600_000, 41, "ferris"), message(3_600_000, 1, 20, 41)])?;
    recorder.record(voice(7_200_000, 40, None))?;
    recorder.flush()?;
    assert_eq!(
        lines(&one, "SELECT event_type || ' ' || duration AS line FROM voice_events ORDER BY created_at")?,
        ["join 0", "leave 7200000"]
    );
    Ok(())
}
