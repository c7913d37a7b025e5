//! The loop of one shard.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use futures_core::Stream as _;
use mocha_recorder::{Error, ErrorKind};
use tokio::{task::JoinHandle, time::Instant};
use twilight_gateway::{
    EventTypeFlags, Message, Session, Shard, ShardState, error::ReceiveMessageError, parse, queue::Queue,
};
use twilight_model::gateway::{
    CloseCode, OpCode,
    event::{Event, GatewayEventDeserializer},
};

use super::{
    RunnerError, ShardEvent, Start, Stopper,
    session::{self, Progress},
};
use crate::Adapter;

/// How long an event waits for room in the recorder's queue. Discord expects a heartbeat every 41 seconds.
const ROOM_TIMEOUT: Duration = Duration::from_secs(15);

/// How long the loop waits to hear whether the shard still belongs to this recorder.
const LEASE_TIMEOUT: Duration = Duration::from_secs(5);

/// The next report of a shard.
enum Next {
    /// The shard is closed for good.
    Ended,
    Failed(ReceiveMessageError),
    /// The connection ended, and no message reports it.
    Lost,
    Message(Message),
}

pub(super) struct Run<Q> {
    adapter: Adapter,
    /// The code of the last close frame that was received.
    close_code: Option<u16>,
    events: EventTypeFlags,
    /// Whether the recorder refused a frame. It gets no more until it has room for this one.
    is_behind: bool,
    /// Whether the shard was connected at the last check.
    is_connected: bool,
    /// Asks whether the shard still belongs to this recorder.
    lease: Option<JoinHandle<Result<bool, Error>>>,
    progress: Progress,
    shard: Shard<Q>,
    start: Start,
    stop_timeout: Duration,
    stopper: Stopper,
}

impl<Q: Queue + Clone + Unpin> Run<Q> {
    pub(super) fn new(
        shard: Shard<Q>,
        adapter: Adapter,
        events: EventTypeFlags,
        start: Start,
        stop_timeout: Duration,
        stopper: Stopper,
    ) -> Self {
        Self {
            adapter,
            close_code: None,
            events,
            is_behind: false,
            is_connected: false,
            lease: None,
            progress: Progress::default(),
            shard,
            start,
            stop_timeout,
            stopper,
        }
    }

