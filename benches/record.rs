//! Measures how long a call of `record` blocks its caller, such as a bot's gateway task.
//!
//! `cargo bench -p mocha-benches --bench record`. One thread records into a queue with
//! room for everything. Meanwhile the recorder's thread writes to a file on the disk of the target folder.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use criterion::{Criterion, SamplingMode};
use mocha_benches::{is_test, median};
use mocha_sim::Messages;
use mocha_store::{Recorder, Store};

const SEED: u64 = 2;

/// The number of calls to time, one by one.
const CALLS: usize = 200_000;

/// The number of calls in a test.
const TEST: usize = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let store = Store::builder().queue_len(CALLS + 1).open(folder.path().join("stats.db"))?;
    let recorder = store.recorder()?;
    let mut messages = mocha_sim::messages(SEED, usize::MAX);

    let calls = if is_test() { TEST } else { CALLS };
    let mut times = Vec::with_capacity(calls);
    for message in messages.by_ref().take(calls) {
        let start = Instant::now();
        recorder.record(message)?;
        times.push(start.elapsed());
    }
    recorder.flush()?;
    println!("record: median {} ns of {calls} calls", median(times).unwrap_or_default().as_nanos());

    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion, &recorder, &mut messages);
    criterion.final_summary();
    recorder.shutdown()?;
    Ok(())
}

/// Criterion chooses the number of calls, so the queue is flushed now and then while the clock is stopped.
fn measure(criterion: &mut Criterion, recorder: &Recorder, messages: &mut Messages) {
    let mut group = criterion.benchmark_group("record");
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(20))
        .measurement_time(Duration::from_millis(100));
    group.bench_function("message", |bencher| {
        bencher.iter_custom(|iterations| {
            let mut time = Duration::ZERO;
            let mut left = usize::try_from(iterations).unwrap_or(usize::MAX);
            while left > 0 {
                let batch: Vec<_> = messages.by_ref().take(left.min(CALLS)).collect();
                left -= batch.len();
                let start = Instant::now();
                for message in batch {
                    recorder.record(message).expect("the queue has room");
                }
                time += start.elapsed();
                recorder.flush().expect("the disk has room");
            }
            time
        });
    });
    group.finish();
}
