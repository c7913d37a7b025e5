//! The result of the writer's thread, for all threads that wait for its end.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::{Error, ErrorKind};

/// The error if not everything could be written.
pub(super) type Outcome = Result<(), Arc<Error>>;

/// The outcome, which is set once, when the thread ends.
#[derive(Debug, Default)]
pub(super) struct Ended {
    changed: Condvar,
    outcome: Mutex<Option<Outcome>>,
}

impl Ended {
    /// Waits until the thread has ended.
    pub(super) fn wait(&self) -> Outcome {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &*outcome {
                Some(outcome) => return outcome.clone(),
                None => outcome = self.changed.wait(outcome).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn set(&self, outcome: Outcome) {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(outcome);
        self.changed.notify_all();
    }
}

/// Reports the end of the thread, even if it panicked.
pub(super) struct EndReport<F: FnMut()> {
    pub(super) ended: Arc<Ended>,
    /// Runs before the end is reported.
    pub(super) first: F,
    pub(super) outcome: Option<Outcome>,
}

impl<F: FnMut()> Drop for EndReport<F> {
    fn drop(&mut self) {
        (self.first)();
        let panicked = || Err(Arc::new(Error::new(ErrorKind::Closed, "the recorder's thread panicked")));
        self.ended.set(self.outcome.take().unwrap_or_else(panicked));
    }
}