    /// Receives until the shard is stopped or closed for good.
    pub(super) async fn run(mut self, on_event: &(impl Fn(ShardEvent) + Sync)) -> Result<(), RunnerError> {
        self.claim().await?;
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
                    self.shard.close(self.start.close_frame());
                    continue;
                }
                () = until(close_by) => {
                    tracing::warn!(shard = %self.shard.id(), "the connection did not close in time");
                    return Ok(());
                }
                next = next(&mut self.shard, self.is_connected) => next,
            };
            let is_close = matches!(next, Next::Message(Message::Close(_)));
            match next {
                Next::Ended => return Err(RunnerError::fatal(self.shard.id(), self.close_code)),
                Next::Message(message) => self.received(message, on_event).await?,
                Next::Failed(error) => tracing::warn!(shard = %self.shard.id(), %error, "could not receive an event"),
                Next::Lost => tracing::info!(shard = %self.shard.id(), "the connection ended without a close frame"),
            }
            if close_by.is_some() && (is_close || !is_connected(self.shard.state())) {
                return Ok(());
            }
            self.check_connection().await?;
        }
    }

    /// Takes the shard over, and resumes its session where the file stopped.
    async fn claim(&mut self) -> Result<(), RunnerError> {
        // A user that the bot itself set takes precedence.
        if let (Some(bot_id), None) = (session::bot_of(self.shard.config().token()), self.adapter.current_user()) {
            self.adapter.set_current_user(bot_id);
        }
        let stored = match self.adapter.claim_async().await {
            Ok(stored) => stored,
            Err(error) if matches!(error.kind(), ErrorKind::Closed | ErrorKind::OtherBot) => {
                return Err(RunnerError::claim(error));
            }
            Err(error) => {
                tracing::warn!(shard = %self.shard.id(), %error, "could not look for a session to resume");
                None
            }
        };
        // A session that the bot itself set takes precedence.
        let Some(stored) = stored.filter(|_| self.start == Start::Resume && self.shard.session().is_none()) else {
            return Ok(());
        };
        tracing::info!(shard = %self.shard.id(), sequence = stored.sequence, "resuming where the file stops");
        let session = Session::new(stored.sequence, stored.session_id.clone());
        self.progress = Progress::of(&stored);
        self.shard = session::restarted(&self.shard, Some((session, Some(stored.resume_url))));
        Ok(())
    }

    async fn received(&mut self, message: Message, on_event: &impl Fn(ShardEvent)) -> Result<(), RunnerError> {
        match message {
            Message::Close(frame) => {
                self.close_code = frame.as_ref().map(|frame| frame.code);
                let is_refused = frame.as_ref().is_some_and(|frame| ends_session(frame.code));
                let event = Event::GatewayClose(frame);
                self.record(&event, None).await;
                self.hand(event, on_event);
                if is_refused {
                    tracing::warn!(shard = %self.shard.id(), "Discord does not resume the session, so a new one begins");
                    self.identify_again();
                }
            }
            Message::Text(text) => self.received_text(text, on_event).await?,
        }
        if self.is_behind && self.adapter.recorder().has_room() {
            self.go_back();
        }
        Ok(())
    }

    async fn received_text(&mut self, text: String, on_event: &impl Fn(ShardEvent)) -> Result<(), RunnerError> {
        let place =
            sequence(&text).zip(self.shard.session()).map(|(number, session)| (session.id().to_owned(), number));
        let event = match parse(text, self.events) {
            Ok(event) => event.map(Event::from),
            Err(error) => {
                tracing::warn!(shard = %self.shard.id(), %error, "could not read an event");
                None
            }
        };
        if let Some((session_id, number)) = &place {
            let missing = self.progress.missing_before(session_id, *number);
            if missing > 0 {
                tracing::warn!(
                    shard = %self.shard.id(), missing,
                    "Discord no longer has all events since the last one in the file, so a new session begins"
                );
                self.record(&Event::GatewayClose(None), None).await;
                self.identify_again();
                return Ok(());
            }
        }
        match (&event, &place) {
            (Some(event), place) => self.record(event, place.as_ref()).await,
            (None, Some(place)) => self.record_place(place).await,
            (None, None) => {}
        }
        let is_handed = place.is_none_or(|(session_id, number)| self.progress.hand(&session_id, number));
        let Some(event) = event else { return Ok(()) };
        match &event {
            Event::GatewayHeartbeatAck => self.ask_for_lease().await?,
            Event::GatewayInvalidateSession(false) => {
                tracing::warn!(shard = %self.shard.id(), "Discord does not resume the session, so a new one begins");
                self.progress.end();
            }
            Event::Resumed => tracing::info!(shard = %self.shard.id(), "the session was resumed"),
            _ => {}
        }
        if is_handed {
            self.hand(event, on_event);
        }
        Ok(())
    }

    fn hand(&self, event: Event, on_event: &impl Fn(ShardEvent)) {
        on_event(ShardEvent { event, sender: self.shard.sender(), shard: self.shard.id() });
    }

    /// Records an event.
    ///
    /// If the queue is full, it waits for a while, and the shard receives nothing meanwhile. Discord buffers its frames, so
    /// nothing is lost as long as the wait is shorter than the time between two heartbeats. After that the shard goes on
    /// without recording, and resumes from the last recorded frame once there is room.
    async fn record(&mut self, event: &Event, place: Option<&(String, u64)>) {
        if self.is_behind {
            if matches!(event, Event::Ready(_)) {
                // The session of the last recorded frame is over.
                self.progress.end();
            }
            return;
        }
        let mut delivery = self.adapter.delivery(event).redelivered_if_refused();
        if let Some((session_id, number)) = place {
            delivery = delivery.in_session(session_id, *number);
        }
        let recorded = tokio::time::timeout(ROOM_TIMEOUT, delivery.record_async()).await;
        self.recorded(recorded.ok(), place, matches!(event, Event::Ready(_)));
    }

    /// Records the place of an event that nobody wants, or that cannot be read.
    async fn record_place(&mut self, place: &(String, u64)) {
        if self.is_behind {
            return;
        }
        let frame = self.adapter.frame().in_session(place.0.as_str(), place.1).redelivered_if_refused();
        let recorded = self.adapter.recorder().record_frame_async(frame, Vec::new()).await;
        self.recorded(Some(recorded), Some(place), false);
    }

    /// `None` says that the recorder had no room in time.
    fn recorded(&mut self, recorded: Option<Result<(), Error>>, place: Option<&(String, u64)>, is_ready: bool) {
        match recorded {
            Some(Err(error)) if !error.is_invalid_input() => {
                tracing::warn!(shard = %self.shard.id(), %error, "could not record an event");
                self.is_behind = true;
            }
            Some(result) => {
                if let Err(error) = result {
                    // The rest of the event was recorded, and delivering it again would not help.
                    tracing::warn!(shard = %self.shard.id(), %error, "could not record a part of an event");
                }
                if let Some((session_id, number)) = place {
                    self.progress.record(session_id, *number);
                }
            }
            None => {
                tracing::warn!(shard = %self.shard.id(), "the recorder's queue stays full, so recording pauses");
                self.is_behind = true;
            }
        }
        if self.is_behind && is_ready {
            self.progress.end();
        }
    }

    /// Resumes from the last recorded frame: there is room for what followed.
    fn go_back(&mut self) {
        self.is_behind = false;
        let url = self.shard.resume_url().map(ToOwned::to_owned);
        match self.progress.recorded().cloned() {
            Some(session) => {
                tracing::info!(shard = %self.shard.id(), sequence = session.sequence(), "resuming what was not recorded");
                self.shard = session::restarted(&self.shard, Some((session, url)));
                self.progress.disconnected();
            }
            None => self.identify_again(),
        }
    }

    /// Begins a new session.
    fn identify_again(&mut self) {
        self.progress.end();
        self.shard = session::restarted(&self.shard, None);
    }

    /// Records the end of the connection if it has ended since the last check.
    async fn check_connection(&mut self) -> Result<(), RunnerError> {
        let is_connected = is_connected(self.shard.state());
        if self.is_connected && !is_connected {
            self.progress.disconnected();
            self.record(&Event::GatewayClose(None), None).await;
            // If another program took the shard over, it may have resumed the session. Connecting again would take it back.
            self.check_lease().await?;
        }
        self.is_connected = is_connected;
        Ok(())
    }

    /// Asks whether another recorder has taken the shard over, and ends with an error if the last answer was yes.
    ///
    /// The loop does not wait for the answer, because the file may be busy.
    async fn ask_for_lease(&mut self) -> Result<(), RunnerError> {
        let id = self.shard.id();
        if let Some(answered) = self.lease.take_if(|lease| lease.is_finished())
            && let Ok(Ok(false)) = answered.await
        {
            return Err(RunnerError::taken_over(id));
        }
        if self.lease.is_none() {
            let recorder = self.adapter.recorder().clone();
            let asked = async move { recorder.holds_shard_async(id.number(), id.total()).await };
            self.lease = Some(tokio::spawn(asked));
        }
        Ok(())
    }

    /// Ends with an error if another recorder has taken the shard over.
    async fn check_lease(&mut self) -> Result<(), RunnerError> {
        let id = self.shard.id();
        let held = self.adapter.recorder().holds_shard_async(id.number(), id.total());
        match tokio::time::timeout(LEASE_TIMEOUT, held).await {
            Ok(Ok(false)) => Err(RunnerError::taken_over(id)),
            // Without an answer nothing says that somebody else has it.
            Ok(Ok(true) | Err(_)) | Err(_) => Ok(()),
        }
    }
}

