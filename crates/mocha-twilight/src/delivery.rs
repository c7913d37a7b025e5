//! An event with its time and its place in the gateway session.

use chrono::{DateTime, Utc};
use mocha_recorder::{Error, Frame};
use twilight_model::gateway::event::Event;

use crate::Adapter;

/// Records an event with more detail than [`Adapter::update`]. Created by [`Adapter::delivery`].
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is recorded"]
pub struct Delivery<'a> {
    adapter: &'a Adapter,
    at: Option<DateTime<Utc>>,
    event: &'a Event,
    is_redelivered: bool,
    place: Option<(&'a str, u64)>,
}

impl<'a> Delivery<'a> {
    pub(crate) const fn new(adapter: &'a Adapter, event: &'a Event) -> Self {
        Self { adapter, at: None, event, is_redelivered: false, place: None }
    }

    /// Sets when the event arrived. Default: now.
    pub const fn at(mut self, at: DateTime<Utc>) -> Self {
        self.at = Some(at);
        self
    }

    /// Sets the event's place in the gateway session: the session's id and the event's sequence number.
    ///
    /// With twilight pass `shard.session()` after `shard.next_event(..)`. Events without a sequence number, such as heartbeat
    /// acknowledgements, have no place, and it is ignored for them. If an event of the session with the same or a higher
    /// number was recorded, this one changes nothing, whatever its time. The adapter must know its shard. Default: unknown.
    /// Then events that are equal in every part count once.
    pub const fn in_session(mut self, session_id: &'a str, sequence: u64) -> Self {
        self.place = Some((session_id, sequence));
        self
    }

    /// Says that the event is delivered again if the recorder refuses it, because the caller resumes the session from the
    /// last event that was taken. A refusal then is no gap. Default: it is not delivered again.
    pub const fn redelivered_if_refused(mut self) -> Self {
        self.is_redelivered = true;
        self
    }

    /// Records the event without waiting, as [`Adapter::update`] does.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Adapter::update`].
    pub fn record(self) -> Result<(), Error> {
        let (frame, events) = self.translate();
        self.adapter.recorder().record_frame(frame, events)
    }

    /// Records the event and blocks until there is room, as [`Adapter::update_blocking`] does.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Adapter::update_blocking`].
    pub fn record_blocking(self) -> Result<(), Error> {
        let (frame, events) = self.translate();
        self.adapter.recorder().record_frame_blocking(frame, events)
    }

    /// Records the event and waits until there is room, as [`Adapter::update_async`] does.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Adapter::update_async`].
    #[cfg(feature = "tokio")]
    pub async fn record_async(self) -> Result<(), Error> {
        let (frame, events) = self.translate();
        self.adapter.recorder().record_frame_async(frame, events).await
    }

    fn translate(&self) -> (Frame, Vec<mocha_recorder::Event>) {
        let at = self.at.unwrap_or_else(|| self.adapter.recorder().now());
        // Translating READY tells the adapter its user, which is part of the frame.
        let events = self.adapter.translate(self.event, at);
        let mut frame = self.adapter.frame();
        if let Event::Ready(ready) = self.event {
            frame = frame.begins_session(self.adapter.intents().bits(), &*ready.resume_gateway_url);
        }
        if let Some((session_id, sequence)) = self.place.filter(|_| is_dispatch(self.event)) {
            frame = frame.in_session(session_id, sequence);
        }
        if self.is_redelivered {
            frame = frame.redelivered_if_refused();
        }
        (frame, events)
    }
}

/// Returns `true` if the event has a sequence number.
const fn is_dispatch(event: &Event) -> bool {
    !matches!(
        event,
        Event::GatewayClose(_)
            | Event::GatewayHeartbeat
            | Event::GatewayHeartbeatAck
            | Event::GatewayHello(_)
            | Event::GatewayInvalidateSession(_)
            | Event::GatewayReconnect
    )
}
