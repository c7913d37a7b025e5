//! Erasures and vacuums that a callback stops change nothing, or continue where they stopped.

mod support;

use std::{fs, ops::ControlFlow, path::Path};

use mocha_store::{Clock, Error, ErrorKind, Event, Store, privacy::ErasureProgress};
use support::{TestResult, dump, id, lines, message, record};

const PEOPLE: [u64; 2] = [987_654_321_098_765_431, 987_654_321_098_765_432];
const MESSAGES: i64 = 3_000;

fn open(path: &Path) -> Result<Store, Error> {
    Store::builder().clock(Clock::Events).open(path)
}

fn everybody() -> Vec<Event> {
    let of = |(first, user_id)| (0..MESSAGES).map(move |n| message(n * 1_000, first + n.cast_unsigned(), 20, user_id));
    [1_000, 10_000, 20_000].into_iter().zip(PEOPLE.into_iter().chain([50])).flat_map(of).collect()
}

/// Returns whether the file has the bytes of the user's id.
fn has_traces(path: &Path) -> Result<bool, std::io::Error> {
    let bytes = fs::read(path)?;
    let needles = PEOPLE.map(|person| person.to_string());
    Ok(needles.iter().any(|needle| bytes.windows(needle.len()).any(|window| window == needle.as_bytes())))
}

const fn go_on() -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn a_stopped_vacuum_leaves_the_file_unchanged_and_the_receipt_reports_it() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = open(&path)?;
    record(&store, everybody())?;
    for person in PEOPLE {
        let mut last = None;
        let receipt = store
            .forget_user(id(person))
            .on_progress(|progress: ErasureProgress| {
                // All rows are deleted when the callback gets the same progress a second time.
                let stop = last == Some(progress) && progress.removed == progress.total;
                last = Some(progress);
                if stop { ControlFlow::Break(()) } else { go_on() }
            })
            .run()?;
        assert!(receipt.rows_gone && !receipt.traces_gone && !receipt.is_complete());
        assert_eq!(receipt.traces_left_by.ok_or("it was not stopped")?.kind(), &ErrorKind::Stopped);
    }
    let before = dump(&store)?;
    let error = store.vacuum_erased().on_progress(|()| ControlFlow::Break(())).run().expect_err("it is stopped");
    assert_eq!(error.kind(), &ErrorKind::Stopped, "{error}");
    assert!(dump(&store)? == before);
    let mut asked = 0;
    store
        .vacuum_erased()
        .on_progress(|()| {
            asked += 1;
            go_on()
        })
        .run()?;
    assert!(asked > 0 && dump(&store)? == before);
    assert!(!has_traces(&path)?);
    Ok(())
}

#[test]
fn reapplying_erasures_continues_where_it_was_stopped() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (path, other) = (folder.path().join("stats.db"), folder.path().join("other.db"));
    let store = open(&path)?;
    record(&store, everybody())?;
    for person in PEOPLE {
        assert!(open(&other)?.opt_out_user(id(person)).run()?.is_complete());
    }
    let mut first = None;
    let error = store
        .reapply_erasures_from(&other)
        .on_progress(|progress| {
            first = Some(progress);
            ControlFlow::Break(())
        })
        .run()
        .expect_err("it is stopped");
    assert_eq!(error.kind(), &ErrorKind::Stopped, "{error}");
    let first = first.ok_or("no progress")?;
    assert!(first.removed > 0 && first.removed < first.total, "{first:?}");
    let left: u64 = lines(&store, "SELECT count(*) || '' AS line FROM message_events")?.concat().parse()?;
    assert!(left > MESSAGES.unsigned_abs() && left < 3 * MESSAGES.unsigned_abs(), "{left}");

    let (mut told, mut total) = (0, 0);
    let erased = store
        .reapply_erasures_from(&other)
        .on_progress(|progress| {
            assert!(progress.removed >= told && progress.removed <= progress.total, "{progress:?} after {told}");
            (told, total) = (progress.removed, progress.total);
            go_on()
        })
        .run()?;
    assert_eq!((erased, told), (2, total));
    assert_eq!(total, first.total - first.removed);
    assert!(!has_traces(&path)?);
    Ok(())
}