const fn is_connected(state: ShardState) -> bool {
    !matches!(state, ShardState::Disconnected { .. } | ShardState::FatallyClosed)
}

/// Returns whether Discord closes with this code when it cannot resume a session. The next connection has to identify.
fn ends_session(code: u16) -> bool {
    matches!(CloseCode::try_from(code), Ok(CloseCode::InvalidSequence | CloseCode::SessionTimedOut))
}

/// Returns the sequence number of a frame, if it has one.
fn sequence(text: &str) -> Option<u64> {
    let frame = GatewayEventDeserializer::from_json(text)?;
    frame.sequence().filter(|_| OpCode::from(frame.op()) == Some(OpCode::Dispatch))
}

/// Waits for the next message of the shard or for the end of its connection.
///
/// twilight reports nothing when Discord ends the connection without a close frame. It only
/// connects again, however long that takes.
async fn next<Q: Queue + Unpin>(shard: &mut Shard<Q>, was_connected: bool) -> Next {
    poll_fn(|cx| match Pin::new(&mut *shard).poll_next(cx) {
        Poll::Pending if was_connected && !is_connected(shard.state()) => Poll::Ready(Next::Lost),
        Poll::Pending => Poll::Pending,
        Poll::Ready(None) => Poll::Ready(Next::Ended),
        Poll::Ready(Some(Ok(message))) => Poll::Ready(Next::Message(message)),
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
