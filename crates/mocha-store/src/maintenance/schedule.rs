//! The thread that runs scheduled maintenance.

use std::{
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use diesel::SqliteConnection;

use super::{
    MaintenanceStats, analyze,
    checkpoint::bound_log,
    connect,
    space::{self, Pages},
};
use crate::{
    Error, ErrorKind, Keeper, Maintenance,
    error::classify,
    link::Link,
    retention::{self, SqliteTables},
};

/// How often the size of the write-ahead log is checked, and how long after the start the first run
/// is.
const LOOK_AFTER: Duration = Duration::from_mins(1);

/// How long it tries to empty a log that is too large. Closing the store waits for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The thread, for as long as the store lives.
pub(crate) struct Schedule {
    stats: Arc<Mutex<MaintenanceStats>>,
    /// `None` once the thread has been asked to stop.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Schedule {
    /// Starts the thread if there is anything to do.
    pub(crate) fn start(link: &Link) -> Result<Option<Self>, Error> {
        if link.settings.maintenance.off {
            return Ok(None);
        }
        let stats = Arc::new(Mutex::new(MaintenanceStats::default()));
        let (stop, stopped) = mpsc::channel();
        let worker = Worker { link: link.clone(), stats: Arc::clone(&stats), stopped };
        let thread = thread::Builder::new()
            .name("mocha-maintenance".into())
            .spawn(move || worker.run())
            .map_err(|error| Error::with_source(ErrorKind::Io, "cannot start the maintenance thread", error))?;
        Ok(Some(Self { stats, stop: Some(stop), thread: Some(thread) }))
    }

    pub(super) fn stats(&self) -> MaintenanceStats {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the maintenance thread panicked");
        }
    }
}

struct Worker {
    link: Link,
    stats: Arc<Mutex<MaintenanceStats>>,
    /// The channel never carries a message. It is closed with the store, which ends the wait.
    stopped: Receiver<()>,
}

impl Worker {
    fn run(self) {
        let interval = self.link.settings.maintenance.interval;
        let look_after = interval.min(LOOK_AFTER);
        let mut due = Instant::now() + look_after;
        loop {
            if self.stopped.recv_timeout(look_after) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            if Instant::now() >= due {
                self.work();
                // An interval that overflows the clock never ends.
                due = Instant::now() + interval.min(FOR_EVER);
                self.count(|stats| stats.runs += 1);
            }
            self.attempt("a checkpoint", Self::bound_log);
        }
    }

    /// Runs everything that is due, each part on its own connection, because a failed part may
    /// leave an open transaction.
    fn work(&self) {
        self.attempt("applying the retention policy", Self::retain);
        if !self.is_stopped() {
            self.attempt("optimizing", |worker| analyze::optimize(&worker.link, &mut connect(&worker.link)?));
        }
    }

    fn retain(&self) -> Result<(), Error> {
        let Maintenance { keeper, retention, .. } = &self.link.settings.maintenance;
        let Some(retention) = retention else { return Ok(()) };
        // A keeper that panicked tries again.
        let mut keeper = keeper.as_ref().map(|keeper| keeper.0.lock().unwrap_or_else(PoisonError::into_inner));
        let conn = &mut connect(&self.link)?;
        let mut counted = 0;
        let now = retention::trusted_now::<SqliteTables>(conn, &self.link.settings.recorder.time)?;
        retention::apply::<SqliteTables>(conn, retention, now, keeper.as_deref_mut().map(any_keeper), |so_far| {
            self.count(|stats| stats.deleted_rows += so_far.rows().saturating_sub(counted));
            counted = so_far.rows();
            self.go_on()
        })?;
        let pages = Pages::load(conn).map_err(|error| classify("cannot count the pages of the file", error))?;
        if pages.are_many_free() && !self.is_stopped() {
            let freed = space::free_pages(conn, |_| self.go_on())?;
            self.count(|stats| stats.freed_pages += freed.freed_pages);
        }
        Ok(())
    }

    fn bound_log(&self) -> Result<(), Error> {
        self.link.check_place()?;
        if bound_log(&self.link, PATIENCE)? {
            self.count(|stats| stats.checkpoints += 1);
        }
        Ok(())
    }

    /// Logs and counts a failure or a panic, and continues with the rest.
    fn attempt(&self, what: &str, work: impl FnOnce(&Self) -> Result<(), Error>) {
        let panicked = |_| Err(Error::new(ErrorKind::Database, format!("{what} panicked")));
        if let Err(error) = catch_unwind(AssertUnwindSafe(|| work(self))).unwrap_or_else(panicked) {
            tracing::warn!(error = %error, kind = ?error.kind(), "{what} failed and will be tried again");
            self.count(|stats| {
                stats.failures += 1;
                stats.last_error = Some(Arc::new(error));
            });
        }
    }

    fn count(&self, count: impl FnOnce(&mut MaintenanceStats)) {
        count(&mut self.stats.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn is_stopped(&self) -> bool {
        self.stopped.try_recv() == Err(TryRecvError::Disconnected)
    }

    fn go_on(&self) -> ControlFlow<()> {
        if self.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Forgets that it may be sent to another thread.
fn any_keeper<'a>(
    keeper: &'a mut (dyn Keeper<SqliteConnection> + Send + 'static),
) -> &'a mut (dyn Keeper<SqliteConnection> + 'static) {
    keeper
}

const FOR_EVER: Duration = Duration::from_hours(24 * 365 * 100);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[test]
    fn a_panic_counts_as_a_failure_and_the_other_tasks_still_run() -> Result<(), Error> {
        let store = Store::builder().maintenance(Maintenance::off()).open_in_memory()?;
        let (_stop, stopped) = mpsc::channel();
        let worker = Worker { link: store.link().clone(), stats: Arc::default(), stopped };
        worker.attempt("a test", |_| panic!("on purpose"));
        worker.work();
        let stats = worker.stats.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert_eq!(
            (stats.failures, stats.last_error.map(|error| error.to_string())),
            (1, Some("a test panicked".into()))
        );
        Ok(())
    }
}
