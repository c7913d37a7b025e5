//! The methods that wait without blocking a thread, for async programs.

use std::sync::Arc;

use super::{
    Frame, Recorder, ShardClaim, StoredSession,
    queue::Origin,
    session::{Reply, Request},
    shared, stopped,
};
use crate::{Error, ErrorKind, Event};

impl Recorder {
    /// [`record_blocking`](Self::record_blocking) for async programs: waits for room without blocking a thread.
    ///
    /// Meant for imports, replays and simulations. A live bot uses [`record`](Self::record), for while its gateway loop waits
    /// here it does not answer Discord.
    ///
    /// If the future is dropped while it waits, the event is refused, with the consequences described at
    /// [`record`](Self::record). Nothing else is affected.
    ///
    /// # Errors
    ///
    /// As [`record_blocking`](Self::record_blocking).
    pub async fn record_async(&self, event: impl Into<Event>) -> Result<(), Error> {
        let event = self.checked(event)?;
        self.handle.queue.push_async(event, None).await
    }

    /// [`record_all_blocking`](Self::record_all_blocking) for async programs: waits for room without blocking a thread.
    ///
    /// If the future is dropped while it waits, all of the events are refused.
    ///
    /// # Errors
    ///
    /// As [`record_all_blocking`](Self::record_all_blocking).
    pub async fn record_all_async(&self, events: Vec<Event>) -> Result<(), Error> {
        self.push_async(events, None).await
    }

    /// Records the events of a gateway frame, as [`record_all_async`](Self::record_all_async) does: it waits for room.
    ///
    /// # Errors
    ///
    /// As [`record_all_async`](Self::record_all_async).
    pub async fn record_frame_async(&self, frame: Frame, events: Vec<Event>) -> Result<(), Error> {
        self.push_async(events, Some(Arc::new(frame))).await
    }

    async fn push_async(&self, events: Vec<Event>, frame: Origin) -> Result<(), Error> {
        let (valid, invalid) = self.all_checked(events);
        self.handle.queue.push_async(valid, frame).await?;
        invalid
    }

    /// [`claim_shard`](Self::claim_shard) for async programs: waits without blocking a thread.
    ///
    /// # Errors
    ///
    /// As [`claim_shard`](Self::claim_shard).
    pub async fn claim_shard_async(&self, claim: ShardClaim) -> Result<Option<StoredSession>, Error> {
        self.ask_async(|reply| Request::Claim(claim, reply)).await
    }

    /// [`holds_shard`](Self::holds_shard) for async programs: waits without blocking a thread.
    ///
    /// # Errors
    ///
    /// As [`holds_shard`](Self::holds_shard).
    pub async fn holds_shard_async(&self, shard_id: u32, shard_count: u32) -> Result<bool, Error> {
        self.ask_async(|reply| Request::Holds((shard_id, shard_count), reply)).await
    }

    /// Sends the writer a request, and waits for the answer.
    pub(super) async fn ask_async<T: Send + 'static>(
        &self,
        request: impl FnOnce(Reply<T>) -> Request,
    ) -> Result<T, Error> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.handle.queue.ask(request(Box::new(move |result| drop(sender.send(result)))))?;
        receiver.await.map_err(|_| stopped())?.map_err(|error| shared(&error))
    }

    /// [`flush`](Self::flush) for async programs: waits without blocking a thread.
    ///
    /// # Errors
    ///
    /// As [`flush`](Self::flush).
    pub async fn flush_async(&self) -> Result<(), Error> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.handle.queue.wait(Box::new(move |result| drop(sender.send(result))))?;
        receiver.await.map_err(|_| stopped())?.map_err(|error| shared(&error))
    }

    /// [`shutdown`](Self::shutdown) for async programs.
    ///
    /// # Errors
    ///
    /// As [`shutdown`](Self::shutdown).
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn shutdown_async(&self) -> Result<(), Error> {
        let recorder = self.clone();
        let joined = tokio::task::spawn_blocking(move || recorder.shutdown()).await;
        joined.map_err(|error| Error::with_source(ErrorKind::Closed, "the runtime was shut down", error))?
    }
}
