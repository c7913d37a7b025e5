//! The one recorder of a store.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{Recorder, RecorderSettings, ended::Ended, handle::Handle};
use crate::{Error, backend::Backend};

/// Holds the one recorder of a store: handles of the same one while it runs, and a new one once it was shut down.
#[derive(Debug, Default)]
pub struct RecorderSlot(Mutex<Last>);

/// The recorder that was started last.
#[derive(Debug, Default)]
struct Last {
    ended: Option<Arc<Ended>>,
    handle: Weak<Handle>,
}

impl RecorderSlot {
    /// Returns a handle of the recorder that runs. If none does, it starts one with this backend and these settings,
    /// after the one before has ended.
    ///
    /// # Errors
    ///
    /// Why the backend cannot write, and [`ErrorKind::Io`](crate::ErrorKind::Io) if the thread cannot be started.
    pub fn get_or_start<B: Backend>(&self, backend: B, settings: &RecorderSettings) -> Result<Recorder, Error> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = last.handle.upgrade().filter(|handle| !handle.is_closed()) {
            return Ok(Recorder::new(handle));
        }
        let handle = Handle::start(backend, settings.clone(), last.ended.clone())?;
        *last = Last { ended: Some(handle.ended()), handle: Arc::downgrade(&handle) };
        Ok(Recorder::new(handle))
    }
}
