//! Recording that waits for room in the queue.

mod support;

use std::{path::Path, thread, time::Duration};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use mocha_store::{Clock, Error, ErrorKind, Recorder, Store};
use support::*;

const QUEUE_LEN: usize = 8;

fn open(path: &Path) -> Result<Store, Error> {
    let builder = Store::builder().clock(Clock::Events).busy_timeout(Duration::from_millis(20));
    // Without a full queue the writer would wait for an hour.
    builder.queue_len(QUEUE_LEN).flush_interval(Duration::from_hours(1)).open(path)
}

/// Holds the write lock of the file until it is dropped.
fn lock(path: &Path) -> TestResult<SqliteConnection> {
    let mut other = SqliteConnection::establish(path.to_str().ok_or("path")?)?;
    other.batch_execute("BEGIN IMMEDIATE")?;
    Ok(other)
}

/// Records messages until the queue is full.
fn fill(recorder: &Recorder) -> u64 {
    let mut taken = 0;
    while recorder.record(message(0, 1000 + taken, 20, 50)).is_ok() {
        taken += 1;
    }
    taken
}

/// Imports forty messages by another thread. Returns when so many events are in the queue and no more come in.
fn import(recorder: &Recorder, pending: u64) -> thread::JoinHandle<Result<(), Error>> {
    let import = thread::spawn({
        let recorder = recorder.clone();
        move || (0..40).try_for_each(|n| recorder.record_blocking(message(0, 5000 + n, 20, 51)))
    });
    while recorder.stats().pending < pending {
        thread::yield_now();
    }
    thread::sleep(Duration::from_millis(50));
    assert_eq!(recorder.stats().pending, pending);
    import
}

#[test]
fn an_event_that_waits_is_written_and_ends_no_session() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = open(&path)?;
    let recorder = store.recorder()?;
    record(&store, [voice(0, 40, Some(20)), voice(0, 41, Some(20))])?;
    let other = lock(&path)?;
    let taken = fill(&recorder);
    let waiting = [
        thread::spawn({
            let recorder = recorder.clone();
            move || recorder.record_blocking(voice(60_000, 40, None))
        }),
        thread::spawn({
            let recorder = recorder.clone();
            // More events than fit into the queue.
            move || recorder.record_all_blocking((0..100).map(|n| message(1000, 5000 + n, 20, 51)).collect())
        }),
    ];
    drop(other);
    for waiting in waiting {
        waiting.join().map_err(|_| "a panic")??;
    }
    recorder.record_blocking(voice(90_000, 41, None))?;
    recorder.flush()?;
    let leaves = "SELECT user_id || ' ' || duration AS line FROM voice_events WHERE event_type = 'leave' ORDER BY 1";
    assert_eq!(lines(&store, leaves)?, ["40 60000", "41 90000"]);
    assert_eq!(lines(&store, "SELECT count(*) || '' AS line FROM voice_intervals WHERE assumed")?, ["0"]);
    let stats = recorder.stats();
    assert_eq!((stats.refused, stats.written, stats.pending), (1, taken + 104, 0));
    Ok(())
}

#[test]
fn an_import_leaves_room_for_live_events() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let store = open(&path)?;
    let recorder = store.recorder()?;
    let other = lock(&path)?;
    let import = import(&recorder, 4);
    assert_eq!(fill(&recorder), 4);
    drop(other);
    import.join().map_err(|_| "a panic")??;
    recorder.flush()?;
    assert_eq!((recorder.stats().written, recorder.stats().refused), (44, 1));
    Ok(())
}

#[test]
fn a_shutdown_ends_the_wait() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let recorder = open(&path)?.recorder()?;
    let _other = lock(&path)?;
    fill(&recorder);
    let waiting = thread::spawn({
        let recorder = recorder.clone();
        move || recorder.record_blocking(voice(60_000, 40, None))
    });
    assert!(recorder.shutdown().expect_err("it is locked").is_busy());
    let error = waiting.join().map_err(|_| "a panic")?.expect_err("the recorder is closed");
    assert_eq!(error.kind(), &ErrorKind::Closed);
    assert_eq!(recorder.record_all_blocking(Vec::new()).expect_err("closed").kind(), &ErrorKind::Closed);
    assert_eq!(recorder.stats().refused, 2);
    Ok(())
}

