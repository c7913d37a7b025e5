//! Where events come from.

use std::sync::Arc;

use mocha_schema::UserId;

use crate::{Event, voice::Shard};

/// Says which gateway frame events come from.
///
/// Adapters for gateway libraries give it along with the events. With the place in the gateway session the recorder
/// knows exactly which events Discord delivers again: a frame whose sequence number was recorded before changes
/// nothing. The place is written in the same transaction as the events. If nothing of a frame is recorded, give it to the
/// recorder with no events, so that the position in the file advances.
///
/// ```
/// use mocha_store::Frame;
///
/// let frame = Frame::new().of_shard(0, 1).in_session("the id of the session", 42);
/// assert_eq!(frame.sequence(), Some(42));
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Frame {
    begins: Option<Arc<SessionStart>>,
    bot_id: Option<UserId>,
    is_redelivered: bool,
    session: Option<(Arc<str>, u64)>,
    shard: Option<Shard>,
}

/// The data of a READY that a later resume of the session needs.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct SessionStart {
    pub(crate) intents: u64,
    pub(crate) resume_url: String,
}

/// A shard of a bot. The bot may be unknown.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct BotShard {
    pub(crate) bot_id: Option<UserId>,
    pub(crate) shard: Shard,
}

/// The place of a frame in its gateway session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) of: BotShard,
    pub(crate) sequence: u64,
    pub(crate) session_id: &'a Arc<str>,
}

impl Frame {
    /// Creates a frame without a bot, a shard and a place.
    #[must_use]
    pub const fn new() -> Self {
        Self { begins: None, bot_id: None, is_redelivered: false, session: None, shard: None }
    }

    /// Adds the bot that received it: its user id.
    #[must_use]
    pub const fn of_bot(mut self, bot_id: UserId) -> Self {
        self.bot_id = Some(bot_id);
        self
    }

    /// Adds the shard that received it: its number, from 0, and how many shards there are.
    #[must_use]
    pub const fn of_shard(mut self, shard_id: u32, shard_count: u32) -> Self {
        self.shard = Some((shard_id, shard_count));
        self
    }

    /// Adds the place in the gateway session: its id, and the frame's sequence number.
    #[must_use]
    pub fn in_session(self, session_id: impl Into<Arc<str>>, sequence: u64) -> Self {
        Self { session: Some((session_id.into(), sequence)), ..self }
    }

    /// Says that the frame is the READY of a session with these intents, which can be resumed over this URL.
    ///
    /// The recorder then keeps what a later run of the program needs to [resume](crate::Recorder::claim_shard) the session.
    #[must_use]
    pub fn begins_session(self, intents: u64, resume_url: impl Into<String>) -> Self {
        Self { begins: Some(Arc::new(SessionStart { intents, resume_url: resume_url.into() })), ..self }
    }

    /// Says that the frame is delivered again if the recorder refuses it, because the caller resumes the session from the
    /// last frame that was taken.
    ///
    /// Then a refusal is not a gap, and members in voice stay confirmed.
    #[must_use]
    pub const fn redelivered_if_refused(mut self) -> Self {
        self.is_redelivered = true;
        self
    }

    /// Returns the sequence number, if the place in the session is known.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        self.session.as_ref().map(|(_, sequence)| *sequence)
    }

    pub(crate) const fn is_redelivered(&self) -> bool {
        self.is_redelivered
    }

    pub(crate) fn begins(&self) -> Option<&SessionStart> {
        self.begins.as_deref()
    }

    /// Returns the shard that received it, if that is known: its number, and how many shards there are.
    #[must_use]
    pub const fn shard(&self) -> Option<(u32, u32)> {
        self.shard
    }

    /// Returns the shard and its bot, if the shard is known.
    pub(crate) fn of(&self) -> Option<BotShard> {
        Some(BotShard { bot_id: self.bot_id, shard: self.shard? })
    }

    /// Returns whether a later frame has all data of this one, if neither has events. Only one frame has the start of a
    /// session.
    pub(crate) fn is_passed_by(&self, later: &Self) -> bool {
        self.begins.is_none() && self.of() == later.of()
    }

    /// Returns the place in the session, if the shard and the session are known.
    pub(crate) fn place(&self) -> Option<Place<'_>> {
        let (session_id, sequence) = self.session.as_ref()?;
        Some(Place { of: self.of()?, sequence: *sequence, session_id })
    }
}

/// An entry of the queue.
#[derive(Debug)]
pub(crate) struct Queued {
    /// `None` for a frame without events, whose place is recorded all the same.
    pub(crate) event: Option<Event>,
    /// The frame it comes from, which other events may share.
    pub(crate) frame: Option<Arc<Frame>>,
    /// Whether it is the last one of its frame.
    pub(crate) is_last: bool,
}
