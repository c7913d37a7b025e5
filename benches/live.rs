//! Measures how long live events wait for their commit while an import goes on.
//!
//! `cargo bench -p mocha-benches --bench live`. One thread imports messages as fast as it can. Another one records a message
//! every 20 ms and waits until it is in the file. Both use one recorder, or two stores of one file, like a bot and an importer
//! that is a program of its own.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use mocha_benches::{Failure, is_test, median};
use mocha_store::{Clock, Recorder, Store, event::MessageSent};

const SEED: u64 = 5;

/// The number of messages to import.
const MESSAGES: usize = 1_500_000;

/// The number of messages in a test.
const TEST: usize = 20_000;

const PAUSE: Duration = Duration::from_millis(20);

/// The first ids of live messages, above all simulated ones.
const LIVE: u64 = 1 << 62;

fn main() -> Result<(), Failure> {
    let messages: Vec<_> = mocha_sim::messages(SEED, if is_test() { TEST } else { MESSAGES }).collect();
    for (name, is_shared) in [("nothing beside it", None), ("one recorder", Some(true)), ("two stores", Some(false))] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let path = folder.path().join("stats.db");
        let open = || Store::builder().clock(Clock::Events).open(&path);
        let (store, other) = (open()?, open()?);
        let live = store.recorder()?;
        let importer = match is_shared {
            None => None,
            Some(true) => Some(live.clone()),
            Some(false) => Some(other.recorder()?),
        };
        let is_over = AtomicBool::new(false);
        let (imported, waits) = thread::scope(|scope| {
            let import = importer.as_ref().map(|importer| scope.spawn(|| import(importer, &messages, &is_over)));
            let waits = record(&live, &is_over, importer.is_some());
            let imported = import.map(|thread| thread.join().map_err(|_| "the import panicked")?).transpose();
            Ok::<_, Failure>((imported?, waits?))
        })?;
        report(name, imported, messages.len(), waits);
    }
    Ok(())
}

/// Imports the messages, and returns how long it took.
fn import(recorder: &Recorder, messages: &[MessageSent], is_over: &AtomicBool) -> Result<Duration, Failure> {
    let start = Instant::now();
    let imported = messages.iter().try_for_each(|message| recorder.record_blocking(*message));
    let imported = imported.and_then(|()| recorder.flush());
    is_over.store(true, Ordering::Relaxed);
    imported?;
    Ok(start.elapsed())
}

/// The time that each live message waited for its commit, and how many messages the queue refused.
#[derive(Default)]
struct Waits {
    refused: usize,
    times: Vec<Duration>,
}

/// Records live messages until the import is over.
fn record(recorder: &Recorder, is_over: &AtomicBool, is_import: bool) -> Result<Waits, Failure> {
    let sample = mocha_sim::messages(SEED, 1).next().ok_or("there are no messages")?;
    let mut waits = Waits::default();
    for number in LIVE.. {
        if is_over.load(Ordering::Relaxed) || (!is_import && waits.times.len() == 100) {
            break;
        }
        let message = MessageSent { message_id: number.try_into()?, ..sample };
        let start = Instant::now();
        match recorder.record(message) {
            Ok(()) => {
                recorder.flush()?;
                waits.times.push(start.elapsed());
            }
            Err(error) if error.is_queue_full() => waits.refused += 1,
            Err(error) => return Err(error.into()),
        }
        thread::sleep(PAUSE);
    }
    Ok(waits)
}

fn report(name: &str, imported: Option<Duration>, messages: usize, Waits { refused, times }: Waits) {
    let (count, longest) = (times.len(), times.iter().max().copied().unwrap_or_default());
    let middle = median(times).unwrap_or_default();
    println!("{name}: {count} live messages waited {middle:.1?}, at most {longest:.1?}; {refused} were refused");
    if let Some(imported) = imported {
        let imported = imported.as_secs_f64();
        #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "there are few messages")]
        let rate = messages as f64 / imported;
        println!("  the import took {imported:.1} s, {rate:.0} messages a second");
    }
}
