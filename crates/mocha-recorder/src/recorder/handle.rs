//! The state that the clones of a recorder share, and the start and end of its thread.

use std::{fmt, sync::Arc};

use super::{
    RecorderSettings,
    ended::{EndReport, Ended},
    queue::Queue,
    shared,
    stats::Counters,
    writer::Writer,
};
use crate::{Error, ErrorKind, backend::Backend, time::SteadyClock};

/// The state that the clones of a [`Recorder`](super::Recorder) share.
pub(super) struct Handle {
    pub(super) counters: Arc<Counters>,
    ended: Arc<Ended>,
    pub(super) queue: Arc<Queue>,
    pub(super) time: Arc<SteadyClock>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("queue", &self.queue).finish_non_exhaustive()
    }
}

impl Handle {
    /// Starts the thread once the previous one has ended, because each keeps voice sessions in its own memory.
    pub(super) fn start<B: Backend>(
        backend: B,
        settings: RecorderSettings,
        before: Option<Arc<Ended>>,
    ) -> Result<Arc<Self>, Error> {
        if let Some(before) = before {
            // The caller that stopped it got its outcome.
            drop(before.wait());
        }
        settings.check()?;
        let time = Arc::clone(&settings.time);
        let (counters, ended) = (Arc::new(Counters::default()), Arc::new(Ended::default()));
        let (limit, batch_len, flush_interval) = (settings.queue_len, settings.batch_len, settings.flush_interval);
        let queue = Arc::new(Queue::new(limit, batch_len, flush_interval, Arc::clone(&counters)));
        let writer = Writer::start(backend, settings, Arc::clone(&queue), Arc::clone(&counters))?;
        let (the_queue, the_ended) = (Arc::clone(&queue), Arc::clone(&ended));
        std::thread::Builder::new()
            .name("mocha-recorder".into())
            .spawn(move || {
                let mut report = EndReport { ended: the_ended, first: || the_queue.abandon(), outcome: None };
                report.outcome = Some(writer.run());
            })
            .map_err(|error| Error::with_source(ErrorKind::Io, "cannot start the recorder's thread", error))?;
        Ok(Arc::new(Self { counters, ended, queue, time }))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Returns the flag that says that the thread has ended.
    pub(super) fn ended(&self) -> Arc<Ended> {
        Arc::clone(&self.ended)
    }

    pub(super) fn stop(&self) -> Result<(), Error> {
        self.queue.close();
        self.ended.wait().map_err(|error| shared(&error))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(error = %error, "the recorder could not write everything before it stopped");
        }
    }
}