#[test]
fn recording_does_not_wait_for_a_file_that_cannot_be_written() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = open(&folder.path().join("stats.db"))?;
    let recorder = store.recorder()?;
    store.write(|conn| conn.batch_execute("ALTER TABLE message_events RENAME TO elsewhere"))?;
    let taken = fill(&recorder);
    let error = recorder.record_blocking(message(0, 7, 20, 50)).expect_err("there is no table");
    assert_eq!(error.kind(), &ErrorKind::NotMocha);
    store.write(|conn| conn.batch_execute("ALTER TABLE elsewhere RENAME TO message_events"))?;
    while recorder.flush().is_err() {}
    recorder.record_blocking(message(0, 7, 20, 50))?;
    recorder.flush()?;
    assert_eq!((recorder.stats().written, recorder.stats().refused), (taken + 1, 2));
    Ok(())
}

#[cfg(feature = "tokio")]
mod asynchronous {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    #[tokio::test]
    async fn tasks_that_wait_are_woken() -> TestResult {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("stats.db");
        let store = open(&path)?;
        let recorder = store.recorder()?;
        record(&store, [voice(0, 40, Some(20))])?;
        let other = lock(&path)?;
        let taken = fill(&recorder);
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..50 {
            let recorder = recorder.clone();
            tasks.spawn(async move { recorder.record_async(message(1000, 5000 + number, 20, 51)).await });
        }
        let batch = recorder.record_all_async((0..100).map(|n| message(1000, 6000 + n, 20, 51)).collect());
        // Let them all find the queue full before the lock goes.
        tokio::task::yield_now().await;
        drop(other);
        batch.await?;
        while let Some(result) = tasks.join_next().await {
            result??;
        }
        recorder.record_async(voice(60_000, 40, None)).await?;
        recorder.flush_async().await?;
        let leaves = "SELECT duration || '' AS line FROM voice_events WHERE event_type = 'leave'";
        assert_eq!(lines(&store, leaves)?, ["60000"]);
        assert_eq!((recorder.stats().refused, recorder.stats().written), (1, taken + 152));
        Ok(())
    }

    #[tokio::test]
    async fn a_cancelled_wait_counts_as_refused_and_does_not_block_others() -> TestResult {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("stats.db");
        let store = open(&path)?;
        let recorder = store.recorder()?;
        record(&store, [voice(0, 40, Some(20))])?;
        let other = lock(&path)?;
        let taken = fill(&recorder);
        {
            let given_up = pin!(recorder.record_async(voice(60_000, 40, None)));
            assert!(matches!(given_up.poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
        }
        let other_task = tokio::spawn({
            let recorder = recorder.clone();
            async move { recorder.record_async(message(300_000, 7, 20, 50)).await }
        });
        tokio::task::yield_now().await;
        drop(other);
        other_task.await??;
        recorder.shutdown_async().await?;
        assert_eq!((recorder.stats().refused, recorder.stats().written), (2, taken + 2));
        // The lost event may have been the user's leave, so the user is not confirmed.
        let seen = format!("SELECT seen_at_ms - {START} || '' AS line FROM voice_intervals");
        assert_eq!(lines(&store, &seen)?, ["0"]);
        Ok(())
    }

    #[tokio::test]
    async fn a_shutdown_ends_the_wait_of_a_task() -> TestResult {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("stats.db");
        let recorder = open(&path)?.recorder()?;
        let _other = lock(&path)?;
        fill(&recorder);
        let waiting = tokio::spawn({
            let recorder = recorder.clone();
            async move { recorder.record_async(voice(60_000, 40, None)).await }
        });
        tokio::task::yield_now().await;
        assert!(recorder.shutdown_async().await.expect_err("it is locked").is_busy());
        assert_eq!(waiting.await?.expect_err("the recorder is closed").kind(), &ErrorKind::Closed);
        Ok(())
    }
}

#[test]
fn an_import_leaves_room_in_the_next_transaction() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("stats.db");
    let builder = Store::builder().clock(Clock::Events).busy_timeout(Duration::from_millis(20));
    let store = builder.batch_len(8).queue_len(1000).flush_interval(Duration::from_hours(1)).open(&path)?;
    let recorder = store.recorder()?;
    let other = lock(&path)?;
    // A transaction has eight events, so the next one has room for four live ones.
    let import = import(&recorder, 12);
    drop(other);
    import.join().map_err(|_| "a panic")??;
    recorder.flush()?;
    assert_eq!(recorder.stats().written, 40);
    Ok(())
}
