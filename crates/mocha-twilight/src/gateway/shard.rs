//! The loop of one shard.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use tokio::time::Instant;
use twilight_gateway::{
    CloseFrame, EventTypeFlags, Shard, ShardState, StreamExt as _, error::ReceiveMessageError, queue::Queue,
};
use twilight_model::gateway::event::Event;

use super::{RunnerError, ShardEvent, Stopper};
use crate::Adapter;

/// How long an event waits for room in the recorder's queue. Discord expects a heartbeat every 41 seconds.
const ROOM_TIMEOUT: Duration = Duration::from_secs(15);

/// The next report of a shard.
#[expect(clippy::large_enum_variant, reason = "only one exists at a time, and it is mostly an event")]
enum Next {
    /// The shard is closed for good.
    Ended,
    Failed(ReceiveMessageError),
    Event(Event),
    /// The connection ended, and no event reports it.
    Lost,
}

pub(super) struct Run<Q> {
    adapter: Adapter,
    /// The code of the last close frame that was received.
    close_code: Option<u16>,
    events: EventTypeFlags,
    /// Whether the shard was connected at the last check.
    is_connected: bool,
    shard: Shard<Q>,
    stop_timeout: Duration,
    stopper: Stopper,
}

impl<Q: Queue + Unpin> Run<Q> {
    pub(super) const fn new(
        shard: Shard<Q>,
        adapter: Adapter,
        events: EventTypeFlags,
        stop_timeout: Duration,
        stopper: Stopper,
    ) -> Self {
        Self { adapter, close_code: None, events, is_connected: false, shard, stop_timeout, stopper }
    }

    /// Receives until the shard is stopped or closed for good.
    pub(super) async fn run(mut self, on_event: &(impl Fn(ShardEvent) + Sync)) -> Result<(), RunnerError> {
        let stopper = self.stopper.clone();
        let (mut requested, mut hurried) = (pin!(stopper.requested()), pin!(stopper.hurried()));
        let mut close_by: Option<Instant> = None;
        loop {
            let next = tokio::select! {
                biased;
                () = &mut hurried => return Ok(()),
                () = &mut requested, if close_by.is_none() => {
                    // Without a session there is nothing to close.
                    if !self.shard.state().is_identified() {
                        return Ok(());
                    }
                    close_by = Some(Instant::now() + self.stop_timeout);
                    self.shard.close(CloseFrame::NORMAL);
                    continue;
                }
                () = until(close_by) => {
                    tracing::warn!(shard = %self.shard.id(), "the connection did not close in time");
                    return Ok(());
                }
                next = next(&mut self.shard, self.events, self.is_connected) => next,
            };
            let is_close = matches!(next, Next::Event(Event::GatewayClose(_)));
            match next {
                Next::Ended => return Err(RunnerError::fatal(self.shard.id(), self.close_code)),
                Next::Event(event) => self.received(event, on_event).await,
                Next::Failed(error) => tracing::warn!(shard = %self.shard.id(), %error, "could not receive an event"),
                Next::Lost => tracing::info!(shard = %self.shard.id(), "the connection ended without a close frame"),
            }
            if close_by.is_some() && (is_close || !is_connected(self.shard.state())) {
                return Ok(());
            }
            self.check_connection();
        }
    }

    /// Records an event and hands it to the bot.
    ///
    /// If the queue is full, it waits for a while, and the shard receives nothing meanwhile. Discord buffers its frames, so
    /// nothing is lost as long as the wait is shorter than the time between two heartbeats.
    async fn received(&mut self, event: Event, on_event: &impl Fn(ShardEvent)) {
        if let Event::GatewayClose(frame) = &event {
            self.close_code = frame.as_ref().map(|frame| frame.code);
        }
        let delivery = self.adapter.delivery(&event);
        let delivery = match self.shard.session() {
            Some(session) => delivery.in_session(session.id(), session.sequence()),
            None => delivery,
        };
        match tokio::time::timeout(ROOM_TIMEOUT, delivery.record_async()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(shard = %self.shard.id(), %error, "could not record an event"),
            Err(_) => tracing::warn!(shard = %self.shard.id(), "the recorder's queue stays full, so an event is lost"),
        }
        on_event(ShardEvent { event, sender: self.shard.sender(), shard: self.shard.id() });
    }

    /// Records the end of the connection if it has ended since the last check.
    fn check_connection(&mut self) {
        let is_connected = is_connected(self.shard.state());
        if self.is_connected
            && !is_connected
            && let Err(error) = self.adapter.lost()
        {
            tracing::warn!(shard = %self.shard.id(), %error, "could not record the end of a connection");
        }
        self.is_connected = is_connected;
    }
}

const fn is_connected(state: ShardState) -> bool {
    !matches!(state, ShardState::Disconnected { .. } | ShardState::FatallyClosed)
}

/// Waits for the next event of the shard or for the end of its connection.
///
/// twilight reports no event when Discord ends the connection without a close frame. It only
/// connects again, however long that takes.
async fn next<Q: Queue + Unpin>(shard: &mut Shard<Q>, events: EventTypeFlags, was_connected: bool) -> Next {
    poll_fn(|cx| match Pin::new(&mut shard.next_event(events)).poll(cx) {
        Poll::Pending if was_connected && !is_connected(shard.state()) => Poll::Ready(Next::Lost),
        Poll::Pending => Poll::Pending,
        Poll::Ready(None) => Poll::Ready(Next::Ended),
        Poll::Ready(Some(Ok(event))) => Poll::Ready(Next::Event(event)),
        Poll::Ready(Some(Err(error))) => Poll::Ready(Next::Failed(error)),
    })
    .await
}

/// Waits until the deadline, or for ever if there is none.
async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
