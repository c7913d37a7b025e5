//! A process that is killed while it applies a retention policy.

mod support;

use std::{
    io::{BufRead, BufReader, Write},
    ops::ControlFlow,
    path::Path,
    process::{Command, Stdio},
};

use mocha_store::{Keep, RetentionPolicy, Rollup, Store};
use support::*;

const DAY: i64 = 86_400_000;
const MESSAGES: u64 = 5_000;

/// The variable that names the file for the process that is killed.
const FILE: &str = "MOCHA_TEST_FILE";

fn retention() -> RetentionPolicy {
    RetentionPolicy::default().messages(Keep::Days(0))
}

/// The process that is killed.
#[test]
fn child() -> TestResult {
    let Some(path) = std::env::var_os(FILE) else { return Ok(()) };
    let store = Store::open(Path::new(&path))?;
    let mut out = std::io::stderr();
    store
        .apply_retention_at(&retention(), at(100 * DAY))
        .on_progress(|so_far| {
            let told = writeln!(out, "deleted {}", so_far.message_events);
            if told.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .run()?;
    Ok(())
}

#[test]
fn after_a_kill_the_next_run_completes_the_retention() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = Store::open(&path)?;
    let span = i64::try_from(MESSAGES)? * 1000;
    record(&store, (0..MESSAGES).zip(0..).map(|(number, second)| message(second * 1000 % span, 100 + number, 20, 40)))?;
    let sums = |store: &Store| lines(store, "SELECT sum(messages) || ' ' || sum(words) AS line FROM message_days");
    let before = sums(&store)?;

    let mut killed = 0;
    for batches in 1..4 {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["child", "--exact", "--nocapture"])
            .env(FILE, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let told = BufReader::new(child.stderr.take().ok_or("its output is piped")?).lines();
        let told = told.map_while(Result::ok).filter(|line| line.starts_with("deleted ")).take(batches).count();
        child.kill()?;
        killed += u32::from(!child.wait()?.success() && told == batches);
        for rollup in Rollup::ALL {
            assert_eq!(store.verify(rollup).run()?.differences, []);
        }
        assert_eq!(sums(&store)?, before);
    }
    assert!(killed > 0, "no process was killed in time");

    let rest = store.apply_retention_at(&retention(), at(100 * DAY)).run()?;
    assert!(rest.complete && rest.message_events < MESSAGES, "{rest:?}");
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM message_events")?, ["0"]);
    assert_eq!(sums(&store)?, before);
    assert_eq!(lines(&store, "SELECT integrity_check AS line FROM pragma_integrity_check")?, ["ok"]);
    Ok(())
}
