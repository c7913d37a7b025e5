//! A program that dies during an erasure. Another run deletes the rest, and the user is not recorded in between.

mod support;

use std::{
    env,
    ops::ControlFlow,
    process::{self, Command},
};

use mocha_store::{Clock, Event, Rollup, Store};
use support::{TestResult, id, message, record, voice};

const PERSON: u64 = 987_654_321_098_765_432;
const FILE: &str = "MOCHA_TEST_ERASURE_FILE";

fn open(path: &std::ffi::OsStr) -> Result<Store, mocha_store::Error> {
    Store::builder().clock(Clock::Events).open(path)
}

fn life() -> Vec<Event> {
    let mut events: Vec<Event> =
        (0..3_000).map(|n| message(n * 1_000, 1_000 + n.cast_unsigned(), 20, PERSON)).collect();
    events.push(voice(3_000_000, PERSON, Some(70)));
    events
}

/// The process that kills itself in the middle of an erasure.
#[test]
fn child() -> TestResult {
    let Some(path) = env::var_os(FILE) else { return Ok(()) };
    drop(
        open(&path)?
            .opt_out_user(id(PERSON))
            .on_progress(
                |progress| {
                    if progress.removed < progress.total { process::abort() } else { ControlFlow::Continue(()) }
                },
            )
            .run()?,
    );
    Ok(())
}

#[test]
fn an_erasure_survives_the_death_of_its_program() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, empty) = (folder.path().join("stats.db"), folder.path().join("empty.db"));
    let store = open(path.as_os_str())?;
    record(&store, life())?;
    let status = Command::new(env::current_exe()?).args(["--exact", "child"]).env(FILE, &path).output()?.status;
    assert!(!status.success());

    let left = store.export_user(id(PERSON)).write_to(std::io::sink())?;
    assert!(left > 0 && left < 3_000, "{left}");
    record(&store, life())?;
    assert_eq!(store.export_user(id(PERSON)).write_to(std::io::sink())?, left);
    for rollup in Rollup::ALL {
        assert!(store.verify(rollup).run()?.is_ok(), "{rollup}");
    }

    // `reapply_erasures_from` finds the user by the tombstone.
    drop(open(empty.as_os_str())?);
    assert_eq!(store.reapply_erasures_from(&empty).run()?, 1);
    assert_eq!(store.export_user(id(PERSON)).write_to(std::io::sink())?, 0);
    Ok(())
}
